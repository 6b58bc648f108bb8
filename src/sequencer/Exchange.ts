import { equalBytes } from "../crypto/bytes.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { MESSAGE_FIX_PRICE, MESSAGE_FORCED } from "../machine/Inputs.ts";
import { ResultCode, resultName } from "../machine/ResultCodes.ts";
import type { Account, Market } from "../machine/Slots.ts";
import {
  decodeTransaction,
  TX_COLLECT_FEES,
  TX_FILL,
  TX_SETTLE,
  type OrderReference,
  type Transaction,
  type WireMakerOrder,
  type WireOrder,
} from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import { accountsOf, transactionRefusal, type AccountTransaction } from "./AccountTransaction.ts";
import type { BatchBuilder, BatchLimits, SealedBatch } from "./BatchBuilder.ts";
import { BatchPlan, type ItemRefusal } from "./BatchPlan.ts";
import { closeEnded, reviewAccounts, reviewAfter } from "./BookUpkeep.ts";
import { Changes } from "./Changes.ts";
import type { Checkpoint, L1View } from "./DerivedState.ts";
import { deadRefusal, judgeOrder, remainingOf, type Situation } from "./Judge.ts";
import { matchOrder, type Venue } from "./Matching.ts";
import type { OrderBook } from "./OrderBook.ts";
import type { OrderRecord, PlannedBatch, PlannedItem } from "./OrderRecord.ts";
import { newRecord, Orders } from "./Orders.ts";
import { isStored, marketOf, presentFill, presentMaker, presentTaker } from "./Presentation.ts";
import { refuse, type Refusal, type RefusalReason } from "./Refusal.ts";
import { SettlementRoutine } from "./SettlementRoutine.ts";
import type { SignedOrder } from "./SignedOrder.ts";
import type { OrderOutcome, TransactionOutcome } from "./Submission.ts";

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

/** The soft state. */
export class Exchange implements Venue {
  readonly config: MachineConfig;
  readonly limits: ExchangeLimits;
  readonly changes = new Changes();
  readonly #plan: BatchPlan;
  readonly #orders: Orders;
  readonly #settlement: SettlementRoutine;
  readonly #logger: Logger;

  /** @param nextId The next number for an order, an item or a batch. */
  constructor(
    config: MachineConfig,
    limits: ExchangeLimits,
    from: Checkpoint,
    l1: L1View,
    logger: Logger,
    nextId: number,
  ) {
    this.config = config;
    this.limits = limits;
    this.#logger = logger;
    this.#plan = new BatchPlan(config, limits, from, l1, this.changes, logger, nextId);
    this.#orders = new Orders(this.changes, logger);
    this.#settlement = new SettlementRoutine(this.#plan);
  }

  /** The batch builder: for reading. */
  get builder(): BatchBuilder {
    return this.#plan.builder;
  }

  /** Batches that are not final, in order; the last may be open. */
  get batches(): PlannedBatch[] {
    return this.#plan.batches;
  }

  /** The open batch, if there is one. */
  get open(): PlannedBatch | undefined {
    return this.#plan.open;
  }

  /** The orders that rest. */
  get book(): OrderBook<OrderRecord> {
    return this.#orders.book;
  }

  /** All orders that are not forgotten, by their numbers. */
  get orders(): ReadonlyMap<number, OrderRecord> {
    return this.#orders.all;
  }

  /** The next number for an order, an item or a batch. */
  get nextId(): number {
    return this.#plan.nextId;
  }

  /** What orders are judged against right now. */
  get situation(): Situation {
    const { state, latestL1Time } = this.#plan;
    const { now, l2Time } = this.builder;
    const { maxFuture, expiryMargin } = this.limits;
    return { config: this.config, state, now, l2Time, expiryMargin, l1Times: [l2Time - maxFuture, latestL1Time] };
  }

  /** An account of the soft state. */
  account(account: number): Account | undefined {
    return this.#plan.state.openAccount(account);
  }

