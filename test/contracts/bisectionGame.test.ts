import { expect } from "chai";
import { toBeHex, type BaseContract, type ErrorFragment } from "ethers";
import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { childrenOf } from "../../src/history/HistorySource.ts";
import type { Descend, Move, Prove } from "../../src/game/Move.ts";
import { partingOf } from "../../src/game/NodeState.ts";
import { descendMove, planMoves } from "../../src/game/plan.ts";
import { gameAt, proverAt } from "../../src/l1/Contracts.ts";
import { bundleOf, sharedCalldata, touchingCalldata } from "../support/game/bundles.ts";
import { Dispute } from "../support/game/Dispute.ts";
import { GameScene } from "../support/game/GameScene.ts";
import { claimData, refundClaimOf } from "../support/game/refunds.ts";
import {
  add,
  both,
  cut,
  edit,
  extend,
  forge,
  list,
  plainArgument,
  pop,
  push,
  repeat,
  reverse,
  set,
  shift,
  type Spoil,
} from "../support/spoil.ts";
import { expectRefused } from "../support/tenor.ts";
import { connect } from "../support/baseChain.ts";

/** One thing wrong with a call that is valid otherwise. */
type Break = readonly [name: string, error: string, spoil: Spoil];

const OTHER = `0x${"77".repeat(32)}`;
const ZERO = `0x${"00".repeat(32)}`;

/** Every error that a test of this file has met. */
const met = new Set<string>();

