import { equalBytes } from "../crypto/bytes.ts";
import { TenorError, isTenorError } from "../errors.ts";
import type { BatchToAppend, InboxWriter, PendingBatch } from "../l1/InboxWriter.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { DATA_CALLDATA, type Batch, type Message } from "../machine/Inputs.ts";
import { rootHash } from "../machine/StateTree.ts";
import type { SealedBatch } from "../sequencer/BatchBuilder.ts";
import { isSameBatch } from "../sequencer/BatchRules.ts";
import { DerivedState, runBatch, type Checkpoint, type L1View } from "../sequencer/DerivedState.ts";
import type { Logger } from "./Logger.ts";

/**
 * Posts sealed batches to L1, one at a time and in order.
 *
 * It keeps no state that matters: what is next follows from L1 and the sequencer, every time anew, so it may be killed at any
 * line. A batch can't be posted twice, because L1 takes it for one index only, and because its transaction always has the first
 * unused nonce of the account, so that of two transactions that were sent for it at most one is ever mined. A transaction
 * whose fate is unknown is simply sent again.
 */

/** Where sealed batches come from: the sequencer. */
export interface BatchSource {
  /** The batch that is to become number `index`. */
  sealedBatch(index: bigint): SealedBatch | undefined;
  /** Builds the waiting batches anew if they are too old at this L1 time; whether it did. */
  resealStale(l1Time: bigint): boolean;
  /** Takes over what L1 has. */
  sync(l1: L1View): void;
}

/** What the inbox allows, in seconds, as in the sequencer's limits. */
export interface PosterLimits {
  readonly maxPast: bigint;
  readonly maxFuture: bigint;
}

/** What one round of the poster came to. */
export type PostOutcome =
  /** No batch is sealed for the next index. */
  | { readonly kind: "idle" }
  /** A batch was mined. */
  | { readonly kind: "posted"; readonly index: bigint; readonly gasUsed: bigint }
  /** Somebody else's batch has our index, or L1 reorganised: the sequencer has been told. */
  | { readonly kind: "sequence changed"; readonly index: bigint }
  /** The view of L1 is behind the inbox: nothing can be said before it has caught up. */
  | { readonly kind: "view behind"; readonly batchCount: bigint }
  /** The waiting batches were built anew. */
  | { readonly kind: "resealed" }
  /** The batch is ahead of L1's clock or beyond the inbox's rate; it waits. */
  | { readonly kind: "too early"; readonly index: bigint }
  /** It was sent, but its fate is unknown: the next round looks. */
  | { readonly kind: "pending"; readonly hash: string };

/** Failures of the poster. After any of them the next round starts from L1 again. */
export type BatchPosterErrorCode =
  /** The endpoint failed; `cause` has its error. */
  | "ENDPOINT"
  /** The transaction was mined but reverted, and L1 has not changed: something is wrong with this account or the batch. */
  | "REVERTED"
  /** Executing the batch on the state of L1 doesn't give the sequencer's state. It must not be posted. */
  | "DERIVATION_MISMATCH";

/** See {@link BatchPosterErrorCode}. */
export class BatchPosterError extends TenorError<BatchPosterErrorCode> {
  override readonly name = "BatchPosterError";
}

/** See the file's head. */
export class BatchPoster {
  readonly #config: MachineConfig;
  readonly #limits: PosterLimits;
  readonly #source: BatchSource;
  readonly #inbox: InboxWriter;
  readonly #logger: Logger;
  /** What L1 has, executed by the machine alone: independent of what the sequencer believes. */
  readonly #derived: DerivedState;

  /** @param start A state from which L1 is followed: genesis, or a snapshot that L1 can't take back. */
  constructor(
    config: MachineConfig,
    limits: PosterLimits,
    source: BatchSource,
    inbox: InboxWriter,
    logger: Logger,
    start: Checkpoint,
    l1: L1View,
  ) {
    this.#config = config;
    this.#limits = limits;
    this.#source = source;
    this.#inbox = inbox;
    this.#logger = logger;
    this.#derived = new DerivedState(config, start, l1);
  }

