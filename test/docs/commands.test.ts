import { expect } from "chai";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEVNET_TIMES } from "../../scripts/devnet/deployDevnet.ts";
import { ROLES } from "../../scripts/node/roles.ts";
import {
  docCommands,
  entryOf,
  helpExamples,
  invocationOf,
  knownFlags,
  problemOf,
  SCRIPTS,
  WRAPPED,
} from "../support/docCommands.ts";
import { documents, inlineCode, ROOT, shellLines, type Piece } from "../support/documents.ts";
import { importedFiles, importsOf, textOf } from "../support/sources.ts";
import { ScriptProcess } from "../support/scripts.ts";

/** How it is known that a command of the documents works. */
type Proof =
  /** A test, or the check of a clean clone, starts it as a process. */
  | { readonly ranBy: string }
  /** A test calls the module that does the work; its help is shown here, by the script itself. */
  | { readonly calledBy: string; readonly module: string }
  /** It is run here, with these arguments. */
  | { readonly ranHere: readonly string[]; readonly shows: RegExp }
  /** Why nothing runs it. */
  | { readonly notRun: string };

const FORK_MODULES = { calledBy: "test/unit/fork/fork.test.ts", module: "scripts/fork/Rpc.ts" };
const GAS_MODULE = { calledBy: "test/gas/operations.test.ts", module: "scripts/gas/measure.ts" };
const SEPOLIA = { notRun: "it needs Sepolia's endpoint, and ether there; its grammar is that of the local ones" };
const KEYSTORE = { notRun: "it asks for the value at a terminal; that Hardhat has the task is tested here" };
const TAPE = "TAPE";

