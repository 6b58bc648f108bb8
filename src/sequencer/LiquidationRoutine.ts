import { AUCTION_DUE, AUCTION_LENGTH, FUND_ACCOUNT, FUND_ACCOUNTS } from "../machine/Constants.ts";
import { assess } from "../machine/LiquidationExecutor.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { expiriesOf } from "../machine/Positions.ts";
import type { Account } from "../machine/Slots.ts";
import {
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_START_AUCTION,
  type CollectFund,
  type EndAuction,
  type FundBid,
  type StartAuction,
} from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import type { BatchPlan } from "./BatchPlan.ts";
import { largestFundBid } from "./FundBids.ts";
import type { OracleFeed } from "./OracleFeed.ts";
import type { StandardAccounts } from "./StandardAccounts.ts";
import { trial } from "./Valuation.ts";

/** How an account is prepared before it is looked at. */
export interface LiquidationParts {
  readonly plan: BatchPlan;
  readonly config: MachineConfig;
  readonly accounts: StandardAccounts;
  readonly feed: OracleFeed;
  /** Settles what is due of an account. */
  readonly settleAccount: (account: number) => void;
  readonly logger: Logger;
  /** Age in seconds beyond which the spot of another market is renewed before an account is judged by it. */
  readonly spotAge: bigint;
}

/** Auctions what is below maintenance, ends what has recovered, and has the fund bid when nobody else did. */
export class LiquidationRoutine {
  readonly #parts: LiquidationParts;
  /** Accounts to look at, in this order. */
  readonly #due = new Set<number>();

  constructor(parts: LiquidationParts) {
    this.#parts = parts;
  }

  /** Notes that marks of a market have changed: whoever is short there, or in an auction, is looked at. */
  marksChanged(market: number): void {
    const { accounts } = this.#parts;
    for (const account of accounts.shortIn(market)) this.#due.add(account);
    for (const account of accounts.inAuction) this.#due.add(account);
  }

  /** Forgets what was due and looks at everybody again. */
  search(): void {
    this.#due.clear();
    for (const market of this.#parts.accounts.markets) this.marksChanged(market);
    for (const account of this.#parts.accounts.inAuction) this.#due.add(account);
  }

  /**
   * Looks at accounts that are due.
   *
   * @param limit Most accounts at once, so that trading is not held up.
   * @returns The number of transactions made.
   */
  work(limit: number): number {
    let made = 0;
    for (let looked = 0; looked < limit; looked++) {
      const [account] = this.#due;
      if (account === undefined) break;
      this.#due.delete(account);
      if (this.#look(account)) made++;
    }
    return made;
  }

  /** Returns to the fund what its accounts hold once they have no positions left. */
  collect(): void {
    const { plan, logger } = this.#parts;
    for (let fund = 0; fund < FUND_ACCOUNTS; fund++) {
      const account = plan.state.openAccount(FUND_ACCOUNT + fund);
      // While there are positions the cash may be needed, and a fund account in debt could not bid.
      if (account === undefined || account.cash === 0n || account.positions.length > 0) continue;
      const result = this.#append({ type: TX_COLLECT_FUND, fund });
      if (result) logger.info({ fund, amount: account.cash }, "fund collected");
    }
  }

  #look(number: number): boolean {
    const { plan, accounts, feed, settleAccount, logger } = this.#parts;
    settleAccount(number);
    const before = plan.state.openAccount(number);
    if (before === undefined) return false;
    feed.ensure(expiriesOf(before.positions), this.#parts.spotAge);
    const transaction = this.#decide(number, before);
    if (transaction === undefined || !this.#append(transaction)) return false;
    logger.info({ account: number, type: transaction.type }, "liquidation");
    // More may be for sale than one bid of the fund could take.
    if ("fund" in transaction && accounts.inAuction.includes(number)) this.#due.add(number);
    return true;
  }

  #decide(number: number, account: Account): StartAuction | EndAuction | FundBid | undefined {
    const { plan, config } = this.#parts;
    const { now } = plan.builder;
    const { root } = plan.state;
    const execution = trial(config, root, now);
    const health = assess(execution, account);
    if (typeof health === "number") return undefined;
    const { auction } = account;
    if (auction !== 0n && health.maintenanceExcess >= 0n) return { type: TX_END_AUCTION, account: number };
    if (auction === 0n || now > auction + AUCTION_LENGTH) {
      const isBelow = health.maintenanceExcess < 0n && account.positions.length > 0;
      return isBelow ? { type: TX_START_AUCTION, account: number } : undefined;
    }
    return now >= auction + AUCTION_DUE ? largestFundBid(config, root, now, number) : undefined;
  }

  /** Whether the machine took it. */
  #append(transaction: StartAuction | EndAuction | FundBid | CollectFund): boolean {
    const { plan, logger } = this.#parts;
    const result = plan.append(transaction);
    if ("id" in result) return true;
    logger.debug({ type: transaction.type, reason: result.reason }, "liquidation refused");
    return false;
  }
}
