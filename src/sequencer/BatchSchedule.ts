import type { Clock } from "./Clock.ts";
import type { DerivedState, L1View } from "./DerivedState.ts";
import type { Exchange } from "./Exchange.ts";
import type { PlannedBatch } from "./OrderRecord.ts";
import type { SequencerOptions } from "./SequencerOptions.ts";

/** When batches are opened and sealed, with which time, and what they read. */
export class BatchSchedule {
  readonly #options: SequencerOptions;
  readonly #clock: Clock;
  readonly #derived: DerivedState;
  readonly #exchange: Exchange;

  constructor(options: SequencerOptions, clock: Clock, derived: DerivedState, exchange: Exchange) {
    this.#options = options;
    this.#clock = clock;
    this.#derived = derived;
    this.#exchange = exchange;
  }

  /** Makes sure that a batch is open, and that it isn't an old one. */
  prepare(l1: L1View): void {
    const exchange = this.#exchange;
    const { open } = exchange;
    if (open === undefined) return this.openFresh(l1);
    if (this.isDue(l1)) {
      exchange.sealBatch();
      this.openFresh(l1);
    } else if (open.items.length === 0 && (this.#now(l1) > open.l2Time || l1.messageCount > open.messagesRead)) {
      // Nothing depends on its time yet, so it may as well be the present one and read what has come since.
      exchange.discardOpen();
      this.openFresh(l1, open.serial);
    }
  }

  /** Opens a batch of the present. */
  openFresh(l1: L1View, serial?: number): void {
    const time = this.#now(l1);
    const { message } = this.#exchange.builder.machine.cursor;
    const messagesRead = latest(message, l1.messageCount);
    this.#exchange.openBatch(l1, messagesRead, time, time + this.#options.expiryMargin, serial);
  }

  /**
   * Opens the batch that takes the place of one that was planned with this time and these messages.
   *
   * @param now Seconds.
   */
  openAgain(l1: L1View, { messagesRead, l2Time }: PlannedBatch, now: bigint): void {
    const { batches, builder } = this.#exchange;
    const lastPlanned = latest(batches.at(-1)?.l2Time ?? 0n, lastL1Time(l1));
    // The old time keeps short deadlines alive; with a new one the margin before an expiry has been used up in part.
    const time = latest(this.isStale(l2Time, now) ? now : l2Time, lastPlanned);
    const readable = earliest(messagesRead, l1.messageCount);
    const { message } = builder.machine.cursor;
    this.#exchange.openBatch(l1, latest(readable, message), time, time + this.#options.maxPast);
  }

  /** Whether the open batch is old enough to be sealed: by its first item, or by its first message. */
  isDue(l1: L1View): boolean {
    const { open } = this.#exchange;
    if (open === undefined || !this.hasContent(open)) return false;
    const since = open.items.length > 0 ? open.l2Time : l1.message(this.#messagesBefore()).l1Time;
    return this.#clock.now() - since >= this.#options.maxBatchAge;
  }

  /** Whether there is anything in the open batch. */
  hasContent(open: PlannedBatch): boolean {
    return open.items.length > 0 || open.messagesRead > this.#messagesBefore();
  }

  /** Whether a batch of this L2 time is too old for the inbox, or will be before it can be mined. */
  isStale(l2Time: bigint, now: bigint): boolean {
    return now > l2Time + this.#options.maxPast - this.#options.resealMargin;
  }

  /** The wall clock, but never before the batch before or the last one on L1. */
  #now(l1: L1View): bigint {
    const { batches } = this.#exchange;
    const before = batches.at(this.#exchange.open === undefined ? -1 : -2)?.l2Time ?? 0n;
    return latest(this.#clock.now(), before, lastL1Time(l1));
  }

  /** Messages that the batches before the open one have read. */
  #messagesBefore(): bigint {
    return this.#exchange.batches.at(-2)?.messagesRead ?? this.#derived.current.cursor.message;
  }
}

/** The latest of several times, or the highest of several counts. */
export function latest(...times: readonly bigint[]): bigint {
  return times.reduce((a, b) => (a > b ? a : b));
}

/** The earlier of two times, or the lower of two counts. */
export function earliest(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function lastL1Time(l1: L1View): bigint {
  const { batchCount } = l1;
  return batchCount === 0n ? 0n : l1.batch(batchCount - 1n).record.l2Time;
}
