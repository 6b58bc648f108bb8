import { equalBytes, type Hex } from "../crypto/bytes.ts";
import type { BatchAppended, InboxEvent, InboxSource, L1Block, MessageEnqueued } from "../l1/L1Source.ts";
import { InputLog } from "../machine/InputLog.ts";
import type { Batch } from "../machine/Inputs.ts";
import type { BlobSource } from "./BlobSource.ts";
import { DeriveError } from "./DeriveError.ts";
import { PayloadReader, type Payload } from "./PayloadReader.ts";

/** What a `sync` has changed. */
export interface DeriveUpdate {
  /** The block up to which the log is complete. */
  readonly head: L1Block;
  /** Whether the endpoint is behind a block that was read before. Then nothing was changed. */
  readonly behind: boolean;
  /** After a reorganisation: what was dropped. */
  readonly reorg: Reorg | undefined;
}

/** How far back a reorganisation of L1 reached. */
export interface Reorg {
  /** The last block that still stands, as far as is known. */
  readonly commonBlock: number;
  /** The first batch and the first message that are no longer what they were. */
  readonly batch: bigint;
  readonly message: bigint;
}

/** A block that was read, and what the log held after it. */
interface Checkpoint {
  readonly number: number;
  readonly hash: Hex;
  readonly batchCount: bigint;
  readonly messageCount: bigint;
}

/** Blocks without inputs are remembered for this many blocks, so that a reorganisation goes back no further than it must. */
const DENSE = 128;

/**
 * L1 logs to inputs: the only definition of their order. Messages and batches have the order of the inbox's events, each
 * event is checked against all that came before it, each payload against its commitment, and the whole against the
 * inbox's own roots; so an endpoint can withhold, but it cannot lie unnoticed about a part without lying about L1 itself.
 */
export class Derivation {
  /** All inputs up to the head of the last `sync`. */
  readonly log = new InputLog();
  readonly #source: InboxSource;
  readonly #startBlock: number;
  /** Ascending by number. */
  readonly #checkpoints: Checkpoint[] = [];
  readonly #payloads: PayloadReader;
  readonly #range: number;
  /** What no update has reported yet. */
  #reorg: Reorg | undefined;

  /**
   * @param startBlock The block of the inbox's deployment, or an earlier one.
   * @param options.blobs Where blobs are read; without it, a batch in blobs is `BLOB_UNAVAILABLE`.
   * @param options.range Most blocks that are taken over at once. Default 10,000.
   */
  constructor(
    source: InboxSource,
    startBlock: number,
    { blobs, range = 10_000 }: { readonly blobs?: BlobSource | undefined; readonly range?: number } = {},
  ) {
    this.#source = source;
    this.#startBlock = startBlock;
    this.#payloads = new PayloadReader(source, blobs);
    this.#range = range;
  }

  /** The last block that was read. */
  get lastBlock(): number | undefined {
    return this.#checkpoints.at(-1)?.number;
  }

  /**
   * Reads what is new on L1, and goes back first if L1 was reorganised. A failure leaves the log complete up to some earlier
   * block; the next call goes on from there, and reports a reorganisation that a failed call has found.
   *
   * @throws {@link DeriveError}, or what the source throws.
   */
  async sync(): Promise<DeriveUpdate> {
    const head = await this.#source.head();
    const last = this.#checkpoints.at(-1);
    if (last?.number === head.number && last.hash === head.hash) return this.#update(head, false);
    const common = await this.#lastCommon(head);
    if (last !== undefined && head.number < last.number && common === this.#lastUpTo(head.number)) {
      // An endpoint that lags and a chain that became shorter look alike until one of them has grown. Nothing is lost
      // by waiting: every block that was read and is there still has its hash.
      return this.#update(head, true);
    }
    this.#goBack(common);
    const from = (common?.number ?? this.#startBlock - 1) + 1;
    for (let first = from; first <= head.number; first += this.#range) {
      await this.#read(first, Math.min(head.number, first + this.#range - 1), head);
    }
    await this.#checkRoots(head, common);
    this.#remember(head);
    return this.#update(head, false);
  }

  #update(head: L1Block, behind: boolean): DeriveUpdate {
    const reorg = behind ? undefined : this.#reorg;
    if (!behind) this.#reorg = undefined;
    return { head, behind, reorg };
  }

