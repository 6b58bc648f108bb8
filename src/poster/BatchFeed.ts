import type { Hex } from "../crypto/bytes.ts";

/**
 * What the poster has of the sequencer, which may be another process. It is one question, asked anew in every round: the sequencer
 * follows L1, renews what has become too old, and shows the batch that the poster asks for. So neither side has to remember what the
 * other one knows, and a lost answer is asked for again.
 *
 * SAFETY: nothing that is asked changes anything. What time it is and what is final the sequencer sees by itself, and says it in its
 * answer, so that the poster notices when the two see different chains.
 */

/** Where the poster is. */
export interface PosterStatus {
  /** Batches on L1 as the poster sees it: the index of the next one. */
  readonly batchCount: bigint;
}

/** A sealed batch with what it is to do. */
export interface FeedBatch {
  readonly index: bigint;
  readonly messagesRead: bigint;
  /** Seconds. */
  readonly l2Time: bigint;
  readonly payload: Uint8Array;
  /** Root of the state before and after it. */
  readonly before: Hex;
  readonly after: Hex;
}

/** Sealed batches that are not on L1. */
export interface Backlog {
  readonly batches: number;
  readonly bytes: number;
}

/** The sequencer's answer. */
export interface FeedAnswer {
  /** Batches on L1 as the sequencer sees it. An answer of another number than the poster's says nothing. */
  readonly batchCount: bigint;
  /** Time of the newest block that the sequencer has seen, seconds. */
  readonly l1Time: bigint;
  /** The batch that is to become number `batchCount`, if it is sealed. */
  readonly batch: FeedBatch | undefined;
  /** Whether the waiting batches were built anew on this occasion, because of their age. */
  readonly resealed: boolean;
  readonly backlog: Backlog;
}

/** Where sealed batches come from. */
export interface BatchFeed {
  next(status: PosterStatus): Promise<FeedAnswer>;
}
