import { equalBytes } from "../crypto/bytes.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { MESSAGE_FIX_PRICE, MESSAGE_FORCED } from "../machine/Inputs.ts";
import { expiryOf } from "../machine/Positions.ts";
import { ResultCode, resultName } from "../machine/ResultCodes.ts";
import type { Account, Market } from "../machine/Slots.ts";
import {
  decodeTransaction,
  TX_CANCEL,
  TX_CANCEL_ALL,
  TX_COLLECT_FEES,
  TX_FILL,
  TX_SETTLE,
  type Fill,
  type OrderReference,
  type Transaction,
  type WireMakerOrder,
  type WireOrder,
} from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import { accountsOf, transactionRefusal, type AccountTransaction } from "./AccountTransaction.ts";
import { BatchBuilder, type BatchLimits, type SealedBatch } from "./BatchBuilder.ts";
import type { Checkpoint, L1View } from "./DerivedState.ts";
import { deadRefusal, isClosing, judgeOrder, remainingOf, type Situation } from "./Judge.ts";
import { matchOrder, type Venue } from "./Matching.ts";
import { OrderBook } from "./OrderBook.ts";
import type { ExchangeEvent, FillReport, OrderRecord, PlannedItem } from "./OrderRecord.ts";
import { refuse, type MachineReason, type Refusal, type RefusalReason } from "./Refusal.ts";
import { settlementChunks, type SettlementChunk } from "./SettlementRoutine.ts";
import { holdsTerms, seriesOf, toReference, toWireMaker, toWireTaker, type SignedOrder } from "./SignedOrder.ts";

/**
 * The exchange as the sequencer sees it ahead of L1: the machine with the batches that L1 doesn't have yet, and the book. It
 * does no I/O and knows no clock; everything that it changes is collected in {@link Exchange.changes} for the journal.
 */

/** How the sequencer makes batches. */
export interface ExchangeLimits extends BatchLimits {
  /**
   * Seconds before an expiry instant at which its series stop trading: `maxPast`, so that a batch that is mined as late as the
   * inbox allows is still before the instant, and room for a batch that has to be sealed anew.
   */
  readonly expiryMargin: bigint;
}

/** A batch from its opening until it is final on L1. */
export interface PlannedBatch {
  readonly serial: number;
  readonly messagesRead: bigint;
  readonly l2Time: bigint;
  readonly items: PlannedItem[];
  status: "open" | "sealed" | "included";
  /** Once it is sealed in this process. */
  built?: SealedBatch;
  /** Its number on L1, once it is included. */
  index?: bigint;
  /** Root of the messages that it has read. */
  readonly messagesRoot: Uint8Array;
}

/** What has changed since it was last taken. */
export interface ExchangeChanges {
  readonly orders: Set<OrderRecord>;
  readonly batches: Set<PlannedBatch>;
  readonly items: { readonly item: PlannedItem; readonly serial: number }[];
  readonly events: ExchangeEvent[];
}

/** The answer to an order. */
export type OrderOutcome =
  | {
      readonly accepted: true;
      readonly id: number;
      readonly fills: readonly FillReport[];
      /** `live` while it rests, `filled`, or why the rest was cancelled. */
      readonly status: OrderRecord["status"];
      /** 1e-6 contract. */
      readonly remaining: bigint;
    }
  | { readonly accepted: false; readonly refusal: Refusal };

/** The answer to an account transaction. */
export type TransactionOutcome =
  { readonly accepted: true; readonly id: number } | { readonly accepted: false; readonly refusal: Refusal };

/** Bytes that any item but a Settle stays below, prefix included. */
const ITEM_RESERVE = 512;

/** The soft state. */
export class Exchange implements Venue {
  readonly config: MachineConfig;
  readonly limits: ExchangeLimits;
  readonly book = new OrderBook<OrderRecord>();
  /** Batches that are not final, in order; the last may be open. */
  readonly batches: PlannedBatch[] = [];
  readonly orders = new Map<number, OrderRecord>();
  nextId = 1;
  changes: ExchangeChanges = emptyChanges();
  readonly #byNonce = new Map<string, OrderRecord>();
  #builder: BatchBuilder;
  #l1: L1View;
  #latestL1Time = 0n;
  /** Settlements that are due: what the routine works off. */
  readonly #due: SettlementChunk[] = [];
  readonly #fixed = new Set<number>();
  #settledSinceSearch = false;
  readonly #logger: Logger;

