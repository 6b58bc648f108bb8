import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { BaseContract, FunctionFragment } from "ethers";
import { Asserter } from "../support/assertions.ts";
import { endAt } from "../support/evidence.ts";
import { deployBridge, type BridgeFixture } from "../support/l1.ts";
import type { BisectionGame } from "../../typechain/index.ts";
import { connect } from "../support/baseChain.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;

/** Everything up to the bridge, and a dispute game. */
type Fixture = Omit<BridgeFixture, "game"> & { game: BisectionGame };
type ContractName = "inbox" | "chain" | "bridge" | "game";
type Role = "owner" | "sequencer" | "alice" | "bob" | "carol" | "treasury";

/** Who may call a function, and what a call by anybody else is answered with. */
interface Access {
  readonly by: "anybody" | "owner" | "sequencer" | "staker" | "claim owner" | "game" | "mover";
  /** Arguments with which only the caller matters. */
  readonly arguments: (fixture: Fixture) => unknown[];
  readonly wrong?: { readonly roles: readonly Role[]; readonly error: string };
  /** Those who are let in: the call succeeds, or fails with this error of its content. Absent: only another contract is. */
  readonly right?: { readonly role: Role; readonly error?: string };
}

const ZERO = ethers.ZeroHash;
const proof = { parent: ZERO, historyRoot: ZERO, end: endAt(0n) };
const evidence = { kind: 0, sender: ethers.ZeroAddress, l1Block: 0, l1Time: 0, payloadHash: ZERO };
const position = { game: ZERO, level: 0, index: 0, base: ZERO };
const child = { span: ZERO, siblings: [] };
const inputs = { target: 0, batchCount: 0, batchesRoot: ZERO, messageCount: 0, messagesRoot: ZERO };
const record = { dataKind: 0, commitment: ZERO, length: 0, messagesRead: 0, l1Time: 0, l2Time: 0 };
const input = {
  record,
  recordPath: [],
  message: { kind: 0, sender: ethers.ZeroAddress, l1Block: 0, l1Time: 0, payload: "0x" },
  messagePath: [],
  chunks: "0x",
  chunkPath: [],
  blobProof: "0x",
};
const move = { node: ZERO, rival: ZERO, timestamp: 0, amount: 0 };
const place = { level: 0, index: 0, span: ZERO, path: [] };
const predecessor = { outer: ZERO, inner: ZERO, path: [] };
const everybody: readonly Role[] = ["owner", "sequencer", "alice", "bob", "carol", "treasury"];
const allBut = (...roles: readonly Role[]): readonly Role[] => everybody.filter((role) => !roles.includes(role));