/** Each command of the documents, as it stands there. */
const PROOFS: Readonly<Record<string, Proof>> = {
  "npm ci": { ranBy: ".ci/run" },
  "npm test": { ranBy: ".ci/run" },
  "npm run lint": { ranBy: ".ci/run" },
  "npm run typecheck": { ranBy: ".ci/run" },
  "npm run build": { notRun: "every test needs what it makes, so the test command does it first" },
  "npm run format": { notRun: "it changes files; `npm run lint` fails if it would" },
  "npm run demo": { ranBy: "test/scenarios/demo.test.ts" },
  "npm run demo -- --help": { ranHere: ["--help"], shows: /Usage: npm run demo --[^]*--tape <file>[^]*--fraud <kind>/ },
  "npm run test:fork": FORK_MODULES,
  "npm run test:fork -- test/contracts/Bridge.test.ts": FORK_MODULES,
  "FORK_URL=https://… npm run test:fork": { notRun: "it needs an endpoint of Ethereum's main network" },
  "npm run test:deep": { notRun: "it takes hours, of the same code with larger counts" },
  "npm run gas": GAS_MODULE,
  "npm run bench": { ranHere: ["--small", "--tape", TAPE], shows: /per fill record[^]*101 steps in 1 batches/ },
  "npm run bench -- --only-history": {
    ranHere: ["--only-history", "--small"],
    shows: /^\nhistory[^]*101 steps in 1 batches/,
  },
  "npm run bench -- --only-tape": {
    ranHere: ["--only-tape", "--tape", TAPE, "--limit", "2"],
    shows: /^\nbytes on the tape: 2 prints/,
  },
  "npm run deploy": { ranBy: "test/deploy/script.test.ts" },
  "npm run deploy -- --network local --parameters deploy/parameters/local.json": {
    ranBy: "test/docs/deployment.test.ts",
  },
  "npm run deploy -- --network anvil --parameters deploy/parameters/local.json": {
    ranBy: "test/docs/deployment.test.ts",
  },
  "npm run deploy -- --network anvil --parameters deploy/parameters/local.json --dry-run": {
    ranBy: "test/docs/deployment.test.ts",
  },
  "npm run deploy -- --network sepolia --parameters sepolia.json": SEPOLIA,
  "npm run deploy -- --network sepolia --parameters sepolia.json --dry-run": SEPOLIA,
  "npx anvil --hardfork osaka": { ranBy: "test/docs/deployment.test.ts" },
  "npm run verify": { ranBy: "test/deploy/script.test.ts" },
  "npm run verify -- --network anvil --deployment deploy/deployments/anvil/deployment.json --parameters deploy/parameters/local.json":
    { ranBy: "test/docs/deployment.test.ts" },
  "npm run verify -- --network sepolia --parameters sepolia.json --deployment deploy/deployments/sepolia/deployment.json":
    SEPOLIA,
  "npm run prover-hash": { calledBy: "test/deploy/codeHashes.test.ts", module: "src/l1/codeHashes.ts" },
  "npm run prover-hash -- --write": { calledBy: "test/deploy/codeHashes.test.ts", module: "src/l1/codeHashes.ts" },
  "npm run devnet": { calledBy: "test/scenarios/node/devnet.test.ts", module: "scripts/devnet/Devnet.ts" },
  "npm run node -- ROLE": { ranBy: "test/scenarios/node/devnet.test.ts" },
  "npm run node -- page": { ranBy: "test/scenarios/node/devnet.test.ts" },
  "npm run node -- keeper": { ranBy: "test/scenarios/node/devnet.test.ts" },
  "npm run node -- poster": { ranBy: "test/scenarios/node/devnet.test.ts" },
  "npm run node -- watchtower --deployment deployment.json": { ranBy: "test/scenarios/node/devnet.test.ts" },
  "npm run node -- watchtower --deployment deployment.json --l1 http://127.0.0.1:8545 --status-port 0 --reaction 15 --censorship 60 --margin 15":
    { ranBy: "test/scenarios/node/devnet.test.ts" },
  "npm run node -- page --deployment deployment.json --account defender=0x…": {
    ranBy: "test/scenarios/node/devnet.test.ts",
  },
  "node scripts/node.ts watchtower …": { ranBy: "test/scenarios/node/devnet.test.ts" },
  "npm run poster": { ranBy: "test/scenarios/node/devnet.test.ts" },
  "npm run poster -- --deployment deployment.json --journal poster.sqlite --feed http://127.0.0.1:9470": {
    ranBy: "test/scenarios/node/devnet.test.ts",
  },
  "npm run status": { ranBy: "test/scenarios/node/devnet.test.ts" },
  "npm run status -- --deployment deployment.json --account proposer=0x… --account defender=0x…": {
    ranBy: "test/scenarios/node/devnet.test.ts",
  },
  "npm run force": { ranBy: "test/scenarios/force.test.ts" },
  "npm run force -- resume": { ranBy: "test/scenarios/force.test.ts" },
  "npm run force -- --deployment deployment.json withdraw 12 250.5 --watch": { ranBy: "test/scenarios/force.test.ts" },
  "npm run blob-archive": { ranBy: "test/scenarios/blobArchive.test.ts" },
  "npm run blob-archive -- --deployment deployment.json --folder /var/lib/tenor-blobs --listen 0.0.0.0:8600": {
    ranBy: "test/scenarios/blobArchive.test.ts",
  },
  "npm run coverage": { calledBy: "test/unit/scripts/coverage.test.ts", module: "scripts/coverage/v8.ts" },
  "npm run coverage -- --src": { calledBy: "test/unit/scripts/coverage.test.ts", module: "scripts/coverage/v8.ts" },
  "npm run coverage -- --contracts": {
    calledBy: "test/unit/scripts/coverage.test.ts",
    module: "scripts/coverage/lcov.ts",
  },
  "npm run mutation": { calledBy: "test/unit/scripts/mutation.test.ts", module: "scripts/mutation/report.ts" },
  "npm run mutation -- --sample 200 --seed 1": {
    calledBy: "test-deep/mutation.test.ts",
    module: "scripts/mutation/mutate.ts",
  },
  "npm run mutation -- --of prices --sample 1000": {
    calledBy: "test-deep/mutation.test.ts",
    module: "scripts/mutation/mutate.ts",
  },
  "npm run mutation -- --of game --sample 180": {
    calledBy: "test-deep/mutation.test.ts",
    module: "scripts/mutation/mutate.ts",
  },
  "npm run mutation -- --only SettlementExecutor": {
    calledBy: "test-deep/mutation.test.ts",
    module: "scripts/mutation/mutate.ts",
  },
  "TENOR_DEEP=1 npx hardhat test mocha test-deep/mutation.test.ts": { notRun: "it takes hours" },
  "npm run snapshots": { calledBy: "test/audit/snapshots.test.ts", module: "scripts/audit/snapshots.ts" },
  "npx hardhat keystore set TENOR_DEPLOYER_KEY": KEYSTORE,
  "npx hardhat keystore set TENOR_KEY": KEYSTORE,
  "npx hardhat keystore set TENOR_L1_URL": KEYSTORE,
  "npx hardhat keystore set TENOR_POSTER_KEY": KEYSTORE,
  "npx hardhat keystore set TENOR_SEPOLIA_URL": KEYSTORE,
  "npx hardhat keystore set …": KEYSTORE,
  "ssh -L 9474:127.0.0.1:9474": { notRun: "it needs another machine" },
};

