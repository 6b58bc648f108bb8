import type { Hex } from "../crypto/bytes.ts";
import type { L1Block } from "../l1/L1Source.ts";
import type { Checkpoint, L1View } from "../sequencer/DerivedState.ts";

/** L1 as the batch poster sees it: plain types, so that nothing but `src/l1` depends on a client library. */

/** How a batch's payload travels. */
export type DataKind = "calldata" | "blob";

/** What a transaction offers at most, wei for each unit of gas. The blob fee of a calldata transaction is zero. */
export interface Offer {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly maxFeePerBlobGas: bigint;
}

/** What the next block asks for, wei. */
export interface Market {
  readonly baseFee: bigint;
  /** The tip that the endpoint suggests. */
  readonly tip: bigint;
  /** For each unit of blob gas. */
  readonly blobBaseFee: bigint;
}

/** The poster's account and what the inbox would say to it, all at one block. */
export interface PosterAccount {
  /** Transactions of the account that have been mined. */
  readonly nonce: number;
  /** Wei. */
  readonly balance: bigint;
  /** Whether the account is the inbox's sequencer and has no code, without which no batch is taken. */
  readonly maySend: boolean;
  /** Bytes that the inbox's rate has left; what of them a batch takes is `chargedBytes` of BlobPayload.ts. */
  readonly availableBytes: bigint;
}

/** What `RollupInbox.appendBatch` or `appendBlobBatch` is called with. */
export interface BatchCall {
  readonly index: bigint;
  readonly messagesRead: bigint;
  /** Seconds. */
  readonly l2Time: bigint;
  readonly payload: Uint8Array;
}

/** A transaction to be signed. */
export interface PostRequest {
  readonly kind: DataKind;
  readonly nonce: number;
  readonly gasLimit: bigint;
  /** Undefined: a transaction of this kind to the account itself, which does nothing. */
  readonly batch: BatchCall | undefined;
}

/** A signed transaction. */
export interface SignedPost {
  readonly hash: Hex;
  /** What is sent, blobs included: sending the same bytes again is sending the same transaction. */
  readonly raw: Uint8Array;
}

/** What an endpoint says to a transaction. */
export type SendAnswer =
  /** It is in the pool now. */
  | "accepted"
  /** It was in the pool before. */
  | "known"
  /** Something pending with this nonce pays as much, or too much to be replaced for this offer. */
  | "underpriced"
  /** The nonce has been used. */
  | "nonce used"
  /** The account cannot pay for it. */
  | "no funds"
  /** A transaction of the other kind is pending, and pools keep the kinds of an account apart. */
  | "other kind pending";

/** What became of a transaction that has been mined. */
export interface PostReceipt {
  readonly hash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  /** Time of the block, seconds. */
  readonly time: bigint;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  /** Wei for each gas. */
  readonly gasPrice: bigint;
  readonly blobGasUsed: bigint;
  /** Wei for each blob gas. */
  readonly blobGasPrice: bigint;
}

/** The endpoint and the account for the batch poster, which is the only one that may send from it. */
export interface PosterL1 {
  /** The account. */
  address(): Promise<Hex>;
  /** The account and the inbox after that block. */
  account(block: number): Promise<PosterAccount>;
  /** The account's next nonce behind all that the endpoint's pool has of it. */
  pendingNonce(): Promise<number>;
  market(): Promise<Market>;
  /** Batches in the inbox after that block. */
  batchCountAt(block: number): Promise<bigint>;
  sign(request: PostRequest, offer: Offer): Promise<SignedPost>;
  send(raw: Uint8Array): Promise<SendAnswer>;
  /** The receipt, once the transaction has been mined. */
  receipt(hash: Hex): Promise<PostReceipt | undefined>;
  /** Hash of the account's transaction with that nonce, which has been mined at `head` or before. */
  userOfNonce(nonce: number, head: number): Promise<Hex | undefined>;
}

/** The inbox's sequences with the state behind them, as a node derives them: `Follower` is one. */
export interface PosterView {
  readonly log: L1View;
  /** The machine behind the last batch. */
  readonly snapshot: Checkpoint;
  /** Reads what is new on L1. */
  sync(): Promise<ViewUpdate>;
}

/** What a `sync` has found. */
export interface ViewUpdate {
  readonly head: L1Block;
  /** Whether the endpoint is behind what was read before. */
  readonly behind: boolean;
  /** Set if L1 was reorganised. */
  readonly reorg: { readonly batch: bigint } | undefined;
}
