import { writeU32, writeU64 } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { TAG_BATCH, TAG_MESSAGE } from "./Tags.ts";

/** What the inbox commits to: docs/specification.md, section 4. */

export const MESSAGE_DEPOSIT = 1;
export const MESSAGE_FORCED = 2;
export const MESSAGE_LIST_MARKET = 3;
export const MESSAGE_ANCHOR = 4;
export const MESSAGE_FIX_PRICE = 5;
export const MESSAGE_SET_SIGNERS = 6;
export const MESSAGE_SET_MARKET = 7;

/** A batch that somebody forced, without a payload. */
export const DATA_FORCED = 0;
/** A batch whose payload is calldata. */
export const DATA_CALLDATA = 1;
/** A batch whose payload lies in blobs. */
export const DATA_BLOBS = 2;

/** A message from L1. */
export interface Message {
  readonly kind: number;
  /** 20 bytes: who called the inbox. */
  readonly sender: Uint8Array;
  readonly l1Block: bigint;
  readonly l1Time: bigint;
  readonly payload: Uint8Array;
}

/** What L1 records of a batch. */
export interface BatchRecord {
  readonly dataKind: number;
  /** Top of the chunk tree, zero for an empty payload; of blobs the hash of their versioned hashes. */
  readonly commitment: Uint8Array;
  /** Bytes of the payload. */
  readonly length: number;
  /** Messages read when the batch has been executed. */
  readonly messagesRead: bigint;
  readonly l1Time: bigint;
  readonly l2Time: bigint;
}

/** A batch with its payload. */
export interface Batch {
  readonly record: BatchRecord;
  readonly payload: Uint8Array;
  /** The blobs of a batch in blobs as they are, where that is not what `toBlobs` makes of the payload; none if it is for all. */
  readonly blobs?: readonly (Uint8Array | undefined)[];
}

/** H(0x05 ‖ kind ‖ sender ‖ L1 block ‖ L1 time ‖ keccak256(payload)). */
export function messageLeaf(message: Message): Uint8Array {
  const bytes = new Uint8Array(70);
  bytes[0] = TAG_MESSAGE;
  bytes[1] = message.kind;
  bytes.set(message.sender, 2);
  writeU64(bytes, 22, message.l1Block);
  writeU64(bytes, 30, message.l1Time);
  bytes.set(keccak256(message.payload), 38);
  return keccak256(bytes);
}

/** H(0x06 ‖ data kind ‖ commitment ‖ length ‖ messages read ‖ L1 time ‖ L2 time). */
export function batchLeaf(record: BatchRecord): Uint8Array {
  const bytes = new Uint8Array(62);
  bytes[0] = TAG_BATCH;
  bytes[1] = record.dataKind;
  bytes.set(record.commitment, 2);
  writeU32(bytes, 34, record.length);
  writeU64(bytes, 38, record.messagesRead);
  writeU64(bytes, 46, record.l1Time);
  writeU64(bytes, 54, record.l2Time);
  return keccak256(bytes);
}
