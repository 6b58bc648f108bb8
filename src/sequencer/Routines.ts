import { MODE_STANDARD } from "../machine/Constants.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { SignedReport } from "../machine/OracleReports.ts";
import { expiriesOf, expiryOf } from "../machine/Positions.ts";
import { TX_ORACLE_REPORT, TX_SET_MODE, type Transaction } from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import { accountsOf, type SubmittedTransaction } from "./AccountTransaction.ts";
import type { BatchPlan } from "./BatchPlan.ts";
import { LiquidationRoutine } from "./LiquidationRoutine.ts";
import { OracleFeed, type OracleFeedOptions } from "./OracleFeed.ts";
import type { Refusal } from "./Refusal.ts";
import { SettlementRoutine, type SettlementChunk } from "./SettlementRoutine.ts";
import { StandardAccounts } from "./StandardAccounts.ts";

/** How much of its own the sequencer does between what traders submit. */
export interface RoutineOptions extends OracleFeedOptions {
  /** Most accounts that are looked at for liquidation after one submission, report or tick. */
  readonly liquidationsPerTurn: number;
}

/** What the sequencer does by itself: it settles, keeps marks recent, and liquidates. */
export class Routines {
  readonly #plan: BatchPlan;
  readonly #options: RoutineOptions;
  readonly #accounts = new StandardAccounts();
  readonly #settlement: SettlementRoutine;
  readonly #feed: OracleFeed;
  readonly #liquidation: LiquidationRoutine;

  constructor(plan: BatchPlan, config: MachineConfig, options: RoutineOptions, logger: Logger) {
    this.#plan = plan;
    this.#options = options;
    this.#settlement = new SettlementRoutine(plan);
    this.#feed = new OracleFeed(plan, config, options, logger);
    this.#liquidation = new LiquidationRoutine({
      plan,
      config,
      accounts: this.#accounts,
      feed: this.#feed,
      settleAccount: (account) => {
        this.settleAccount(account);
      },
      logger,
      spotAge: options.heartbeat,
    });
  }

  /** Who can be liquidated: for reading. */
  get accounts(): StandardAccounts {
    return this.#accounts;
  }

  /** Looks through the whole state, after it has become another. */
  search(): void {
    this.#settlement.search();
    this.#accounts.search(this.#plan.state.root);
    this.#liquidation.search();
  }

  /** Looks for what can be settled, after a price was fixed. */
  searchSettlements(): void {
    this.#settlement.search();
  }

  /** Takes note of a transaction that was executed. */
  note(transaction: Transaction): void {
    for (const account of accountsOf(transaction)) this.#accounts.note(account, this.#plan.state);
    if (transaction.type === TX_ORACLE_REPORT) this.#liquidation.marksChanged(transaction.market);
  }

  /** Prepares the accounts of a transaction. */
  prepareFor(transaction: SubmittedTransaction): void {
    this.#prepare(accountsOf(transaction), undefined, transaction.type === TX_SET_MODE);
  }

  /** Prepares two accounts that trade a series. */
  prepareFill(maker: number, taker: number, series: bigint): void {
    this.#prepare([maker, taker], expiryOf(series));
  }

  /**
   * Takes reports of the oracle, and puts one of each market into the batch if it is time for one.
   *
   * @param time The present, seconds.
   */
  takeReports(reports: readonly SignedReport[], time: bigint): (Refusal | undefined)[] {
    const refusals = reports.map((report) => this.#feed.take(report, time));
    for (const market of new Set(reports.map((report) => report.market))) {
      if (this.#accounts.isAnyShortIn(market)) this.#feed.beat(market);
    }
    return refusals;
  }

  /** Looks at accounts whose marks have changed. */
  liquidate(): void {
    this.#liquidation.work(this.#options.liquidationsPerTurn);
  }

  /** Settles an account in every fixed expiry in which it still holds something. */
  settleAccount(account: number): void {
    this.#settlement.settleAccount(account);
  }

  /** Makes at most `limit` Settle transactions of what is due, and returns how many there were. */
  settleDue(limit: number): number {
    const made = this.#settlement.settleDue(limit);
    this.#liquidation.collect();
    return made;
  }

  /** Settles a chunk that was settled before; whether there was anything. */
  settle(chunk: SettlementChunk, id: number): boolean {
    return this.#settlement.settle(chunk, id);
  }

  /**
   * Prepares accounts for a transaction: settles what is due of them, and renews the marks that those on standard margin are
   * judged by.
   *
   * @param expiry The one that is traded, market u8 ‖ day u16.
   * @param becomesStandard Whether the transaction puts the accounts on standard margin.
   */
  #prepare(accounts: readonly number[], expiry?: number, becomesStandard = false): void {
    const expiries = new Set<number>();
    for (const account of accounts) {
      this.settleAccount(account);
      const opened = this.#plan.state.openAccount(account);
      if (opened === undefined || (opened.mode !== MODE_STANDARD && !becomesStandard)) continue;
      for (const held of expiriesOf(opened.positions)) expiries.add(held);
      if (expiry !== undefined) expiries.add(expiry);
    }
    if (expiries.size > 0) this.#feed.ensure(expiries);
  }
}
