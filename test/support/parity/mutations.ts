import type { Random } from "../../../src/market/random.ts";
import type { BatchRecord, Message } from "../../../src/machine/Inputs.ts";
import type { InputEvidence } from "../../../src/machine/InputLog.ts";
import type { Evidence } from "./judge.ts";

/** One way to spoil the evidence of a step. */
export interface Mutation {
  readonly name: string;
  readonly evidence: Evidence;
}

/**
 * Everything that can be wrong with good evidence, one thing at a time: each witness item missing, forged, swapped,
 * repeated; something added; each part of the evidence of the input forged, missing or added.
 */
export function mutationsOf(random: Random, evidence: Evidence): readonly Mutation[] {
  return [...witnessMutations(random, evidence), ...inputMutations(random, evidence)];
}

function* witnessMutations(random: Random, evidence: Evidence): Generator<Mutation> {
  const { witness } = evidence;
  const mutate = (name: string, items: readonly Uint8Array[]): Mutation => ({
    name,
    evidence: { ...evidence, witness: items },
  });
  for (const [i, item] of witness.entries()) {
    yield mutate(`item ${i} missing`, witness.toSpliced(i, 1));
    yield mutate(`item ${i} forged`, witness.with(i, flipped(random, item)));
    yield mutate(`item ${i} cut`, witness.with(i, item.slice(0, -1)));
    yield mutate(`item ${i} repeated`, witness.toSpliced(i, 0, item));
    const next = witness[i + 1];
    if (next !== undefined && !sameBytes(item, next)) {
      yield mutate(`items ${i} and ${i + 1} swapped`, witness.with(i, next).with(i + 1, item));
    }
  }
  yield mutate("a byte added", [...witness, Uint8Array.of(0)]);
  yield mutate("an empty item added", [...witness, Uint8Array.of(0, 1)]);
}

function* inputMutations(random: Random, evidence: Evidence): Generator<Mutation> {
  const { input, pre } = evidence;
  const mutate = (name: string, change: Partial<InputEvidence>): Mutation => ({
    name,
    evidence: { ...evidence, input: { ...input, ...change } },
  });
  const record = (change: Partial<BatchRecord>): Partial<InputEvidence> => ({ record: { ...input.record, ...change } });
  const message = (change: Partial<Message>): Partial<InputEvidence> => ({ message: { ...input.message, ...change } });
  const sibling = Uint8Array.from({ length: 32 }, () => random.uint(256));

  yield mutate("record: kind", record({ dataKind: input.record.dataKind ^ 1 }));
  yield mutate("record: commitment", record({ commitment: flipped(random, input.record.commitment) }));
  yield mutate("record: length", record({ length: input.record.length + 1 }));
  yield mutate("record: messages read", record({ messagesRead: input.record.messagesRead + 1n }));
  yield mutate("record: L1 time", record({ l1Time: input.record.l1Time + 1n }));
  yield mutate("record: L2 time", record({ l2Time: input.record.l2Time + 1n }));
  yield mutate("record path longer", { recordPath: [...input.recordPath, sibling] });
  yield mutate("message: kind", message({ kind: input.message.kind + 1 }));
  yield mutate("message: sender", message({ sender: flipped(random, input.message.sender) }));
  yield mutate("message: L1 block", message({ l1Block: input.message.l1Block + 1n }));
  yield mutate("message: L1 time", message({ l1Time: input.message.l1Time + 1n }));
  yield mutate("message: payload longer", message({ payload: Uint8Array.of(...input.message.payload, 0) }));
  yield mutate("message path longer", { messagePath: [...input.messagePath, sibling] });
  yield mutate("chunks longer", { chunks: Uint8Array.of(...input.chunks, 0) });
  yield mutate("chunk path longer", { chunkPath: [...input.chunkPath, sibling] });
  if (input.message.payload.length > 0) {
    yield mutate("message: payload forged", message({ payload: flipped(random, input.message.payload) }));
  }
  if (input.chunks.length > 0) {
    yield mutate("chunks forged", { chunks: flipped(random, input.chunks) });
    yield mutate("chunks shorter", { chunks: input.chunks.slice(0, -1) });
  }
  for (const name of ["recordPath", "messagePath", "chunkPath"] as const) {
    const path = input[name];
    if (path.length === 0) continue;
    const at = random.uint(path.length);
    yield mutate(`${name} forged`, { [name]: path.with(at, flipped(random, path[at]!)) });
    yield mutate(`${name} shorter`, { [name]: path.slice(0, -1) });
  }
  // A step that opens nothing says nothing about the state root: it hands it on.
  if (evidence.witness.length > 0) {
    yield { name: "another state root", evidence: { ...evidence, pre: { ...pre, stateRoot: sibling } } };
  }
}

function flipped(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.uint(bytes.length);
  return bytes.with(at, bytes[at]! ^ (1 << random.uint(8)));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
