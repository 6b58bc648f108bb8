import { equalBytes } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { ResultCode } from "../machine/ResultCodes.ts";
import { State } from "../machine/State.ts";
import { rootHash } from "../machine/StateTree.ts";
import { decodeTransaction, encodeTransaction, TX_SETTLE } from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import type { AccountTransaction } from "./AccountTransaction.ts";
import { isSameBatch, type SealedBatch } from "./BatchBuilder.ts";
import type { Clock } from "./Clock.ts";
import { DerivedState, type Checkpoint, type L1View } from "./DerivedState.ts";
import {
  Exchange,
  type ExchangeChanges,
  type ExchangeLimits,
  type OrderOutcome,
  type PlannedBatch,
  type TransactionOutcome,
} from "./Exchange.ts";
import { itemKey, journalBatch, journalItem, journalOrder, plansOf } from "./JournalRows.ts";
import { remainingOf } from "./Judge.ts";
import type { Journal, JournalChanges } from "./Journal.ts";
import type { ExchangeEvent, OrderRecord, PlannedItem } from "./OrderRecord.ts";
import { decodeSignedOrder, type SignedOrder } from "./SignedOrder.ts";

/**
 * The sequencer: takes what traders sign, executes it ahead of L1, and makes batches of it.
 *
 * Nothing is answered before the journal has it. After a kill, and whenever L1 ordered things differently (a batch that
 * somebody forced, a reorg, a second poster), the same procedure applies: start from the state that L1 determines, drop from the
 * journal what L1 contains, and execute the rest again in its old order. What has become invalid is dropped with a
 * reason; everything else keeps its place.
 */

/** What the sequencer decides by itself. All times in seconds. */
export interface SequencerOptions extends ExchangeLimits {
  /** A batch with anything in it is sealed at this age. */
  readonly maxBatchAge: bigint;
  /** A sealed batch that would be too old for the inbox within this time is built anew. */
  readonly resealMargin: bigint;
  /** Most Settle transactions at one tick. */
  readonly settlementsPerTick: number;
}

/** Production values. */
export const DEFAULT_OPTIONS: SequencerOptions = {
  maxPast: 600n,
  maxFuture: 60n,
  expiryMargin: 900n,
  // Nodes relay no transaction above 128 kB.
  maxPayload: 98_304,
  maxBatchAge: 12n,
  resealMargin: 120n,
  settlementsPerTick: 64,
};

/** Failures of the sequencer: `HALTED` for good, until it is started again; the others at the start. */
export type SequencerErrorCode = "HALTED" | "OPTIONS_INVALID" | "CHECKPOINT_TOO_LATE";

/** The sequencer can't go on, or was set up wrongly. */
export class SequencerError extends TenorError<SequencerErrorCode> {
  override readonly name = "SequencerError";
}

/** What the sequencer is given. */
export interface SequencerServices {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly logger: Logger;
  /** Gets what happened, after it has become durable. */
  readonly listener?: (event: ExchangeEvent) => void;
}

/** What a trader submits. */
export type Submission =
  | { readonly kind: "order"; readonly order: SignedOrder }
  | { readonly kind: "transaction"; readonly transaction: AccountTransaction };

/** The answer to a submission. */
export type Outcome = OrderOutcome | TransactionOutcome;

interface Waiting {
  readonly submission: Submission;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** See the file's head. Not safe to share between processes; the journal's lock sees to it. */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #services: SequencerServices;
  readonly #derived: DerivedState;
  readonly #exchange: Exchange;
  #l1: L1View;
  #finalizedBatches: bigint;
  #halted = false;
  #waiting: Waiting[] = [];

