import { excessOf, initialExcess, openForMargin, restsOnStaleAnchor, viewsOf } from "./Assessment.ts";
import { factor, healthOf, largestFraction, paymentUp, type Health } from "./Auction.ts";
import { openAuthorized, spendNonce } from "./Authority.ts";
import {
  AUCTION_LENGTH,
  FRACTION,
  FUND_ACCOUNT,
  FUND_BID,
  FUND_LEAST,
  LIQUIDATION_MAX_AGE,
  MAX_EXPIRIES,
  MAX_POSITIONS,
  MAX_QUANTITY,
  MODE_STANDARD,
} from "./Constants.ts";
import { addToFund, credit, shiftExposure, type Execution } from "./Execution.ts";
import { requirements, valueDown, type ViewOf } from "./Margin.ts";
import { hasMark, isKnown } from "./Marks.ts";
import {
  expiriesOf,
  holdsShort,
  marketOf,
  marketsOf,
  quantityOf,
  shortQuantity,
  withQuantity,
  type Position,
} from "./Positions.ts";
import { ceilDivide } from "./Requirement.ts";
import { ResultCode } from "./ResultCodes.ts";
import type { Account } from "./Slots.ts";
import { bidDigest } from "./TypedData.ts";
import type { Bid, CollectFund, EndAuction, FundBid, StartAuction } from "./Wire.ts";

/** Auctions of accounts below maintenance, and the insurance fund as their last bidder: docs/specification.md, section 6.9. */

/** What a bid takes out of an account. */
interface Lot {
  /** The account after. */
  readonly after: Account;
  /** What goes over, by position; never zero. */
  readonly moved: readonly Position[];
  /** Cash that goes with it, 1e-6 USDC. */
  readonly cash: bigint;
  /** What is paid for it, 1e-6 USDC. */
  readonly payment: bigint;
  readonly before: readonly Position[];
}

/** StartAuction of an account on standard margin below maintenance. */
export function startAuction(execution: Execution, tx: StartAuction): ResultCode {
  const { state, now } = execution;
  const account = state.openAccount(tx.account);
  if (account === undefined) return ResultCode.AccountUnknown;
  if (account.mode !== MODE_STANDARD || tx.account >= FUND_ACCOUNT || account.positions.length === 0) {
    return ResultCode.NotLiquidatable;
  }
  if (account.auction !== 0n && now <= account.auction + AUCTION_LENGTH) return ResultCode.AuctionRunning;
  const health = assess(execution, account);
  if (typeof health === "number") return health;
  if (health.maintenanceExcess >= 0n) return ResultCode.NotLiquidatable;
  state.writeAccount(tx.account, { ...account, auction: now });
  return ResultCode.OK;
}

/** EndAuction of an account that has recovered by itself. */
export function endAuction(execution: Execution, tx: EndAuction): ResultCode {
  const { state } = execution;
  const account = state.openAccount(tx.account);
  if (account === undefined) return ResultCode.AccountUnknown;
  if (account.auction === 0n) return ResultCode.AuctionMissing;
  const health = assess(execution, account);
  if (typeof health === "number") return health;
  if (health.maintenanceExcess < 0n) return ResultCode.AuctionRunning;
  state.writeAccount(tx.account, { ...account, auction: 0n });
  return ResultCode.OK;
}

/** Bid: takes over a fraction of an account in auction, longs and cash included, for a part of its value. */
export function bid(execution: Execution, tx: Bid): ResultCode {
  const { state, config } = execution;
  const spent = spendNonce(execution, tx.bidder, tx.auth);
  if (spent !== ResultCode.OK) return spent;
  if (tx.bidder === tx.account) return ResultCode.SelfTrade;
  const lot = takeLot(execution, tx.account, tx.fraction, tx.limit);
  if (typeof lot === "number") return lot;

  const bidder = openAuthorized(execution, tx.bidder, tx.auth, (_owner, auth) =>
    bidDigest(config.domain, tx.account, tx.bidder, tx.fraction, tx.limit, auth.nonce, auth.deadline),
  );
  if (typeof bidder === "number") return bidder;
  if (bidder.debt > 0n) return ResultCode.AccountInDebt;
  if (bidder.cash + lot.cash < lot.payment) return ResultCode.InsufficientCash;
  const positions = merge(bidder.positions, lot.moved);
  if (typeof positions === "number") return positions;
  const after = { ...bidder, auction: 0n, cash: bidder.cash + lot.cash - lot.payment, positions };
  openForMargin(execution, after.mode, after.positions);
  if (restsOnStaleAnchor(execution, after)) return ResultCode.AnchorStale;
  if (excessOf(execution, after) < 0n) return ResultCode.InsufficientMargin;
  state.writeAccount(tx.bidder, after);
  moveCounts(execution, lot, bidder, after);
  return ResultCode.OK;
}

