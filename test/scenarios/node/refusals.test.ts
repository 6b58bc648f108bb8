import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { Wallet } from "ethers";
import { keyOf } from "../../../scripts/devnet/accounts.ts";
import { deployDevnet, DEVNET_TIMES } from "../../../scripts/devnet/deployDevnet.ts";
import { NODE_EXIT } from "../../../scripts/node/exitCodes.ts";
import { writeDeployment } from "../../../src/l1/deployment.ts";
import { TestL1 } from "../../support/poster/TestL1.ts";
import type { RoleEnd, RoleStart } from "../../support/roles-child.ts";
import { ScriptProcess } from "../../support/scripts.ts";

const CHILD = fileURLToPath(new URL("../../support/roles-child.ts", import.meta.url));

const POOR = `0x${"77".repeat(32)}`;
const TIMES = Object.entries(DEVNET_TIMES).flatMap(([name, seconds]) => [`--${name}`, String(seconds)]);

/** What a role is started with that should not start. */
interface BadStart {
  readonly what: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: number;
  /** Begins its line on standard error. */
  readonly error: string;
  /** Whether it gets a process of its own; the others share one. */
  readonly isAlone?: true;
}

const POSTER = ["poster", "--journal", "poster.sqlite", "--feed", "http://127.0.0.1:1"];
const REFUSED = NODE_EXIT.refused;
const USAGE = NODE_EXIT.usage;

const STARTS: readonly BadStart[] = [
  {
    what: "a poster with another key than the sequencer's",
    args: POSTER,
    env: { TENOR_POSTER_KEY: keyOf("defender") },
    code: REFUSED,
    error: "WRONG_KEY",
    isAlone: true,
  },
  {
    what: "a proposer without ether",
    args: ["proposer", ...TIMES],
    env: { TENOR_PROPOSER_KEY: POOR },
    code: REFUSED,
    error: "NO_FUNDS",
  },
  {
    what: "a defender whose stake is covered, and not its moves",
    args: ["defender", ...TIMES],
    env: { TENOR_DEFENDER_KEY: keyOf("defender") },
    code: REFUSED,
    error: "NO_FUNDS",
  },
  {
    what: "a keeper without ether",
    args: ["keeper"],
    env: { TENOR_KEEPER_KEY: POOR },
    code: REFUSED,
    error: "NO_FUNDS",
  },
  {
    what: "a keeper that would let anchors grow too old",
    args: ["keeper", "--anchor-age", "86400"],
    env: { TENOR_KEEPER_KEY: keyOf("keeper") },
    code: USAGE,
    error: "OPTIONS_INVALID",
  },
  {
    what: "a defender that needs more time than the challenge period leaves",
    args: ["defender"],
    env: { TENOR_DEFENDER_KEY: keyOf("proposer") },
    code: REFUSED,
    error: "CHALLENGE_PERIOD_TOO_SHORT",
  },
  {
    what: "a follower of another chain's deployment",
    args: ["follower", "--deployment", "chain.json"],
    code: REFUSED,
    error: "WRONG_CHAIN",
  },
  {
    what: "a watchtower of contracts that are not what the file says",
    args: ["watchtower", "--deployment", "contracts.json"],
    code: REFUSED,
    error: "DEPLOYMENT_MISMATCH",
  },
  {
    what: "a sequencer with a deployment file that is none",
    args: ["sequencer", "--journal", "s.sqlite", "--deployment", "config.json"],
    env: { TENOR_RECEIPT_KEY: keyOf("receipts") },
    code: USAGE,
    error: "FILE_MALFORMED",
  },
  {
    what: "a sequencer whose receipt key is none",
    args: ["sequencer", "--journal", "s.sqlite"],
    env: { TENOR_RECEIPT_KEY: "0x12" },
    code: USAGE,
    error: "USAGE",
  },
  {
    what: "a watchtower with a key in its configuration that there is no flag for",
    args: ["watchtower", "--config", "config.json"],
    code: USAGE,
    error: "CONFIG_UNKNOWN",
    isAlone: true,
  },
  {
    what: "a follower whose endpoint does not answer",
    args: ["follower", "--l1", "http://127.0.0.1:1"],
    code: NODE_EXIT.failed,
    error: "UNAVAILABLE",
  },
];

describe("Scenario: roles that should not start", () => {
  let folder: string;
  let l1: TestL1;
  let child: ChildProcess;
  let answers: AsyncIterator<string>;

  before(async () => {
    child = spawn(process.execPath, [CHILD], { stdio: ["pipe", "pipe", "inherit"] });
    answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    folder = mkdtempSync(join(tmpdir(), "tenor-"));
    l1 = await TestL1.start("anvil");
    for (const name of ["admin", "keeper", "feeds", "maker", "trader 1", "trader 2", "trader 3", "proposer"] as const) {
      await l1.setBalance(new Wallet(keyOf(name)).address, 10n ** 21n);
    }
    await l1.setBalance(new Wallet(keyOf("defender")).address, 10n ** 18n);
    const { deployment } = await deployDevnet(l1.url);
    writeDeployment(file("deployment.json"), deployment);
    writeDeployment(file("chain.json"), { ...deployment, chainId: 1n });
    const addresses = { ...deployment.addresses, game: deployment.addresses.chain };
    writeDeployment(file("contracts.json"), { ...deployment, addresses });
    writeFileSync(file("config.json"), JSON.stringify({ statusHost: "127.0.0.1", interval: 5 }));
  });

  after(async () => {
    child.kill("SIGKILL");
    await l1.stop();
    rmSync(folder, { recursive: true });
  });

  function file(name: string): string {
    return join(folder, name);
  }

  for (const { what, args, env = {}, code, error, isAlone } of STARTS) {
    it(`${what}: ${error}`, async () => {
      const given = args.map((argument) => (/\.(json|sqlite)$/.test(argument) ? file(argument) : argument));
      const has = (flag: string, value: string): string[] => (given.includes(flag) ? [] : [flag, value]);
      const rest = [...has("--l1", l1.url), ...has("--deployment", file("deployment.json")), "--status-port", "0"];
      const end = await (isAlone ? alone : together)({ argv: [...given, ...rest], env });
      expect(end.line).to.match(new RegExp(`^${error}: [^\\n]+$`));
      expect(end.code).to.equal(code);
      for (const key of Object.values(env)) expect(end.line).not.to.contain(key);
    });
  }

  async function alone({ argv, env }: RoleStart): Promise<RoleEnd> {
    const { code, stderr } = await new ScriptProcess("scripts/node.ts", argv, env).end;
    const [line = "", ...lines] = stderr.split("\n");
    expect(lines).to.deep.equal(["run again with --trace for the stack", ""]);
    return { code: code!, line };
  }

  async function together(start: RoleStart): Promise<RoleEnd> {
    child.stdin!.write(`${JSON.stringify(start)}\n`);
    return JSON.parse((await answers.next()).value as string) as RoleEnd;
  }
});