/** Errors that the contracts declare and that no call of the game can meet, and why. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  AddressEmptyCode: "the game calls itself, and has code",
  ExecutorMissing: "a prover that was deployed has its executors",
  ChunkRangeInvalid: "the prover computes the range from the offset, which is inside the payload",
  ElementRangeInvalid: "likewise, of a batch in blobs",
  DataKindUnknown: "the inbox records no other kinds",
  OffsetBeyondPayload: "no state that both sides agree on has its cursor there",
  SequenceIndexInvalid: "every batch and message up to the target is in the recorded inputs",
};

describe("BisectionGame: one thing wrong with each call", () => {
  let scene: GameScene;
  let dispute: Dispute;

  before(async () => {
    scene = await GameScene.launch({ historyHeight: 4n, sectionBits: 2n });
    await scene.assert(scene.world.signers[6]!, scene.honest);
  });

  /** Calls the game from Alice, and gives what it answers. */
  async function call(name: string, values: readonly unknown[], sender = scene.world.signers[6]!): Promise<unknown> {
    const client = scene.world.client(sender);
    const game = gameAt(scene.world.deployment.addresses.game, client.runner);
    return client.read(name, () => game.getFunction(name).staticCall(...values));
  }

  /** A move's arguments as the contract takes them. */
  function argumentsOf(move: Move): { name: string; values: () => unknown[] } {
    const client = scene.game(scene.world.signers[6]!);
    const data = client.encode(move);
    const parsed = client.contract.interface.parseTransaction({ data })!;
    const { inputs } = parsed.fragment;
    const values = (): unknown[] => inputs.map((input, i) => plainArgument(input, parsed.args[i]));
    return { name: parsed.name, values };
  }

  async function refused(error: string, pending: Promise<unknown>): Promise<void> {
    await expectRefused(pending, error);
    met.add(error);
  }

  /** The move is accepted, and refused with each break. */
  async function expectTable(move: Move, breaks: readonly Break[]): Promise<void> {
    const { name, values } = argumentsOf(move);
    await call(name, values());
    for (const [what, error, spoil] of breaks) {
      const spoiled = values();
      spoil(spoiled);
      await refused(error, call(name, spoiled)).catch((cause: unknown) => {
        throw new Error(`${name}: ${what}`, { cause });
      });
    }
  }

  const openRoot = async (): Promise<Move> => {
    const view = await scene.view();
    const root = view.roots()[0]!;
    const children = await childrenOf(scene.honest.history, 4, 0, 2);
    return { type: "open root", ...root.assertion!, children };
  };

  it("before there are rivals", async () => {
    await refused("NotRivalled", call("recordInputs", [scene.parent]));
    const { name, values } = argumentsOf(await openRoot());
    await refused("NotRivalled", call(name, values()));
    // Of an assertion without any children.
    await refused("NotRivalled", call("recordInputs", [(await scene.nameOf(scene.honest)).id]));
  });

  it("recordInputs", async () => {
    const lie = await scene.wrongFrom(4, "liar");
    await scene.assert(scene.world.signers[7]!, lie);
    dispute = Dispute.join(scene, lie);
    await expectTable({ type: "record inputs", game: scene.parent }, [
      ["an assertion that is not there", "NotRivalled", set("0", OTHER)],
    ]);
    await dispute.play({ type: "record inputs", game: scene.parent });
    await refused("InputsAlreadyRecorded", call("recordInputs", [scene.parent]));
  });

  it("openRoot", async () => {
    const move = await openRoot();
    await expectTable(move, [
      ["another game", "NodeUnknown", set("0", OTHER)],
      ["another end", "NodeUnknown", set("1", OTHER)],
      ["another history", "NodeUnknown", set("2", OTHER)],
      ["another child", "SpanMismatch", set("3.2", OTHER)],
      ["children swapped", "SpanMismatch", reverse("3")],
      ["a child missing", "ChildCountMismatch", pop("3")],
      ["a child too many", "ChildCountMismatch", push("3", OTHER)],
      ["the children two levels below", "ChildCountMismatch", set("3", Array(16).fill(OTHER))],
    ]);
    const root = (await scene.view()).roots()[0]!;
    const position = { ...root.position, game: toHex(root.position.game), base: toHex(root.position.base) };
    await refused("NodeUnknown", call("open", [position, root.span, argumentsOf(move).values()[3]]));
    await dispute.play(move);
    await refused("NodeAlreadyOpen", call("openRoot", argumentsOf(move).values()));
    await refused("NodeAlreadyOpen", call("open", [position, root.span, argumentsOf(move).values()[3]]));
  });

  it("descend", async () => {
    const liar = await planMoves(await scene.view(), dispute.falseTestimony);
    const opening = liar.moves.find((move) => move.type === "open root")!;
    const draft = await scene.view();
    const [a, b] = [await dispute.root(draft, scene.honest), await dispute.root(draft, dispute.lie)];
    draft.apply({ type: "opened", node: Buffer.from(b.id.slice(2), "hex"), children: opening.children });
    const parting = partingOf(a, b);
    expect(parting).to.equal(1);
    const descent = descendMove(draft, a, b, parting);
    await refused("NodeNotOpen", call("descend", argumentsOf(descent).values()));
    await dispute.bobMoves();

    const at = (index: number): Descend => descendMove(draft, a, b, index);
    await expectTable(descent, [
      ["another game", "NodeNotOpen", set("0.game", OTHER)],
      ["another level of as many bits", "NodeNotOpen", set("0.level", 3)],
      ["another level", "SiblingCountMismatch", set("0.level", 1)],
      ["another place", "NodeNotOpen", set("0.index", 1)],
      ["another base", "NodeNotOpen", set("0.base", OTHER)],
      ["another index", "NodeNotOpen", set("1", 2)],
      ["an index that no child has", "ChildIndexOutOfRange", set("1", 4)],
      ["an index far out", "ChildIndexOutOfRange", set("1", 2n ** 255n + 1n)],
      ["another child of one side", "NodeNotOpen", set("2.span", OTHER)],
      ["another child of the other side", "NodeNotOpen", set("3.span", OTHER)],
      ["another sibling", "NodeNotOpen", set("3.siblings.0", OTHER)],
      ["siblings swapped", "NodeNotOpen", reverse("2.siblings")],
      ["a sibling missing", "SiblingCountMismatch", pop("2.siblings")],
      ["a sibling too many", "SiblingCountMismatch", push("3.siblings", OTHER)],
      ["the same side twice", "NoDifference", (v) => (v[3] = v[2])],
      ["a child before the first that differs", "NoDifference", (v) => v.splice(0, 4, ...argumentsOf(at(0)).values())],
      ["a child behind the first that differs", "BaseMismatch", (v) => v.splice(0, 4, ...argumentsOf(at(2)).values())],
    ]);
    await dispute.play(descent);
    await refused("AlreadyDescended", call("descend", argumentsOf(descent).values()));
    // Also from the other side.
    const [position, index, ofA, ofB] = argumentsOf(descent).values();
    await refused("AlreadyDescended", call("descend", [position, index, ofB, ofA]));
  });

  it("open", async () => {
    const { moves } = await dispute.moves();
    const move = moves.find(({ type }) => type === "open")!;
    await expectTable(move, [
      ["another game", "NodeUnknown", set("0.game", OTHER)],
      ["another level", "NodeUnknown", set("0.level", 1)],
      ["another place", "NodeUnknown", set("0.index", 2)],
      ["another base", "NodeUnknown", set("0.base", OTHER)],
      ["another span", "NodeUnknown", set("1", OTHER)],
      ["another child", "SpanMismatch", set("2.0", OTHER)],
      ["a child missing", "ChildCountMismatch", pop("2")],
      ["a child too many", "ChildCountMismatch", push("2", OTHER)],
      ["no children", "ChildCountMismatch", set("2", [])],
    ]);
    await dispute.play(move);
    await refused("NodeAlreadyOpen", call("open", argumentsOf(move).values()));
  });

  let proof: Prove;

  it("prove", async () => {
    proof = await dispute.toProof();
    expect(proof.position.index).to.equal(4);
    const view = await scene.view();
    const leaf = [...view.roots()[0]!.linked.values()][0]!.linked.get(0)!;
    const parent = [...view.roots()[0]!.linked.values()][0]!;
    await refused("NodeIsLeaf", call("open", [argumentsOf(proof).values()[0], leaf.span, [leaf.span]]));

    const liarLeaf = view.rivals(leaf)[0]!.span;
    await expectTable(proof, [
      ["another game", "NodeUnknown", set("0.game", OTHER)],
      ["another place", "NodeUnknown", set("0.index", 5)],
      ["another base", "NodeUnknown", set("0.base", OTHER)],
      ["another span", "NodeUnknown", set("1", OTHER)],
      ["the rival's leaf", "StepMismatch", set("1", liarLeaf)],
      [
        "the node above",
        "NodeIsNotLeaf",
        both(
          set("0", { ...parent.position, game: toHex(parent.position.game), base: toHex(parent.position.base) }),
          set("1", parent.span),
        ),
      ],
      ["another outer part of the base", "PredecessorMismatch", set("2.outer", OTHER)],
      ["another inner part of the base", "PredecessorMismatch", set("2.inner", OTHER)],
      ["a sibling of the state before", "HistoryRootMismatch", set("2.path.1", OTHER)],
      ["a sibling missing", "HistoryPathLengthMismatch", pop("2.path")],
      ["a sibling too many", "HistoryPathLengthMismatch", push("2.path", OTHER)],
      ...["stateRoot", "batch", "message", "offset", "items", "part", "l2Time"].map((field): Break => [
        `another ${field} before`,
        "HistoryRootMismatch",
        field === "stateRoot" ? set("3.stateRoot", OTHER) : add(`3.${field}`, 1n),
      ]),
      ...["target", "batchCount", "batchesRoot", "messageCount", "messagesRoot"].map((field): Break => [
        `another ${field}`,
        "InputsMismatch",
        field.endsWith("Root") ? set(`4.${field}`, OTHER) : add(`4.${field}`, 1n),
      ]),
      ["another record", "SequenceRootMismatch", add("5.record.length", 1n)],
      ["a record path that is too long", "SequencePathLengthMismatch", push("5.recordPath", OTHER)],
      ["a message that is not read", "EvidenceUnused", set("5.message.kind", 1n)],
      ["a message path", "EvidenceUnused", push("5.messagePath", OTHER)],
      ["no chunks", "ChunksTooShort", set("5.chunks", "0x")],
      ["a chunk that is cut off", "ChunkBytesMismatch", cut("5.chunks")],
      ["a forged chunk", "ChunkCommitmentMismatch", forge("5.chunks")],
      ["a chunk path that is too long", "ChunkPathLengthMismatch", push("5.chunkPath", OTHER)],
      ["no witness", "WitnessTooShort", set("6", "0x")],
      ["a witness that is too long", "WitnessNotUsedUp", extend("6")],
      ["a forged witness", "WitnessRootMismatch", forge("6")],
    ]);
  });

  it("update, before the proof and after", async () => {
    const early = await dispute.confirmation();
    await refused("TimeTooShort", call("updateAndConfirm", argumentsOf(early).values()));
    const confirmation = await dispute.toConfirmation(proof);
    await refused("AlreadyProven", call("prove", argumentsOf(proof).values()));

    const { updates } = confirmation;
    expect(updates).to.have.length(2);
    const breaks: readonly Break[] = [
      ["another game", "NodeUnknown", set("0.0.position.game", OTHER)],
      ["another level", "NodeUnknown", set("0.0.position.level", 3)],
      ["another place", "NodeUnknown", set("0.0.position.index", 3)],
      ["another base", "NodeUnknown", set("0.0.position.base", OTHER)],
      ["another span", "NodeUnknown", set("0.1.span", OTHER)],
      ["a child left out", "ChildrenMismatch", pop("0.0.children")],
      ["a child too many", "ChildrenMismatch", repeat("0.0.children")],
      ["another child", "SpanMismatch", set("0.0.children.0.span", OTHER)],
      ["another sibling", "SpanMismatch", set("0.1.children.0.siblings.1", OTHER)],
      ["a sibling missing", "SiblingCountMismatch", pop("0.0.children.0.siblings")],
    ];
    await expectTable({ type: "update", updates }, breaks);
    await expectTable(confirmation, [
      ...breaks,
      ["another game's assertion", "AssertionUnknown", set("1", OTHER)],
      ["another end", "AssertionUnknown", set("2", OTHER)],
      ["another history", "AssertionUnknown", set("3", OTHER)],
      ["nothing brought up to date", "TimeTooShort", set("0", [])],
      ["a parent before its child", "TimeTooShort", reverse("0")],
    ]);
    const { name, values } = argumentsOf(confirmation);
    const claim = [scene.parent, confirmation.endStateHash, confirmation.historyRoot, ZERO] as const;
    const [moves, places] = [[{ node: ZERO, rival: ZERO, timestamp: 0, amount: 0 }], [noPlace()]];
    await refused("NotConfirmed", call("claimRefund", [...claim, moves, places, dispute.alice.address]));
    await dispute.play(confirmation);
    await refused("AlreadyConfirmed", call(name, values()));
    // Before anything else, so that those who come too late pay little.
    const late = values();
    set("0.0.span", OTHER)(late);
    await refused("AlreadyConfirmed", call(name, late));
  });

  const noPlace = (): unknown => ({ level: 0, index: 0, span: ZERO, path: [] });

  it("claimRefund", async () => {
    const { alice } = dispute;
    const claim = await refundClaimOf(scene, dispute.honestGame, alice.address as `0x${string}`, scene.honest);
    const { contract } = dispute.honestGame;
    const data = claimData(dispute.honestGame, claim, alice.address);
    const { inputs } = contract.interface.getFunction("claimRefund");
    const values = (): unknown[] => {
      const decoded = contract.interface.decodeFunctionData("claimRefund", data);
      return inputs.map((input, i) => plainArgument(input, decoded[i]));
    };
    expect(await call("claimRefund", values())).to.be.a("bigint");
    const last = claim.moves.length - 1;
    const below = claim.places.findIndex((place) => place !== undefined && place.level < 4);
    const elsewhere = list("5", (places) => places.with(below, places[last]));
    const breaks: readonly Break[] = [
      ["no moves", "NothingToRefund", both(set("4", []), set("5", []))],
      ["another game", "NothingToRefund", set("0", OTHER)],
      ["another end", "NotConfirmed", set("1", OTHER)],
      ["another history", "NotConfirmed", set("2", OTHER)],
      ["other moves before", "MovesMismatch", set("3", OTHER)],
      ["a move left out", "MovesMismatch", both(shift("4"), shift("5"))],
      ["the last move left out", "MovesMismatch", both(pop("4"), pop("5"))],
      ["two moves swapped", "MovesMismatch", both(reverse("4"), reverse("5"))],
      ["a move twice", "MovesMismatch", both(repeat("4"), repeat("5"))],
      ["a larger amount", "MovesMismatch", add("4.0.amount", 1n)],
      ["another time", "MovesMismatch", add(`4.${last}.timestamp`, -1n)],
      ["another rival", "MovesMismatch", set("4.0.rival", OTHER)],
      ["a place missing", "PlaceCountMismatch", pop("5")],
      ["a place too many", "PlaceCountMismatch", push("5", noPlace())],
      ["the place of another move", "PlaceMismatch", elsewhere],
      ["a place outside the history", "SpanMismatch", set(`5.${below}.path.0`, OTHER)],
      ["another span there", "SpanMismatch", set(`5.${below}.span`, OTHER)],
      ["a path that is too short", "SiblingCountMismatch", pop(`5.${below}.path`)],
      ["a number that the level does not have", "ChildIndexOutOfRange", add(`5.${below}.index`, 16n)],
      ["nobody to pay", "RecipientZero", set("6", `0x${"00".repeat(20)}`)],
    ];
    for (const [what, error, spoil] of breaks) {
      const spoiled = values();
      spoil(spoiled);
      await refused(error, call("claimRefund", spoiled)).catch((cause: unknown) => {
        throw new Error(what, { cause });
      });
    }
    // Somebody who has made no moves.
    await refused("NothingToRefund", call("claimRefund", values(), scene.world.signers[9]));
  });

  it("multicall", async () => {
    const { contract } = dispute.honestGame;
    await refused("FailedCall", call("multicall", [["0x"]]));
    await refused("FailedCall", call("multicall", [["0x12345678"]]));
    const again = contract.interface.encodeFunctionData("recordInputs", [scene.parent]);
    await refused("InputsAlreadyRecorded", call("multicall", [[again]]));
    // Two entries of the list that point to one place.
    const update = contract.interface.encodeFunctionData("update", [[]]);
    const size = update.length / 2 - 1;
    const bytes = toBeHex(size, 32).slice(2) + update.slice(2).padEnd(192, "0");
    const client = scene.world.client(dispute.alice);
    const send = (data: string): Promise<unknown> => {
      const to = scene.world.deployment.addresses.game;
      return client.read("multicall", () => client.provider.call({ to, data, from: dispute.alice.address }));
    };
    await send(bundleOf([64, 64 + bytes.length / 2], bytes + bytes));
    await send(touchingCalldata(update));
    await refused("CallsOverlap", send(sharedCalldata(update)));
    await refused("CallsOverlap", send(bundleOf([64 + bytes.length / 2, 64], bytes + bytes)));
    // A call that lies in the list itself.
    await refused("CallsOverlap", send(bundleOf([0, 64], bytes)));
  });

  it("prove, of the first leaf", async () => {
    const other = await GameScene.launch({ historyHeight: 4n, sectionBits: 2n });
    const first = await Dispute.begin(other, await other.wrongFrom(0, "liar"));
    [scene, dispute] = [other, first];
    await expectTable(await first.toProof(), [
      ["another parent of the game", "PredecessorMismatch", set("2.outer", OTHER)],
      ["another history of the game", "PredecessorMismatch", set("2.inner", OTHER)],
      ["another state before", "PredecessorMismatch", add("3.l2Time", 1n)],
      ["a path", "HistoryPathLengthMismatch", push("2.path", OTHER)],
      ["another message", "SequenceRootMismatch", extend("5.message.payload")],
      ["chunks that are not read", "EvidenceUnused", set("5.chunks", "0x00")],
    ]);
  });

  it("prove, of a step that is read from blobs", async () => {
    const other = await GameScene.launch({ historyHeight: 4n, sectionBits: 2n, inBlobs: true });
    const inBlobs = await Dispute.begin(other, await other.wrongFrom(4, "liar"));
    [scene, dispute] = [other, inBlobs];
    /** Another byte at a position of the blob proof, whatever is there: a versioned hash, a KZG commitment, and proofs. */
    const otherAt = (at: number): Spoil =>
      edit("5.blobProof", (old) => {
        const bytes = fromHex(old as string);
        return toHex(bytes.with(at, bytes[at]! ^ 3));
      });
    await expectTable(await inBlobs.toProof(), [
      ["no elements", "ChunksTooShort", set("5.chunks", "0x")],
      ["an element that is cut off", "ElementBytesMismatch", cut("5.chunks")],
      ["a forged element", "ElementNotProven", forge("5.chunks")],
      ["a chunk path", "EvidenceUnused", push("5.chunkPath", OTHER)],
      ["no blob proof", "BlobProofLengthMismatch", set("5.blobProof", "0x")],
      ["a blob proof that is cut off", "BlobProofLengthMismatch", cut("5.blobProof")],
      ["a versioned hash of another version", "BlobVersionUnknown", otherAt(0)],
      ["another versioned hash", "BlobsCommitmentMismatch", otherAt(1)],
      ["a foreign KZG commitment", "BlobCommitmentMismatch", otherAt(32)],
      ["a forged proof", "ElementNotProven", forge("5.blobProof")],
    ]);
  });

  it("prove, before the inputs are recorded", async () => {
    const other = await GameScene.launch({ historyHeight: 4n, sectionBits: 2n });
    const early = await Dispute.begin(other, await other.wrongFrom(4, "liar"));
    // The moves do not need them; only the proof does.
    const { inputs } = proof;
    early.send = async (moves) => {
      const rest = moves.filter(({ type }) => type !== "record inputs");
      if (rest.length > 0) await early.honestGame.play(rest);
    };
    for (let i = 0; i < 3; i++) {
      await early.aliceMoves();
      await early.bobMoves();
    }
    const view = await other.view();
    view.apply({ type: "inputs", inputs });
    const { moves } = await planMoves(view, other.testimony);
    scene = other;
    await refused("InputsMismatch", call("prove", argumentsOf(moves.find(({ type }) => type === "prove")!).values()));
  });

  describe("deployment", () => {
    /** Deploys a game for a stage that names the address where it will be. */
    async function deploy(change: Record<string, unknown>, staged: Record<string, unknown> = {}): Promise<unknown> {
      const { ethers } = await connect();
      const [deployer] = await ethers.getSigners();
      const empty = { target: 0, batchCount: 0, batchesRoot: ZERO, messageCount: 0, messagesRoot: ZERO };
      const nonce = (await deployer!.getNonce()) + 1;
      const game = staged.game ?? ethers.getCreateAddress({ from: deployer!.address, nonce });
      const stage = await ethers.deployContract("GameStage", [game, 4, empty]);
      const parameters = { chain: stage, inbox: stage, prover: stage, sectionBits: 5, refundPriceCap: 0, ...change };
      const client = scene.world.client();
      return client.read("deploy", () => ethers.deployContract("BisectionGame", [parameters]));
    }

    it("takes parameters within their bounds", async () => {
      for (const sectionBits of [1, 8]) await deploy({ sectionBits });
      await deploy({ refundPriceCap: 10_000n * 10n ** 9n });
    });

    const elsewhere = `0x${"99".repeat(20)}`;
    const table: [string, string, Record<string, unknown>, Record<string, unknown>?][] = [
      ["a chain that names another game", "GameMismatch", {}, { game: elsewhere }],
      ["another inbox than the chain's", "InboxMismatch", { inbox: elsewhere }],
      ["a prover without code", "ProverMissing", { prover: elsewhere }],
      ["moves that go down no level", "ParameterOutOfBounds", { sectionBits: 0 }],
      ["moves that go down nine levels", "ParameterOutOfBounds", { sectionBits: 9 }],
      ["a price above the highest", "ParameterOutOfBounds", { refundPriceCap: 10_000n * 10n ** 9n + 1n }],
    ];
    for (const [name, error, change, staged] of table) {
      it(`refuses ${name}`, () => refused(error, deploy(change, staged)));
    }
  });

  // The last of all: the tests of a group run before the groups in it.
  describe("the tables", () => {
    it("have every error that the game and its prover declare and that can be met", () => {
      const { game, prover } = scene.world.deployment.addresses;
      const runner = scene.world.client().provider;
      const contracts: BaseContract[] = [gameAt(game, runner), proverAt(prover, runner)];
      const declared = new Set(
        contracts.flatMap((contract) =>
          contract.interface.fragments
            .filter((fragment): fragment is ErrorFragment => fragment.type === "error")
            .map((fragment) => fragment.name),
        ),
      );
      expect([...declared].filter((name) => !met.has(name) && !(name in UNREACHABLE)).sort()).to.deep.equal([]);
      for (const name of Object.keys(UNREACHABLE)) {
        expect(declared.has(name), `${name} is not declared any more`).to.equal(true);
        expect(met.has(name), `${name} can be met`).to.equal(false);
      }
    });
  });
});
