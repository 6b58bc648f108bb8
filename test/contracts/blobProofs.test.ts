import { expect } from "chai";
import { concat as concatHex } from "ethers";
import { concat, toHex } from "../../src/crypto/bytes.ts";
import { evidenceOf, stepArguments, type StepArguments } from "../../src/l1/proverArguments.ts";
import { BYTES_PER_BLOB } from "../../src/machine/BlobPayload.ts";
import { MAX_ITEM } from "../../src/machine/Constants.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { GENESIS_CURSOR, machineStateHash } from "../../src/machine/MachineState.ts";
import { Machine, type ProvenStep, type StepKind } from "../../src/machine/Step.ts";
import { encodeItem, encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { connect } from "../support/baseChain.ts";
import { batchOf, blobBatchOf } from "../support/batch.ts";
import { deployProver, type ProverScene } from "../support/proverScene.ts";
import { transferOf } from "../support/traffic/builders.ts";
import { INBOX, preparedRoot, START, testConfig } from "../support/traffic/world.ts";

const connection = await connect({ blockGasLimit: 10n ** 12n, transactionGasCap: false });

const KINDS: readonly StepKind[] = ["identity", "message", "item", "next batch", "item limit", "framing error"];
const READ = { messagesRead: 0n, l1Time: START, l2Time: START };
const SIBLING = `0x${"77".repeat(32)}`;

interface Run {
  readonly log: InputLog;
  readonly steps: readonly ProvenStep[];
}

describe("OneStepProver: batches in blobs", () => {
  let scene: ProverScene;

  before(async () => {
    scene = await deployProver(connection);
  });

  /** Runs one batch, and gives every step up to the identity behind it. */
  function run(payload: Uint8Array, make: typeof blobBatchOf = blobBatchOf): Run {
    const log = new InputLog();
    log.appendBatch(make(payload, READ));
    const machine = new Machine(testConfig(scene.chainId, INBOX), log, preparedRoot(), GENESIS_CURSOR);
    const steps: ProvenStep[] = [];
    while (!machine.finished(1n)) steps.push(machine.provenStep(1n));
    steps.push(machine.provenStep(1n));
    return { log, steps };
  }

  function proofOf({ log }: Run, step: ProvenStep): StepArguments {
    const context = log.context(1n);
    return stepArguments(context, evidenceOf(step, log, context));
  }

  async function expectStep(ran: Run, step: ProvenStep): Promise<void> {
    const { context, pre, input, witness } = proofOf(ran, step);
    const { postHash, outcome, code } = await scene.prover.step(context, pre, input, witness);
    expect(KINDS[Number(outcome)]).to.equal(step.kind);
    expect(Number(code)).to.equal(step.code);
    expect(postHash).to.equal(toHex(machineStateHash(step.post)));
  }

  const transfer = (nonce: bigint): Uint8Array => {
    const { domain } = testConfig(scene.chainId, INBOX);
    const transaction = transferOf({ domain }, 1, 2, 5_000_000n, { nonce, deadline: START + 1_000n });
    return encodeItem(encodeTransaction(transaction, START));
  };

  /** Items that are no transactions, up to a position. */
  function filler(end: number): Uint8Array {
    const count = Math.ceil(end / (MAX_ITEM + 2));
    const last = end - (count - 1) * (MAX_ITEM + 2);
    const sizes = Array.from({ length: count }, (_, i) => (i + 1 < count ? MAX_ITEM : last - 2));
    return concat(...sizes.map((size) => encodeItem(new Uint8Array(size).fill(0xff))));
  }

  it("proves every step of a batch that is the same in calldata", async () => {
    const payload = concat(transfer(1n), encodeItem(new Uint8Array(70).fill(0x0f)), Uint8Array.of(0, 0));
    const ran = run(payload);
    const inCalldata = run(payload, (bytes, read) => batchOf(bytes, read));
    expect(ran.steps.map(({ kind, code }) => [kind, code])).to.deep.equal(
      inCalldata.steps.map(({ kind, code }) => [kind, code]),
    );
    expect(ran.steps.map(({ post }) => machineStateHash(post))).to.deep.equal(
      inCalldata.steps.map(({ post }) => machineStateHash(post)),
    );
    for (const step of ran.steps) await expectStep(ran, step);
  });

  const ends: [what: string, payload: () => Uint8Array, kind: StepKind][] = [
    ["an item of one byte that is all of a payload", () => encodeItem(Uint8Array.of(7)), "item"],
    ["a length of zero", () => Uint8Array.of(0), "framing error"],
    [
      "a length that is cut off at the end of a blob",
      () => concat(filler(BYTES_PER_BLOB - 1), Uint8Array.of(0xff)),
      "framing error",
    ],
    [
      "a length of three bytes across two blobs",
      () => concat(filler(BYTES_PER_BLOB - 1), Uint8Array.of(0xff, 0xff)),
      "framing error",
    ],
    [
      "an item that is cut off in the second blob",
      () => concat(filler(BYTES_PER_BLOB - 1), Uint8Array.of(0xf0, 1, 5)),
      "framing error",
    ],
    [
      "an item with its length in one blob and its byte in the next",
      () => concat(filler(BYTES_PER_BLOB - 1), Uint8Array.of(1, 9)),
      "item",
    ],
    ["an item that ends with a blob", () => concat(filler(BYTES_PER_BLOB - 2), Uint8Array.of(1, 9)), "item"],
    ["the limit of items", () => Uint8Array.of(1, 1, 1, 2, 1, 3), "item limit"],
  ];
  for (const [what, payload, kind] of ends) {
    it(`proves ${what}`, async () => {
      const ran = run(payload());
      // Behind it come the next batch and the identity.
      const step = ran.steps.at(-3)!;
      expect(step.kind).to.equal(kind);
      await expectStep(ran, step);
      await expectStep(ran, ran.steps.at(-2)!);
    });
  }

  describe("refuses", () => {
    type Spoil = (proof: StepArguments) => void;
    const table: [what: string, at: "item" | "next batch" | "identity", error: string, spoil: Spoil][] = [
      ["a chunk path", "item", "EvidenceUnused", ({ input }) => input.chunkPath.push(SIBLING)],
      ["an element at the end of the batch", "next batch", "EvidenceUnused", ({ input }) => (input.chunks = SIBLING)],
      [
        "a blob proof at the end of the batch",
        "next batch",
        "EvidenceUnused",
        ({ input }) => (input.blobProof = "0x00"),
      ],
      ["a blob proof for the identity", "identity", "EvidenceUnused", ({ input }) => (input.blobProof = "0x00")],
      ["no elements", "item", "ChunksTooShort", ({ input }) => (input.chunks = "0x")],
      ["half an element more", "item", "ElementBytesMismatch", ({ input }) => extend(input, "chunks", 16)],
      ["an element more", "item", "ElementBytesMismatch", ({ input }) => extend(input, "chunks", 32)],
      ["no blob proof", "item", "BlobProofLengthMismatch", ({ input }) => (input.blobProof = "0x")],
      ["a longer blob proof", "item", "BlobProofLengthMismatch", ({ input }) => extend(input, "blobProof", 48)],
      [
        "another length byte in the element, which would be a framing error",
        "item",
        "ElementBytesMismatch",
        ({ input }) => (input.chunks = `0x0000${(input.chunks as string).slice(6)}`),
      ],
      [
        "an item that is said to lie behind itself",
        "item",
        "ElementNotProven",
        ({ pre, input }) => {
          // The element that holds the end of the item, shown in the place of the next one.
          Object.assign(pre, { offset: 31 });
          input.chunks = `0x00${"02aabb".padEnd(62, "0")}`;
          input.blobProof = (input.blobProof as string).slice(0, 2 + 2 * (32 + 48 + 48));
        },
      ],
      ["the record of a calldata batch", "item", "SequenceRootMismatch", ({ input }) => (input.record.dataKind = 1)],
    ];
    for (const [what, at, error, spoil] of table) {
      it(`${what}: ${error}`, async () => {
        const ran = run(transfer(1n));
        const proof = proofOf(
          ran,
          ran.steps.find(({ kind }) => kind === at)!,
        );
        spoil(proof);
        const { context, pre, input, witness } = proof;
        const call = scene.prover.step(context, pre, input, witness);
        await expect(call).to.be.revertedWithCustomError(scene.prover, error);
      });
    }

    it("a blob proof for an item in calldata", async () => {
      const ran = run(transfer(1n), (bytes, read) => batchOf(bytes, read));
      const { context, pre, input, witness } = proofOf(ran, ran.steps[0]!);
      const call = scene.prover.step(context, pre, { ...input, blobProof: "0x00" }, witness);
      await expect(call).to.be.revertedWithCustomError(scene.prover, "EvidenceUnused");
    });
  });

  it("gives no verdict for lack of gas, wherever it ends", async () => {
    const ran = run(transfer(1n));
    const { context, pre, input, witness } = proofOf(ran, ran.steps[0]!);
    const { proven, refused } = await scene.harness.stepStarved(
      context,
      { pre, input, witness },
      3_000,
      500_000,
      3_331,
      {
        gasLimit: 10n ** 11n,
      },
    );
    expect(proven, "calls with enough gas").to.be.greaterThan(0n);
    expect(refused, "calls with too little").to.be.greaterThan(50n);
  });
});

function extend(input: StepArguments["input"], name: "chunks" | "blobProof", bytes: number): void {
  input[name] = concatHex([input[name], `0x${"00".repeat(bytes)}`]);
}