/** FundBid: the insurance fund takes over what nobody else would, once the auction's factor is zero. */
export function fundBid(execution: Execution, tx: FundBid): ResultCode {
  const { state } = execution;
  if (tx.account >= FUND_ACCOUNT) return ResultCode.SelfTrade;
  const lot = takeLot(execution, tx.account, tx.fraction, undefined);
  if (typeof lot === "number") return lot;

  const id = FUND_ACCOUNT + tx.fund;
  const fundAccount = state.openAccount(id);
  if (fundAccount === undefined) return ResultCode.AccountUnknown;
  if (fundAccount.debt > 0n) return ResultCode.AccountInDebt;
  const positions = merge(fundAccount.positions, lot.moved);
  if (typeof positions === "number") return positions;
  const bare = { ...fundAccount, cash: fundAccount.cash + lot.cash, positions };
  const excess = initialExcess(execution, bare);
  const topUp = excess < 0n ? -excess : 0n;
  if (topUp > 0n) {
    const globals = state.openGlobals();
    if (topUp > globals.fund / FUND_BID) return ResultCode.InsufficientMargin;
    state.writeGlobals({ ...globals, fund: globals.fund - topUp });
  }
  // Opened again, for the fund has been written since.
  state.openAccount(id);
  const after = { ...bare, cash: bare.cash + topUp };
  state.writeAccount(id, after);
  moveCounts(execution, lot, fundAccount, after);
  return ResultCode.OK;
}

/** CollectFund: moves what an account of the fund does not need back to the fund. */
export function collectFund(execution: Execution, tx: CollectFund): ResultCode {
  const { state } = execution;
  const id = FUND_ACCOUNT + tx.fund;
  const account = state.openAccount(id);
  if (account === undefined) return ResultCode.AccountUnknown;
  if (account.debt > 0n) return ResultCode.AccountInDebt;
  const excess = initialExcess(execution, account);
  const amount = excess < account.cash ? excess : account.cash;
  if (amount <= 0n) return ResultCode.NothingToCollect;
  state.writeAccount(id, { ...account, cash: account.cash - amount });
  addToFund(execution, amount);
  return ResultCode.OK;
}

/**
 * The health of an account by marks that are recent enough to sell it by. What has none neither brings an account into an
 * auction nor keeps it out: its requirement does not count, and its value by the last mark, if there ever was one.
 */
export function assess(
  execution: Execution,
  account: Account,
  views = viewsOf(execution, LIQUIDATION_MAX_AGE),
): Health | typeof ResultCode.MarksStale {
  openForMargin(execution, account.mode, account.positions);
  const { positions } = account;
  const known = positions.length === 0 || positions.some(({ expiry }) => isKnown(views(expiry)));
  return known ? healthBy(views, account) : ResultCode.MarksStale;
}

/** The health of an account on standard margin by given views. */
function healthBy(views: ViewOf, { cash, debt, positions }: Account): Health {
  const known = positions.filter(({ expiry }) => isKnown(views(expiry)));
  const marked = positions.filter(({ expiry }) => hasMark(views(expiry)));
  const shorts = known.filter(({ quantity }) => quantity < 0n);
  const { maintenance } = requirements(known, views);
  return healthOf(cash, debt, maintenance, valueDown(marked, views), valueDown(shorts, views));
}

/**
 * Takes at most `fraction` of an account in auction out of it, and writes the account.
 *
 * @param limit Most that the bidder would pay for the whole; undefined for the fund, which pays nothing and waits for that.
 */
