import { concat, toHex, writeU256 } from "../../../src/crypto/bytes.ts";
import { BLS_MODULUS, FIELD_ELEMENT, G1_POINT } from "../../../src/crypto/kzg.ts";
import type { StepEvidence } from "../../../src/l1/proverArguments.ts";
import type { Random } from "../../../src/market/random.ts";
import { blobCount } from "../../../src/machine/BlobPayload.ts";
import type { BatchRecord, Message } from "../../../src/machine/Inputs.ts";
import type { InputEvidence } from "../../../src/machine/InputLog.ts";
import type { Patch } from "./judge.ts";

/** One way to spoil the evidence of an input, or the state that it is shown for. */
export interface Mutation {
  readonly name: string;
  readonly evidence: StepEvidence;
}

const NOTHING = new Uint8Array(0);

/** Every item of the witness missing, forged, repeated, swapped with the next; something added at the end. */
export function witnessPatches(random: Random, witness: readonly Uint8Array[]): readonly Patch[] {
  const patches: Patch[] = [];
  let offset = 0;
  for (const [i, item] of witness.entries()) {
    const at = random.uint(item.length);
    const forged = Uint8Array.of(item[at]! ^ (1 << random.uint(8)));
    patches.push({ name: `item ${i} missing`, offset, remove: item.length, insert: NOTHING });
    patches.push({ name: `item ${i} forged at byte ${at}`, offset: offset + at, remove: 1, insert: forged });
    patches.push({ name: `item ${i} repeated`, offset, remove: 0, insert: item });
    const next = witness[i + 1];
    if (next !== undefined && Buffer.compare(item, next) !== 0) {
      const swapped = Uint8Array.of(...next, ...item);
      patches.push({ name: `items ${i} and ${i + 1} swapped`, offset, remove: swapped.length, insert: swapped });
    }
    offset += item.length;
  }
  patches.push({ name: "a byte added", offset, remove: 0, insert: Uint8Array.of(0) });
  patches.push({ name: "an empty item added", offset, remove: 0, insert: Uint8Array.of(0, 1) });
  return patches;
}

/** Each part of the evidence of the input forged, missing or added, and another state root. */
export function inputMutations(random: Random, evidence: StepEvidence): readonly Mutation[] {
  const { input, pre } = evidence;
  const mutations: Mutation[] = [];
  const mutate = (name: string, change: Partial<InputEvidence>): void => {
    mutations.push({ name, evidence: { ...evidence, input: { ...input, ...change } } });
  };
  const record = (change: Partial<BatchRecord>): Partial<InputEvidence> => ({ record: { ...input.record, ...change } });
  const message = (change: Partial<Message>): Partial<InputEvidence> => ({ message: { ...input.message, ...change } });
  const sibling = Uint8Array.from({ length: 32 }, () => random.uint(256));

  mutate("record: kind", record({ dataKind: input.record.dataKind ^ 1 }));
  mutate("record: commitment", record({ commitment: flipped(random, input.record.commitment) }));
  mutate("record: length", record({ length: input.record.length + 1 }));
  mutate("record: messages read", record({ messagesRead: input.record.messagesRead + 1n }));
  mutate("record: L1 time", record({ l1Time: input.record.l1Time + 1n }));
  mutate("record: L2 time", record({ l2Time: input.record.l2Time + 1n }));
  mutate("record path longer", { recordPath: [...input.recordPath, sibling] });
  mutate("message: kind", message({ kind: input.message.kind ^ 1 }));
  mutate("message: sender", message({ sender: flipped(random, input.message.sender) }));
  mutate("message: L1 block", message({ l1Block: input.message.l1Block + 1n }));
  mutate("message: L1 time", message({ l1Time: input.message.l1Time + 1n }));
  mutate("message: payload longer", message({ payload: Uint8Array.of(...input.message.payload, 0) }));
  mutate("message path longer", { messagePath: [...input.messagePath, sibling] });
  mutate("chunks longer", { chunks: Uint8Array.of(...input.chunks, 0) });
  mutate("chunk path longer", { chunkPath: [...input.chunkPath, sibling] });
  if (input.message.payload.length > 0) {
    mutate("message: payload forged", message({ payload: flipped(random, input.message.payload) }));
  }
  mutate("blob proof longer", { blobProof: concat(input.blobProof, new Uint8Array(G1_POINT)) });
  if (input.blobProof.length > 0) mutations.push(...blobMutations(random, evidence));
  if (input.chunks.length > 0) {
    mutate("chunks forged", { chunks: flipped(random, input.chunks) });
    mutate("chunks shorter", { chunks: input.chunks.slice(0, -1) });
  }
  for (const name of ["recordPath", "messagePath", "chunkPath"] as const) {
    const path = input[name];
    if (path.length === 0) continue;
    const at = random.uint(path.length);
    mutate(`${name} forged`, { [name]: path.with(at, flipped(random, path[at]!)) });
    mutate(`${name} shorter`, { [name]: path.slice(0, -1) });
  }
  // A step that opens nothing says nothing about the state root: it hands it on.
  if (evidence.witness.length > 0) {
    mutations.push({ name: "another state root", evidence: { ...evidence, pre: { ...pre, stateRoot: sibling } } });
  }
  return mutations;
}

