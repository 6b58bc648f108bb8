import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { expect } from "chai";
import { applyLayers, collect } from "../../../scripts/cli/layers.ts";
import { logOption, upTo, variableName } from "../../../scripts/node/common.ts";
import { everythingSaid, failure } from "../../support/failure.ts";

const KEY = "ab".repeat(32);

describe("flags, environment and configuration file", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tenor-"));
  });

  after(() => rmSync(folder, { recursive: true }));

  /** What a command makes of the three. */
  function read(argv: readonly string[], env: NodeJS.ProcessEnv, file?: unknown): Record<string, unknown> {
    const command = new Command("test")
      .exitOverride()
      .option("--config <file>")
      .requiredOption("--deployment <file>")
      .option("--l1 <url>")
      .option("--key <name>", "", variableName, "TENOR_TEST_KEY")
      .option("--status-port <port>", "", upTo(65_535), 1)
      .option("--archive <url>", "", collect, ["default"])
      .addOption(logOption())
      .option("--adopt", "", false);
    const path = join(folder, "config.json");
    if (file !== undefined) writeFileSync(path, typeof file === "string" ? file : JSON.stringify(file));
    const all = file === undefined ? [...argv] : [...argv, "--config", path];
    applyLayers(command, all, env);
    return command.parse(all, { from: "user" }).opts();
  }

  const FILE = { deployment: "file", statusPort: 2, archive: ["f1", "f2"], adopt: true, log: "warn" };
  const ENV = { TENOR_DEPLOYMENT: "env", TENOR_STATUS_PORT: "3", TENOR_ARCHIVE: "e1 e2", TENOR_ADOPT: "false" };
  const ARGV = ["--deployment", "flag", "--status-port", "4", "--archive", "a1", "--archive", "a2", "--log", "debug"];

  for (const [what, argv, env, file, expected] of [
    ["the default counts least", ["--deployment", "x"], {}, undefined, ["x", 1, ["default"], false, "info"]],
    ["the file counts more", [], {}, FILE, ["file", 2, ["f1", "f2"], true, "warn"]],
    ["the environment counts more", [], ENV, FILE, ["env", 3, ["e1", "e2"], false, "warn"]],
    ["the command line counts most", ARGV, ENV, FILE, ["flag", 4, ["a1", "a2"], false, "debug"]],
    ["an empty variable is none", [], { TENOR_DEPLOYMENT: "" }, FILE, ["file", 2, ["f1", "f2"], true, "warn"]],
    ["the environment names the file", [], {}, { ...FILE, log: "error" }, ["file", 2, ["f1", "f2"], true, "error"]],
  ] as const) {
    it(what, () => {
      const { deployment, statusPort, archive, adopt, log } = read(argv, env, file);
      expect([deployment, statusPort, archive, adopt, log]).to.deep.equal(expected);
    });
  }

  it("the file may be named by the environment, or after an equals sign", () => {
    const path = join(folder, "named.json");
    writeFileSync(path, JSON.stringify(FILE));
    expect(read([], { TENOR_CONFIG: path }).deployment).to.equal("file");
    expect(read([`--config=${path}`], {}).deployment).to.equal("file");
  });

  it("endpoint and key are not taken from variables of the flags' names, for they name variables themselves", () => {
    const { l1, key } = read(["--deployment", "x"], { TENOR_L1: "http://a", TENOR_KEY: "OTHER" });
    expect([l1, key]).to.deep.equal([undefined, "TENOR_TEST_KEY"]);
  });

  for (const [what, file, code, fields] of [
    ["no JSON", "{", "CONFIG_MALFORMED", {}],
    ["no object", [1], "CONFIG_MALFORMED", {}],
    ["a key that there is no flag for", { statusport: 1 }, "CONFIG_UNKNOWN", { key: "statusport" }],
    ["the flag of the file itself", { config: "x" }, "CONFIG_UNKNOWN", { key: "config" }],
    ["a number out of range", { statusPort: 70_000 }, "CONFIG_MALFORMED", { key: "statusPort", value: 70_000 }],
    ["a text for a number", { statusPort: "x" }, "CONFIG_MALFORMED", { key: "statusPort", value: "x" }],
    ["a number for a flag without a value", { adopt: 1 }, "CONFIG_MALFORMED", { key: "adopt", value: 1 }],
    ["an object", { log: {} }, "CONFIG_MALFORMED", { key: "log" }],
    ["nothing", { log: null }, "CONFIG_MALFORMED", { key: "log" }],
    ["a list for one value", { deployment: ["a", "b"] }, "CONFIG_MALFORMED", { key: "deployment" }],
    ["a word that is none of the choices", { log: "loud" }, "CONFIG_MALFORMED", { key: "log", value: "loud" }],
    ["a private key", { key: `0x${KEY}` }, "KEY_IN_CONFIG", { key: "key" }],
    ["a private key in a list", { archive: ["a", KEY] }, "KEY_IN_CONFIG", { key: "archive" }],
  ] as const) {
    it(`refuses a file with ${what}`, async () => {
      const error = await failure(() => read(["--deployment", "x"], {}, file));
      expect(error.code).to.equal(code);
      expect(error.fields).to.deep.include(fields);
      expect(everythingSaid(error)).not.to.contain(KEY);
    });
  }

  for (const [env, code] of [
    [{ TENOR_STATUS_PORT: "x" }, "USAGE"],
    [{ TENOR_ADOPT: "yes" }, "USAGE"],
    [{ TENOR_LOG: "loud" }, "USAGE"],
    [{ TENOR_CONFIG: "/nowhere/at/all.json" }, "CONFIG_MALFORMED"],
  ] as const) {
    it(`refuses an environment with ${JSON.stringify(env)}`, async () => {
      expect((await failure(() => read(["--deployment", "x"], env))).code).to.equal(code);
    });
  }
});
