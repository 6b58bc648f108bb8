import type { MachineConfig } from "../machine/Execution.ts";
import { MESSAGE_FIX_PRICE, MESSAGE_FORCED } from "../machine/Inputs.ts";
import { expiryOf } from "../machine/Positions.ts";
import { ResultCode, resultName } from "../machine/ResultCodes.ts";
import type { SignedReport } from "../machine/OracleReports.ts";
import type { Account, Market } from "../machine/Slots.ts";
import type { State } from "../machine/State.ts";
import {
  decodeTransaction,
  TX_COLLECT_FEES,
  type TX_SETTLE,
  type OrderReference,
  type Transaction,
  type WireMakerOrder,
  type WireTakerOrder,
} from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import { accountsOf, transactionRefusal, type SubmittedTransaction } from "./AccountTransaction.ts";
import type { BatchBuilder, SealedBatch } from "./BatchBuilder.ts";
import { BatchPlan, type ItemRefusal } from "./BatchPlan.ts";
import { closeEnded, reviewAccounts, reviewAfter } from "./BookUpkeep.ts";
import { Changes } from "./Changes.ts";
import type { Checkpoint, L1View } from "./DerivedState.ts";
import type { JournalWithdrawal } from "./Journal.ts";
import type { Situation } from "./Judge.ts";
import { MakerProtection } from "./MakerProtection.ts";
import type { Venue } from "./Matching.ts";
import type { OrderBook } from "./OrderBook.ts";
import type { OrderRecord, PlannedBatch, PlannedItem } from "./OrderRecord.ts";
import { appendItem, replayItem } from "./ItemReplay.ts";
import { OrderEntry } from "./OrderEntry.ts";
import { newRecord, Orders } from "./Orders.ts";
import { marketOf, presentMaker, presentTaker } from "./Presentation.ts";
import { refuse, type Refusal, type RefusalReason } from "./Refusal.ts";
import { Routines } from "./Routines.ts";
import type { ExchangeLimits } from "./SequencerOptions.ts";
import type { StandardAccounts } from "./StandardAccounts.ts";
import type { SignedOrder } from "./SignedOrder.ts";
import type { CrossOutcome, OrderOutcome, TransactionOutcome, WithdrawOutcome } from "./Submission.ts";
import { deltaBought, isOutsideBand, trial } from "./Valuation.ts";
import { WithdrawnOrders } from "./WithdrawnOrders.ts";

/**
 * The exchange as the sequencer sees it ahead of L1: the machine with the batches that L1 doesn't have yet, and the book. It
 * does no I/O and knows no clock; everything that it changes is collected in {@link Exchange.changes} for the journal.
 */