  /**
   * Starts from L1 and the journal.
   *
   * @param config With a memory for signers (`withRecoverCache`), or every signature is recovered at each execution.
   * @param start A state from which L1 is followed: genesis, or a snapshot no later than what the journal holds as final.
   */
  constructor(
    config: MachineConfig,
    options: SequencerOptions,
    services: SequencerServices,
    start: Checkpoint,
    l1: L1View,
  ) {
    if (
      options.maxPayload < 4096 ||
      options.expiryMargin < options.maxPast ||
      options.resealMargin >= options.maxPast
    ) {
      throw new SequencerError("OPTIONS_INVALID", "options contradict each other", { fields: { ...options } });
    }
    this.#options = options;
    this.#services = services;
    this.#l1 = l1;
    const content = services.journal.load();
    this.#finalizedBatches = content.finalizedBatches;
    if (start.cursor.batch > content.finalizedBatches) {
      throw new SequencerError("CHECKPOINT_TOO_LATE", "journal may hold items of batches before the checkpoint", {
        fields: { checkpoint: start.cursor.batch, finalizedBatches: content.finalizedBatches },
      });
    }
    this.#derived = new DerivedState(config, start, l1);
    while (this.#derived.current.cursor.batch < content.finalizedBatches) this.#derived.run(l1);
    this.#exchange = new Exchange(config, options, this.#derived.current, l1, services.logger);
    this.#exchange.nextId = content.nextId;
    const plans = plansOf(content.batches, content.items);
    const last = new Map<string, number>();
    for (const { items } of plans) {
      for (const { id, transaction } of items) {
        if (!("maker" in transaction)) continue;
        for (const { account, nonce } of [transaction.maker, transaction.taker])
          last.set(`${account}:${String(nonce)}`, id);
      }
    }
    for (const { id, bytes, status } of content.orders) {
      const signed = decodeSignedOrder(bytes);
      const lastItem = last.get(`${signed.terms.account}:${String(signed.terms.nonce)}`) ?? 0;
      this.#exchange.restoreOrder(id, signed, status as OrderRecord["status"], lastItem);
    }
    this.#exchange.batches.push(...plans);
    this.#follow(l1, true);
  }

  /** Hash of the state after everything that was acknowledged. */
  get stateRoot(): Uint8Array {
    return rootHash(this.#exchange.builder.machine.state.root);
  }

  /** The soft state and the book: for reading. */
  get exchange(): Exchange {
    return this.#exchange;
  }

  /**
   * Takes submissions in their order and answers when all of it is durable: one commit of the journal for all of them.
   *
   * @throws {@link SequencerError} `HALTED` if something failed, now or before; nothing was acknowledged then.
   */
  submitMany(submissions: readonly Submission[]): Outcome[] {
    return this.#change(() => {
      this.#prepareBatch();
      return submissions.map((submission) =>
        submission.kind === "order"
          ? this.#exchange.placeOrder(submission.order)
          : this.#exchange.placeTransaction(submission.transaction),
      );
    });
  }

