import { concat } from "../../../src/crypto/bytes.ts";
import { evidenceOf, type StepEvidence } from "../../../src/l1/proverArguments.ts";
import { BYTES_PER_ITEM, CHUNK } from "../../../src/machine/Constants.ts";
import { InputLog, type InputEvidence } from "../../../src/machine/InputLog.ts";
import { DATA_BLOBS, MESSAGE_FORCED, type BatchRecord, type Message } from "../../../src/machine/Inputs.ts";
import { GENESIS_CURSOR, type MachineState } from "../../../src/machine/MachineState.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import { TX_FILL, TX_SETTLE } from "../../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { batchOf, blobBatchOf } from "../batch.ts";
import { depositMessage, PLAIN, takerOrder, transferOf, type Draft, type Signing } from "./builders.ts";
import { BRIDGE, BTC, INBOX, preparedRoot, signerAddress, START, START_DAY, testConfig } from "./world.ts";

/** Evidence with one thing wrong, of every kind: what the judge has to refuse, whatever the machine would say. */

/** Steps of {@link evidenceEdges}, in their order. */
const STEPS = [
  // Two messages, one of a kind that there is not, and a forced Settle of two accounts; items, the last of which is none.
  ...(["message", "unknown", "part", "last part", "transfer", "malformed", "framing", "next"] as const),
  // An item whose length lies in two chunks, one that ends with a chunk, and one behind it.
  ...(["short", "long", "bordering", "behind", "next to chunks"] as const),
  // An item in a blob; one of the last type of all; a batch with an item more than it may have.
  ...(["blob", "next to blobs", "last type", "next to it", "first", "second", "limit", "next to the limit"] as const),
  "identity",
] as const;
/** Those whose evidence is spoiled, and one that no machine takes. */
type StepName = (typeof STEPS)[number] | "unreadable";

/** One thing wrong with the evidence of a step, and the error that has to say so. */
export interface EvidenceEdge {
  readonly name: string;
  readonly at: StepName;
  readonly error: string;
  readonly spoil: (evidence: StepEvidence) => StepEvidence;
}

/** Steps of every kind that are judged against one log. */
export interface EvidenceSample {
  readonly log: InputLog;
  readonly steps: readonly ProvenStep[];
  readonly evidenceAt: (name: StepName) => StepEvidence;
}

type Spoil = EvidenceEdge["spoil"];

const SIBLING = new Uint8Array(32).fill(0x77);
const BYTE = Uint8Array.of(0);
const EMPTY_ITEM = Uint8Array.of(0, 1);

const input = (change: (input: InputEvidence) => Partial<InputEvidence>): Spoil => {
  return (evidence) => ({ ...evidence, input: { ...evidence.input, ...change(evidence.input) } });
};
const record = (change: Partial<BatchRecord>): Spoil => input(({ record }) => ({ record: { ...record, ...change } }));
const message = (change: Partial<Message>): Spoil => input(({ message }) => ({ message: { ...message, ...change } }));
const pre = (change: Partial<MachineState>): Spoil => {
  return (evidence) => ({ ...evidence, pre: { ...evidence.pre, ...change } });
};
const chunks = (change: (chunks: Uint8Array) => Uint8Array): Spoil =>
  input(({ chunks }) => ({ chunks: change(chunks) }));
const longerRecordPath = input(({ recordPath }) => ({ recordPath: [...recordPath, SIBLING] }));
const longerMessagePath = input(({ messagePath }) => ({ messagePath: [...messagePath, SIBLING] }));
const longerChunkPath = input(({ chunkPath }) => ({ chunkPath: [...chunkPath, SIBLING] }));
const longerBlobProof = input(({ blobProof }) => ({ blobProof: concat(blobProof, BYTE) }));
const longerWitness: Spoil = (evidence) => ({ ...evidence, witness: [...evidence.witness, EMPTY_ITEM] });
const noMessage = { kind: 0, sender: new Uint8Array(20), l1Block: 0n, l1Time: 0n, payload: new Uint8Array(0) };

