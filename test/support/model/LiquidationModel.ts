import type { Transaction } from "../../../src/machine/Wire.ts";
import { excesses, hasMark, standardRequirements, valueOf, type ExpiryView } from "./MarginModel.ts";
import {
  FIRST_FUND_ACCOUNT,
  LIQUIDATION_AGE,
  SPOT_AGE,
  type AccountRecord,
  type ModelContext,
  type ModelState,
} from "./ModelState.ts";
import {
  demand,
  distinctNames,
  expiryName,
  isShortIn,
  larger,
  LARGEST_QUANTITY,
  marketName,
  refuse,
  roundUp,
  shortQuantity,
  size,
  smaller,
  ZERO_ADDRESS,
  type Holdings,
} from "./words.ts";

/** Auctions of accounts that fall below maintenance, and the insurance fund's own accounts. */

type Of<T extends number> = Extract<Transaction, { type: T }>;

const WHOLE = 1_000_000_000n;
const AUCTION_LENGTH = 7200n;
/** What the fund takes over is asked at least 1,000 USDC to stay. */
const FUND_LEAST = 1_000_000_000n;

/** How an account stands in liquidation, 1e-6 USDC. */
export interface Standing {
  /** The maintenance requirement of what has recent marks, and the excess over it. */
  readonly maintenance: bigint;
  readonly excess: bigint;
  /** The excess less the buffer of 15 % of what is asked of the shorts beyond their marks. */
  readonly buffered: bigint;
  /** Worth of cash and positions at the marks, before the debt; negative if the shorts are worth more than all else. */
  readonly value: bigint;
  readonly debt: bigint;
}

/** Whether a view says what its options are worth now, not only what they were worth once. */
export function isKnown(view: ExpiryView): boolean {
  return view.phase !== "stale" && hasMark(view);
}

/** Those of the positions whose expiry has such a view. */
function whose(
  positions: Holdings,
  views: ReadonlyMap<string, ExpiryView>,
  test: (view: ExpiryView) => boolean,
): Holdings {
  return new Map([...positions].filter(([name]) => test(views.get(expiryName(name))!)));
}

/** The standing of an account. */
export function standingOf(
  account: Pick<AccountRecord, "cash" | "debt" | "positions">,
  views: ReadonlyMap<string, ExpiryView>,
): Standing {
  const { cash, debt, positions } = account;
  const known = whose(positions, views, isKnown);
  const { maintenance } = standardRequirements(known, views);
  const shorts = new Map([...known].filter(([, quantity]) => quantity < 0n));
  const buffer = roundUp(15n * larger(0n, maintenance + valueOf(shorts, views)), 100n);
  const excess = cash - debt - maintenance;
  const buffered = excess - buffer;
  const value = cash + valueOf(whose(positions, views, hasMark), views);
  return { maintenance, excess, buffered, value, debt };
}

/** What a bidder pays of an account's value, in parts of 10,000: 95 % to 70 % in 15 minutes, to nothing in an hour. */
export function discountFactor(elapsed: bigint): bigint {
  if (elapsed <= 900n) return 9500n - (2500n * elapsed) / 900n;
  if (elapsed <= 3600n) return 7000n - (7000n * (elapsed - 900n)) / 2700n;
  return 0n;
}

/**
 * The part of an account, of 10^9, whose sale brings the buffered excess back to zero. The debt stays whole, so the larger
 * it is the more has to be sold; all of it, if not even that is enough.
 */
export function largestPart(
  { buffered, value, debt }: Pick<Standing, "buffered" | "value" | "debt">,
  factor: bigint,
): bigint {
  const missing = -buffered * 10_000n;
  const freed = factor * larger(0n, value) + missing - debt * 10_000n;
  return freed <= missing ? WHOLE : (WHOLE * missing) / freed;
}

/** Refuses when there are positions and nothing recent is known of any. */
function demandMarks(views: ReadonlyMap<string, ExpiryView>): void {
  demand(views.size === 0 || [...views.values()].some(isKnown), "MarksStale");
}