  constructor(config: MachineConfig, limits: ExchangeLimits, from: Checkpoint, l1: L1View, logger: Logger) {
    this.config = config;
    this.limits = limits;
    this.#logger = logger;
    this.#l1 = l1;
    this.#builder = new BatchBuilder(config, limits, from);
  }

  /** The batch builder: for reading. */
  get builder(): BatchBuilder {
    return this.#builder;
  }

  /** The open batch, if there is one. */
  get open(): PlannedBatch | undefined {
    const last = this.batches.at(-1);
    return last?.status === "open" ? last : undefined;
  }

  /** What orders are judged against right now. */
  get situation(): Situation {
    const { l2Time } = this.#builder;
    const l1Times = [l2Time - this.limits.maxFuture, this.#latestL1Time] as const;
    const { expiryMargin } = this.limits;
    return {
      config: this.config,
      state: this.#builder.machine.state,
      now: this.#builder.now,
      l2Time,
      expiryMargin,
      l1Times,
    };
  }

  /** An account of the soft state. */
  account(account: number): Account | undefined {
    return this.#builder.machine.state.openAccount(account);
  }

  /** A market of the soft state. */
  market(series: bigint): Market {
    return this.#builder.machine.state.openMarket(expiryOf(series) >>> 16)!;
  }

  /** Hands over what has changed. */
  takeChanges(): ExchangeChanges {
    const { changes } = this;
    this.changes = emptyChanges();
    return changes;
  }

  /** Goes back to a state of L1 with an empty book; the caller replays what is still to come. */
  reset(from: Checkpoint, l1: L1View): void {
    this.#builder = new BatchBuilder(this.config, this.limits, from);
    this.#l1 = l1;
    this.book.clear();
    this.#due.length = 0;
    this.#fixed.clear();
    this.changes = emptyChanges();
    this.#findSettlements();
  }

  /**
   * Opens a batch.
   *
   * @param latestL1Time Upper bound of the time at which it is mined.
   * @param serial The number of an open batch that was discarded, whose place this one takes.
   */
  openBatch(
    l1: L1View,
    messagesRead: bigint,
    l2Time: bigint,
    latestL1Time: bigint,
    serial = this.nextId++,
  ): PlannedBatch {
    this.#l1 = l1;
    this.#latestL1Time = latestL1Time;
    const read = this.#builder.open((index) => l1.message(index), messagesRead, l2Time, latestL1Time);
    const { messagesRoot } = l1.context(0n, 0n, messagesRead);
    const batch: PlannedBatch = { serial, messagesRead, l2Time, items: [], status: "open", messagesRoot };
    this.batches.push(batch);
    for (const { message, code } of read) {
      this.#logger.debug({ kind: message.kind, result: resultName(code) }, "message read");
      if (message.kind !== MESSAGE_FORCED) continue;
      const forced = decodeTransaction(message.payload, 0n, true);
      if (forced !== undefined && code === ResultCode.OK) this.#reviewAccounts(accountsOf(forced));
    }
    const { now } = this.#builder;
    for (const order of this.book.expire(now)) this.#close(order, "Expired");
    const situation = { l2Time, expiryMargin: this.limits.expiryMargin };
    for (const order of this.book.closeDays((day) => isClosing(situation, day))) this.#close(order, "SeriesClosing");
    if (read.some(({ message }) => message.kind === MESSAGE_FIX_PRICE)) this.#findSettlements();
    return batch;
  }

  /** Seals the open batch. */
  sealBatch(): SealedBatch {
    const batch = this.batches.at(-1)!;
    batch.built = this.#builder.seal();
    batch.status = "sealed";
    this.changes.batches.add(batch);
    const { index, messagesRead, l2Time, payload } = batch.built;
    this.#logger.info(
      { index, messagesRead, l2Time, bytes: payload.length, items: batch.items.length },
      "batch sealed",
    );
    return batch.built;
  }

  /** Drops the open batch, which has no item. */
  discardOpen(): PlannedBatch {
    this.#builder.discard();
    return this.batches.pop()!;
  }