/** The soft state. */
export class Exchange implements Venue {
  readonly config: MachineConfig;
  readonly limits: ExchangeLimits;
  readonly changes = new Changes();
  /** How much of an account's quotes may be taken at once. */
  readonly protection = new MakerProtection();
  readonly #plan: BatchPlan;
  readonly #orders: Orders;
  readonly #entry: OrderEntry;
  readonly #routines: Routines;
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
    this.#plan = new BatchPlan(config, limits, from, l1, this.changes, logger, nextId, (item) => {
      this.#routines.note(item);
    });
    this.#orders = new Orders(this.changes, logger, new WithdrawnOrders(limits));
    this.#entry = new OrderEntry(this.#plan, this.#orders, this.changes, this, this.protection);
    this.#routines = new Routines(this.#plan, config, limits, logger);
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

  /** Those of them that their signers have taken back, in the order in which they did. */
  get withdrawnRecords(): ReadonlySet<OrderRecord> {
    return this.#orders.withdrawnRecords;
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

  /** The soft state: for reading. */
  get state(): State {
    return this.#plan.state;
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

  /** Sets the present, seconds: to be called before anything is changed. What was taken back too long ago is forgotten. */
  setTime(now: bigint): void {
    this.protection.now = now;
    if (this.#orders.withdrawn.pass(now)) this.changes.endedWithdrawals = now;
  }

  /** Goes back to a state of L1 with an empty book; the caller replays what is still to come. */
  reset(from: Checkpoint, l1: L1View): void {
    this.#plan.reset(from, l1);
    this.book.clear();
    this.changes.drop();
    this.#routines.search();
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
      if (forced === undefined) continue;
      this.#routines.note(forced);
      if (code === ResultCode.OK) reviewAccounts(this.#orders, this.situation, accountsOf(forced));
    }
    closeEnded(this.#orders, this.situation);
    if (read.some(({ message }) => message.kind === MESSAGE_FIX_PRICE)) this.#routines.searchSettlements();
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
    const outcome = this.#entry.place(signed);
    this.#routines.liquidate();
    return outcome;
  }

  /** Fills two orders with each other, past the book. */
  crossOrders(maker: SignedOrder, taker: SignedOrder): CrossOutcome {
    const outcome = this.#entry.cross(maker, taker);
    this.#routines.liquidate();
    return outcome;
  }

  /**
   * Takes those of the orders out of the book that are the account's and rest. Nothing of it gets into a batch: their signatures
   * stay good, and whoever has them could still bring them to L1.
   */
  withdrawOrders(account: number, ids: readonly number[]): WithdrawOutcome {
    const resting = ids.flatMap((id) => this.orders.get(id) ?? []).filter((order) => order.status === "live");
    const withdrawn = resting.filter((order) => order.account === account);
    for (const order of withdrawn) this.#orders.remove(order, "Withdrawn");
    return { accepted: true, withdrawn: withdrawn.map(({ id }) => id) };
  }

  /** Remembers what was taken back before. */
  restoreWithdrawal(withdrawal: JournalWithdrawal): void {
    this.#orders.withdrawn.restore(withdrawal);
  }

  /** Puts an order that was accepted before back into the exchange, at its old place in time. */
  restoreOrder(id: number, signed: SignedOrder, status: OrderRecord["status"], lastItem: number): void {
    this.#orders.keep({ ...newRecord(id, signed, 0n), status, lastItem });
  }

  /** Puts all orders that are not closed back into the book, oldest first, after a replay. */
  reenterOrders(): void {
    this.#entry.reenter();
  }

  /** Executes a signed transaction of an account, or one that anybody may submit. */
  placeTransaction(transaction: SubmittedTransaction): TransactionOutcome {
    const refusal = transactionRefusal(transaction, this.builder.l2Time);
    if (refusal !== undefined) return { accepted: false, refusal };
    this.#routines.prepareFor(transaction);
    const result = this.append(transaction);
    if (!("reason" in result)) reviewAfter(this.#orders, this.situation, transaction);
    this.#routines.liquidate();
    return "reason" in result ? { accepted: false, refusal: refuse(result.reason) } : { accepted: true, id: result.id };
  }

  /**
   * Takes reports of the oracle.
   *
   * @param time The present, seconds; the open batch may be older.
   * @returns Of each why not, if so.
   */
  takeReports(reports: readonly SignedReport[], time: bigint): (Refusal | undefined)[] {
    const refusals = this.#routines.takeReports(reports, time);
    this.#routines.liquidate();
    return refusals;
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
    return appendItem(this.#plan, this.#orders, transaction, series, id);
  }

  /** Who is short on standard margin, and who is in an auction. */
  get standardAccounts(): StandardAccounts {
    return this.#routines.accounts;
  }

  /** Settles what is due of two accounts before they trade, and renews the marks that they are judged by. */
  prepareFill(maker: number, taker: number, series: bigint): void {
    this.#routines.prepareFill(maker, taker, series);
  }

  /** Whether an order could not fill now at its own limit, because its account is on standard margin. */
  isOutsideBand({ account, series, price }: OrderRecord): boolean {
    const opened = this.account(account);
    if (opened === undefined) return false;
    return isOutsideBand(trial(this.config, this.#plan.state.root, this.builder.now), opened, series, price);
  }

  /** What an order has been charged so far, 1e-15 USDC. */
  feeAccrued({ account, nonce }: OrderRecord): bigint {
    const slot = this.#plan.state.openOrder(account, nonce);
    return slot?.nonce === nonce ? slot.feeAccrued : 0n;
  }

  /** Counts a fill against the maker's own limits, and closes its quotes if they are hit. */
  protectMaker({ account, series, sell }: OrderRecord, quantity: bigint): void {
    const delta = (): bigint => {
      const execution = trial(this.config, this.#plan.state.root, this.builder.now);
      return deltaBought(execution, series, sell ? -quantity : quantity);
    };
    for (const { scope, frozen } of this.protection.count(account, expiryOf(series), quantity, delta)) {
      for (const order of this.book.ofAccount(account)) {
        if (MakerProtection.covers(scope, expiryOf(order.series))) this.#orders.remove(order, "MakerProtection");
      }
      this.changes.events.push({ kind: "protected", account, scope, until: frozen?.until });
    }
  }

  /** Works on what is due: at most `limit` Settle transactions, and liquidations. */
  work(limit: number): void {
    this.#routines.settleDue(limit);
    this.#routines.liquidate();
  }

  /**
   * Executes an item of a batch that has to be built again.
   *
   * @returns Why it can't be executed any more, if so.
   */
  replay(item: PlannedItem): RefusalReason | undefined {
    return replayItem(this.#plan, this.#orders, this.#routines, item);
  }

  /** The maker's or taker's order as a Fill has to carry it now. */
  wireMaker(record: OrderRecord): WireMakerOrder | OrderReference {
    return presentMaker(this.#plan.state, record);
  }

  /** See {@link wireMaker}. */
  wireTaker(record: OrderRecord, price: bigint): WireTakerOrder | OrderReference {
    return presentTaker(this.#plan.state, record, price);
  }

  /** Takes a maker out of the book for a reason. */
  removeMaker(record: OrderRecord, reason: RefusalReason): void {
    this.#orders.remove(record, reason);
  }

  /** Forgets an order that no batch needs; if it was taken back, it stays so. */
  forgetOrder(record: OrderRecord): void {
    this.#orders.forget(record);
  }
}