/** What every step refuses that does not read it. */
const UNUSED_RECORD: readonly (readonly [string, Spoil])[] = [
  ["a kind of data", record({ dataKind: 1 })],
  ["a commitment", record({ commitment: SIBLING })],
  ["a length", record({ length: 1 })],
  ["a count of messages", record({ messagesRead: 1n })],
  ["an L1 time", record({ l1Time: 1n })],
  ["an L2 time", record({ l2Time: 1n })],
  ["a record path", longerRecordPath],
];
const UNUSED_MESSAGE: readonly (readonly [string, Spoil])[] = [
  ["a kind of message", message({ kind: 1 })],
  ["a sender", message({ sender: signerAddress(1) })],
  ["an L1 block of a message", message({ l1Block: 1n })],
  ["an L1 time of a message", message({ l1Time: 1n })],
  ["a payload of a message", message({ payload: BYTE })],
  ["a message path", longerMessagePath],
];
const UNUSED_CHUNKS: readonly (readonly [string, Spoil])[] = [
  ["chunks", chunks(() => BYTE)],
  ["a chunk path", longerChunkPath],
  ["a blob proof", longerBlobProof],
];

const UNUSED: readonly (readonly [StepName, readonly (readonly [string, Spoil])[]])[] = [
  ["identity", [...UNUSED_RECORD, ...UNUSED_MESSAGE, ...UNUSED_CHUNKS]],
  ["next", [...UNUSED_MESSAGE, ...UNUSED_CHUNKS]],
  ["transfer", UNUSED_MESSAGE],
  ["message", UNUSED_CHUNKS],
  ["transfer", [["a blob proof", longerBlobProof]]],
  ["blob", [["a chunk path", longerChunkPath]]],
  ...(["identity", "unknown", "malformed", "framing", "next"] as const).map(
    (at) => [at, [["a witness", longerWitness]]] as const,
  ),
];

const WRONG: readonly (readonly [name: string, at: StepName, error: string, spoil: Spoil])[] = [
  ["another record", "transfer", "SequenceRootMismatch", record({ l2Time: START + 1n })],
  ["a record path that is too long", "transfer", "SequencePathLengthMismatch", longerRecordPath],
  ["a batch that does not exist", "next", "SequenceIndexInvalid", pre({ batch: 7n })],
  ["another payload of a message", "message", "SequenceRootMismatch", message({ payload: BYTE })],
  ["another sender of a message", "message", "SequenceRootMismatch", message({ sender: signerAddress(3) })],
  ["no message when one is due", "message", "SequenceRootMismatch", message(noMessage)],
  ["no chunks", "transfer", "ChunksTooShort", chunks(() => new Uint8Array(0))],
  ["half of a length of two bytes", "long", "ChunksTooShort", chunks((bytes) => bytes.slice(0, CHUNK))],
  ["a chunk that is cut off", "transfer", "ChunkBytesMismatch", chunks((bytes) => bytes.slice(0, -1))],
  ["a chunk too many", "transfer", "ChunkBytesMismatch", chunks((bytes) => concat(bytes, new Uint8Array(CHUNK)))],
  ["a forged chunk", "malformed", "ChunkCommitmentMismatch", chunks((bytes) => bytes.with(-1, 0xff))],
  ["a chunk path that is too long", "transfer", "ChunkPathLengthMismatch", longerChunkPath],
  [
    "a forged length byte that would be a framing error",
    "malformed",
    "ChunkBytesMismatch",
    (evidence) => chunks((bytes) => bytes.with(evidence.pre.offset % CHUNK, 0))(evidence),
  ],
  ["an offset behind the payload", "transfer", "OffsetBeyondPayload", pre({ offset: 5_000 })],
  ["no witness", "transfer", "WitnessTooShort", (evidence) => ({ ...evidence, witness: [] })],
  [
    "a witness that is too long",
    "transfer",
    "WitnessNotUsedUp",
    (evidence) => ({ ...evidence, witness: [...evidence.witness, BYTE] }),
  ],
  ["a witness against another root", "transfer", "WitnessRootMismatch", pre({ stateRoot: SIBLING })],
  ["a batch of a kind of data that it cannot read", "unreadable", "DataKindUnknown", (evidence) => evidence],
];

/** All of them. */
export const EVIDENCE_EDGES: readonly EvidenceEdge[] = [
  ...UNUSED.flatMap(([at, spoils]) =>
    spoils.map(([what, spoil]) => ({ name: `${what} for the step “${at}”`, at, error: "EvidenceUnused", spoil })),
  ),
  ...WRONG.map(([name, at, error, spoil]) => ({ name, at, error, spoil })),
];