function takeLot(execution: Execution, id: number, fraction: bigint, limit: bigint | undefined): Lot | ResultCode {
  const { state, now } = execution;
  const account = state.openAccount(id);
  if (account === undefined) return ResultCode.AccountUnknown;
  const { auction } = account;
  if (auction === 0n || now > auction + AUCTION_LENGTH) return ResultCode.AuctionMissing;
  const views = viewsOf(execution, LIQUIDATION_MAX_AGE);
  const health = assess(execution, account, views);
  if (typeof health === "number") return health;
  if (health.maintenanceExcess >= 0n) return ResultCode.NotLiquidatable;
  const rate = factor(now - auction);
  if (limit === undefined) {
    if (rate !== 0n) return ResultCode.FundNotDue;
  } else if (health.value < 0n || paymentUp(health, rate, FRACTION) > limit) {
    // SAFETY: a limit is no less than zero, so an account worth less than nothing is above every one. Only the fund takes it.
    return ResultCode.BidAboveLimit;
  }
  const largest = largestFraction(health, rate);
  const taken = fraction < largest ? fraction : largest;
  if (limit === undefined && health.maintenance * taken < FUND_LEAST * FRACTION) return ResultCode.BidTooSmall;
  const payment = paymentUp(health, rate, taken);
  const cash = (account.cash * taken) / FRACTION;
  const moved = share(execution, account.positions, taken, limit === undefined);
  if (moved.length === 0) return ResultCode.BidTooSmall;
  const positions = moved.reduce(
    (list, { series, quantity }) => withQuantity(list, series, quantityOf(list, series) - quantity),
    account.positions,
  );
  const over = taken === largest || positions.length === 0;
  // The debt is senior to what the owner gets for the assets.
  const paid = credit({ ...account, cash: account.cash - cash }, payment);
  const after = { ...paid.account, auction: over ? 0n : auction, positions };
  // INVARIANT 10: the deficit falls with every bid, which rounding to lots could prevent in a very small one.
  const healthAfter = healthBy(views, after);
  if (healthAfter.bufferedExcess <= health.bufferedExcess) return ResultCode.BidTooSmall;
  // SAFETY: whoever sends the fund's bid could otherwise leave a rest that is too small for the fund and worth nothing to anybody else.
  if (limit === undefined && !over && healthAfter.maintenance < FUND_LEAST) return ResultCode.BidTooSmall;
  state.writeAccount(id, after);
  addToFund(execution, paid.repaid);
  return { after, moved, cash, payment, before: account.positions };
}

/**
 * A fraction of each position in whole lots; without those that come to zero. SAFETY: longs are rounded down and shorts up,
 * as cash is rounded down and the payment up, so no bidder takes cash and leaves the shorts behind it. The fund does not choose
 * what it bids for, whoever sends its bid does; so its shorts are rounded down, or it would get them without the cash.
 */
function share(
  execution: Execution,
  positions: readonly Position[],
  fraction: bigint,
  forFund: boolean,
): readonly Position[] {
  return positions.flatMap((position) => {
    // SAFETY: nobody holds a position in a market that is not listed; its lot is not zero.
    const lot = execution.state.peekMarket(marketOf(position.expiry))?.lot ?? 1n;
    const { quantity } = position;
    if (quantity < 0n && !forFund) {
      const lots = ceilDivide(ceilDivide(-quantity * fraction, FRACTION), lot);
      return [{ ...position, quantity: lots * lot > -quantity ? quantity : -lots * lot }];
    }
    // Division truncates, so both steps round towards zero whatever the sign.
    const moved = ((quantity * fraction) / FRACTION / lot) * lot;
    return moved === 0n ? [] : [{ ...position, quantity: moved }];
  });
}

/** The list with the moved positions added, or why an account cannot hold it. */
function merge(positions: readonly Position[], moved: readonly Position[]): readonly Position[] | ResultCode {
  let list = positions;
  for (const { series, quantity } of moved) {
    const next = quantityOf(list, series) + quantity;
    if (next > MAX_QUANTITY || next < -MAX_QUANTITY) return ResultCode.PositionLimit;
    list = withQuantity(list, series, next);
  }
  if (list.length > MAX_POSITIONS) return ResultCode.PositionCap;
  return expiriesOf(list).length > MAX_EXPIRIES ? ResultCode.ExpiryCap : list;
}

/** Brings the counts of shorts and the exposures up to date: expiries first, then markets, each ascending. */
function moveCounts(execution: Execution, lot: Lot, taker: Account, takerAfter: Account): void {
  const { state } = execution;
  const sides = [
    { mode: lot.after.mode, before: lot.before, after: lot.after.positions },
    { mode: taker.mode, before: taker.positions, after: takerAfter.positions },
  ];
  for (const id of expiriesOf(lot.moved)) {
    const change = sides.reduce(
      (sum, { before, after }) => sum + Number(holdsShort(after, id)) - Number(holdsShort(before, id)),
      0,
    );
    if (change === 0) continue;
    const expiry = state.openExpiry(id);
    state.writeExpiry(id, { ...expiry, shorts: expiry.shorts + change });
  }
  for (const market of marketsOf(lot.moved)) {
    const change = sides
      .filter(({ mode }) => mode === MODE_STANDARD)
      .reduce((sum, { before, after }) => sum + shortQuantity(after, market) - shortQuantity(before, market), 0n);
    shiftExposure(execution, market, change);
  }
}
