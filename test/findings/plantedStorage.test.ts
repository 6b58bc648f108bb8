import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { AbiCoder, ContractFactory, keccak256, toBeHex, type TransactionRequest } from "ethers";
import { toHex, type Hex } from "../../src/crypto/bytes.ts";
import { assertionId } from "../../src/history/Assertion.ts";
import { loadArtifact } from "../../src/l1/Artifacts.ts";
import { isDifferent } from "../../src/l1/checkDeployment.ts";
import { chainAt } from "../../src/l1/Contracts.ts";
import { creationCheck } from "../../src/l1/creations.ts";
import type { Deployment } from "../../src/l1/deployment.ts";
import { deployTenor } from "../../src/l1/deployTenor.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { verifyDeployment } from "../../src/l1/verifyDeployment.ts";
import { connect, type Connection } from "../support/baseChain.ts";
import { LOCAL_PARAMETERS } from "../support/tenor.ts";

/** Creation code that writes words into storage and leaves `runtime` behind, whatever arguments stand behind it. */
function planting(runtime: Hex, words: ReadonlyMap<string, string>): Hex {
  const word = (value: string): string => `7f${toBeHex(value, 32).slice(2)}`;
  const stores = [...words].map(([slot, value]) => `${word(value)}${word(slot)}55`).join("");
  const length = toBeHex((runtime.length - 2) / 2, 3).slice(2);
  const start = toBeHex(stores.length / 2 + 16, 3).slice(2);
  return `0x${stores}62${length}62${start}5f3962${length}5ff3${runtime.slice(2)}`;
}

/**
 * Verification compared the code that stands on L1 and the immutables in it, and of storage only the timelock's roles, by their events, and the
 * sequencer. Who deploys chooses the creation code, which may leave the source's code behind and anything at all in storage: a chain of
 * assertions that holds one of the deployer's as confirmed pays out the whole bridge, and everything was as built. (Threat 34.)
 */
describe("finding: a deployment of the right code with something planted in its storage", () => {
  let connection: Connection;
  let mallory: HardhatEthersSigner;
  let client: L1Client;

  before(async () => {
    connection = await connect();
    [mallory] = (await connection.ethers.getSigners()) as [HardhatEthersSigner];
    client = new L1Client(connection.ethers.provider);
  });

  /** Where a chain has its record of an assertion. */
  async function slotOf(chain: Hex, assertion: string): Promise<string> {
    for (let i = 0n; i < 16n; i++) {
      const slot = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [assertion, i]));
      if (BigInt(await connection.ethers.provider.getStorage(chain, slot)) !== 0n) return slot;
    }
    throw new Error("the record is nowhere");
  }

  /** The source's deployment, but for the creation of the chain. */
  async function deployPlanting(words: ReadonlyMap<string, string>): Promise<Deployment> {
    const { bytecode } = loadArtifact("StateCommitmentChain");
    const signer = new Proxy(mallory, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "sendTransaction") return typeof value === "function" ? (value.bind(target) as unknown) : value;
        return async (request: TransactionRequest) => {
          if (request.data?.startsWith(bytecode) !== true) return target.sendTransaction(request);
          const runtime = (await target.call({ data: request.data })) as Hex;
          return target.sendTransaction({ ...request, data: planting(runtime, words) });
        };
      },
    });
    return await deployTenor(signer, LOCAL_PARAMETERS);
  }

  it("is not sound: its chain takes a state of the deployer's for confirmed, and was created by other code", async () => {
    const honest = await deployTenor(mallory, LOCAL_PARAMETERS);
    expect((await verifyDeployment(client, honest, LOCAL_PARAMETERS)).isSound).to.equal(true);
    const genesis = await chainAt(honest.addresses.chain, client.runner).latestConfirmed();
    const genesisSlot = await slotOf(honest.addresses.chain, genesis);
    const record = await connection.ethers.provider.getStorage(honest.addresses.chain, genesisSlot);
    // An end of which nobody knows how it came about, but that all of the collateral is Mallory's there.
    const thief = toHex(
      assertionId({
        parent: new Uint8Array(32).fill(1),
        endStateHash: new Uint8Array(32).fill(2),
        historyRoot: new Uint8Array(32).fill(3),
      }),
    );
    const index = [...Array(16).keys()].find(
      (i) => keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [genesis, i])) === genesisSlot,
    )!;
    const thiefSlot = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [thief, index]));
    const planted = await deployPlanting(
      new Map([
        [genesisSlot, record],
        [thiefSlot, record],
      ]),
    );
    expect(await chainAt(planted.addresses.chain, client.runner).isConfirmed(thief)).to.equal(true);
    const { checks, isSound } = await verifyDeployment(client, planted, LOCAL_PARAMETERS);
    expect(isSound).to.equal(false);
    const differing = checks.filter(isDifferent);
    expect(differing).to.have.length(1);
    expect(differing[0]).to.deep.include({ what: "creation of chain", actual: "by other code" });
    // Nor by leaving the transaction out, or naming that of an honest deployment.
    for (const creations of [{}, honest.creations!]) {
      const told = await verifyDeployment(client, { ...planted, creations }, LOCAL_PARAMETERS);
      expect(told.isSound).to.equal(false);
    }
  });

  describe("a game that somebody has deployed through a GameDeployer", () => {
    it("before the call that is named: that one did nothing, and was no creation", async () => {
      const { abi, bytecode: code } = loadArtifact("GameDeployer");
      const deployed = await new ContractFactory(abi, code, mallory).deploy();
      const deployer = await connection.ethers.getContractAt("GameDeployer", await deployed.getAddress());
      const [chain, inbox, prover] = [1, 2, 3].map((number) => toBeHex(number, 20)) as [string, string, string];
      const values = { chain, inbox, prover, sectionBits: 5, refundPriceCap: 1 };
      const game = (await deployer.GAME()) as Hex;
      const evil = await deployer.deploy(planting("0x00", new Map([["1", "1"]])), values);
      const real = await deployer.deploy(loadArtifact("BisectionGame").bytecode, values);
      expect((await real.wait())!.status).to.equal(1);
      const provider = connection.ethers.provider;
      const named = await creationCheck(provider, "game", game, real.hash as Hex);
      expect(named.actual).to.equal("by another transaction");
      expect(isDifferent(await creationCheck(provider, "game", game, evil.hash as Hex))).to.equal(true);
    });
  });
});
