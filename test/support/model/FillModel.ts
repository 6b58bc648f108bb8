import type {
  OrderReference,
  Transaction,
  WireMakerOrder,
  WireOrder,
  WireTakerOrder,
} from "../../../src/machine/Wire.ts";
import { driftOf, hasMark, inBand, markOf, type ExpiryView } from "./MarginModel.ts";
import {
  SPOT_AGE,
  type AccountRecord,
  type MarketRecord,
  type ModelContext,
  type ModelState,
  type OrderTermsRecord,
} from "./ModelState.ts";
import { signedDigest } from "./signing.ts";
import {
  demand,
  describe,
  expiryName,
  instantOf,
  isShortIn,
  larger,
  LARGEST_PRICE,
  LARGEST_QUANTITY,
  parseSeries,
  refuse,
  roundUp,
  SECONDS_PER_DAY,
  seriesName,
  size,
  slotName,
  smaller,
  type Series,
} from "./words.ts";

/** Fills: docs/specification.md, sections 6.3 and 6.4. */

type Fill = Extract<Transaction, { type: 0x10 }>;

const FLAGS = { sell: 1, fillOrKill: 2, immediateOrCancel: 4, postOnly: 8, reduceOnly: 16, forcible: 32 } as const;

/** What both sides of a fill have in common. */
interface Trade {
  readonly name: string;
  readonly series: Series;
  readonly market: MarketRecord;
  /** Of the traded expiry. */
  readonly view: ExpiryView;
  readonly price: bigint;
  readonly quantity: bigint;
}

/** What one side of a fill leaves behind. */
interface Side {
  readonly fee: bigint;
  /** Change of the number of accounts that are short in the expiry. */
  readonly shorts: number;
  /** Change of the short quantity on standard margin. */
  readonly exposure: bigint;
}

export function fill(state: ModelState, context: ModelContext, tx: Fill): void {
  const makerSlot = openOrder(state, tx.maker);
  const place = tx.maker.stored ? parseSeries(makerSlot!.series) : tx.maker;
  demand(context.l1Time < instantOf(place.day), "SeriesExpired");
  const market = state.markets.get(String(place.market)) ?? refuse("MarketUnknown");
  demand(market.anchor !== 0n, "AnchorMissing");
  const expiry = `${place.market}/${place.day}`;
  demand((state.expiries.get(expiry)?.price ?? 0n) === 0n, "PriceFixed");
  let makerTerms = makerSlot;
  if (!tx.maker.stored) {
    const strike = tx.maker.strikeSteps * market.steps[0];
    demand(strike <= LARGEST_PRICE, "Malformed");
    const series = seriesName({ market: place.market, day: place.day, strike, put: tx.maker.put });
    makerTerms = convert(
      tx.maker,
      market,
      series,
      (tx.maker.flags & FLAGS.sell) !== 0,
      tx.maker.limitTicks * market.tick,
    );
  }
  const quantity = tx.lots * market.lot;
  demand(quantity <= LARGEST_QUANTITY, "Malformed");
  const trade: Trade = {
    name: makerTerms!.series,
    series: parseSeries(makerTerms!.series),
    market,
    view: state.view(expiry, context.now, SPOT_AGE),
    price: makerTerms!.limit,
    quantity,
  };
  const maker = fillSide(state, context, trade, tx.maker, makerSlot, makerTerms!, true);

  const takerSlot = openOrder(state, tx.taker);
  demand(tx.taker.account !== tx.maker.account, "SelfTrade");
  let takerTerms = takerSlot;
  if (tx.taker.stored) {
    demand(takerSlot!.series === trade.name, "SeriesMismatch");
    demand(takerSlot!.sell !== makerTerms!.sell, "SideMismatch");
  } else {
    const slippage = tx.taker.slippageTicks * market.tick;
    const limit = makerTerms!.sell ? trade.price + slippage : trade.price - slippage;
    takerTerms = convert(tx.taker, market, trade.name, !makerTerms!.sell, limit);
  }
  const taker = fillSide(state, context, trade, tx.taker, takerSlot, takerTerms!, false);

  state.changeShorts(expiry, maker.shorts + taker.shorts);
  const exposure = maker.exposure + taker.exposure;
  state.changeExposure(String(place.market), exposure);
  if (exposure > 0n) state.demandCap(String(place.market));
  const fees = maker.fee + taker.fee;
  state.changeGlobals({ fund: fees / 5n, fees: fees - fees / 5n });
}

/** Terms of the slot that holds this nonce; undefined for a nonce that is new. */
function openOrder(state: ModelState, order: WireOrder | OrderReference): OrderTermsRecord | undefined {
  const slot = state.orders.get(slotName(order.account, order.nonce));
  if (order.stored) {
    demand(slot?.nonce === order.nonce && slot.terms !== undefined, "OrderUnknown");
    return slot!.terms;
  }
  if (slot === undefined || slot.nonce < order.nonce) return undefined;
  demand(slot.nonce === order.nonce, "NonceRetired");
  demand(slot.terms !== undefined, "NonceUsed");
  return slot.terms;
}

