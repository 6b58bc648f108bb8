import { FUND_SHARE, MAKER_FEE, MAX_PRICE, MAX_QUANTITY, MODE_STANDARD, TAKER_FEE } from "./Constants.ts";
import { initialExcess, isAnchorStale, openForMargin, requirementsOf, viewsOf } from "./Assessment.ts";
import { exceedsCap, inWindow, shiftExposure, signedBy, useKey, type Execution } from "./Execution.ts";
import { accrue, adverseUp, exceedsMaximum, feeUp, lossBoundUp, premium } from "./Fees.ts";
import { checkGrowth, checkOrder } from "./FillChecks.ts";
import {
  dayOf,
  expiryOf,
  holdsShort,
  holdsShortCall,
  isPut,
  marketOf,
  packSeries,
  quantityOf,
  strikeOf,
  withQuantity,
} from "./Positions.ts";
import { closingPrices, driftUp, hasMark, inBand, mark, PHASE_FRESH, quote, type ExpiryView } from "./Marks.ts";
import { ResultCode } from "./ResultCodes.ts";
import { expiryTime, isSpent, KIND_ORDER, SCOPE_TRADE, type Account, type Market, type Order } from "./Slots.ts";
import { orderDigest } from "./TypedData.ts";
import {
  FLAG_FILL_OR_KILL,
  FLAG_FORCIBLE,
  FLAG_IMMEDIATE_OR_CANCEL,
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  FLAG_SELL,
  type Fill,
  type OrderReference,
  type WireMakerOrder,
  type WireTakerOrder,
} from "./Wire.ts";

/** The fill of one taker's order with one maker's: docs/specification.md, section 6.3. */

/** What both sides of a fill share once the maker's order is known. */
interface Trade {
  readonly maker: number;
  readonly series: bigint;
  readonly market: Market;
  /** What is known of the traded expiry. */
  readonly view: ExpiryView;
  /** Whether the maker sells. */
  readonly makerSells: boolean;
  /** The maker's limit, 1e-4 USD. */
  readonly price: bigint;
  /** 1e-6 contract. */
  readonly quantity: bigint;
}

/** An opened order slot. */
interface OpenedOrder {
  /** The slot's terms for a stored order, undefined for a new one. */
  readonly stored: Order | undefined;
  /** The slot, if it holds this very nonce. */
  readonly same: Order | undefined;
}

/** How a side came out. */
interface SideResult {
  /** 1 if the account has become one that holds a short of the expiry, −1 if it no longer is. */
  readonly shorts: number;
  /** What an account on standard margin is short of the series after, less before, 1e-6 contract. */
  readonly exposure: bigint;
  readonly fee: bigint;
}