  /** Takes an order in: judges it, matches it, and lets the rest of it rest. */
  placeOrder(signed: SignedOrder): OrderOutcome {
    const remaining = judgeOrder(this.situation, signed);
    if (typeof remaining !== "bigint") return { accepted: false, refusal: remaining };
    const busy = this.#nonceRefusal(signed);
    if (busy !== undefined) return { accepted: false, refusal: busy };
    return this.#enter(this.#record(this.nextId++, signed, remaining));
  }

  /** Puts an order that was accepted before back into the exchange, at its old place in time. */
  restoreOrder(id: number, signed: SignedOrder, status: OrderRecord["status"], lastItem: number): void {
    const record = this.#record(id, signed, 0n);
    record.lastItem = lastItem;
    this.orders.set(id, record);
    this.#byNonce.set(nonceKey(signed.terms), record);
    record.status = status;
  }

  /** Puts all orders that are not closed back into the book, oldest first, after a replay. */
  reenterOrders(): void {
    const records = [...this.orders.values()].sort((a, b) => a.id - b.id);
    for (const record of records) {
      if (record.status !== "live" && record.status !== "filled") continue;
      const remaining = remainingOf(this.situation.state, record.signed);
      // A filled order whose nonce was spent or retired afterwards is still a filled order.
      if (remaining === 0n || (record.status === "filled" && typeof remaining !== "bigint")) {
        record.status = "filled";
        continue;
      }
      const dead = deadRefusal(this.situation, record.signed);
      if (dead !== undefined || typeof remaining !== "bigint") {
        this.#close(record, dead?.reason ?? "NonceUsed");
        continue;
      }
      if (this.book.inSlot(record.account, record.nonce) !== undefined) {
        this.#close(record, "RingSlotBusy");
        continue;
      }
      record.remaining = remaining;
      record.status = "live";
      const outcome = this.#enter(record);
      if (!outcome.accepted) this.#close(record, outcome.refusal.reason);
    }
  }