function convert(
  order: WireMakerOrder | WireTakerOrder,
  market: MarketRecord,
  series: string,
  sell: boolean,
  limit: bigint,
): OrderTermsRecord {
  const [quantity, maxFee] = [order.lots * market.lot, order.feeTicks * market.tick];
  demand(limit >= 0n && limit <= LARGEST_PRICE && maxFee <= LARGEST_PRICE, "Malformed");
  demand(quantity <= LARGEST_QUANTITY, "Malformed");
  const has = (flag: number): boolean => Math.floor(order.flags / flag) % 2 === 1;
  return {
    series,
    sell,
    fillOrKill: has(FLAGS.fillOrKill),
    immediateOrCancel: has(FLAGS.immediateOrCancel),
    postOnly: has(FLAGS.postOnly),
    reduceOnly: has(FLAGS.reduceOnly),
    forcible: has(FLAGS.forcible),
    keyIndex: order.keyIndex,
    keyEpoch: order.keyEpoch,
    deadline: order.deadline,
    limit,
    quantity,
    maxFee,
    filled: 0n,
    accrued: 0n,
  };
}

function fillSide(
  state: ModelState,
  context: ModelContext,
  trade: Trade,
  wire: WireOrder | OrderReference,
  slot: OrderTermsRecord | undefined,
  terms: OrderTermsRecord,
  maker: boolean,
): Side {
  const { market, series, price, quantity } = trade;
  const fresh = trade.view.phase === "fresh";
  const anchorIsFresh = context.now <= market.anchorTime + SECONDS_PER_DAY;
  if (!wire.stored && slot !== undefined) {
    const fixed = (order: OrderTermsRecord): string => describe({ ...order, filled: 0n, accrued: 0n });
    demand(fixed(slot) === fixed(terms), "NonceUsed");
  }
  const order = slot ?? terms;
  // 4
  demandTerms(context, trade, order, maker);
  // 5
  const byUnderlying = (maker ? 10n : 30n) * market.anchor * quantity;
  const byPremium = 12_500n * price * quantity;
  const accrued = order.accrued + smaller(byUnderlying, byPremium);
  const filled = order.filled + quantity;
  demand(accrued <= order.maxFee * filled * 100_000n, "FeeAboveMaximum");
  const fee = roundUp(accrued, 1_000_000_000n) - roundUp(order.accrued, 1_000_000_000n);
  state.orders.set(slotName(wire.account, wire.nonce), { nonce: wire.nonce, terms: { ...order, filled, accrued } });
  const paid = (price * quantity) / 10_000n;
  const signer = wire.stored || slot !== undefined ? undefined : orderSigner(state, wire, series, order);
  const isNew = !wire.stored && slot === undefined;
  // 6
  if (order.keyIndex !== 0) {
    const key = state.useKey(context.now, wire.account, order.keyIndex, 1, order.keyEpoch);
    if (isNew) demand(signer === key.address, "BadSignature");
    let loss: bigint;
    if (fresh) {
      const mark = markOf(trade.view, series);
      const drift = driftOf(trade.view, series, context.now - market.spotTime);
      loss = roundUp(larger(0n, drift + (order.sell ? mark - price : price - mark)) * quantity, 10_000n) + fee;
    } else {
      if (order.sell && !series.put) demand(anchorIsFresh, "AnchorStale");
      const most = series.put ? series.strike : market.anchor;
      loss = (order.sell ? roundUp(larger(0n, most - price) * quantity, 10_000n) : paid) + fee;
    }
    demand(loss <= key.budget, "BudgetExceeded");
    state.keys.set(`${wire.account}/${order.keyIndex}`, { ...key, budget: key.budget - loss });
  }
  // 7
  const account = state.account(wire.account);
  state.demandWindow(account, wire.nonce);
  if (order.keyIndex === 0 && isNew) demand(signer === account.owner, "BadSignature");
  demand(account.debt === 0n, "AccountInDebt");
  // 8
  const held = account.positions.get(trade.name) ?? 0n;
  const next = order.sell ? held - quantity : held + quantity;
  const flips = (held > 0n && next < 0n) || (held < 0n && next > 0n);
  if (order.reduceOnly) demand(!flips && size(next) < size(held), "ReduceOnlyGrows");
  const positions = new Map(account.positions);
  if (next === 0n) positions.delete(trade.name);
  else positions.set(trade.name, next);
  if (flips || size(next) > size(held)) {
    demandOnGrid(context, market, series);
    demand(size(next) <= LARGEST_QUANTITY, "PositionLimit");
    demand(positions.size <= 64, "PositionCap");
    demand(new Set([...positions.keys()].map(expiryName)).size <= 8, "ExpiryCap");
  }
  const shortCall = [...positions].some(
    ([name, amount]) => expiryName(name) === expiryName(trade.name) && !parseSeries(name).put && amount < 0n,
  );
  if (order.sell && !series.put && shortCall && (account.mode === 0 || !fresh)) demand(anchorIsFresh, "AnchorStale");
  // 9
  const cash = account.cash + (order.sell ? paid : -paid) - fee;
  demand(cash >= 0n, "InsufficientCash");
  const after = { ...account, cash, positions };
  const covered = demandMargin(state, context, trade, order.sell, account, after);
  state.accounts.set(String(wire.account), covered ? { ...after, auction: 0n } : after);
  const expiry = expiryName(trade.name);
  const short = (amount: bigint): bigint => (amount < 0n ? -amount : 0n);
  return {
    fee,
    shorts: Number(isShortIn(positions, expiry)) - Number(isShortIn(account.positions, expiry)),
    exposure: account.mode === 1 ? short(next) - short(held) : 0n,
  };
}