export function startAuction(state: ModelState, context: ModelContext, tx: Of<0x0a>): void {
  const account = state.account(tx.account);
  const liable = account.mode === 1 && account.owner !== ZERO_ADDRESS && account.positions.size > 0;
  demand(liable, "NotLiquidatable");
  demand(account.auction === 0n || context.now > account.auction + AUCTION_LENGTH, "AuctionRunning");
  const views = state.views(account.positions, context.now, LIQUIDATION_AGE);
  demandMarks(views);
  demand(standingOf(account, views).excess < 0n, "NotLiquidatable");
  state.accounts.set(String(tx.account), { ...account, auction: context.now });
}

export function endAuction(state: ModelState, context: ModelContext, tx: Of<0x0b>): void {
  const account = state.account(tx.account);
  demand(account.auction !== 0n, "AuctionMissing");
  const views = state.views(account.positions, context.now, LIQUIDATION_AGE);
  demandMarks(views);
  demand(standingOf(account, views).excess >= 0n, "AuctionRunning");
  state.accounts.set(String(tx.account), { ...account, auction: 0n });
}

/** What a bid takes out of an account in auction. */
interface Taken {
  readonly positions: Holdings;
  readonly cash: bigint;
  readonly payment: bigint;
}

function add(positions: Holdings, others: Holdings, sign: bigint): Map<string, bigint> {
  const sum = new Map(positions);
  for (const [name, quantity] of others) {
    const total = (sum.get(name) ?? 0n) + sign * quantity;
    if (total === 0n) sum.delete(name);
    else sum.set(name, total);
  }
  return sum;
}

/** The side of the account in auction. */
function take(
  state: ModelState,
  context: ModelContext,
  id: number,
  fraction: bigint,
  limit: bigint | undefined,
): Taken {
  const account = state.account(id);
  const running = account.auction !== 0n && context.now <= account.auction + AUCTION_LENGTH;
  demand(running, "AuctionMissing");
  const views = state.views(account.positions, context.now, LIQUIDATION_AGE);
  demandMarks(views);
  const standing = standingOf(account, views);
  demand(standing.excess < 0n, "NotLiquidatable");
  const factor = discountFactor(context.now - account.auction);
  const value = larger(0n, standing.value);
  if (limit === undefined) {
    demand(factor === 0n, "FundNotDue");
  } else {
    // Nobody who names a limit wants to be given a loss.
    demand(standing.value >= 0n && roundUp(factor * value, 10_000n) <= limit, "BidAboveLimit");
  }
  const largest = largestPart(standing, factor);
  const part = smaller(fraction, largest);
  if (limit === undefined) demand(standing.maintenance * part >= FUND_LEAST * WHOLE, "BidTooSmall");
  const payment = roundUp(factor * value * part, 10_000n * WHOLE);

  const moved = new Map<string, bigint>();
  for (const [name, quantity] of account.positions) {
    const { lot } = state.markets.get(marketName(name))!;
    // Against the bidder: too little of a long, too much of a short. The fund did not choose its bid: too little of both.
    const little = ((size(quantity) * part) / WHOLE / lot) * lot;
    const much = roundUp(roundUp(size(quantity) * part, WHOLE), lot) * lot;
    const whole = quantity > 0n ? little : -smaller(limit === undefined ? little : much, size(quantity));
    if (whole !== 0n) moved.set(name, whole);
  }
  demand(moved.size > 0, "BidTooSmall");
  const cash = (account.cash * part) / WHOLE;
  const positions = add(account.positions, moved, -1n);
  const over = part === largest || positions.size === 0;
  const auction = over ? 0n : account.auction;
  state.accounts.set(String(id), { ...account, auction, cash: account.cash - cash, positions });
  // The debt comes first.
  state.credit(id, payment);
  const rest = standingOf(state.account(id), views);
  demand(rest.buffered > standing.buffered, "BidTooSmall");
  if (limit === undefined && !over) demand(rest.maintenance >= FUND_LEAST, "BidTooSmall");
  return { positions: moved, cash, payment };
}