  /** Executes a signed transaction of an account. */
  placeTransaction(transaction: AccountTransaction): TransactionOutcome {
    const refusal = transactionRefusal(transaction, this.#builder.l2Time);
    if (refusal !== undefined) return { accepted: false, refusal };
    for (const account of accountsOf(transaction)) this.settleAccount(account);
    const result = this.append(transaction);
    if ("reason" in result) return { accepted: false, refusal: refuse(result.reason) };
    this.#afterTransaction(transaction);
    return { accepted: true, id: result.id };
  }

  /** Appends CollectFees. */
  collectFees(): TransactionOutcome {
    const result = this.append({ type: TX_COLLECT_FEES });
    return "reason" in result ? { accepted: false, refusal: refuse(result.reason) } : { accepted: true, id: result.id };
  }

  /**
   * Executes a transaction that may be refused by the machine; only a good one gets into the batch.
   *
   * @returns The item, or the machine's reason and whether the maker's side of a fill had passed.
   */
  append(
    transaction: Exclude<Transaction, { type: typeof TX_SETTLE }>,
    series?: bigint,
    id?: number,
  ): PlannedItem | { reason: MachineReason; makerPassed: boolean } {
    this.#makeRoom(ITEM_RESERVE, 1);
    const { code, makerPassed } = this.#builder.append(transaction, series);
    if (code !== ResultCode.OK) return { reason: resultName(code) as MachineReason, makerPassed };
    return this.#addItem(transaction, id);
  }

  /** Settles an account in every fixed expiry in which it still holds something, before anything else touches it. */
  settleAccount(account: number): void {
    if (this.#fixed.size === 0) return;
    const positions = this.#builder.machine.state.openAccount(account)?.positions ?? [];
    const expiries = new Set(positions.map((position) => position.expiry).filter((expiry) => this.#fixed.has(expiry)));
    for (const expiry of expiries) this.#settle({ expiry, accounts: [account] });
  }

  /**
   * The settlement routine: settles what is due, and pays claims once their ratio is fixed.
   *
   * @param limit Most Settle transactions at once, so that trading is not held up.
   * @returns The number of Settle transactions made.
   */
  settleDue(limit: number): number {
    let made = 0;
    while (made < limit) {
      if (this.#due.length === 0) {
        // The last short fixes the ratio, and claims become payable: look again while anything moves.
        if (!this.#settledSinceSearch) break;
        this.#findSettlements();
        if (this.#due.length === 0) break;
      }
      if (this.#settle(this.#due.shift()!)) made++;
    }
    return made;
  }

  /**
   * Executes an item of a batch that has to be built again.
   *
   * @returns Why it can't be executed any more, if so.
   */
  replay({ id, transaction }: PlannedItem): RefusalReason | undefined {
    if (transaction.type === TX_SETTLE) {
      const { market, day, accounts } = transaction;
      return this.#settle({ expiry: (market << 16) | day, accounts }, id) ? undefined : "NothingToSettle";
    }
    const { l2Time } = this.#builder;
    if (transaction.type !== TX_FILL) {
      const refusal = "auth" in transaction ? transactionRefusal(transaction, l2Time) : undefined;
      if (refusal !== undefined) return refusal.reason;
      const result = this.append(transaction, undefined, id);
      return "reason" in result ? result.reason : undefined;
    }
    const fill = this.#presentFill(transaction);
    if (fill === undefined) return "OrderUnknown";
    const late = [fill.tx.maker, fill.tx.taker].some((order) => !order.stored && order.deadline < l2Time);
    if (late) return "Expired";
    const result = this.append(fill.tx, fill.series, id);
    return "reason" in result ? result.reason : undefined;
  }

  /** The maker's or taker's order as a Fill has to carry it now. */
  wireMaker(record: Pick<OrderRecord, "signed" | "series">): WireMakerOrder | OrderReference {
    return this.#isStored(record.signed)
      ? toReference(record.signed)
      : toWireMaker(record.signed, this.market(record.series));
  }

  /** See {@link wireMaker}. */
  wireTaker(record: Pick<OrderRecord, "signed" | "series">): WireOrder | OrderReference {
    return this.#isStored(record.signed)
      ? toReference(record.signed)
      : toWireTaker(record.signed, this.market(record.series));
  }

  /** Takes a maker out of the book for a reason. */
  removeMaker(record: OrderRecord, reason: RefusalReason): void {
    this.book.remove(record);
    this.#close(record, reason);
  }

  /** Forgets orders that nothing can bring back. */
  forgetOrder(record: OrderRecord): void {
    this.orders.delete(record.id);
    if (this.#byNonce.get(nonceKey(record.signed.terms)) === record)
      this.#byNonce.delete(nonceKey(record.signed.terms));
  }

  #enter(record: OrderRecord): OrderOutcome {
    const { terms } = record.signed;
    if (terms.postOnly && this.book.firstAgainst(record) !== undefined) {
      return { accepted: false, refusal: refuse("PostOnlyTakes") };
    }
    const { fills, stopped } = matchOrder(this, record);
    if (fills.length === 0 && stopped !== undefined) return { accepted: false, refusal: refuse(stopped) };
    this.orders.set(record.id, record);
    this.#byNonce.set(nonceKey(terms), record);
    this.changes.orders.add(record);
    if (record.remaining === 0n) record.status = "filled";
    else if (stopped !== undefined) record.status = stopped;
    else this.book.add(record);
    return { accepted: true, id: record.id, fills, status: record.status, remaining: record.remaining };
  }

  #record(id: number, signed: SignedOrder, remaining: bigint): OrderRecord {
    const { account, nonce, isSell, limitPrice, deadline } = signed.terms;
    const series = seriesOf(signed.terms);
    return {
      id,
      account,
      nonce,
      series,
      sell: isSell,
      price: limitPrice,
      deadline,
      remaining,
      signed,
      status: "live",
      lastItem: 0,
    };
  }

  /** Whether the nonce stands in the way of something that was accepted before. */
  #nonceRefusal(signed: SignedOrder): Refusal | undefined {
    const { account, nonce } = signed.terms;
    const known = this.#byNonce.get(nonceKey(signed.terms));
    if (known !== undefined) {
      const same = equalBytes(known.signed.signature, signed.signature);
      if (known.status === "live") return refuse(same ? "Duplicate" : "NonceUsed");
      if (this.#isStored(known.signed)) return refuse(same ? "Duplicate" : "NonceUsed");
    }
    return this.book.inSlot(account, nonce) === undefined ? undefined : refuse("RingSlotBusy");
  }

  #isStored(signed: SignedOrder): boolean {
    const slot = this.#builder.machine.state.openOrder(signed.terms.account, signed.terms.nonce);
    return slot !== undefined && holdsTerms(slot, signed);
  }

  /** A fill of the journal as it has to be presented now: an order may have come into the state, or fallen out of it. */
  #presentFill(fill: Fill): { tx: Fill; series: bigint } | undefined {
    const { state } = this.#builder.machine;
    const maker = this.#byNonce.get(nonceKey(fill.maker));
    const taker = this.#byNonce.get(nonceKey(fill.taker));
    const slot = state.openOrder(fill.maker.account, fill.maker.nonce);
    const series = maker?.series ?? slot?.series;
    if (series === undefined) return undefined;
    return {
      tx: {
        type: TX_FILL,
        maker: maker === undefined ? fill.maker : this.wireMaker(maker),
        taker: taker === undefined ? fill.taker : this.wireTaker(taker),
        quantity: fill.quantity,
      },
      series,
    };
  }

  #addItem(transaction: Transaction, id = this.nextId++): PlannedItem {
    const item: PlannedItem = { id, transaction };
    const batch = this.batches.at(-1)!;
    batch.items.push(item);
    this.changes.batches.add(batch);
    this.changes.items.push({ item, serial: batch.serial });
    if (transaction.type === TX_FILL) {
      for (const side of [transaction.maker, transaction.taker]) {
        const record = this.#byNonce.get(nonceKey(side));
        if (record !== undefined) record.lastItem = id;
      }
    }
    return item;
  }

  /** Where the open batch is full, the next one continues with the same L2 time and no new message, so nothing else changes. */
  #makeRoom(bytes: number, steps: number): void {
    if (this.#builder.fits(bytes, steps) || this.#builder.steps === 0) return;
    const { messagesRead, l2Time } = this.batches.at(-1)!;
    this.sealBatch();
    this.openBatch(this.#l1, messagesRead, l2Time, this.#latestL1Time);
  }

  #settle({ expiry, accounts }: SettlementChunk, id?: number): boolean {
    this.#makeRoom(ITEM_RESERVE, accounts.length);
    const settled = this.#builder.settle(expiry >>> 16, expiry & 0xffff, accounts);
    if (settled.length === 0) return false;
    this.#settledSinceSearch = true;
    this.#addItem({ type: TX_SETTLE, market: expiry >>> 16, day: expiry & 0xffff, accounts: settled }, id);
    return true;
  }

  /** Looks for everything that can be settled now, in the whole state. */
  #findSettlements(): void {
    this.#fixed.clear();
    this.#due.length = 0;
    this.#settledSinceSearch = false;
    const { fixed, chunks } = settlementChunks(this.#builder.machine.state.root);
    for (const expiry of fixed) this.#fixed.add(expiry);
    this.#due.push(...chunks);
  }

  #afterTransaction(transaction: AccountTransaction): void {
    if (transaction.type === TX_CANCEL) {
      const order = this.book.get(transaction.account, transaction.nonce);
      if (order !== undefined) this.removeMaker(order, "Withdrawn");
    } else if (transaction.type === TX_CANCEL_ALL) {
      for (const order of this.book.ofAccount(transaction.account)) {
        if (order.nonce < transaction.floor) this.removeMaker(order, "Withdrawn");
      }
    } else {
      this.#reviewAccounts(accountsOf(transaction));
    }
  }

  /** Removes the orders of accounts that the state has made void, and corrects what is left of the others. */
  #reviewAccounts(accounts: readonly number[]): void {
    for (const account of accounts) {
      for (const order of this.book.ofAccount(account)) {
        const dead = deadRefusal(this.situation, order.signed);
        const remaining = remainingOf(this.situation.state, order.signed);
        if (dead !== undefined || typeof remaining !== "bigint") this.removeMaker(order, dead?.reason ?? "NonceUsed");
        else if (remaining === 0n) {
          this.book.remove(order);
          order.remaining = 0n;
          order.status = "filled";
          this.changes.orders.add(order);
        } else order.remaining = remaining;
      }
    }
  }

  #close(record: OrderRecord, reason: RefusalReason): void {
    record.status = reason;
    this.changes.orders.add(record);
    const { id, account, nonce } = record;
    this.changes.events.push({ kind: "closed", order: id, account, nonce, reason });
    this.#logger.debug({ order: id, account, nonce, reason }, "order closed");
  }
}

function emptyChanges(): ExchangeChanges {
  return { orders: new Set(), batches: new Set(), items: [], events: [] };
}

function nonceKey({ account, nonce }: { account: number; nonce: bigint }): string {
  return `${account}:${String(nonce)}`;
}