/** Step 4: what the order itself says. */
function demandTerms(context: ModelContext, trade: Trade, order: OrderTermsRecord, maker: boolean): void {
  const { price, quantity } = trade;
  demand(quantity !== 0n && order.quantity !== 0n, "QuantityInvalid");
  demand(order.limit !== 0n, "PriceInvalid");
  demand(context.sender === undefined || order.forcible, "NotForcible");
  demand(order.deadline >= context.now, "Expired");
  demand(order.filled + quantity <= order.quantity, "Overfill");
  demand(!order.fillOrKill || quantity === order.quantity, "FillOrKillViolated");
  demand(maker || !order.postOnly, "PostOnlyTakes");
  if (order.immediateOrCancel) demand(!maker && order.deadline <= context.now + 120n, "ImmediateRests");
  if (!maker) demand(order.sell ? order.limit <= price : order.limit >= price, "LimitViolated");
}

function demandOnGrid(context: ModelContext, market: MarketRecord, series: Series): void {
  const tenor = instantOf(series.day) - context.l1Time;
  const days = (count: bigint): bigint => count * SECONDS_PER_DAY;
  const step = tenor <= days(8n) ? market.steps[0] : tenor <= days(40n) ? market.steps[1] : market.steps[2];
  const onGrid = series.strike > 0n && series.strike % market.tick === 0n && series.strike % step === 0n;
  demand(onGrid && tenor <= days(400n), "SeriesOffGrid");
}

/**
 * Step 9: an account that is covered afterwards may do anything within the band. One that is not may only do what raises
 * its excess, and below maintenance only what reduces a position at a price no worse than the mark, rounded to the tick.
 *
 * @returns whether the account is covered.
 */
function demandMargin(
  state: ModelState,
  context: ModelContext,
  trade: Trade,
  sell: boolean,
  before: AccountRecord,
  after: AccountRecord,
): boolean {
  const { view, series, price } = trade;
  const has = (): { initial: bigint; maintenance: bigint } => state.excessesOf(after, context.now);
  if (before.mode === 0) {
    demand(has().initial >= 0n, "InsufficientMargin");
    return true;
  }
  const fresh = view.phase === "fresh";
  if (fresh) demand(inBand(view, series, price), "PriceOutsideBand");
  if (has().initial >= 0n) return true;
  const had = state.excessesOf(before, context.now);
  demand(has().initial >= had.initial && hasMark(view), "InsufficientMargin");
  if (!fresh) demand(inBand(view, series, price), "PriceOutsideBand");
  if (had.maintenance < 0n || has().maintenance < 0n) {
    const [held, next] = [before.positions.get(trade.name) ?? 0n, after.positions.get(trade.name) ?? 0n];
    const reduces = held > 0n ? next >= 0n && next < held : next <= 0n && next > held;
    const mark = markOf(view, series);
    // The next price of the market's grid that is no worse than the mark for the other side; and a tick at the least.
    const { tick } = trade.market;
    const fairly = sell ? price > mark - tick : price < larger(mark + tick, tick + 1n);
    demand(reduces && fairly, "BelowMaintenance");
  }
  return false;
}

function orderSigner(state: ModelState, wire: WireOrder, series: Series, order: OrderTermsRecord): string | undefined {
  const value = {
    account: wire.account,
    market: series.market,
    expiryDay: series.day,
    strike: series.strike,
    isPut: series.put,
    isSell: order.sell,
    quantity: order.quantity,
    limitPrice: order.limit,
    maxFee: order.maxFee,
    nonce: wire.nonce,
    deadline: order.deadline,
    fillOrKill: order.fillOrKill,
    immediateOrCancel: order.immediateOrCancel,
    postOnly: order.postOnly,
    reduceOnly: order.reduceOnly,
    forcible: order.forcible,
    keyIndex: order.keyIndex,
    keyEpoch: order.keyEpoch,
  };
  return state.signerOf(signedDigest(state.config, "Order", value), wire.signature);
}
