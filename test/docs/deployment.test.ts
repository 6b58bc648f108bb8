import { expect } from "chai";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { deployCommand } from "../../scripts/deploy/options.ts";
import { verifyCommand } from "../../scripts/verify/options.ts";
import { PARAMETER_NAMES, PARAMETER_SPECS } from "../../src/l1/parameterSpecs.ts";
import { DeployScene, finish } from "../support/deploy/DeployScene.ts";
import { ScriptProcess } from "../support/scripts.ts";

const DOCUMENT = readFileSync(new URL("../../docs/deployment.md", import.meta.url), "utf8");
const PACKAGE = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** A section of the document. */
function section(heading: string): string {
  return DOCUMENT.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))!;
}

/** The cells of its tables' rows, without code marks. */
function rows(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("|") && !/^\|[ -:|]*$/.test(line));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

describe("docs/deployment.md", () => {
  it("lists the parameters with units, bounds and meanings", () => {
    const expected = PARAMETER_NAMES.map((name) => {
      const spec = PARAMETER_SPECS[name];
      const bounds = spec.kind === "integer" ? [spec.minimum, spec.maximum] : [];
      const unit = spec.kind === "integer" ? spec.unit : spec.kind;
      const [least = "", most = ""] = bounds.map((bound) => bound.toLocaleString("en"));
      return [name, unit, least, most, spec.meaning.replaceAll("`", "")];
    });
    expect(rows(section("Parameters")).slice(1)).to.deep.equal(expected);
  });

  it("lists the flags with their defaults", () => {
    const flags = [deployCommand(), verifyCommand()].map((command) => [
      ["flag", "default", "meaning"],
      ...command.options.map(({ flags: names, defaultValue, description }) => [
        names,
        defaultValue === undefined ? "" : String(defaultValue),
        description,
      ]),
    ]);
    expect(rows(section("Flags"))).to.deep.equal(flags.flat());
  });

  it("says what each refusal means", () => {
    const source = readFileSync(new URL("../../scripts/deploy/DeployError.ts", import.meta.url), "utf8");
    const codes = [...source.matchAll(/^ {2}\| "([A-Z_]+)"/gm)].map(([, code]) => code);
    const listed = rows(section("What is refused")).map(([code]) => code);
    expect(codes).to.have.length(9);
    for (const code of codes) expect(listed).to.include(code);
  });

  it("leads from nothing to a verified deployment on a local chain, by its own commands", async () => {
    const scene = await DeployScene.start("anvil");
    // What an earlier rehearsal has left, whose chain is gone.
    const gone = { chainId: "31337", genesisHash: `0x${"60".repeat(32)}`, deployer: "", codeHash: "", parameters: {} };
    const rehearsed = "deploy/deployments/local/plan.json";
    mkdirSync(dirname(rehearsed), { recursive: true });
    writeFileSync(rehearsed, JSON.stringify(gone));
    try {
      const blocks = [...section("On a local chain").matchAll(/```sh\n([^`]*)```/g)].map(([, block]) => block!);
      const [chain, ...lines] = blocks.join("").trim().split("\n");
      // The scene has started one like it.
      expect(chain).to.equal("npx anvil --hardfork osaka");
      const variables: Record<string, string | undefined> = { TENOR_SIGNER_URL: undefined };
      const ends: (number | null)[] = [];
      for (const line of lines) {
        const [, name, value] = /^export (\w+)=(\S+)$/.exec(line) ?? [];
        if (name !== undefined) variables[name] = value;
        else ends.push((await finish(run(line, scene, variables))).code);
      }
      expect(ends).to.have.length(4);
      expect(JSON.parse(readFileSync(rehearsed, "utf8")), "begun anew").not.to.deep.equal(gone);
    } finally {
      await scene.stop();
    }
  });
});

/** Runs a command of the document; what is not a rehearsal on a chain of the test's own instead of port 8545, and in a folder of its own. */
function run(line: string, scene: DeployScene, variables: Readonly<Record<string, string | undefined>>): ScriptProcess {
  const [npm, verb, name, dashes, ...args] = line.split(" ");
  expect([npm, verb, dashes], line).to.deep.equal(["npm", "run", "--"]);
  const script = /node (\S+)$/.exec(PACKAGE.scripts[name!] ?? "")?.[1];
  expect(script, line).not.to.equal(undefined);
  const isRehearsal = args[args.indexOf("--network") + 1] === "local";
  const elsewhere = args.map((arg) => arg.replace("deploy/deployments", scene.folder));
  const own = isRehearsal ? [] : ["--rpc-url", scene.l1.url];
  const journal = name === "deploy" && !isRehearsal ? ["--journal", scene.file("anvil")] : [];
  return new ScriptProcess(script!, [...elsewhere, ...own, ...journal], variables);
}
