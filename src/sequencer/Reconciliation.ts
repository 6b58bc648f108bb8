import { equalBytes } from "../crypto/bytes.ts";
import { ResultCode } from "../machine/ResultCodes.ts";
import { State } from "../machine/State.ts";
import { decodeTransaction, TX_SETTLE } from "../machine/Wire.ts";
import { encodeTransaction } from "../machine/WireEncoding.ts";
import type { Logger } from "../roles/Logger.ts";
import { isSameBatch } from "./BatchRules.ts";
import type { BatchSchedule } from "./BatchSchedule.ts";
import type { Clock } from "./Clock.ts";
import type { DerivedState, L1View } from "./DerivedState.ts";
import type { Exchange } from "./Exchange.ts";
import type { JournalKeeper } from "./JournalKeeper.ts";
import { itemKey } from "./JournalRows.ts";
import { remainingOf } from "./Judge.ts";
import type { OrderRecord, PlannedBatch, PlannedItem } from "./OrderRecord.ts";
import type { SequencerOptions } from "./SequencerOptions.ts";

/** Seconds for which an order that was taken back can still be asked for. */
const WITHDRAWN_SHOWN = 60n;

/** What takes part in the reconciliation. */
export interface ReconciliationParts {
  readonly options: SequencerOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly derived: DerivedState;
  readonly exchange: Exchange;
  readonly schedule: BatchSchedule;
  readonly keeper: JournalKeeper;
}

/** Brings the soft state into line with what L1 has: what it took, what it took back, what it ordered differently. */
export class Reconciliation {
  readonly #options: SequencerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #derived: DerivedState;
  readonly #exchange: Exchange;
  readonly #schedule: BatchSchedule;
  readonly #keeper: JournalKeeper;

  constructor({ options, clock, logger, derived, exchange, schedule, keeper }: ReconciliationParts) {
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#derived = derived;
    this.#exchange = exchange;
    this.#schedule = schedule;
    this.#keeper = keeper;
  }