/** Fill: the maker's side, the taker's side, the expiry's count of shorts, the fees. */
export function fill(execution: Execution, tx: Fill): ResultCode {
  const { state } = execution;

  const makerOrder = openOrder(execution, tx.maker);
  if (typeof makerOrder === "number") return makerOrder;
  const day = tx.maker.stored ? dayOf(expiryOf(makerOrder.stored!.series)) : tx.maker.day;
  if (execution.l1Time >= expiryTime(day)) return ResultCode.SeriesExpired;
  const marketId = tx.maker.stored ? marketOf(expiryOf(makerOrder.stored!.series)) : tx.maker.market;
  const market = state.peekMarket(marketId);
  if (market === undefined) return ResultCode.MarketUnknown;
  if (market.anchor === 0n) return ResultCode.AnchorMissing;
  const expiryId = (marketId << 16) | day;
  if (state.peekExpiry(expiryId).price !== 0n) return ResultCode.PriceFixed;
  const quantity = tx.lots * market.lot;
  let makerTerms: Order | undefined = makerOrder.stored;
  if (!tx.maker.stored) {
    const strike = tx.maker.strikeSteps * market.steps[0];
    if (strike > MAX_PRICE) return ResultCode.Malformed;
    const series = packSeries(marketId, day, strike, tx.maker.put);
    makerTerms = convertOrder(tx.maker, market, series, tx.maker.flags, tx.maker.limitTicks * market.tick);
  }
  if (makerTerms === undefined || quantity > MAX_QUANTITY) return ResultCode.Malformed;
  const trade: Trade = {
    maker: tx.maker.account,
    series: makerTerms.series,
    market,
    view: viewsOf(execution)(expiryId),
    makerSells: (makerTerms.flags & FLAG_SELL) !== 0,
    price: makerTerms.limitPrice,
    quantity,
  };
  const maker = runSide(execution, trade, tx.maker, makerOrder, makerTerms, true);
  if (typeof maker === "number") return maker;

  const takerOrder = openOrder(execution, tx.taker);
  if (typeof takerOrder === "number") return takerOrder;
  if (tx.taker.account === tx.maker.account) return ResultCode.SelfTrade;
  let takerTerms = takerOrder.stored;
  if (takerTerms !== undefined) {
    if (takerTerms.series !== trade.series) return ResultCode.SeriesMismatch;
    if (((takerTerms.flags & FLAG_SELL) !== 0) === trade.makerSells) return ResultCode.SideMismatch;
  } else if (!tx.taker.stored) {
    const slippage = tx.taker.slippageTicks * market.tick;
    const [side, limit] = trade.makerSells ? [0, trade.price + slippage] : [FLAG_SELL, trade.price - slippage];
    takerTerms = convertOrder(tx.taker, market, trade.series, tx.taker.flags | side, limit);
  }
  if (takerTerms === undefined) return ResultCode.Malformed;
  const taker = runSide(execution, trade, tx.taker, takerOrder, takerTerms, false);
  if (typeof taker === "number") return taker;

  const shorts = maker.shorts + taker.shorts;
  if (shorts !== 0) {
    const expiry = state.openExpiry(expiryId);
    state.writeExpiry(expiryId, { ...expiry, shorts: expiry.shorts + shorts });
  }
  const exposure = maker.exposure + taker.exposure;
  const shifted = shiftExposure(execution, marketId, exposure);

  const globals = state.openGlobals();
  // Only what grows is bound, so that the cap never refuses a reduction.
  if (exposure > 0n && shifted !== undefined && exceedsCap(shifted, globals.fund)) return ResultCode.ExposureCap;
  const fees = maker.fee + taker.fee;
  const share = fees / FUND_SHARE;
  state.writeGlobals({ ...globals, fund: globals.fund + share, fees: globals.fees + fees - share });
  return ResultCode.OK;
}

/** Step 1 of a side: opens the slot of its nonce. */
function openOrder(
  execution: Execution,
  order: WireMakerOrder | WireTakerOrder | OrderReference,
): OpenedOrder | ResultCode {
  const slot = execution.state.openOrder(order.account, order.nonce);
  if (order.stored) {
    if (slot?.nonce !== order.nonce || isSpent(slot)) return ResultCode.OrderUnknown;
    return { stored: slot, same: slot };
  }
  if (slot !== undefined && slot.nonce > order.nonce) return ResultCode.NonceRetired;
  if (slot?.nonce !== order.nonce) return { stored: undefined, same: undefined };
  return isSpent(slot) ? ResultCode.NonceUsed : { stored: undefined, same: slot };
}

/**
 * The terms of a new order in the units of the state, or undefined if one is out of range.
 *
 * INVARIANT: quantities are whole lots and prices whole ticks, for the wire has no other; so premiums are exact.
 */
function convertOrder(
  order: WireMakerOrder | WireTakerOrder,
  market: Market,
  series: bigint,
  flags: number,
  limitPrice: bigint,
): Order | undefined {
  const quantity = order.lots * market.lot;
  const maxFee = order.feeTicks * market.tick;
  if (limitPrice < 0n || limitPrice > MAX_PRICE || quantity > MAX_QUANTITY || maxFee > MAX_PRICE) return undefined;
  return {
    kind: KIND_ORDER,
    nonce: order.nonce,
    series,
    flags,
    keyIndex: order.keyIndex,
    keyEpoch: order.keyEpoch,
    deadline: order.deadline,
    limitPrice,
    quantity,
    filled: 0n,
    maxFee,
    feeAccrued: 0n,
  };
}