  /** A market of the soft state. */
  market(series: bigint): Market {
    return marketOf(this.#plan.state, series);
  }

  /** A number that nothing else has. */
  takeId(): number {
    return this.#plan.takeId();
  }

  /** Goes back to a state of L1 with an empty book; the caller replays what is still to come. */
  reset(from: Checkpoint, l1: L1View): void {
    this.#plan.reset(from, l1);
    this.book.clear();
    this.changes.drop();
    this.#settlement.search();
  }

  /**
   * Opens a batch.
   *
   * @param latestL1Time Upper bound of the time at which it is mined.
   * @param serial The number of an open batch that was discarded, whose place this one takes.
   */
  openBatch(l1: L1View, messagesRead: bigint, l2Time: bigint, latestL1Time: bigint, serial?: number): PlannedBatch {
    const { batch, read } = this.#plan.openBatch(l1, messagesRead, l2Time, latestL1Time, serial);
    for (const { message, code } of read) {
      this.#logger.debug({ kind: message.kind, result: resultName(code) }, "message read");
      if (message.kind !== MESSAGE_FORCED) continue;
      const forced = decodeTransaction(message.payload, 0n, true);
      if (forced !== undefined && code === ResultCode.OK)
        reviewAccounts(this.#orders, this.situation, accountsOf(forced));
    }
    closeEnded(this.#orders, this.situation);
    if (read.some(({ message }) => message.kind === MESSAGE_FIX_PRICE)) this.#settlement.search();
    return batch;
  }

  /** Seals the open batch. */
  sealBatch(): SealedBatch {
    return this.#plan.sealBatch();
  }

  /** Drops the open batch, which has no item. */
  discardOpen(): PlannedBatch {
    return this.#plan.discardOpen();
  }

  /** Takes an order in: judges it, matches it, and lets the rest of it rest. */
  placeOrder(signed: SignedOrder): OrderOutcome {
    const remaining = judgeOrder(this.situation, signed);
    if (typeof remaining !== "bigint") return { accepted: false, refusal: remaining };
    const busy = this.#nonceRefusal(signed);
    if (busy !== undefined) return { accepted: false, refusal: busy };
    return this.#enter(newRecord(this.takeId(), signed, remaining));
  }

  /** Puts an order that was accepted before back into the exchange, at its old place in time. */
  restoreOrder(id: number, signed: SignedOrder, status: OrderRecord["status"], lastItem: number): void {
    this.#orders.keep({ ...newRecord(id, signed, 0n), status, lastItem });
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
        this.#orders.close(record, dead?.reason ?? "NonceUsed");
        continue;
      }
      if (this.book.inSlot(record.account, record.nonce) !== undefined) {
        this.#orders.close(record, "RingSlotBusy");
        continue;
      }
      record.remaining = remaining;
      record.status = "live";
      const outcome = this.#enter(record);
      if (!outcome.accepted) this.#orders.close(record, outcome.refusal.reason);
    }
  }

  /** Executes a signed transaction of an account. */
  placeTransaction(transaction: AccountTransaction): TransactionOutcome {
    const refusal = transactionRefusal(transaction, this.builder.l2Time);
    if (refusal !== undefined) return { accepted: false, refusal };
    for (const account of accountsOf(transaction)) this.settleAccount(account);
    const result = this.append(transaction);
    if ("reason" in result) return { accepted: false, refusal: refuse(result.reason) };
    reviewAfter(this.#orders, this.situation, transaction);
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
  ): PlannedItem | ItemRefusal {
    const result = this.#plan.append(transaction, series, id);
    if ("id" in result && transaction.type === TX_FILL) this.#orders.noteFill(transaction, result.id);
    return result;
  }

  /** Settles an account in every fixed expiry in which it still holds something, before anything else touches it. */
  settleAccount(account: number): void {
    this.#settlement.settleAccount(account);
  }

  /** Makes at most `limit` Settle transactions of what is due, and returns how many there were. */
  settleDue(limit: number): number {
    return this.#settlement.settleDue(limit);
  }

  /**
   * Executes an item of a batch that has to be built again.
   *
   * @returns Why it can't be executed any more, if so.
   */
  replay({ id, transaction }: PlannedItem): RefusalReason | undefined {
    if (transaction.type === TX_SETTLE) {
      const { market, day, accounts } = transaction;
      const expiry = (market << 16) | day;
      return this.#settlement.settle({ expiry, accounts }, id) ? undefined : "NothingToSettle";
    }
    const { l2Time } = this.builder;
    if (transaction.type !== TX_FILL) {
      const refusal = "auth" in transaction ? transactionRefusal(transaction, l2Time) : undefined;
      if (refusal !== undefined) return refusal.reason;
      const result = this.append(transaction, undefined, id);
      return "reason" in result ? result.reason : undefined;
    }
    const fill = presentFill(this.#plan.state, this.#orders, transaction);
    if (fill === undefined) return "OrderUnknown";
    const late = [fill.tx.maker, fill.tx.taker].some((order) => !order.stored && order.deadline < l2Time);
    if (late) return "Expired";
    const result = this.append(fill.tx, fill.series, id);
    return "reason" in result ? result.reason : undefined;
  }

  /** The maker's or taker's order as a Fill has to carry it now. */
  wireMaker(record: OrderRecord): WireMakerOrder | OrderReference {
    return presentMaker(this.#plan.state, record);
  }

  /** See {@link wireMaker}. */
  wireTaker(record: OrderRecord): WireOrder | OrderReference {
    return presentTaker(this.#plan.state, record);
  }

  /** Takes a maker out of the book for a reason. */
  removeMaker(record: OrderRecord, reason: RefusalReason): void {
    this.#orders.remove(record, reason);
  }

  /** Forgets orders that nothing can bring back. */
  forgetOrder(record: OrderRecord): void {
    this.#orders.forget(record);
  }

  #enter(record: OrderRecord): OrderOutcome {
    const { terms } = record.signed;
    if (terms.postOnly && this.book.firstAgainst(record) !== undefined) {
      return { accepted: false, refusal: refuse("PostOnlyTakes") };
    }
    const { fills, stopped } = matchOrder(this, record);
    if (fills.length === 0 && stopped !== undefined) return { accepted: false, refusal: refuse(stopped) };
    this.#orders.keep(record);
    this.changes.orders.add(record);
    if (record.remaining === 0n) record.status = "filled";
    else if (stopped !== undefined) record.status = stopped;
    else this.book.add(record);
    return { accepted: true, id: record.id, fills, status: record.status, remaining: record.remaining };
  }

  /** Whether the nonce stands in the way of something that was accepted before. */
  #nonceRefusal(signed: SignedOrder): Refusal | undefined {
    const { account, nonce } = signed.terms;
    const known = this.#orders.find(signed.terms);
    if (known !== undefined && (known.status === "live" || isStored(this.#plan.state, known.signed))) {
      return refuse(equalBytes(known.signed.signature, signed.signature) ? "Duplicate" : "NonceUsed");
    }
    return this.book.inSlot(account, nonce) === undefined ? undefined : refuse("RingSlotBusy");
  }
}