  /** The newest remembered block that is still on the endpoint's chain. */
  async #lastCommon(head: L1Block): Promise<Checkpoint | undefined> {
    for (const checkpoint of this.#checkpoints.toReversed()) {
      if (checkpoint.number > head.number) continue;
      const block = checkpoint.number === head.number ? head : await this.#source.block(checkpoint.number);
      if (block?.hash === checkpoint.hash) return checkpoint;
    }
    return undefined;
  }

  #lastUpTo(number: number): Checkpoint | undefined {
    return this.#checkpoints.findLast((checkpoint) => checkpoint.number <= number);
  }

  /** Drops what was read after `common`, and notes it for the next update. */
  #goBack(common: Checkpoint | undefined): void {
    this.#truncate(common);
    if (this.#checkpoints.at(-1) === common) return;
    const { batchCount: batch, messageCount: message } = this.log;
    const kept = common?.number ?? -1;
    this.#checkpoints.length = this.#checkpoints.findLastIndex((checkpoint) => checkpoint.number <= kept) + 1;
    const commonBlock = common?.number ?? this.#startBlock - 1;
    const known = this.#reorg;
    this.#reorg = known === undefined || commonBlock < known.commonBlock ? { commonBlock, batch, message } : known;
  }

  #truncate(checkpoint: Checkpoint | undefined): void {
    this.log.truncate(checkpoint?.batchCount ?? 0n, checkpoint?.messageCount ?? 0n);
  }

  /** Takes over the inputs of the blocks `from` to `to`, or nothing after the last block that was complete. */
  async #read(from: number, to: number, head: L1Block): Promise<void> {
    const events = await this.#source.inboxEvents(from, to);
    const blocks = await this.#blocks(events, head);
    const payloads = await this.#payloads.read(events, blocks);
    // INVARIANT: the head still standing after everything was read, all of it was read from one chain.
    await this.#requireStanding(head);
    try {
      for (const [i, event] of events.entries()) {
        const block = blocks.get(event.blockNumber)!;
        if (event.type === "message") this.#appendMessage(event, block);
        else this.#appendBatch(event, block, payloads.get(event.index)!);
        if (events[i + 1]?.blockNumber !== event.blockNumber) this.#remember(block);
      }
    } catch (error) {
      this.#truncate(this.#checkpoints.at(-1));
      throw error;
    }
    this.#payloads.forget();
  }

  /** The check that nothing was left out at the end, where no index can show it. */
  async #checkRoots(head: L1Block, common: Checkpoint | undefined): Promise<void> {
    const summary = await this.#source.inboxSummary(head.number);
    await this.#requireStanding(head);
    const { batchCount, messageCount } = this.log;
    const context = this.log.context(batchCount);
    const same =
      summary.batchCount === batchCount &&
      summary.messageCount === messageCount &&
      equalBytes(summary.batchesRoot, context.batchesRoot) &&
      equalBytes(summary.messagesRoot, context.messagesRoot);
    if (same) return;
    // What was appended by this call cannot be told from what was left out.
    this.#goBack(common);
    throw new DeriveError("ROOT_MISMATCH", "the inbox's roots are not those of its events", {
      fields: {
        block: head.number,
        batches: batchCount,
        expectedBatches: summary.batchCount,
        messages: messageCount,
        expectedMessages: summary.messageCount,
      },
    });
  }

  async #requireStanding(head: L1Block): Promise<void> {
    const block = await this.#source.block(head.number);
    if (block?.hash !== head.hash) throw changed(head.number);
  }

  async #blocks(events: readonly InboxEvent[], head: L1Block): Promise<Map<number, L1Block>> {
    const blocks = new Map<number, L1Block>([[head.number, head]]);
    for (const event of events) {
      const known = blocks.get(event.blockNumber) ?? (await this.#source.block(event.blockNumber));
      if (known?.hash !== event.blockHash) throw changed(event.blockNumber);
      blocks.set(event.blockNumber, known);
    }
    return blocks;
  }

  #appendMessage(event: MessageEnqueued, block: L1Block): void {
    requireNext(event, this.log.messageCount);
    this.log.appendMessage({
      kind: event.kind,
      sender: event.sender,
      l1Block: BigInt(block.number),
      l1Time: block.timestamp,
      payload: event.payload,
    });
  }

  #appendBatch(event: BatchAppended, block: L1Block, payload: Payload): void {
    const { log } = this;
    requireNext(event, log.batchCount);
    const previous: Batch["record"] | undefined =
      log.batchCount === 0n ? undefined : log.batch(log.batchCount - 1n).record;
    const falls = event.messagesRead < (previous?.messagesRead ?? 0n) || event.l2Time < (previous?.l2Time ?? 0n);
    if (falls || event.messagesRead > log.messageCount) {
      throw new DeriveError("BATCH_IMPOSSIBLE", "a batch reads messages or names a time that the inbox refuses", {
        fields: { batch: event.index, messagesRead: event.messagesRead, messages: log.messageCount },
      });
    }
    const { dataKind, commitment, length, messagesRead, l2Time } = event;
    const record = { dataKind, commitment, length, messagesRead, l1Time: block.timestamp, l2Time };
    log.appendBatch({ record, ...payload });
  }

  #remember(block: L1Block): void {
    const checkpoints = this.#checkpoints;
    const { batchCount, messageCount } = this.log;
    if (checkpoints.at(-1)?.number === block.number) checkpoints.pop();
    checkpoints.push({ number: block.number, hash: block.hash, batchCount, messageCount });
    this.#thin(block.number - DENSE);
  }

  /** Forgets the newest remembered block before `limit` that is neither the last before an input nor the first after one. */
  #thin(limit: number): void {
    const checkpoints = this.#checkpoints;
    const i = checkpoints.findLastIndex((checkpoint) => checkpoint.number < limit);
    const [earlier, old] = [checkpoints[i - 1], checkpoints[i]];
    if (earlier === undefined || old === undefined) return;
    const same = earlier.batchCount === old.batchCount && earlier.messageCount === old.messageCount;
    if (same) checkpoints.splice(i, 1);
  }
}

function requireNext(event: InboxEvent, expected: bigint): void {
  if (event.index === expected) return;
  throw new DeriveError("INDEX_GAP", "an event of the inbox is missing or out of order", {
    fields: { type: event.type, actual: event.index, expected, block: event.blockNumber },
  });
}

function changed(block: number): DeriveError {
  return new DeriveError("L1_CHANGED", "L1 was reorganised while it was read", { fields: { block } });
}
