import { concat, writeU16 } from "../../../src/crypto/bytes.ts";
import { versionedHash } from "../../../src/crypto/kzg.ts";
import { evidenceOf, type StepEvidence } from "../../../src/l1/proverArguments.ts";
import { blobsCommitment, BYTES_PER_ELEMENT, commitToBlobs, toBlobs } from "../../../src/machine/BlobPayload.ts";
import { CHUNK, MAX_ITEM, MAX_SIGNERS } from "../../../src/machine/Constants.ts";
import { DATA_BLOBS, MESSAGE_FORCED, MESSAGE_SET_SIGNERS } from "../../../src/machine/Inputs.ts";
import { InputLog, type InputEvidence } from "../../../src/machine/InputLog.ts";
import { GENESIS_CURSOR, type MachineState } from "../../../src/machine/MachineState.ts";
import {
  accountKey,
  emptyAccount,
  EMPTY_GLOBALS,
  GLOBALS_KEY,
  keyKey,
  marketKey,
  orderKey,
  SIGNERS_KEY,
  type SlotKey,
} from "../../../src/machine/Slots.ts";
import { contentHash, keyToBigint, leafHash, set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import {
  TX_COLLECT_FEES,
  TX_SETTLE,
  TX_START_AUCTION,
  TX_WITHDRAW,
  type Transaction,
} from "../../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { signersPayload } from "../../../src/replay/payloads.ts";
import { batchOf, blobBatchOf } from "../batch.ts";
import { anchorMessage } from "./builders.ts";
import { runEdge } from "./settlementEdges.ts";
import { BTC, INBOX, preparedRoot, SETTLEMENT, signerAddress, START, testConfig } from "./world.ts";

/** Steps whose evidence ends or begins where something else does, and evidence that must be refused by one error and no other. */

/** Evidence that is refused. */
export interface RefusedEvidence {
  readonly name: string;
  readonly evidence: StepEvidence;
  /** The error, as it is declared. */
  readonly error: string;
}

/** Steps that are accepted, and what is made of them that is not. */
export interface ProofEdges {
  readonly log: InputLog;
  readonly steps: readonly ProvenStep[];
  readonly refused: readonly RefusedEvidence[];
}

const SENT = { l1Block: 1n, l1Time: START };
const NOTHING = new Uint8Array(0);

const TOO_SHORT = "WitnessTooShort(uint256,uint256)";
const BIT_INVALID = "WitnessBitInvalid(uint64,uint256,uint256)";
const ROOT_MISMATCH = "WitnessRootMismatch(uint64,bytes32,bytes32)";
const LENGTH_INVALID = "SlotLengthInvalid(uint64,uint256,uint256)";
const CHUNKS_TOO_SHORT = "ChunksTooShort(uint256,uint256)";
const CHUNK_BYTES = "ChunkBytesMismatch(uint256,uint256)";

/** Items that end with a payload, with a chunk or in the middle of their length, and payloads that begin none. */
export function framingEdges(chainId: bigint): ProofEdges {
  const filler = (length: number): Uint8Array => encodeItem(new Uint8Array(length).fill(0xff));
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
  // The length of the long item lies in two chunks.
  const split = concat(filler(CHUNK - 3), new Uint8Array(0), filler(300));
  const payloads: readonly Uint8Array[] = [
    split,
    concat(filler(MAX_ITEM), new Uint8Array(64)),
    concat(bytes(0xff, 0x11), new Uint8Array(MAX_ITEM + 1)),
    concat(filler(239), filler(240)),
    concat(filler(CHUNK - 2), filler(3)),
    bytes(0xf0),
    bytes(1, 0xff, 0xf0),
    concat(filler(CHUNK - 3), bytes(0xff)),
    bytes(0xf0, 0),
    bytes(2, 0xff),
    bytes(1, 0xff, 0),
    bytes(0),
  ];
  const log = new InputLog();
  const read = { messagesRead: 0n, l1Time: START, l2Time: START };
  for (const payload of payloads) log.appendBatch(batchOf(payload, read));
  const { steps } = runEdge(chainId, preparedRoot(), log);
  const context = log.context(log.batchCount);
  const evidenceAt = (batch: bigint, offset: number): StepEvidence =>
    evidenceOf(
      steps.find(({ pre }) => pre.batch === batch && pre.offset === offset)!,
      log,
      context,
    );
  const long = evidenceAt(0n, split.length - 302);
  const short = evidenceAt(4n, 0);
  const withInput = (evidence: StepEvidence, input: Partial<InputEvidence>): StepEvidence => ({
    ...evidence,
    input: { ...evidence.input, ...input },
  });
  const cut = (length: number): StepEvidence => withInput(long, { chunks: long.input.chunks.slice(0, length) });
  const from = (pre: Partial<MachineState>): StepEvidence => ({ ...long, pre: { ...long.pre, ...pre } });
  const refused: RefusedEvidence[] = [
    { name: "no chunk", evidence: cut(0), error: CHUNKS_TOO_SHORT },
    { name: "chunks that end before the length", evidence: cut(CHUNK - 1), error: CHUNKS_TOO_SHORT },
    { name: "chunks that end in the length", evidence: cut(CHUNK), error: CHUNKS_TOO_SHORT },
    { name: "chunks that end behind the length", evidence: cut(CHUNK + 1), error: CHUNK_BYTES },
    {
      name: "a chunk more than the item takes",
      evidence: withInput(short, { chunks: concat(short.input.chunks, new Uint8Array(1)) }),
      error: CHUNK_BYTES,
    },
    {
      name: "a place behind the payload",
      evidence: from({ offset: split.length + 1, items: 0 }),
      error: "OffsetBeyondPayload(uint32,uint32)",
    },
  ];
  return { log, steps, refused };
}

/** Blobs whose last element carries one byte or all, and evidence of their elements that is wrong. */
export function blobEdges(chainId: bigint): ProofEdges {
  const item = (length: number): Uint8Array => encodeItem(new Uint8Array(length).fill(0xff));
  const payloads = [item(BYTES_PER_ELEMENT), concat(item(BYTES_PER_ELEMENT - 1), Uint8Array.of(0xf0))];
  const last = payloads.length;
  const log = new InputLog();
  const read = { messagesRead: 0n, l1Time: START, l2Time: START };
  for (const payload of payloads) log.appendBatch(blobBatchOf(payload, read));
  // A batch that no inbox takes: the hash of its blob is of another version.
  const { commitments: keys } = commitToBlobs(toBlobs(payloads[1]!));
  const foreign = versionedHash(keys[0]!).with(0, 2);
  const commitment = blobsCommitment([foreign]);
  log.appendBatch({
    record: { dataKind: DATA_BLOBS, commitment, length: payloads[1]!.length, ...read },
    payload: payloads[1]!,
  });
  const machine = new Machine(testConfig(chainId, INBOX), log, preparedRoot(), { ...GENESIS_CURSOR, l2Time: START });
  const steps: ProvenStep[] = [];
  while (!machine.finished(BigInt(last))) steps.push(machine.provenStep(log.batchCount));
  const context = log.context(log.batchCount);
  const items = steps.filter(({ kind }) => kind === "item").map((step) => evidenceOf(step, log, context));
  const [first, second] = [items[0]!, items[1]!];
  const withInput = (evidence: StepEvidence, input: Partial<InputEvidence>): StepEvidence => ({
    ...evidence,
    input: { ...evidence.input, ...input },
  });
  const { chunks, blobProof } = first.input;
  const hashes = 32;
  const proofAt = hashes + 48;
  const changed = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, bytes[at]! ^ 1);
  const proofs = [0, 1].map((i): RefusedEvidence => {
    // The proof of another element, which is a point of the curve as well.
    const swapped = blobProof.slice();
    swapped.set(blobProof.subarray(proofAt + 48 * (1 - i), proofAt + 48 * (1 - i + 1)), proofAt + 48 * i);
    const evidence = withInput(first, { blobProof: swapped });
    return { name: `element ${i} with the proof of another`, evidence, error: "ElementNotProven(uint256)" };
  });
  const values = [0, 1].map((i): RefusedEvidence => {
    const evidence = withInput(first, { chunks: changed(chunks, 32 * i) });
    return { name: `element ${i} with another highest byte`, evidence, error: "ElementNotProven(uint256)" };
  });
  const lengths = "BlobProofLengthMismatch(uint256,uint256)";
  const refused: RefusedEvidence[] = [
    ...proofs,
    ...values,
    {
      name: "an element of another size",
      evidence: withInput(first, { chunks: concat(chunks, new Uint8Array(1)) }),
      error: "ElementBytesMismatch(uint256,uint256)",
    },
    {
      name: "a proof too many",
      evidence: withInput(first, { blobProof: concat(blobProof, blobProof.slice(-48)) }),
      error: lengths,
    },
    { name: "a proof too few", evidence: withInput(first, { blobProof: blobProof.slice(0, -48) }), error: lengths },
    {
      name: "a byte too many",
      evidence: withInput(first, { blobProof: concat(blobProof, new Uint8Array(1)) }),
      error: lengths,
    },
    {
      name: "the hash of another blob",
      evidence: withInput(first, { blobProof: changed(blobProof, 31) }),
      error: "BlobsCommitmentMismatch(bytes32,bytes32)",
    },
    {
      name: "another commitment",
      evidence: withInput(first, { blobProof: changed(blobProof, hashes + 40) }),
      error: "BlobCommitmentMismatch(bytes32,bytes32)",
    },
    {
      name: "a path beside the proof",
      evidence: withInput(second, { chunkPath: [new Uint8Array(32)] }),
      error: "EvidenceUnused(bytes32)",
    },
    {
      name: "a blob of another version",
      evidence: {
        pre: { ...second.pre, batch: BigInt(last) },
        witness: [],
        input: {
          ...log.evidence({ batch: BigInt(last), message: undefined, chunks: undefined }, context),
          ...{ chunks: second.input.chunks, blobProof: concat(foreign, second.input.blobProof.subarray(hashes)) },
        },
      },
      error: "BlobVersionUnknown(bytes32)",
    },
  ];
  return { log, steps, refused };
}