  /**
   * One round: looks at L1, posts at most one batch and waits for it.
   *
   * @param l1 L1 as it has been derived so far.
   * @throws {@link BatchPosterError}
   */
  async post(l1: L1View): Promise<PostOutcome> {
    const index = await this.#ask(() => this.#inbox.batchCount());
    // A view that is ahead of this endpoint's answer is behind too, in another way: both must be of one moment.
    if (l1.batchCount !== index) return { kind: "view behind", batchCount: index };
    const changed = this.#follow(l1);
    if (changed !== undefined) return changed;
    const l1Time = await this.#ask(() => this.#inbox.l1Time());
    if (this.#source.resealStale(l1Time)) return { kind: "resealed" };
    const batch = this.#source.sealedBatch(index);
    if (batch === undefined) return { kind: "idle" };
    if (!(await this.#isAcceptable(batch, l1Time))) return { kind: "too early", index };
    this.#rederive(batch, l1);
    const { messagesRead, l2Time, payload } = batch;
    return this.#send({ expectedIndex: index, messagesRead, l2Time, payload });
  }

  /** Forgets the way back behind batch number `batches`. */
  finalize(batches: bigint): void {
    this.#derived.finalize(batches);
  }

  /** Executes what L1 has got since, tells the sequencer, and says whether it was something else than what we sent. */
  #follow(l1: L1View): PostOutcome | undefined {
    const expected = this.#derived.current.cursor.batch;
    let foreign = this.#derived.rollback(l1);
    while (this.#derived.current.cursor.batch < l1.batchCount) {
      const { batch: index } = this.#derived.current.cursor;
      const ours = this.#source.sealedBatch(index);
      if (ours !== undefined && !isSameBatch(l1.batch(index).record, ours)) foreign = true;
      this.#derived.run(l1);
    }
    this.#source.sync(l1);
    if (!foreign) return undefined;
    this.#logger.warn({ index: expected, batchCount: l1.batchCount }, "sequence changed");
    return { kind: "sequence changed", index: expected };
  }

  /** Whether the inbox would take the batch in the next block. */
  async #isAcceptable(batch: SealedBatch, l1Time: bigint): Promise<boolean> {
    const [messageCount, available] = await this.#ask(() =>
      Promise.all([this.#inbox.messageCount(), this.#inbox.availableBytes()]),
    );
    const timely = batch.l2Time <= l1Time + this.#limits.maxFuture;
    return timely && batch.messagesRead <= messageCount && BigInt(batch.payload.length) <= available;
  }

  /**
   * Executes the batch on the state of L1 as every node will, from its bytes alone, at the earliest and the latest L1 time
   * that the inbox allows.
   */
  #rederive(batch: SealedBatch, l1: L1View): void {
    const { index, messagesRead, l2Time, payload, commitment } = batch;
    const { maxPast, maxFuture } = this.#limits;
    for (const l1Time of [l2Time - maxFuture, l2Time + maxPast]) {
      const record = { dataKind: DATA_CALLDATA, commitment, length: payload.length, messagesRead, l1Time, l2Time };
      const source = { batch: (): Batch => ({ record, payload }), message: (i: bigint): Message => l1.message(i) };
      const after = runBatch(this.#config, source, this.#derived.current);
      const [actual, expected] = [rootHash(after.root), rootHash(batch.after.root)];
      if (!equalBytes(actual, expected) || after.cursor.l2Time !== batch.after.cursor.l2Time) {
        throw new BatchPosterError("DERIVATION_MISMATCH", "batch does not lead to the sequencer's state", {
          fields: { index, l1Time, actual, expected },
        });
      }
    }
  }

  async #send(batch: BatchToAppend): Promise<PostOutcome> {
    const { expectedIndex: index } = batch;
    const nonce = await this.#ask(() => this.#inbox.nonce());
    const pending: PendingBatch = await this.#ask(() => this.#inbox.appendBatch(batch, nonce));
    this.#logger.info({ index, nonce, hash: pending.hash, bytes: batch.payload.length }, "batch sent");
    const receipt = await this.#ask(() => pending.wait());
    if (receipt === undefined) return { kind: "pending", hash: pending.hash };
    const { succeeded, gasUsed, revertReason } = receipt;
    if (succeeded) {
      this.#logger.info({ index, gasUsed }, "batch posted");
      return { kind: "posted", index, gasUsed };
    }
    // Somebody may have been first: a batch that was forced, another poster, or our own earlier transaction.
    if ((await this.#ask(() => this.#inbox.batchCount())) !== index) return { kind: "pending", hash: pending.hash };
    throw new BatchPosterError("REVERTED", "inbox refused the batch", {
      fields: { index, nonce, hash: pending.hash, revertReason },
    });
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (cause) {
      if (isTenorError(cause)) throw cause;
      throw new BatchPosterError("ENDPOINT", "L1 endpoint failed", { cause });
    }
  }
}