  /**
   * Executes what L1 has, and builds the soft state anew unless it is what was expected.
   *
   * @param starting Whether nothing has been executed in this process yet, so that nothing can be expected.
   */
  follow(l1: L1View, starting: boolean): void {
    this.#derived.rollback(l1);
    const { batches } = this.#exchange;
    let next = batches.findIndex(
      ({ status, index }) => status !== "included" || index! >= this.#derived.current.cursor.batch,
    );
    if (next === -1) next = batches.length;
    for (const batch of batches.slice(next)) if (batch.status === "included") batch.status = "sealed";
    while (!starting && this.#derived.current.cursor.batch < l1.batchCount) {
      const batch = batches[next];
      if (batch === undefined || !this.#isOurs(batch, l1)) break;
      this.#derived.adopt(batch.built!.after, l1);
      batch.status = "included";
      batch.index = batch.built!.index;
      this.#logger.info({ index: batch.index }, "batch is on L1");
      next++;
    }
    const waiting = batches.slice(next);
    const complete = this.#derived.current.cursor.batch === l1.batchCount;
    if (complete && !starting && this.#stillStands(waiting, l1)) return;
    if (!starting) {
      this.#logger.warn({ batch: this.#derived.current.cursor.batch, waiting: waiting.length }, "sequence changed");
    }
    batches.length = next;
    this.rebuild(l1, this.#consume(l1, waiting));
  }

  /** Whether the next batch of L1 is this one, so that its result is known. */
  #isOurs({ built, messagesRoot }: PlannedBatch, l1: L1View): boolean {
    const { root, cursor } = this.#derived.current;
    if (built?.index !== cursor.batch || built.before.root !== root) return false;
    if (built.before.cursor.l2Time !== cursor.l2Time || l1.messageCount < built.messagesRead) return false;
    if (!equalBytes(messagesRoot, l1.context(0n, 0n, built.messagesRead).messagesRoot)) return false;
    const batch = l1.batch(cursor.batch);
    const { record } = batch;
    // SAFETY: within these bounds every L1 time gives the result of the builder (see BatchBuilder).
    const { maxPast, maxFuture } = this.#options;
    const timely = record.l1Time >= record.l2Time - maxFuture && record.l1Time <= record.l2Time + maxPast;
    return timely && isSameBatch(batch, built);
  }

  /** Whether the batches that wait still follow from what L1 has. */
  #stillStands(waiting: readonly PlannedBatch[], l1: L1View): boolean {
    const { root, cursor } = this.#derived.current;
    const first = waiting[0];
    const before = first === undefined || first.status === "open" ? this.#exchange.builder.before : first.built?.before;
    if (before === undefined || before.root !== root) return false;
    if (before.cursor.batch !== cursor.batch || before.cursor.l2Time !== cursor.l2Time) return false;
    return waiting.every(
      ({ messagesRead, messagesRoot }) =>
        messagesRead <= l1.messageCount && equalBytes(messagesRoot, l1.context(0n, 0n, messagesRead).messagesRoot),
    );
  }

  /**
   * Executes the batches of L1 that are not known yet, and takes what they contain out of what waits. Items are compared by
   * their bytes with absolute times: equal ones are interchangeable, and each occurrence on L1 takes out one.
   *
   * @returns What still has to be included.
   */
  #consume(l1: L1View, waiting: readonly PlannedBatch[]): PlannedBatch[] {
    const pool = new Map<string, PlannedItem[]>();
    for (const { items } of waiting) {
      for (const item of items) {
        const key = itemKey(encodeTransaction(item.transaction, 0n));
        const same = pool.get(key);
        if (same === undefined) pool.set(key, [item]);
        else same.push(item);
      }
    }
    const included = new Set<PlannedItem>();
    while (this.#derived.current.cursor.batch < l1.batchCount) {
      const index = this.#derived.current.cursor.batch;
      const items: PlannedItem[] = [];
      this.#derived.run(l1, ({ bytes, timeBase, code }) => {
        const transaction = decodeTransaction(bytes, timeBase, false);
        // What L1 executed without effect may still be executed later.
        if (transaction === undefined || (code !== ResultCode.OK && transaction.type !== TX_SETTLE)) return;
        const item = pool.get(itemKey(encodeTransaction(transaction, 0n)))?.shift();
        if (item === undefined) return;
        included.add(item);
        items.push(item);
      });
      const { messagesRead, l2Time } = l1.batch(index).record;
      const { messagesRoot } = l1.context(0n, 0n, messagesRead);
      const serial = this.#exchange.takeId();
      this.#exchange.batches.push({ serial, messagesRead, l2Time, items, status: "included", index, messagesRoot });
    }
    return waiting.map((batch) => ({ ...batch, items: batch.items.filter((item) => !included.has(item)) }));
  }

  /** Executes `waiting` again on the state of L1 and fills the book; the journal gets all of it in one piece. */
  rebuild(l1: L1View, waiting: readonly PlannedBatch[], now = this.#clock.now()): void {
    const exchange = this.#exchange;
    const firstWaiting = exchange.batches.findIndex((batch) => batch.status !== "included");
    if (firstWaiting !== -1) exchange.batches.length = firstWaiting;
    exchange.reset(this.#derived.current, l1);
    for (const batch of waiting) {
      this.#schedule.openAgain(l1, batch, now);
      for (const item of batch.items) this.#replay(item);
      const { open } = exchange;
      if (open !== undefined && !this.#schedule.hasContent(open)) exchange.discardOpen();
      else if (batch.status !== "open") exchange.sealBatch();
    }
    if (exchange.open === undefined) this.#schedule.openFresh(l1);
    exchange.reenterOrders();
    this.#keeper.replace(exchange);
  }

  #replay(item: PlannedItem): void {
    const reason = this.#exchange.replay(item);
    if (reason === undefined) return;
    this.#logger.warn({ item: item.id, type: item.transaction.type, reason }, "item dropped");
    this.#exchange.changes.events.push({ kind: "dropped", item: item.id, transaction: item.transaction, reason });
  }

  /** Forgets what only batches need that L1 can't take back. */
  finalize(finalizedBatches: bigint): void {
    this.#keeper.finalizedBatches = finalizedBatches;
    this.#derived.finalize(finalizedBatches);
    const { batches, orders } = this.#exchange;
    const kept = batches.findIndex(({ index, status }) => status !== "included" || index! >= finalizedBatches);
    const gone = batches.splice(0, kept === -1 ? batches.length : kept);
    const firstItem = this.#firstItem();
    const final = new State(this.#derived.final.root);
    const deletedOrders: number[] = [];
    for (const record of orders.values()) {
      if (record.status === "live" || record.lastItem >= firstItem || this.#isShown(record)) continue;
      // A forced fill leaves no item here: what it filled is only forgotten once the final state shows it.
      if (record.status === "filled" && remainsIn(final, record)) continue;
      this.#exchange.forgetOrder(record);
      deletedOrders.push(record.id);
    }
    this.#keeper.commit(
      this.#exchange,
      deletedOrders,
      gone.map(({ serial }) => serial),
    );
  }

  /**
   * Forgets the orders that were taken back and took part in nothing that L1 may take back; that they were taken back stays known. Apart
   * from {@link finalize}, since a trader can take back a hundred a second while L1 finalizes nothing.
   */
  forgetWithdrawn(): void {
    const firstItem = this.#firstItem();
    const deletedOrders: number[] = [];
    for (const record of this.#exchange.withdrawnRecords) {
      if (this.#isShown(record)) break;
      if (record.lastItem >= firstItem) continue;
      this.#exchange.forgetOrder(record);
      deletedOrders.push(record.id);
    }
    this.#keeper.commit(this.#exchange, deletedOrders);
  }

  /** Number of the first item of a batch that is not final. */
  #firstItem(): number {
    return this.#exchange.batches.find(({ items }) => items.length > 0)?.items[0]?.id ?? Infinity;
  }

  #isShown({ withdrawnAt }: OrderRecord): boolean {
    return withdrawnAt !== undefined && this.#clock.now() <= withdrawnAt + WITHDRAWN_SHOWN;
  }
}

function remainsIn(state: State, { signed }: OrderRecord): boolean {
  const remaining = remainingOf(state, signed);
  return typeof remaining === "bigint" && remaining > 0n;
}