/** Slots that are there or not in trees of every shape, and witness items that are wrong in one place. */
export function witnessEdges(chainId: bigint): ProofEdges {
  const account = 1;
  const owned = emptyAccount(signerAddress(account));
  const tree = (...accounts: readonly number[]): TreeRoot =>
    accounts.reduce<TreeRoot>((root, id) => set(root, accountKey(id), owned), undefined);
  const withGlobals = (root: TreeRoot): TreeRoot => set(root, GLOBALS_KEY, EMPTY_GLOBALS);
  const worlds: readonly (readonly [string, TreeRoot])[] = [
    ["nothing", undefined],
    ["itself alone", tree(account)],
    ["itself and another", tree(account, 2)],
    ["itself below others", withGlobals(tree(account, 3, 8))],
    ["another leaf", tree(8)],
    ["another leaf, whose last bit differs", tree(0)],
    ["another leaf below others", withGlobals(tree(8))],
    ["another prefix", tree(8, 9)],
    ["another prefix, which parts in the last bit but one", tree(2, 3)],
    ["another prefix below others", withGlobals(tree(8, 9, 1_000))],
  ];
  // What opens one slot and no other.
  const start: Transaction = { type: TX_START_AUCTION, account };
  const log = new InputLog();
  const payload = encodeTransaction(start, 0n);
  worlds.forEach(() => log.appendMessage({ ...SENT, kind: MESSAGE_FORCED, sender: signerAddress(2), payload }));
  log.appendBatch(batchOf(NOTHING, { messagesRead: log.messageCount, l1Time: START, l2Time: START }, 0));
  const context = log.context(log.batchCount);
  const refused: RefusedEvidence[] = [];
  const steps = worlds.map(([world, root], i) => {
    const cursor = { ...GENESIS_CURSOR, message: BigInt(i), l2Time: START };
    const step = new Machine(testConfig(chainId, INBOX), log, root, cursor).provenStep(log.batchCount);
    const evidence = evidenceOf(step, log, context);
    for (const [name, item, error] of spoiledItems(step.witness[0]!, keyToBigint(accountKey(account)))) {
      refused.push({ name: `${world}: ${name}`, evidence: { ...evidence, witness: [item] }, error });
    }
    return step;
  });
  return { log, steps, refused };
}