/** Every function that changes anything. Alice has a stake and a claim; the owner owns the inbox and nothing else. */
const TABLE: Record<ContractName, Record<string, Access>> = {
  inbox: {
    enqueue: { by: "anybody", arguments: () => [2, "0x"], right: { role: "carol" } },
    appendBatch: {
      by: "sequencer",
      arguments: () => [99, 0, 0, "0x"],
      wrong: { roles: allBut("sequencer"), error: "NotSequencer" },
      right: { role: "sequencer", error: "BatchIndexMismatch" },
    },
    appendBlobBatch: {
      by: "sequencer",
      arguments: () => [99, 0, 0, 1],
      wrong: { roles: allBut("sequencer"), error: "NotSequencer" },
      right: { role: "sequencer", error: "BatchIndexMismatch" },
    },
    forceInclude: {
      by: "anybody",
      arguments: () => [0, evidence, []],
      right: { role: "carol", error: "NothingToForce" },
    },
    setSequencer: {
      by: "owner",
      arguments: ({ bob }) => [bob.address],
      wrong: { roles: allBut("owner"), error: "NotOwner" },
      right: { role: "owner" },
    },
    revokeSequencer: {
      by: "sequencer",
      arguments: () => [],
      wrong: { roles: allBut("sequencer"), error: "NotSequencer" },
      right: { role: "sequencer" },
    },
  },
  chain: {
    assertState: {
      by: "anybody",
      arguments: () => [ZERO, endAt(0n), ZERO, [], 0, 0, ZERO],
      right: { role: "carol", error: "AssertionUnknown" },
    },
    confirm: {
      by: "anybody",
      arguments: () => [ZERO, ZERO, ZERO],
      right: { role: "carol", error: "AssertionUnknown" },
    },
    withdrawStake: {
      by: "staker",
      arguments: ({ carol }) => [carol.address],
      wrong: { roles: allBut("alice"), error: "NoStake" },
      right: { role: "alice", error: "StakeInUse" },
    },
    payRefund: {
      by: "game",
      arguments: ({ carol }) => [ZERO, carol.address, 0],
      wrong: { roles: everybody, error: "NotGame" },
    },
    sweep: { by: "anybody", arguments: () => [ZERO], right: { role: "carol", error: "NothingToSweep" } },
  },
  bridge: {
    open: {
      by: "anybody",
      arguments: ({ alice }) => [alice.address, 0],
      right: { role: "carol", error: "AmountZero" },
    },
    deposit: {
      by: "anybody",
      arguments: ({ alice }) => [9, alice.address, 1],
      right: { role: "carol", error: "AccountUnknown" },
    },
    openWithPermit: {
      by: "anybody",
      arguments: ({ alice }) => [alice.address, 0, 0, 27, ZERO, ZERO],
      right: { role: "carol", error: "AmountZero" },
    },
    depositWithPermit: {
      by: "anybody",
      arguments: ({ alice }) => [9, alice.address, 1, 0, 27, ZERO, ZERO],
      right: { role: "carol", error: "AccountUnknown" },
    },
    finalizeWithdrawal: {
      by: "anybody",
      arguments: () => [0, proof, "0x"],
      right: { role: "carol", error: "AssertionNotConfirmed" },
    },
    transferClaim: {
      by: "claim owner",
      arguments: ({ alice, bob }) => [0, alice.address, bob.address],
      wrong: { roles: allBut("alice"), error: "NotClaimOwner" },
      right: { role: "alice" },
    },
  },
  game: {
    recordInputs: { by: "anybody", arguments: () => [`0x${"11".repeat(32)}`], right: { role: "carol" } },
    openRoot: {
      by: "anybody",
      arguments: () => [ZERO, ZERO, ZERO, []],
      right: { role: "carol", error: "ChildCountMismatch" },
    },
    open: { by: "anybody", arguments: () => [position, ZERO, []], right: { role: "carol", error: "NodeUnknown" } },
    descend: {
      by: "anybody",
      arguments: () => [position, 0, child, child],
      right: { role: "carol", error: "NodeNotOpen" },
    },
    prove: {
      by: "anybody",
      arguments: () => [position, ZERO, predecessor, endAt(0n), inputs, input, "0x"],
      right: { role: "carol", error: "NodeUnknown" },
    },
    update: { by: "anybody", arguments: () => [[]], right: { role: "carol" } },
    updateAndConfirm: {
      by: "anybody",
      arguments: () => [[], ZERO, ZERO, ZERO],
      right: { role: "carol", error: "AlreadyConfirmed" },
    },
    claimRefund: {
      by: "mover",
      arguments: ({ carol }) => [ZERO, ZERO, ZERO, ZERO, [move], [place], carol.address],
      wrong: { roles: allBut("alice"), error: "NothingToRefund" },
      right: { role: "alice", error: "MovesMismatch" },
    },
    multicall: { by: "anybody", arguments: () => [[]], right: { role: "carol" } },
  },
};

/** Functions that only answer. */
const VIEWS: Record<ContractName, readonly string[]> = {
  inbox: [
    "availableBytes",
    "batchCount",
    "batchesRoot",
    "lastL2Time",
    "messageCount",
    "messagesRead",
    "messagesRoot",
    "parameters",
    "sequencer",
  ],
  chain: ["assertionOf", "escrowOf", "genesis", "isConfirmed", "latestConfirmed", "latestOf", "parameters"],
  game: ["inputsOf", "movesOf", "nodeOf", "parameters", "rivalsOf", "timeOf"],
  bridge: ["accountCount", "accounted", "chain", "claimOwnerOf", "inbox", "isFinalized", "ownerOf", "token"],
};

