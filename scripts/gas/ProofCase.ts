import { encodeItem, encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { MESSAGE_FORCED, type Message } from "../../src/machine/Inputs.ts";
import { ResultCode } from "../../src/machine/ResultCodes.ts";
import type { TreeRoot } from "../../src/machine/StateTree.ts";
import type { StepKind } from "../../src/machine/Step.ts";
import type { Transaction } from "../../src/machine/Wire.ts";
import { signerAddress, START } from "../../test/support/traffic/world.ts";
import { TAKER } from "./state.ts";
import type { Operation } from "./table.ts";

/** Steps to be proven, and how they are named. */

/** When the messages of the cases were sent. */
export const SENT = { l1Block: 23_456_789n, l1Time: START };

/** Bytes in a batch. */
export interface BytesInput {
  readonly bytes: Uint8Array;
  /** They begin with the last byte of a chunk, not in the middle of the batch. */
  readonly crossing?: boolean;
  /** They lie in one blob, or begin with the last byte of one; absent: in calldata. */
  readonly blobs?: "in one" | "across two";
}

/** What a step reads. */
type CaseInput =
  | BytesInput
  | { readonly message: Message }
  /** The batch itself. */
  | "next batch"
  | "item limit"
  | "identity";

/** One step to be proven. */
export interface ProofCase {
  readonly operation: Operation;
  readonly root: TreeRoot;
  readonly input: CaseInput;
  readonly kind: StepKind;
  readonly code: ResultCode;
}

/** Names of the proofs, without what they have in common. */
type Step = Operation extends infer Name ? (Name extends `one-step proof, ${infer Rest}` ? Rest : never) : never;

/** A transaction in the middle of a batch; `crossing` lets it begin with the last byte of a chunk. */
export function item(step: Step, root: TreeRoot, transaction: Transaction, crossing = false): ProofCase {
  const bytes = encodeItem(encodeTransaction(transaction, START));
  return { operation: `one-step proof, ${step}`, root, input: { bytes, crossing }, kind: "item", code: ResultCode.OK };
}

/** The same at its largest. */
export function largest(step: Step, root: TreeRoot, transaction: Transaction): ProofCase {
  return item(step, root, transaction, true);
}

/** The same step, read from blobs. */
export function fromBlobs(step: Step, one: ProofCase, blobs: "in one" | "across two"): ProofCase {
  const { bytes } = one.input as BytesInput;
  return { ...one, operation: `one-step proof, ${step}`, input: { bytes, blobs } };
}

/** A message from L1. */
export function message(step: Step, root: TreeRoot, sent: Message): ProofCase {
  return { operation: `one-step proof, ${step}`, root, input: { message: sent }, kind: "message", code: ResultCode.OK };
}

/** A transaction that somebody forced. */
export function forced(step: Step, root: TreeRoot, transaction: Transaction): ProofCase {
  const payload = encodeTransaction(transaction, 0n);
  return message(step, root, { ...SENT, kind: MESSAGE_FORCED, sender: signerAddress(TAKER), payload });
}

/** An item that is no transaction. */
export function malformed(step: Step, bytes: Uint8Array, crossing = false): ProofCase {
  const input = { bytes: encodeItem(bytes), crossing };
  return { operation: `one-step proof, ${step}`, root: undefined, input, kind: "item", code: ResultCode.Malformed };
}

/** Bytes where an item should begin. */
export function framing(step: Step, bytes: Uint8Array, crossing = false): ProofCase {
  const input = { bytes, crossing };
  return { operation: `one-step proof, ${step}`, root: undefined, input, kind: "framing error", code: ResultCode.OK };
}