/** A witness item cut off at each of its parts, and with each part wrong. */
function spoiledItems(item: Uint8Array, key: bigint): readonly (readonly [string, Uint8Array, string])[] {
  const depth = item[0]!;
  const at = 1 + 33 * depth;
  const form = item[at]!;
  const body = at + 1;
  const cuts = [0, 1, at, body, item.length - 1].filter((length) => length < item.length);
  const spoiled: [string, Uint8Array, string][] = [
    ...[...new Set(cuts)].map((length): [string, Uint8Array, string] => {
      return [`cut off at ${length}`, item.slice(0, length), TOO_SHORT];
    }),
    ["a byte more", concat(item, Uint8Array.of(0)), "WitnessNotUsedUp(uint256,uint256)"],
    ["another form", item.with(at, 4), "WitnessFormUnknown(uint64,uint256)"],
  ];
  const bytes = (value: bigint): Uint8Array =>
    Uint8Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(56 - 8 * i)) & 0xffn));
  const withBody = (offset: number, value: Uint8Array): Uint8Array => {
    const changed = item.slice();
    changed.set(value, body + offset);
    return changed;
  };
  if (depth > 0) {
    spoiled.push(["a sibling changed", item.with(33, item[33]! ^ 1), ROOT_MISMATCH]);
    spoiled.push(["a bit beyond the key's", item.with(1, 64), BIT_INVALID]);
    spoiled.push(["an empty tree below a path", concat(item.slice(0, at), Uint8Array.of(1)), BIT_INVALID]);
    const twice = concat(Uint8Array.of(depth + 1), item.slice(1, 34), item.slice(1));
    spoiled.push(["a bit twice", twice, BIT_INVALID]);
  }
  if (form !== 1) spoiled.push(["an empty tree", Uint8Array.of(0, 1), ROOT_MISMATCH]);
  const foreign = key ^ 4n;
  const leaf = concat(Uint8Array.of(0, 2), bytes(foreign), new Uint8Array(32));
  spoiled.push(["a leaf of another tree", leaf, ROOT_MISMATCH]);
  spoiled.push(["the key itself as another", concat(Uint8Array.of(0, 2), bytes(key), new Uint8Array(32)), BIT_INVALID]);
  const prefix = (bit: number, value: bigint): Uint8Array =>
    concat(Uint8Array.of(0, 3, bit), bytes(value), new Uint8Array(64));
  const low = (bit: number): bigint => (key >> BigInt(64 - bit)) << BigInt(64 - bit);
  spoiled.push(["a node of another tree", prefix(63, low(63) ^ 4n), ROOT_MISMATCH]);
  spoiled.push(["a node beyond the key's last bit", prefix(64, foreign), BIT_INVALID]);
  spoiled.push([
    "a node with more than its prefix",
    prefix(62, low(62) ^ 4n ^ 1n),
    "WitnessPrefixInvalid(uint64,uint64,uint256)",
  ]);
  spoiled.push(["a node above the key", prefix(60, low(60)), BIT_INVALID]);
  spoiled.push(["a node that parts at its own bit", prefix(61, low(61)), BIT_INVALID]);
  if (form === 0) spoiled.push(["a longer content", withBody(0, u16(item.length - body - 1)), TOO_SHORT]);
  if (form === 0) spoiled.push(["another content", item.with(-1, item.at(-1)! ^ 1), ROOT_MISMATCH]);
  if (form === 2) spoiled.push(["another leaf's content", item.with(-1, item.at(-1)! ^ 1), ROOT_MISMATCH]);
  if (form === 3) spoiled.push(["another right child", item.with(-1, item.at(-1)! ^ 1), ROOT_MISMATCH]);
  if (form === 3) spoiled.push(["another left child", withBody(9, Uint8Array.of(item[body + 9]! ^ 1)), ROOT_MISMATCH]);
  return spoiled;
}