async function accessFixture(): Promise<Fixture> {
  const fixture = await deployBridge(connection);
  await new Asserter(connection, fixture).assert(fixture.alice, await fixture.chain.genesis());
  // Of the game alone it matters here who calls: whatever it is asked for is an assertion with rivals, and confirmed.
  const [deployer] = await ethers.getSigners();
  const address = ethers.getCreateAddress({ from: deployer!.address, nonce: (await deployer!.getNonce()) + 1 });
  const stage = await ethers.deployContract("GameStage", [address, 4, inputs]);
  const parameters = { chain: stage, inbox: stage, prover: stage, sectionBits: 2, refundPriceCap: 0 };
  const game = await ethers.deployContract("BisectionGame", [parameters]);
  await game.connect(fixture.alice).recordInputs(ZERO);
  return { ...fixture, game };
}

/** Calls a function by its name. */
async function call(contract: BaseContract, signer: HardhatEthersSigner, name: string, values: unknown[]) {
  return contract
    .connect(signer)
    .getFunction(name)
    .send(...values);
}

describe("Access to the L1 contracts", () => {
  for (const name of ["inbox", "chain", "bridge", "game"] as const) {
    describe(name, () => {
      it("has exactly the functions of the table", async () => {
        const contract: BaseContract = (await networkHelpers.loadFixture(accessFixture))[name];
        const functions = contract.interface.fragments.filter(
          (fragment): fragment is FunctionFragment => fragment.type === "function",
        );
        const named = (constant: boolean): string[] =>
          functions
            .filter((fragment) => fragment.constant === constant)
            .map((fragment) => fragment.name)
            .sort();
        expect(named(true)).to.deep.equal([...VIEWS[name]].sort());
        expect(named(false)).to.deep.equal(Object.keys(TABLE[name]).sort());
        expect(functions.filter(({ payable }) => payable).map((fragment) => fragment.name)).to.deep.equal(
          name === "chain" ? ["assertState"] : [],
        );
        expect(contract.interface.fallback).to.equal(null);
        expect(contract.interface.receive).to.equal(false);
      });

      for (const [functionName, access] of Object.entries(TABLE[name])) {
        it(`${functionName}: ${access.by}`, async () => {
          const fixture = await networkHelpers.loadFixture(accessFixture);
          const contract: BaseContract = fixture[name];
          const values = access.arguments(fixture);
          for (const role of access.wrong?.roles ?? []) {
            await expect(
              call(contract, fixture[role], functionName, values),
              `by ${role}`,
            ).to.be.revertedWithCustomError(contract, access.wrong!.error);
          }
          if (access.right === undefined) return;
          const { role, error } = access.right;
          const allowed = call(contract, fixture[role], functionName, values);
          if (error === undefined) await allowed;
          else await expect(allowed).to.be.revertedWithCustomError(contract, error);
        });
      }
    });
  }

  it("every error that the contracts declare is raised by a test", async () => {
    const { readdir, readFile } = await import("node:fs/promises");
    const folder = new URL("./", import.meta.url);
    const files = (await readdir(folder)).filter((file) => file.endsWith(".test.ts"));
    const text = (await Promise.all(files.map((file) => readFile(new URL(file, folder), "utf8")))).join("\n");
    const fixture = await networkHelpers.loadFixture(accessFixture);
    const missing = new Set<string>();
    for (const name of ["inbox", "chain", "bridge"] as const) {
      for (const fragment of (fixture[name] as BaseContract).interface.fragments) {
        if (fragment.type !== "error") continue;
        const errorName = (fragment as FunctionFragment).name;
        if (!text.includes(`"${errorName}"`)) missing.add(`${name}: ${errorName}`);
      }
    }
    expect([...missing].sort()).to.deep.equal([]);
  });
});