  /** Takes one submission; those of the same turn of the event loop share a commit. */
  async submit(submission: Submission): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ submission, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  /** Moves the collected fees to the fee account. */
  collectFees(): TransactionOutcome {
    return this.#change(() => {
      this.#prepareBatch();
      return this.#exchange.collectFees();
    });
  }

  /** To be called about once a second: settles what is due, and seals the open batch when it is old enough. */
  tick(): void {
    this.#change(() => {
      this.#prepareBatch();
      this.#exchange.settleDue(this.#options.settlementsPerTick);
      if (this.#isDue()) this.#exchange.sealBatch();
    });
  }

  /** Seals the open batch now if there is anything in it. */
  seal(): SealedBatch | undefined {
    return this.#change(() => {
      const { open } = this.#exchange;
      return open === undefined || !this.#hasContent(open) ? undefined : this.#exchange.sealBatch();
    });
  }

  /** The batch that is to become number `index` of L1, if it is sealed. */
  sealedBatch(index: bigint): SealedBatch | undefined {
    this.#requireRunning();
    return this.#exchange.batches.find((batch) => batch.status === "sealed" && batch.built?.index === index)?.built;
  }

  /**
   * Follows L1.
   *
   * @param finalizedBatches Number of batches that L1 can't take back; what only they need is forgotten.
   */
  sync(l1: L1View, finalizedBatches = this.#finalizedBatches): void {
    this.#change(() => {
      this.#l1 = l1;
      this.#follow(l1, false);
      if (finalizedBatches > this.#finalizedBatches) this.#finalize(finalizedBatches);
    });
  }

  /**
   * Builds the batches that wait for L1 anew if the first of them is too old, or will be before it can be mined: times on
   * the wire are relative to the new L2 time, and what has expired by then is dropped.
   *
   * @param l1Time Time of the latest L1 block, seconds: where the clocks disagree, the later one counts.
   * @returns Whether it was necessary.
   */
  resealStale(l1Time = 0n): boolean {
    this.#requireRunning();
    const now = latest(l1Time, this.#services.clock.now());
    const first = this.#exchange.batches.find((batch) => batch.status === "sealed");
    if (first === undefined || !this.#isStale(first.l2Time, now)) return false;
    this.#services.logger.warn({ index: first.built?.index, l2Time: first.l2Time, now }, "batches waited too long");
    this.#rebuild(
      this.#exchange.batches.filter((batch) => batch.status !== "included"),
      now,
    );
    return true;
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const outcomes = this.submitMany(waiting.map(({ submission }) => submission));
      waiting.forEach(({ resolve }, i) => resolve(outcomes[i]!));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  /** Makes sure that a batch is open, and that it isn't an old one. */
  #prepareBatch(): void {
    const exchange = this.#exchange;
    const { open } = exchange;
    if (open === undefined) return this.#openFresh();
    if (this.#isDue()) {
      exchange.sealBatch();
      this.#openFresh();
    } else if (open.items.length === 0 && (this.#now() > open.l2Time || this.#l1.messageCount > open.messagesRead)) {
      // Nothing depends on its time yet, so it may as well be the present one and read what has come since.
      exchange.discardOpen();
      this.#openFresh(open.serial);
    }
  }

  #openFresh(serial?: number): void {
    const time = this.#now();
    this.#exchange.openBatch(this.#l1, this.#messagesToRead(), time, time + this.#options.expiryMargin, serial);
  }

  /** The wall clock, but never before the batch before or the last one on L1. */
  #now(): bigint {
    const { batches } = this.#exchange;
    const before = batches.at(this.#exchange.open === undefined ? -1 : -2)?.l2Time ?? 0n;
    return latest(this.#services.clock.now(), before, this.#lastL1Time());
  }

  #lastL1Time(): bigint {
    const { batchCount } = this.#l1;
    return batchCount === 0n ? 0n : this.#l1.batch(batchCount - 1n).record.l2Time;
  }

  #messagesToRead(): bigint {
    const { message } = this.#exchange.builder.machine.cursor;
    return latest(message, this.#l1.messageCount);
  }

  /** Whether the open batch is old enough to be sealed: by its first item, or by its first message. */
  #isDue(): boolean {
    const { open } = this.#exchange;
    if (open === undefined || !this.#hasContent(open)) return false;
    const before = this.#messagesBefore();
    const since = open.items.length > 0 ? open.l2Time : this.#l1.message(before).l1Time;
    return this.#services.clock.now() - since >= this.#options.maxBatchAge;
  }

  #hasContent(open: PlannedBatch): boolean {
    return open.items.length > 0 || open.messagesRead > this.#messagesBefore();
  }

  /** Messages that the batches before the open one have read. */
  #messagesBefore(): bigint {
    return this.#exchange.batches.at(-2)?.messagesRead ?? this.#derived.current.cursor.message;
  }

  #isStale(l2Time: bigint, now: bigint): boolean {
    return now > l2Time + this.#options.maxPast - this.#options.resealMargin;
  }

  /** Executes what L1 has, and builds the soft state anew unless it is what was expected. */
  #follow(l1: L1View, starting: boolean): void {
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
      this.#services.logger.info({ index: batch.index }, "batch is on L1");
      next++;
    }
    const waiting = batches.slice(next);
    const complete = this.#derived.current.cursor.batch === l1.batchCount;
    if (complete && !starting && this.#stillStands(waiting, l1)) return;
    if (!starting) {
      this.#services.logger.warn(
        { batch: this.#derived.current.cursor.batch, waiting: waiting.length },
        "sequence changed",
      );
    }
    batches.length = next;
    this.#rebuild(this.#consume(l1, waiting));
  }

  /** Whether the next batch of L1 is this one, so that its result is known. */
  #isOurs({ built, messagesRoot }: PlannedBatch, l1: L1View): boolean {
    const { root, cursor } = this.#derived.current;
    if (built?.index !== cursor.batch || built.before.root !== root) return false;
    if (built.before.cursor.l2Time !== cursor.l2Time || l1.messageCount < built.messagesRead) return false;
    if (!equalBytes(messagesRoot, l1.context(0n, 0n, built.messagesRead).messagesRoot)) return false;
    const { record } = l1.batch(cursor.batch);
    // SAFETY: within these bounds every L1 time gives the result of the builder (see BatchBuilder).
    const { maxPast, maxFuture } = this.#options;
    const timely = record.l1Time >= record.l2Time - maxFuture && record.l1Time <= record.l2Time + maxPast;
    return timely && isSameBatch(record, built);
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
      const serial = this.#exchange.nextId++;
      this.#exchange.batches.push({ serial, messagesRead, l2Time, items, status: "included", index, messagesRoot });
    }
    return waiting.map((batch) => ({ ...batch, items: batch.items.filter((item) => !included.has(item)) }));
  }

  /** Executes `waiting` again on the state of L1 and fills the book; the journal gets all of it in one piece. */
  #rebuild(waiting: readonly PlannedBatch[], now = this.#services.clock.now()): void {
    const exchange = this.#exchange;
    const firstWaiting = exchange.batches.findIndex((batch) => batch.status !== "included");
    if (firstWaiting !== -1) exchange.batches.length = firstWaiting;
    exchange.reset(this.#derived.current, this.#l1);
    const { maxPast } = this.#options;
    for (const { messagesRead, l2Time, items, status } of waiting) {
      // The old time keeps short deadlines alive; with a new one the margin before an expiry has been used up in part.
      const time = latest(this.#isStale(l2Time, now) ? now : l2Time, this.#lastPlanned());
      const readable = earliest(messagesRead, this.#l1.messageCount);
      exchange.openBatch(this.#l1, latest(readable, exchange.builder.machine.cursor.message), time, time + maxPast);
      for (const item of items) this.#replay(item);
      const { open } = exchange;
      if (open !== undefined && !this.#hasContent(open)) exchange.discardOpen();
      else if (status !== "open") exchange.sealBatch();
    }
    if (exchange.open === undefined) this.#openFresh();
    exchange.reenterOrders();
    this.#write(exchange.takeChanges(), true);
  }

  #replay(item: PlannedItem): void {
    const reason = this.#exchange.replay(item);
    if (reason === undefined) return;
    this.#services.logger.warn({ item: item.id, type: item.transaction.type, reason }, "item dropped");
    this.#exchange.changes.events.push({ kind: "dropped", item: item.id, transaction: item.transaction, reason });
  }

  #lastPlanned(): bigint {
    return latest(this.#exchange.batches.at(-1)?.l2Time ?? 0n, this.#lastL1Time());
  }

  #finalize(finalizedBatches: bigint): void {
    this.#finalizedBatches = finalizedBatches;
    this.#derived.finalize(finalizedBatches);
    const { batches, orders } = this.#exchange;
    const kept = batches.findIndex(({ index, status }) => status !== "included" || index! >= finalizedBatches);
    const gone = batches.splice(0, kept === -1 ? batches.length : kept);
    const firstItem = batches.find(({ items }) => items.length > 0)?.items[0]?.id ?? Infinity;
    const final = new State(this.#derived.final.root);
    const deletedOrders: number[] = [];
    for (const record of orders.values()) {
      if (record.status === "live" || record.lastItem >= firstItem) continue;
      // A forced fill leaves no item here: what it filled is only forgotten once the final state shows it.
      if (record.status === "filled" && remainsIn(final, record)) continue;
      this.#exchange.forgetOrder(record);
      deletedOrders.push(record.id);
    }
    this.#write(
      this.#exchange.takeChanges(),
      false,
      deletedOrders,
      gone.map(({ serial }) => serial),
    );
  }

  /** Changes the exchange and commits: all of it, or none of it is ever shown. */
  #change<T>(action: () => T): T {
    this.#requireRunning();
    try {
      const result = action();
      this.#write(this.#exchange.takeChanges(), false);
      return result;
    } catch (cause) {
      // SAFETY: memory may be ahead of the journal, or half changed, so nothing of it may be shown or posted.
      this.#halted = true;
      this.#services.logger.error({ cause }, "sequencer halted");
      throw new SequencerError("HALTED", "sequencer failed; restart to recover", { cause });
    }
  }

  #write(
    changes: ExchangeChanges,
    replace: boolean,
    deletedOrders: readonly number[] = [],
    deletedBatches: readonly number[] = [],
  ): void {
    const { nextId, orders, batches } = this.#exchange;
    const base = { nextId, finalizedBatches: this.#finalizedBatches };
    if (replace) {
      this.#services.journal.replace({
        ...base,
        orders: [...orders.values()].map(journalOrder),
        batches: batches.map(journalBatch),
        items: batches.flatMap(({ serial, items }) => items.map((item) => journalItem(item, serial))),
      });
    } else if (isEmpty(changes) && deletedOrders.length + deletedBatches.length === 0) {
      return;
    } else {
      const written: JournalChanges = {
        ...base,
        orders: [...changes.orders].map(journalOrder),
        batches: [...changes.batches].map(journalBatch),
        items: changes.items.map(({ item, serial }) => journalItem(item, serial)),
        deletedOrders,
        deletedBatches,
      };
      this.#services.journal.commit(written);
    }
    for (const event of changes.events) this.#tell(event);
  }

  #tell(event: ExchangeEvent): void {
    try {
      this.#services.listener?.(event);
    } catch (error) {
      this.#services.logger.error({ error, kind: event.kind }, "listener failed");
    }
  }

  #requireRunning(): void {
    if (this.#halted) throw new SequencerError("HALTED", "sequencer failed; restart to recover");
  }
}

function remainsIn(state: State, { signed }: OrderRecord): boolean {
  const remaining = remainingOf(state, signed);
  return typeof remaining === "bigint" && remaining > 0n;
}

function isEmpty({ orders, batches, items }: ExchangeChanges): boolean {
  return orders.size === 0 && batches.size === 0 && items.length === 0;
}

function latest(...times: readonly bigint[]): bigint {
  return times.reduce((a, b) => (a > b ? a : b));
}

function earliest(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
