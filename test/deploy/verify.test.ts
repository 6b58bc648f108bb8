import { expect } from "chai";
import type { Hex } from "../../src/crypto/bytes.ts";
import { loadArtifact } from "../../src/l1/Artifacts.ts";
import { isDifferent, type Check } from "../../src/l1/checkDeployment.ts";
import { DEPLOYED_AS, type DeployedName, type Deployment } from "../../src/l1/deployment.ts";
import { deployTenor } from "../../src/l1/deployTenor.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import type { TenorParameters } from "../../src/l1/parameters.ts";
import { verifyDeployment } from "../../src/l1/verifyDeployment.ts";
import { actAs, connect } from "../support/baseChain.ts";
import { LOCAL_PARAMETERS } from "../support/tenor.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;

/** A stranger. */
const MALLORY: Hex = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";

/** What differs, by name. */
function differing(checks: readonly Check[]): string[] {
  return checks.filter(isDifferent).map(({ what }) => what);
}

describe("verification of a deployment", () => {
  const client = new L1Client(ethers.provider);
  let deployment: Deployment;

  async function deployWith(changes: Partial<TenorParameters>): Promise<Deployment> {
    const [deployer] = await ethers.getSigners();
    return deployTenor(deployer!, { ...LOCAL_PARAMETERS, ...changes });
  }

  async function expectDifferent(found: Deployment, what: readonly string[], parameters = LOCAL_PARAMETERS) {
    const { checks, isSound } = await verifyDeployment(client, found, parameters);
    expect(differing(checks)).to.deep.equal(what);
    expect(isSound).to.equal(what.length === 0);
    return checks;
  }

  async function deployed(): Promise<{ found: Deployment }> {
    return { found: await deployWith({}) };
  }

  beforeEach(async () => {
    ({ found: deployment } = await networkHelpers.loadFixture(deployed));
  });

  it("finds nothing to object to in what the source makes, with the file of parameters and without", async () => {
    const checks = await expectDifferent(deployment, []);
    const shown = checks.filter(({ expected }) => expected === undefined).map(({ what }) => what);
    expect(shown).to.deep.equal(["token's symbol", "deployer"]);
    const { checks: without, isSound } = await verifyDeployment(client, deployment);
    expect(isSound).to.equal(true);
    expect(without.find(({ what }) => what === "treasury")).to.deep.include({ expected: undefined });
  });

  /** A parameter that is not what was deployed, and what is named. */
  const PARAMETERS: readonly [Partial<TenorParameters>, readonly string[]][] = [
    [{ chainId: 5n }, ["chain id of the parameters"]],
    [{ chainType: "op" }, ["chain type"]],
    [{ token: MALLORY }, ["token of the parameters"]],
    [{ sequencer: MALLORY }, ["sequencer"]],
    [{ feeRecipient: MALLORY }, ["fee recipient", "genesis state of the parameters"]],
    [{ treasury: MALLORY }, ["treasury"]],
    [{ timelockProposers: [MALLORY] }, ["timelock's PROPOSER_ROLE", "timelock's CANCELLER_ROLE"]],
    [{ timelockExecutors: [MALLORY] }, ["timelock's EXECUTOR_ROLE"]],
    [{ timelockAdmin: MALLORY }, ["timelock's DEFAULT_ADMIN_ROLE"]],
    [{ timelockDelaySeconds: 61n }, ["timelock's delay"]],
    [{ forceDelaySeconds: 61n }, ["force delay"]],
    [{ maxPastSeconds: 61n }, ["most time back"]],
    [{ maxFutureSeconds: 61n }, ["most time ahead"]],
    [{ rateBytesPerSecond: 61n }, ["rate"]],
    [{ burstBytes: 61n }, ["burst"]],
    [{ challengePeriodSeconds: 61n }, ["challenge period"]],
    [{ minParentAgeSeconds: 61n }, ["age of a parent"]],
    [{ historyHeight: 25n }, ["history height of the game", "history height"]],
    [{ stakeWei: 61n }, ["stake"]],
    [{ sectionBits: 6n }, ["section bits"]],
    [{ refundPriceCapWei: 61n }, ["cap on refunds", "cap on refunds, of the claims"]],
  ];

  for (const [change, what] of PARAMETERS) {
    it(`names ${what.join(" and ")} if ${Object.keys(change).join()} is another one`, () =>
      expectDifferent(deployment, what, { ...LOCAL_PARAMETERS, ...change }));
  }

  it("knows every parameter that a contract or the file of the deployment shows", () => {
    const named = new Set(PARAMETERS.flatMap(([change]) => Object.keys(change)));
    const missing = Object.keys(LOCAL_PARAMETERS).filter((name) => !named.has(name));
    // No contract has the times of defenders.
    expect(missing.sort()).to.deep.equal(["censorshipSeconds", "reactionSeconds"]);
  });

  it("names a treasury that was put into the chain's code, in all places or in one", async () => {
    const elsewhere = await deployWith({ treasury: MALLORY });
    await expectDifferent(elsewhere, ["treasury"]);
    const { chain } = deployment.addresses;
    const code = await ethers.provider.getCode(chain);
    const treasury = LOCAL_PARAMETERS.treasury.slice(2).toLowerCase();
    const once = code.replace(treasury, MALLORY.slice(2).toLowerCase());
    await networkHelpers.setCode(chain, once);
    const isTwice = code.split(treasury).length > 2;
    const checks = await expectDifferent(deployment, ["treasury"]);
    const { actual } = checks.find(({ what }) => what === "treasury")!;
    expect(actual).to.equal(isTwice ? `${MALLORY.toLowerCase()} and 0x${treasury}` : MALLORY.toLowerCase());
  });

  for (const name of Object.keys(DEPLOYED_AS) as DeployedName[]) {
    it(`names the bytecode of ${name} if one byte of it is another one`, async () => {
      const address = deployment.addresses[name];
      const code = await ethers.provider.getCode(address);
      const at = placeOutsideImmutables(name);
      const byte = (parseInt(code.slice(2 + 2 * at, 4 + 2 * at), 16) ^ 1).toString(16).padStart(2, "0");
      await networkHelpers.setCode(address, code.slice(0, 2 + 2 * at) + byte + code.slice(4 + 2 * at));
      const checks = await expectDifferent(deployment, [`bytecode of ${name}`]);
      expect(checks.find(({ what }) => what === `bytecode of ${name}`)!.actual).to.equal(`another byte at ${at}`);
      await networkHelpers.setCode(address, `${code}00`);
      await expectDifferent(deployment, [`bytecode of ${name}`]);
    });
  }

  /** The place of a byte in the middle of the code that is part of no immutable. */
  function placeOutsideImmutables(name: DeployedName): number {
    const { deployedBytecode, immutableReferences = {} } = loadArtifact(DEPLOYED_AS[name]);
    const ranges = Object.values(immutableReferences).flat();
    let at = Math.floor(deployedBytecode.length / 4);
    while (ranges.some(({ start, length }) => at >= start && at < start + length)) at++;
    return at;
  }

  it("names an address at which there is nothing, and asks no further", async () => {
    const addresses = { ...deployment.addresses, prover: MALLORY };
    await expectDifferent({ ...deployment, addresses }, ["code of prover"]);
  });

  it("names a contract of another deployment", async () => {
    const other = await deployWith({});
    const mixed = { ...deployment, addresses: { ...deployment.addresses, prover: other.addresses.prover } };
    await expectDifferent(mixed, [
      "prover of the game",
      "accounts' executor of the prover",
      "fills' executor of the prover",
      "settlements' executor of the prover",
      "oracle's executor of the prover",
      "auctions' executor of the prover",
      "creation of prover",
    ]);
  });

  it("names a proposer that was added when the timelock was deployed", async () => {
    const [honest] = LOCAL_PARAMETERS.timelockProposers;
    const found = await deployWith({ timelockProposers: [honest!, MALLORY] });
    await expectDifferent(found, ["timelock's PROPOSER_ROLE", "timelock's CANCELLER_ROLE"]);
  });

  it("names a proposer that was added since, also if the file does not name him", async () => {
    const timelock = await ethers.getContractAt("TimelockController", deployment.addresses.timelock);
    await actAs(connection, deployment.addresses.timelock, async (self) => {
      await timelock.connect(self).grantRole(await timelock.PROPOSER_ROLE(), MALLORY);
    });
    const checks = await expectDifferent(deployment, ["timelock's PROPOSER_ROLE"]);
    const { actual } = checks.find(({ what }) => what === "timelock's PROPOSER_ROLE")!;
    expect(actual).to.include(MALLORY.toLowerCase());
  });

  it("names a role that the contract does not know", async () => {
    const timelock = await ethers.getContractAt("TimelockController", deployment.addresses.timelock);
    await actAs(connection, deployment.addresses.timelock, async (self) => {
      await timelock.connect(self).grantRole(ethers.id("UPGRADER_ROLE"), MALLORY);
    });
    await expectDifferent(deployment, ["timelock's other roles"]);
  });

  it("names a deployer that has kept a right", async () => {
    const [deployer] = await ethers.getSigners();
    const found = await deployWith({ timelockAdmin: deployer!.address as Hex });
    const right = "deployer's rights in the timelock";
    const checks = await expectDifferent(found, ["timelock's DEFAULT_ADMIN_ROLE", right]);
    expect(checks.find(({ what }) => what === right)!.actual).to.equal("DEFAULT_ADMIN_ROLE");
    const { isSound } = await verifyDeployment(client, found);
    expect(isSound, "without a file").to.equal(false);
    // Where the file gives it the right, it is the will of those who wrote the file.
    await expectDifferent(found, [], { ...LOCAL_PARAMETERS, timelockAdmin: deployer!.address as Hex });
  });

  it("names the sequencer once it has been replaced", async () => {
    const inbox = await ethers.getContractAt("RollupInbox", deployment.addresses.inbox);
    await actAs(connection, deployment.addresses.timelock, (owner) => inbox.connect(owner).setSequencer(MALLORY));
    await expectDifferent(deployment, ["sequencer"]);
  });
});