/** Steps 3 to 9 of a side. */
function runSide(
  execution: Execution,
  trade: Trade,
  wire: WireMakerOrder | WireTakerOrder | OrderReference,
  opened: OpenedOrder,
  terms: Order,
  isMaker: boolean,
): SideResult | ResultCode {
  const { state, config } = execution;
  const { same } = opened;
  if (same !== undefined && opened.stored === undefined && !sameTerms(same, terms)) return ResultCode.NonceUsed;
  const order = same ?? terms;
  const checked = checkOrder(execution, order, trade.quantity, trade.price, isMaker);
  if (checked !== ResultCode.OK) return checked;

  const { price, quantity, market } = trade;
  const filled = order.filled + quantity;
  const rate = isMaker ? MAKER_FEE : TAKER_FEE;
  const feeAccrued = accrue(order.feeAccrued, rate, market.anchor, price, quantity);
  if (exceedsMaximum(feeAccrued, order.maxFee, filled)) return ResultCode.FeeAboveMaximum;
  const fee = feeUp(order.feeAccrued, feeAccrued);
  state.writeOrder(wire.account, { ...order, filled, feeAccrued });

  const sells = (order.flags & FLAG_SELL) !== 0;
  // A new order is checked against its signature; one that the state holds was, when it came in.
  const signature = !wire.stored && same === undefined ? wire.signature : undefined;
  const signer =
    signature === undefined ? undefined : config.recover(digestOf(config.domain, wire.account, order), signature);
  if (order.keyIndex !== 0) {
    const key = useKey(execution, wire.account, order.keyIndex, SCOPE_TRADE, order.keyEpoch);
    if (key === ResultCode.KeyInvalid) return key;
    if (signature !== undefined && !signedBy(signer, key.address)) return ResultCode.BadSignature;
    const fresh = trade.view.phase === PHASE_FRESH;
    // SAFETY: without marks the bound of a call is the anchor, which must then be worth something.
    if (!fresh && sells && !isPut(trade.series) && isAnchorStale(market, execution.now)) return ResultCode.AnchorStale;
    const most = isPut(trade.series) ? strikeOf(trade.series) : market.anchor;
    const bound = fresh ? adverseAgainstMark(execution, trade, sells) : lossBoundUp(sells, price, quantity, most);
    const loss = bound + fee;
    if (loss > key.budget) return ResultCode.BudgetExceeded;
    state.writeKey(wire.account, order.keyIndex, { ...key, budget: key.budget - loss });
  }

  const account = state.openAccount(wire.account);
  if (account === undefined) return ResultCode.AccountUnknown;
  if (!inWindow(account, order.nonce)) return ResultCode.NonceOutOfWindow;
  if (order.keyIndex === 0 && signature !== undefined && !signedBy(signer, account.owner))
    return ResultCode.BadSignature;
  if (account.debt > 0n) return ResultCode.AccountInDebt;
  return settleSide(execution, trade, wire.account, account, order.flags, fee);
}

/**
 * What a fill is charged to a session key's budget beside its fee. SAFETY: against the mark as far as it may have moved by now,
 * for whoever stole the key can see where the price is and which report comes next.
 */
function adverseAgainstMark(execution: Execution, trade: Trade, sells: boolean): bigint {
  const { view, market, price, quantity } = trade;
  const { mark: fair, delta } = quote(view, trade.series);
  const drift = driftUp(view, delta, execution.now - market.spotTime);
  return adverseUp(sells, price, quantity, fair, drift);
}

/** Steps 8 and 9 of a side: the position, the cash and the requirement. */
function settleSide(
  execution: Execution,
  trade: Trade,
  id: number,
  account: Account,
  flags: number,
  fee: bigint,
): SideResult | ResultCode {
  const { state } = execution;
  const { series, quantity } = trade;
  const sells = (flags & FLAG_SELL) !== 0;
  const held = quantityOf(account.positions, series);
  const next = sells ? held - quantity : held + quantity;
  const sameSign = held > 0n ? next >= 0n : next <= 0n;
  const shrinks = sameSign && abs(next) < abs(held);
  if ((flags & FLAG_REDUCE_ONLY) !== 0 && !shrinks) return ResultCode.ReduceOnlyGrows;
  const positions = withQuantity(account.positions, series, next);
  if (abs(next) > abs(held) || !sameSign) {
    const checked = checkGrowth(execution, trade.market, series, next, positions);
    if (checked !== ResultCode.OK) return checked;
  }
  const standard = account.mode === MODE_STANDARD;
  const marked = standard && trade.view.phase === PHASE_FRESH;
  // SAFETY: selling the long leg of a spread bares its short one, as good as a new short call.
  const baresCall = sells && !isPut(series) && holdsShortCall(positions, expiryOf(series));
  if (!marked && baresCall && isAnchorStale(trade.market, execution.now)) return ResultCode.AnchorStale;
  const paid = premium(trade.price, quantity);
  const cash = sells ? account.cash + paid - fee : account.cash - paid - fee;
  if (cash < 0n) return ResultCode.InsufficientCash;
  // SAFETY: the slots of the list before are all, since those of the traded expiry have been peeked already.
  openForMargin(execution, account.mode, account.positions);
  const after: Account = { ...account, auction: 0n, cash, positions };
  const checked = standard
    ? checkStandard(execution, trade, account, after, sells, shrinks)
    : checkCollateralised(execution, after);
  if (typeof checked === "number") return checked;
  state.writeAccount(id, checked);
  const expiry = expiryOf(series);
  const shorts = Number(holdsShort(positions, expiry)) - Number(holdsShort(account.positions, expiry));
  return { shorts, exposure: standard ? shortOf(next) - shortOf(held) : 0n, fee };
}

