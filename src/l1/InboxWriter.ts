/**
 * The inbox as the batch poster sees it. Whoever implements it owns the sequencer's account on L1: nothing else may send from
 * it. Everything may fail with whatever the endpoint throws; the poster treats any failure as "not known yet".
 */
export interface InboxWriter {
  /** Number of batches on L1. */
  batchCount(): Promise<bigint>;
  /** Messages that the batches have read. */
  messagesRead(): Promise<bigint>;
  /** Number of messages on L1. */
  messageCount(): Promise<bigint>;
  /** L2 time of the last batch, seconds; 0 before the first. */
  lastL2Time(): Promise<bigint>;
  /** Time of the latest block, seconds. */
  l1Time(): Promise<bigint>;
  /** Bytes of payload that the inbox takes now. */
  availableBytes(): Promise<bigint>;
  /** Number of the account's transactions that have been mined: the nonce of the next one, whatever is pending. */
  nonce(): Promise<number>;
  /**
   * Sends a batch as calldata. A transaction that is pending with this nonce is replaced, or is this very one.
   *
   * @param nonce The account's nonce for it.
   */
  appendBatch(batch: BatchToAppend, nonce: number): Promise<PendingBatch>;
}

/** What `RollupInbox.appendBatch` takes. */
export interface BatchToAppend {
  readonly expectedIndex: bigint;
  readonly messagesRead: bigint;
  /** Seconds. */
  readonly l2Time: bigint;
  readonly payload: Uint8Array;
}

/** A transaction that was sent. */
export interface PendingBatch {
  /** Its hash, `0x` and 64 digits. */
  readonly hash: string;
  /** Waits until it is mined: `undefined` if it isn't within the writer's patience, or was replaced. */
  wait(): Promise<BatchReceipt | undefined>;
}

/** What became of a transaction. */
export interface BatchReceipt {
  readonly succeeded: boolean;
  /** The contract's error, by name, where it is known. */
  readonly revertReason?: string;
  readonly gasUsed: bigint;
}
