import { expect } from "chai";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Wallet } from "ethers";
import { DEPLOYER_KEY, DeployScene, finish, TRANSACTIONS } from "../support/deploy/DeployScene.ts";
import { ScriptProcess } from "../support/scripts.ts";

describe("npm run deploy", () => {
  let scene: DeployScene;

  before(async () => {
    scene = await DeployScene.start("anvil");
  });

  after(() => scene.stop());

  const LOCAL = ["--parameters", "deploy/parameters/local.json"];

  /** A command line, what it ends with, and what it names. */
  const ROWS: readonly [string, readonly string[], number, readonly string[]][] = [
    ["no network", LOCAL, 2, ["USAGE", "--network or --rpc-url"]],
    ["a network that it does not know", ["--network", "seppolia", ...LOCAL], 2, ["USAGE", "seppolia", "sepolia"]],
    ["no file of parameters", ["--network", "anvil"], 2, ["USAGE", "--parameters"]],
    [
      "a file that is not there",
      ["--network", "anvil", "--parameters", "none.json"],
      2,
      ["FILE_MALFORMED", "none.json"],
    ],
    [
      "a file with something left to fill in",
      ["--network", "sepolia", "--parameters", "deploy/parameters/sepolia.json"],
      2,
      ["FILE_MALFORMED", '"parameter":"sequencer"', '"expected":"an address, not zero"'],
    ],
  ];

  for (const [name, args, code, said] of ROWS) {
    it(`refuses ${name}, before it speaks to anybody`, async () => {
      const script = new ScriptProcess("scripts/deploy.ts", args, { TENOR_DEPLOYER_KEY: DEPLOYER_KEY });
      const { stderr } = await finish(script, code);
      for (const words of said) expect(stderr).to.include(words);
    });
  }

  it("refuses a key that is none, and a parameter for another chain", async () => {
    const malformed = await finish(scene.deploy([], { TENOR_DEPLOYER_KEY: "0x12" }), 2);
    expect(malformed.stderr).to.include("KEY_MALFORMED");
    const parameters = JSON.parse(readFileSync("deploy/parameters/local.json", "utf8")) as Record<string, unknown>;
    writeFileSync(scene.file("other.json"), JSON.stringify({ ...parameters, chainId: 5 }));
    const elsewhere = await finish(scene.deploy(["--parameters", scene.file("other.json")]), 1);
    expect(elsewhere.stderr).to.include("WRONG_CHAIN").and.include('"parameter":"chainId"');
    expect(await scene.sent()).to.equal(0);
  });

  it("sends nothing if it is only asked what it would do", async () => {
    const { stdout } = await finish(scene.deploy(["--dry-run"]));
    const [summary] = stdout.split("\n").map((line) => JSON.parse(line || "null") as Record<string, unknown>);
    expect(summary).to.include({ event: "summary", transactions: TRANSACTIONS });
    expect(await scene.sent()).to.equal(0);
    expect(existsSync(scene.file("journal/plan.json"))).to.equal(false);
  });

  it("deploys with a key that another process keeps, keeps others out meanwhile, and does nothing a second time", async () => {
    // Anvil signs for its accounts as Web3Signer does.
    const signer = ["--signer-url", scene.l1.url, "--account", new Wallet(DEPLOYER_KEY).address];
    let other: ScriptProcess | undefined = undefined;
    scene.endpoint.interfere = async ({ method }, forward) => {
      // The first is at work until the second has been refused.
      if (method === "eth_sendRawTransaction" && other === undefined) {
        other = scene.deploy(signer, { TENOR_DEPLOYER_KEY: undefined });
        expect((await finish(other, 1)).stderr).to.include("IN_USE");
      }
      return forward();
    };
    const { stdout } = await finish(scene.deploy(signer, { TENOR_DEPLOYER_KEY: undefined }));
    expect(stdout).to.include('"event":"verified"');
    expect(other).not.to.equal(undefined);
    expect(await scene.sent()).to.equal(TRANSACTIONS);
    await finish(scene.deploy(signer, { TENOR_DEPLOYER_KEY: undefined }));
    expect(await scene.sent()).to.equal(TRANSACTIONS);
  });

  it("is verified from outside, and not with another file of parameters", async () => {
    await finish(scene.verify());
    const parameters = JSON.parse(readFileSync("deploy/parameters/local.json", "utf8")) as Record<string, unknown>;
    const treasury = parameters.sequencer;
    writeFileSync(scene.file("wrong.json"), JSON.stringify({ ...parameters, treasury }));
    const { stderr } = await finish(scene.verify(["--parameters", scene.file("wrong.json")]), 1);
    expect(stderr).to.include("VERIFICATION_FAILED").and.include('{"differences":["treasury"]}');
  });
});
