import type { Hex } from "../crypto/bytes.ts";

/**
 * What the poster has of the sequencer, which may be another process. It is one question, asked anew in every round: the poster
 * says how far L1 is, the sequencer takes that over, renews what has become too old, and shows the batch that is next. So neither
 * side has to remember what the other one knows, and a lost answer is asked for again.
 */

/** Where L1 and the poster are. */
export interface PosterStatus {
  /** Batches on L1: the index of the next one. */
  readonly batchCount: bigint;
  /** How many of them L1 cannot take back, by the poster's depth of finality. */
  readonly finalizedBatches: bigint;
  /** Time of the newest block, seconds. */
  readonly l1Time: bigint;
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
  /** The batch that is to become number `batchCount`, if it is sealed. */
  readonly batch: FeedBatch | undefined;
  /** Whether the waiting batches were built anew on this occasion. */
  readonly resealed: boolean;
  readonly backlog: Backlog;
}

/** Where sealed batches come from. */
export interface BatchFeed {
  next(status: PosterStatus): Promise<FeedAnswer>;
}