/** The positions of an account that takes others over. */
function takeOver(account: AccountRecord, moved: Holdings): Map<string, bigint> {
  const positions = add(account.positions, moved, 1n);
  demand(
    [...positions.values()].every((quantity) => size(quantity) <= LARGEST_QUANTITY),
    "PositionLimit",
  );
  demand(positions.size <= 64, "PositionCap");
  demand(new Set([...positions.keys()].map(expiryName)).size <= 8, "ExpiryCap");
  return positions;
}

/** Counts shorts and exposure of the two accounts again, given what they were before. */
function recount(state: ModelState, moved: Holdings, before: ReadonlyMap<number, AccountRecord>): void {
  const both = [...before].map(([id, was]) => ({ was, is: state.account(id) }));
  for (const expiry of distinctNames([...moved.keys()].map(expiryName))) {
    for (const { was, is } of both)
      state.changeShorts(expiry, Number(isShortIn(is.positions, expiry)) - Number(isShortIn(was.positions, expiry)));
  }
  for (const market of distinctNames([...moved.keys()].map(marketName))) {
    for (const { was, is } of both) {
      if (was.mode !== 1) continue;
      state.changeExposure(market, shortQuantity(is.positions, market) - shortQuantity(was.positions, market));
    }
  }
}

export function bid(state: ModelState, context: ModelContext, tx: Of<0x0c>): void {
  if (tx.auth !== undefined) {
    demand(tx.auth.deadline >= context.now, "Expired");
    state.spendNonce(tx.bidder, tx.auth.nonce);
  }
  demand(tx.bidder !== tx.account, "SelfTrade");
  const target = state.account(tx.account);
  const taken = take(state, context, tx.account, tx.fraction, tx.limit);
  const { account, bidder: who, fraction, limit } = tx;
  const value = { account, bidder: who, fraction, limit };
  // The nonce is used up already: only the account and its owner are looked at here.
  const bidder = state.account(who);
  state.demandOwner(context, bidder, tx.auth, "Bid", value);
  demand(bidder.debt === 0n, "AccountInDebt");
  const cash = bidder.cash + taken.cash - taken.payment;
  demand(cash >= 0n, "InsufficientCash");
  const after = { ...bidder, auction: 0n, cash, positions: takeOver(bidder, taken.positions) };
  state.demandFreshAnchors(after, context.now);
  demand(state.excessesOf(after, context.now).initial >= 0n, "InsufficientMargin");
  state.accounts.set(String(who), after);
  recount(
    state,
    taken.positions,
    new Map([
      [account, target],
      [who, bidder],
    ]),
  );
}

export function fundBid(state: ModelState, context: ModelContext, tx: Of<0x0d>): void {
  const who = FIRST_FUND_ACCOUNT + tx.fund;
  demand(tx.account < FIRST_FUND_ACCOUNT, "SelfTrade");
  const target = state.account(tx.account);
  const taken = take(state, context, tx.account, tx.fraction, undefined);
  const fund = state.account(who);
  demand(fund.debt === 0n, "AccountInDebt");
  const positions = takeOver(fund, taken.positions);
  const received = { ...fund, cash: fund.cash + taken.cash, positions };
  const views = state.views(positions, context.now, SPOT_AGE);
  const missing = larger(0n, -excesses(received, views).initial);
  demand(missing === 0n || missing <= state.fund() / 4n, "InsufficientMargin");
  state.changeGlobals({ fund: -missing });
  state.accounts.set(String(who), { ...received, cash: received.cash + missing });
  recount(
    state,
    taken.positions,
    new Map([
      [tx.account, target],
      [who, fund],
    ]),
  );
}

export function collectFund(state: ModelState, context: ModelContext, tx: Of<0x0e>): void {
  const id = FIRST_FUND_ACCOUNT + tx.fund;
  const account = state.account(id);
  demand(account.debt === 0n, "AccountInDebt");
  const amount = smaller(account.cash, state.excessesOf(account, context.now).initial);
  if (amount <= 0n) refuse("NothingToCollect");
  state.accounts.set(String(id), { ...account, cash: account.cash - amount });
  state.changeGlobals({ fund: amount });
}