/** Each part of the evidence of field elements forged, missing, or that of something else. */
function blobMutations(random: Random, evidence: StepEvidence): readonly Mutation[] {
  const { input } = evidence;
  const { chunks, blobProof } = input;
  const hashes = 32 * blobCount(input.record.length);
  const elements = chunks.length / FIELD_ELEMENT;
  const proofs = blobProof.length - G1_POINT * elements;
  const one = FIELD_ELEMENT * random.uint(elements);
  const value = BigInt(toHex(chunks.subarray(one, one + FIELD_ELEMENT)));
  const changes: Record<string, Partial<InputEvidence>> = {
    "versioned hash wrong": { blobProof: flippedIn(random, blobProof, 0, hashes) },
    "commitment foreign": { blobProof: flippedIn(random, blobProof, hashes, proofs) },
    "proof wrong": { blobProof: flippedIn(random, blobProof, proofs, blobProof.length) },
    "proof of infinity": { blobProof: set(blobProof, proofs, G1_INFINITY) },
    "element's highest byte changed": { chunks: chunks.with(one, chunks[one]! ^ 1) },
    "element not canonical": { chunks: set(chunks, one, wordOf(value + BLS_MODULUS)) },
    "element less": { chunks: chunks.slice(FIELD_ELEMENT) },
    "element less with its proof": {
      chunks: chunks.slice(0, -FIELD_ELEMENT),
      blobProof: blobProof.slice(0, -G1_POINT),
    },
    "element more with a proof": {
      chunks: concat(chunks, chunks.slice(-FIELD_ELEMENT)),
      blobProof: concat(blobProof, blobProof.slice(-G1_POINT)),
    },
    "proof less": { blobProof: blobProof.slice(0, -G1_POINT) },
    "no blob proof": { blobProof: NOTHING },
  };
  if (elements > 1) {
    const [first, second] = [chunks.slice(0, FIELD_ELEMENT), chunks.slice(FIELD_ELEMENT, 2 * FIELD_ELEMENT)];
    changes["neighbouring elements swapped"] = { chunks: set(set(chunks, 0, second), FIELD_ELEMENT, first) };
  }
  return Object.entries(changes).map(([name, change]) => ({
    name,
    evidence: { ...evidence, input: { ...input, ...change } },
  }));
}

const G1_INFINITY = new Uint8Array(G1_POINT).fill(0xc0, 0, 1);

function wordOf(value: bigint): Uint8Array {
  const word = new Uint8Array(32);
  writeU256(word, 0, value);
  return word;
}

function set(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  changed.set(by, at);
  return changed;
}

/** One bit of the bytes `start` to `end` changed. */
function flippedIn(random: Random, bytes: Uint8Array, start: number, end: number): Uint8Array {
  return set(bytes, start, flipped(random, bytes.slice(start, end)));
}

function flipped(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.uint(bytes.length);
  return bytes.with(at, bytes[at]! ^ (1 << random.uint(8)));
}