/** Slots whose contents are a byte too long or too short, in a tree of themselves alone; no machine has such a state. */
export function contentEdges(chainId: bigint): ProofEdges {
  const auth = { nonce: 5n, deadline: START, signature: new Uint8Array(64).fill(1) };
  const sent = { ...SENT, sender: SETTLEMENT };
  const forced = (transaction: Transaction): Uint8Array => encodeTransaction(transaction, 0n);
  const signers = signersPayload(1, [signerAddress(1)]);
  const messages = [
    { ...sent, kind: MESSAGE_FORCED, payload: forced({ type: TX_START_AUCTION, account: 1 }) },
    {
      ...sent,
      kind: MESSAGE_FORCED,
      payload: forced({ type: TX_WITHDRAW, account: 1, amount: 1n, payee: 1, auth: undefined }),
    },
    anchorMessage(sent, 1, BTC.anchor, START),
    { ...sent, kind: MESSAGE_FORCED, payload: forced({ type: TX_SETTLE, market: 1, day: 2, accounts: [1] }) },
    { ...sent, kind: MESSAGE_FORCED, payload: forced({ type: TX_COLLECT_FEES }) },
    { ...sent, kind: MESSAGE_SET_SIGNERS, payload: signers },
  ];
  const log = new InputLog();
  for (const message of messages) log.appendMessage(message);
  const withdrawal: Transaction = { type: TX_WITHDRAW, account: 1, amount: 1n, payee: 0, auth };
  const payload = encodeItem(encodeTransaction(withdrawal, START));
  log.appendBatch(batchOf(payload, { messagesRead: log.messageCount, l1Time: START, l2Time: START }));
  const { steps } = runEdge(chainId, set(undefined, GLOBALS_KEY, EMPTY_GLOBALS), log);
  const context = log.context(log.batchCount);
  const lengths: readonly (readonly [string, SlotKey, readonly number[]])[] = [
    ["account", accountKey(1), [0, 65, 67, 97, 99]],
    ["key", keyKey(1, 1), [37, 39]],
    ["market", marketKey(1), [129, 131]],
    ["expiry", { hi: 0x05000000, lo: 0x00010002 }, [141, 143]],
    ["globals", GLOBALS_KEY, [39, 41]],
    ["signers", SIGNERS_KEY, [0, 1, 20, 22, 1 + 20 * (MAX_SIGNERS + 1)]],
    ["order", orderKey(1, auth.nonce), [74, 76]],
  ];
  const refused = lengths.flatMap(([name, key, wrong], i) =>
    wrong.map((length): RefusedEvidence => {
      const content = new Uint8Array(length);
      const evidence = evidenceOf(steps[i]!, log, context);
      const stateRoot = leafHash(key, contentHash(content));
      const witness = [concat(Uint8Array.of(0, 0), u16(length), content)];
      return {
        name: `${name} of ${length} bytes`,
        evidence: { ...evidence, pre: { ...evidence.pre, stateRoot }, witness },
        error: LENGTH_INVALID,
      };
    }),
  );
  return { log, steps, refused };
}

function u16(value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  writeU16(bytes, 0, value);
  return bytes;
}
