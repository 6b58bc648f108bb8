import { FRACTION } from "../machine/Constants.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { Bid } from "../machine/Wire.ts";
import type { Exchange } from "../sequencer/Exchange.ts";
import { signBid } from "../sequencer/Signing.ts";
import { assess } from "../machine/LiquidationExecutor.ts";
import { trial } from "../sequencer/Valuation.ts";
import type { TraderAccount } from "./Traders.ts";

/** A liquidator waits so many seconds from the start of an auction, and from its last bid, for the price to fall. */
const PATIENCE = 600n;
/** One part in so many of an account is what it takes at once. */
const PARTS = 2n;
/** Life of a bid, seconds. */
const BID_LIFE = 120n;

/** A liquidator of a replay: looks for accounts in an auction, and bids for a part of each in turn. */
export class AuctionBidder {
  readonly #config: MachineConfig;
  readonly #account: TraderAccount;
  /** When it bid last, by account in auction, seconds. */
  readonly #bids = new Map<number, bigint>();

  constructor(config: MachineConfig, account: TraderAccount) {
    this.#config = config;
    this.#account = account;
  }

  /** The bids that it makes now. */
  bids(exchange: Exchange): Bid[] {
    const { now, machine } = exchange.builder;
    const made: Bid[] = [];
    for (const account of exchange.standardAccounts.inAuction) {
      const bidder = this.#account.account;
      const opened = exchange.account(account);
      if (bidder === undefined || bidder === account || opened === undefined) continue;
      const last = this.#bids.get(account) ?? 0n;
      if (now < (last > opened.auction ? last : opened.auction) + PATIENCE) continue;
      const health = assess(trial(this.#config, machine.state.root, now), opened);
      if (typeof health === "number" || health.maintenanceExcess >= 0n || health.value < 0n) continue;
      this.#bids.set(account, now);
      const terms = { nonce: ++this.#account.nonce, deadline: now + BID_LIFE };
      // What the account is worth by its marks: the auction asks for less.
      const fields = { account, bidder, fraction: FRACTION / PARTS, limit: health.value };
      made.push(signBid(this.#config.domain, fields, terms, this.#account.privateKey));
    }
    return made;
  }
}