/** Prints of two options of one market, as in a file of Deribit's. */
const TAPE_ROWS = `timestamp,instrument_name,price,iv,amount,direction,index_price,trade_id,trade_seq,tick_direction
1554077504779,BTC-5APR19-4125-C,0.015,42.53,0.3,buy,4094.01,16992564,222,0
1554077524779,BTC-5APR19-4125-C,0.0155,42.9,0.2,sell,4094.5,16992565,223,0
1554077564779,BTC-5APR19-4000-P,0.01,43.1,0.5,buy,4094.9,16992566,17,1
`;

/** Flags that the documents name of others' programs. */
const OTHERS_FLAGS = new Set(["--dev"]);

describe("the commands of README.md and docs/*.md", () => {
  let commands: Piece[];
  let folder: string;

  before(() => {
    commands = docCommands();
    folder = mkdtempSync(join(tmpdir(), "tenor-docs-"));
    writeFileSync(join(folder, "tape.csv"), TAPE_ROWS);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What a script says; it has to end with code 0. */
  async function outputOf(script: string, args: readonly string[]): Promise<string> {
    const given = args.map((arg) => (arg === TAPE ? join(folder, "tape.csv") : arg));
    const { code, stdout, stderr } = await new ScriptProcess(script, given).end;
    expect(code, `${script} ${given.join(" ")}\n${stdout}${stderr}`).to.equal(0);
    return stdout;
  }

  it("are those of the table here, each of which is in a document", () => {
    const places = commands.map(({ text, at }) => `${text}   # ${at}`);
    const unknown = places.filter((_, i) => PROOFS[commands[i]!.text] === undefined);
    expect(unknown, "in a document and not in the table").to.deep.equal([]);
    const written = new Set(commands.map(({ text }) => text));
    expect(
      Object.keys(PROOFS).filter((text) => !written.has(text)),
      "in the table and in no document",
    ).to.deep.equal([]);
  });

  it("have scripts and flags that there are, with values that they take, as the examples in the help do", () => {
    const problems = [...commands, ...helpExamples()].map(({ text, at }) => {
      const invocation = invocationOf(text);
      const problem = invocation === undefined ? undefined : problemOf(invocation);
      return problem === undefined ? [] : [`${at}: ${text}: ${problem}`];
    });
    expect(problems.flat()).to.deep.equal([]);
    expect(helpExamples()).to.have.length.above(3);
  });

  it("have the devnet's times for who joins it", () => {
    const times = Object.entries(DEVNET_TIMES).map(([name, seconds]) => `--${name} ${seconds}`);
    expect(commands.filter(({ text }) => text.endsWith(` ${times.join(" ")}`))).to.have.length(1);
  });

  it("name files that there are", () => {
    const named = [...commands, ...helpExamples()].flatMap(({ text }) =>
      text.split(" ").filter((word) => /^(test|test-deep|scripts|deploy\/parameters)\/.*\.\w+$/.test(word)),
    );
    expect(named).to.include.members(["test/contracts/Bridge.test.ts", "deploy/parameters/local.json"]);
    expect(named.filter((name) => !existsSync(new URL(name, ROOT)))).to.deep.equal([]);
  });

  it("have no flag beside them that no command knows", () => {
    const known = knownFlags();
    const pieces = documents().flatMap(inlineCode);
    const unknown = pieces.flatMap(({ text, at }) =>
      (/^--[a-z]/.test(text) ? (text.match(/--[a-z][a-z0-9-]*/g) ?? []) : [])
        .filter((flag) => !known.has(flag) && !OTHERS_FLAGS.has(flag))
        .map((flag) => `${at}: ${flag}`),
    );
    expect(unknown).to.deep.equal([]);
  });

  it("have no variable beside them that nothing reads", () => {
    const ofFlags = [...knownFlags()].map((flag) => `TENOR_${flag.slice(2).toUpperCase().replaceAll("-", "_")}`);
    const read = ["src", "scripts", "deploy", "test", "test-deep"].flatMap((name) => namesIn(`${name}/`));
    const known = new Set([...ofFlags, ...read, ...variablesOf(textOf("hardhat.config.ts"))]);
    const unknown = documents().flatMap(({ path, text }) =>
      variablesOf(text).flatMap((name) => (known.has(name) ? [] : [`${path}: ${name}`])),
    );
    expect(unknown).to.deep.equal([]);
  });

  it("are of all scripts that somebody else would run", () => {
    const started = new Set(commands.map(({ text }) => invocationOf(text)?.script));
    // What `npm run lint` is made of.
    const parts = Object.keys(SCRIPTS).filter((name) => name.startsWith("lint:"));
    expect([...started, ...parts].filter((name) => name !== undefined)).to.have.members(Object.keys(SCRIPTS));
  });

  it("are called by their names in code and comments too", () => {
    const folders = ["src", "scripts", "deploy", "test", "test-deep", "contracts"];
    const called = folders.flatMap((name) =>
      filesIn(`${name}/`).flatMap((file) =>
        [...textOf(file).matchAll(/`npm run ([a-z:-]+)/g)].map(([, script]) => ({ file, script: script! })),
      ),
    );
    expect(called).to.have.length.above(5);
    expect(called.filter(({ script }) => SCRIPTS[script] === undefined)).to.deep.equal([]);
  });

  it("bring a Node along that the project runs on", () => {
    const { engines } = JSON.parse(textOf("package.json")) as { engines: { node: string } };
    const least = Number(/^>=(\d+)\./.exec(engines.node)![1]);
    const wrapped = documents()
      .flatMap(shellLines)
      .flatMap(({ text }) => WRAPPED.exec(text)?.[1] ?? []);
    expect(wrapped).to.have.length(2);
    for (const version of wrapped) expect(Number(version)).to.be.above(least);
  });

  it("have tasks of Hardhat that there are, for variables that scripts ask for", async () => {
    const hardhat = createRequire(import.meta.url)
      .resolve("hardhat/package.json")
      .replace("package.json", "dist/src/cli.js");
    expect(await outputOf(hardhat, ["keystore", "set", "--help"])).to.match(/Usage: hardhat[^]*keystore set[^]*--dev/);
    const names = commands.flatMap(({ text }) => /keystore set ([A-Z0-9_]+)/.exec(text)?.[1] ?? []);
    const scripts = [...filesIn("scripts/"), ...filesIn("deploy/")].map(textOf).join("\n");
    expect(names).to.have.length.above(3);
    for (const name of names) expect(scripts).to.include(`"${name}"`);
  });

  for (const [command, proof] of Object.entries(PROOFS)) {
    if ("ranBy" in proof) {
      it(`${command}: ${proof.ranBy} runs it`, () => {
        const text = importedFiles(proof.ranBy).map(textOf).join("\n");
        const invocation = invocationOf(command);
        const entry = invocation === undefined ? undefined : entryOf(invocation.script);
        if (entry === undefined) {
          expect(text).to.include(command);
          return;
        }
        expect(text).to.include(entry);
        for (const role of rolesOf(command)) expect(text, role).to.include(`"${role}"`);
      });
    }
    if ("calledBy" in proof) {
      it(`${command}: ${proof.calledBy} calls what it calls`, () => {
        const entry = entryOf(invocationOf(command)!.script)!;
        expect(importedFiles(proof.calledBy).flatMap(importsOf), proof.calledBy).to.include(proof.module);
        expect(importsOf(entry), entry).to.include(proof.module);
      });
    }
    if ("ranHere" in proof) {
      it(`${command}: runs`, async () => {
        expect(await outputOf(entryOf(invocationOf(command)!.script)!, proof.ranHere)).to.match(proof.shows);
      });
    }
  }

  it("show their help, where no test runs the script itself", async () => {
    const ran = new Set<string | undefined>();
    const all = new Set<string>();
    for (const [command, proof] of Object.entries(PROOFS)) {
      const script = invocationOf(command)?.script;
      if (script === undefined || entryOf(script) === undefined) continue;
      all.add(script);
      if ("ranBy" in proof || "ranHere" in proof) ran.add(entryOf(script));
    }
    const others = [...all].filter((script) => !ran.has(entryOf(script)));
    expect(others).to.have.members(["test:fork", "gas", "prover-hash", "devnet", "coverage", "mutation", "snapshots"]);
    for (const script of others) {
      expect(await outputOf(entryOf(script)!, ["--help"])).to.match(new RegExp(`^Usage: npm run ${script} --`));
    }
  });
});

/** Roles of a node that a command names: all of them for "ROLE". */
function rolesOf(command: string): string[] {
  const { script, args } = invocationOf(command)!;
  if (script === "poster") return ["poster"];
  if (script !== "node") return [];
  return args[0] === "ROLE" ? Object.keys(ROLES) : [args[0]!];
}

/** Paths of all source files below a folder. */
function filesIn(path: string): string[] {
  const names = readdirSync(new URL(path, ROOT), { recursive: true, encoding: "utf8" });
  return names.filter((name) => /\.(ts|sol)$/.test(name)).map((name) => path + name);
}

function namesIn(path: string): string[] {
  return filesIn(path).flatMap((file) => variablesOf(textOf(file)));
}

function variablesOf(text: string): string[] {
  return text.match(/\bTENOR_[A-Z0-9_]*[A-Z0-9]/g) ?? [];
}