/**
 * INVARIANT 5: every fill leaves a collateralised account with a requirement that its cash covers. Not only those that add
 * risk: a seller whose requirement has outgrown its cash could otherwise buy back some shorts at any price, and leave the
 * others naked.
 */
function checkCollateralised(execution: Execution, after: Account): Account | ResultCode {
  return initialExcess(execution, after) < 0n ? ResultCode.InsufficientMargin : after;
}

/**
 * INVARIANT 5: on standard margin a fill that adds risk leaves the initial requirement covered. One that does not may leave
 * it short, but never at a price beyond the band. One that finds or leaves the account below maintenance may only shrink a position, at
 * its mark to the tick or better: otherwise the account would hand its last margin to an accomplice. What the initial requirement frees is
 * no measure of that: deep in the money it is more than what the maintenance requirement frees.
 */
function checkStandard(
  execution: Execution,
  trade: Trade,
  before: Account,
  after: Account,
  sells: boolean,
  shrinks: boolean,
): Account | ResultCode {
  const { view, series, price } = trade;
  const fresh = view.phase === PHASE_FRESH;
  if (fresh && !inBand(view, series, price)) return ResultCode.PriceOutsideBand;
  const needs = requirementsOf(execution, after.mode, after.positions);
  const left = after.cash - after.debt;
  if (left >= needs.initial) return after;
  const needed = requirementsOf(execution, before.mode, before.positions);
  const net = before.cash - before.debt;
  if (left - needs.initial < net - needed.initial || !hasMark(view)) return ResultCode.InsufficientMargin;
  if (!fresh && !inBand(view, series, price)) return ResultCode.PriceOutsideBand;
  if (net < needed.maintenance || left < needs.maintenance) {
    const { lowest, highest } = closingPrices(mark(view, series), trade.market.tick);
    if (!shrinks || (sells ? price < lowest : price > highest)) return ResultCode.BelowMaintenance;
  }
  return { ...after, auction: before.auction };
}

/** Whether a presented order has the very terms that the slot holds for its nonce. */
function sameTerms(slot: Order, terms: Order): boolean {
  return (
    slot.series === terms.series &&
    slot.flags === terms.flags &&
    slot.keyIndex === terms.keyIndex &&
    slot.keyEpoch === terms.keyEpoch &&
    slot.deadline === terms.deadline &&
    slot.limitPrice === terms.limitPrice &&
    slot.quantity === terms.quantity &&
    slot.maxFee === terms.maxFee
  );
}

/** What the signer of a new order signed. */
function digestOf(domain: Uint8Array, account: number, order: Order): Uint8Array {
  const has = (flag: number): boolean => (order.flags & flag) !== 0;
  const expiry = expiryOf(order.series);
  const terms = {
    account,
    market: marketOf(expiry),
    expiryDay: dayOf(expiry),
    strike: strikeOf(order.series),
    isPut: isPut(order.series),
    isSell: has(FLAG_SELL),
    quantity: order.quantity,
    limitPrice: order.limitPrice,
    maxFee: order.maxFee,
    nonce: order.nonce,
    deadline: order.deadline,
    fillOrKill: has(FLAG_FILL_OR_KILL),
    immediateOrCancel: has(FLAG_IMMEDIATE_OR_CANCEL),
    postOnly: has(FLAG_POST_ONLY),
    reduceOnly: has(FLAG_REDUCE_ONLY),
    forcible: has(FLAG_FORCIBLE),
  };
  return orderDigest(domain, terms, order.keyIndex, order.keyEpoch);
}

/** How much of a position is short. */
function shortOf(quantity: bigint): bigint {
  return quantity < 0n ? -quantity : 0n;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