/** Runs the steps that {@link EVIDENCE_EDGES} are about. */
export function evidenceSample(chainId: bigint): EvidenceSample {
  const log = new InputLog();
  const none = { messagesRead: 0n, l1Time: START, l2Time: START };
  const payload = new Uint8Array(9);
  log.appendBatch({ record: { ...batchOf(payload, none).record, dataKind: DATA_KIND_OF_NONE }, payload });
  appendInputs(log, { domain: testConfig(chainId, INBOX).domain });

  const target = log.batchCount;
  const machine = new Machine(testConfig(chainId, INBOX), log, preparedRoot(), { ...GENESIS_CURSOR, batch: 1n });
  const steps: ProvenStep[] = [];
  while (!machine.finished(target)) steps.push(machine.provenStep(target));
  steps.push(machine.provenStep(target));

  const context = log.context(target);
  const evidenceAt = (name: StepName): StepEvidence => {
    if (name !== "unreadable") return evidenceOf(steps[STEPS.indexOf(name)]!, log, context);
    const input = log.evidence({ batch: 0n, message: undefined, chunks: { low: 0, high: 0 } }, context);
    return { pre: { ...GENESIS_CURSOR, stateRoot: steps[0]!.pre.stateRoot }, input, witness: [] };
  };
  return { log, steps, evidenceAt };
}

/** The inputs of {@link STEPS}. */
function appendInputs(log: InputLog, signing: Signing): void {
  const sent = { sender: BRIDGE, l1Block: 1n, l1Time: START };
  const settle = { type: TX_SETTLE, market: 1, day: START_DAY, accounts: [44, 45] } as const;
  log.appendMessage(depositMessage(sent, 90, signerAddress(90), 7_000_000n));
  log.appendMessage({ ...sent, kind: 0, payload: BYTE });
  log.appendMessage({ ...sent, kind: MESSAGE_FORCED, payload: encodeTransaction(settle, 0n) });
  const read = { messagesRead: log.messageCount, l1Time: START, l2Time: START };

  const itemOf = (size: number): Uint8Array => encodeItem(new Uint8Array(size).fill(0x0f));
  const deadline = START + 1_000n;
  const transfer = transferOf(signing, 1, 2, 5_000_000n, { nonce: 1n, deadline });
  const items = [encodeItem(encodeTransaction(transfer, START)), itemOf(300), Uint8Array.of(0, 0)];
  log.appendBatch(batchOf(concat(...items), read));

  const [beforeLong, long] = [itemOf(CHUNK - 3), itemOf(300)];
  const bordering = itemOf(3 * CHUNK - beforeLong.length - long.length - 1);
  log.appendBatch(batchOf(concat(beforeLong, long, bordering, itemOf(5)), read));
  log.appendBatch(blobBatchOf(itemOf(5), read));

  const order: Draft = {
    ...{
      account: 2,
      market: 1,
      expiryDay: START_DAY + 3,
      strike: BTC.anchor,
      isPut: true,
      isSell: false,
      quantity: BTC.lot,
    },
    ...{ limitPrice: 100_000n, maxFee: 10_000_000n, nonce: 5n, deadline: START + 100n, keyIndex: 0, keyEpoch: 0 },
    ...{ ...PLAIN, immediateOrCancel: true },
  };
  const taker = takerOrder(signing, order, BTC, order.limitPrice);
  const fill = encodeTransaction(
    { type: TX_FILL, maker: { stored: true, account: 3, nonce: 1n }, taker, lots: 1n },
    START,
  );
  if (fill[0] !== TX_FILL_LAST) throw new RangeError(`a fill of type ${fill[0]}`);
  log.appendBatch(batchOf(encodeItem(fill), read));

  // Of 65 bytes two items are executed, of one less it would be one.
  const dust = new Uint8Array(BYTES_PER_ITEM + 1).fill(1);
  log.appendBatch(batchOf(dust, read));
}

/** A kind of data that no batch has. */
const DATA_KIND_OF_NONE = DATA_BLOBS + 1;
/** The last type of a fill, with a stored maker and an immediate taker of whom it takes everything. */
const TX_FILL_LAST = 0x1d;
