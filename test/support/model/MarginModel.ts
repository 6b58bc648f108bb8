import * as Black76 from "../../../src/pricing/Black76.ts";
import * as Svi from "../../../src/pricing/Svi.ts";
import {
  expiryName,
  instantOf,
  larger,
  parseSeries,
  payoffOf,
  roundDown,
  roundUp,
  size,
  smaller,
  LARGEST_PRICE,
  type Holdings,
  type Series,
} from "./words.ts";

/**
 * Marks and margin by brute force: every payoff is evaluated at every price, every rule is a function of its own, and
 * nothing is shared between them. Only the pricing formulas come from the project; tables prove them elsewhere.
 */

/** A smile as it is reported: parameters in 1e-12, time in seconds. */
export interface CurveRecord {
  readonly a: bigint;
  readonly b: bigint;
  readonly rho: bigint;
  readonly m: bigint;
  readonly sigma: bigint;
  readonly refTau: bigint;
}

export const NO_CURVE: CurveRecord = { a: 0n, b: 0n, rho: 0n, m: 0n, sigma: 0n, refTau: 0n };

/** What marks need to know of a market. */
export interface MarketMarks {
  readonly anchor: bigint;
  /** 1e-6; both 0 while the market has no marks. */
  readonly minVol: bigint;
  readonly maxVol: bigint;
  readonly bandFloor: bigint;
  readonly spot: bigint;
  readonly spotTime: bigint;
}

/** What marks need to know of an expiry. */
export interface ExpiryMarks {
  readonly price: bigint;
  readonly forward: bigint;
  readonly curveSpot: bigint;
  readonly curveTime: bigint;
  readonly curve: CurveRecord;
}

export type Phase = "fixed" | "expired" | "fresh" | "stale";

/** All that the charge of one expiry depends on. */
export interface ExpiryView {
  readonly phase: Phase;
  readonly anchor: bigint;
  readonly price: bigint;
  /** The live one, or the frozen one once expired; 0 if none was reported, or none near the expiry. */
  readonly forward: bigint;
  /** Where the spot's last moves would have taken the forward, expired or not. */
  readonly moved: bigint;
  /** Seconds from the spot's time. */
  readonly timeToExpiry: bigint;
  readonly curve: CurveRecord;
  readonly minVol: bigint;
  readonly maxVol: bigint;
  readonly bandFloor: bigint;
}

/** How old a curve may be. */
const CURVE_AGE = 1800n;

/** The view of an expiry at `now`; a spot may be `spotAge` old. */
export function viewOf(
  market: MarketMarks,
  expiry: ExpiryMarks,
  day: number,
  now: bigint,
  spotAge: bigint,
): ExpiryView {
  const hasVols = market.maxVol > 0n;
  const young = market.spotTime + spotAge >= now && expiry.curveTime + CURVE_AGE >= now;
  let phase: Phase = "stale";
  if (hasVols && expiry.forward > 0n && market.spot > 0n && young) phase = "fresh";
  if (now >= instantOf(day)) phase = "expired";
  if (expiry.price > 0n) phase = "fixed";

  let moved = 0n;
  if (expiry.forward > 0n) {
    moved = expiry.forward + market.spot - expiry.curveSpot;
    if (moved < 1n) moved = 1n;
    if (moved > LARGEST_PRICE) moved = LARGEST_PRICE;
  }
  let forward = moved;
  if (phase === "expired") {
    // What was reported long before the expiry says nothing of it.
    forward = expiry.curveTime + CURVE_AGE < instantOf(day) ? 0n : expiry.forward;
  }
  const left = instantOf(day) - market.spotTime;
  return {
    phase,
    anchor: market.anchor,
    price: expiry.price,
    forward,
    moved,
    timeToExpiry: left > 0n ? left : 0n,
    curve: expiry.curve,
    minVol: market.minVol,
    maxVol: market.maxVol,
    bandFloor: market.bandFloor,
  };
}

/** A smile in the units of the pricing formulas. */
export function curveToWad({ a, b, rho, m, sigma, refTau }: CurveRecord): Svi.SviParameters {
  const million = 1_000_000n;
  return { a: a * million, b: b * million, rho: rho * million, m: m * million, sigma: sigma * million, refTau };
}

function volOf(view: ExpiryView, series: Series): bigint {
  const unit = 10n ** 12n;
  return Svi.vol(curveToWad(view.curve), view.forward, series.strike, view.minVol * unit, view.maxVol * unit);
}

/** Whether {@link markOf} has an answer. */
export function hasMark(view: ExpiryView): boolean {
  if (view.phase === "fixed") return true;
  if (view.forward === 0n) return false;
  return view.phase === "expired" || view.maxVol > 0n;
}

const quotes = new Map<string, bigint>();

/** The price of an option by the formulas, 1e18; the last ones are remembered. */
function quoteOf(view: ExpiryView, series: Series): bigint {
  const { forward, timeToExpiry, curve, minVol, maxVol } = view;
  const { a, b, rho, m, sigma, refTau } = curve;
  const inputs = [series.strike, series.put, forward, timeToExpiry, minVol, maxVol, a, b, rho, m, sigma, refTau].join();
  let value = quotes.get(inputs);
  if (value === undefined) {
    if (quotes.size > 20_000) quotes.clear();
    value = Black76.price(!series.put, forward, series.strike, volOf(view, series), timeToExpiry);
    quotes.set(inputs, value);
  }
  return value;
}

/** The mark of one contract, 1e-4 USD. */
export function markOf(view: ExpiryView, series: Series): bigint {
  if (view.phase === "fixed") return payoffOf(series, view.price);
  if (view.phase === "expired") return view.forward === 0n ? 0n : payoffOf(series, view.forward);
  const unit = 10n ** 14n;
  return (quoteOf(view, series) + unit / 2n) / unit;
}

/** Delta of one contract by the formulas, 1e18, in every phase. */
function deltaOf(view: ExpiryView, series: Series): bigint {
  return Black76.delta(!series.put, view.forward, series.strike, volOf(view, series), view.timeToExpiry);
}

/** How far the mark may have moved in `age` seconds: 50 millionths of the forward each, times the delta; 1e-4 USD. */
export function driftOf(view: ExpiryView, series: Series, age: bigint): bigint {
  return roundUp(50n * age * view.forward * size(deltaOf(view, series)), 10n ** 24n);
}

/** Whether a price lies within the band around the mark: 30 % of it, or 3 % of the forward × delta, and the floor. */
export function inBand(view: ExpiryView, series: Series, price: bigint): boolean {
  const mark = markOf(view, series);
  const byDelta = (300n * view.forward * size(deltaOf(view, series))) / 10n ** 18n;
  const width = larger(3000n * mark, byDelta + 10_000n * view.bandFloor);
  return size(price - mark) * 10_000n <= width;
}

// --- requirements ---

/** A quantity of a series. */
export interface Lot {
  readonly series: Series;
  readonly quantity: bigint;
}

/** Both requirements, 1e-6 USDC. */
export interface Requirements {
  readonly initial: bigint;
  readonly maintenance: bigint;
}

/** What the held options pay at `price`, 1e-10 USDC. */
function worth(lots: readonly Lot[], price: bigint): bigint {
  return lots.reduce((sum, { series, quantity }) => sum + quantity * payoffOf(series, price), 0n);
}

/** The largest loss at any of the prices; never negative. */
function worstLoss(lots: readonly Lot[], prices: readonly bigint[]): bigint {
  return larger(0n, ...prices.map((price) => -worth(lots, price)));
}

/** The largest loss of one expiry up to a ceiling, 1e-6 USDC rounded up: the charge of a collateralised account. */
export function boundOf(lots: readonly Lot[], anchor: bigint, extra: (ceiling: bigint) => readonly bigint[]): bigint {
  const shortCalls = lots.filter(({ series, quantity }) => !series.put && quantity < 0n);
  const ceiling = larger(3n * anchor, ...shortCalls.map(({ series }) => series.strike + anchor));
  const strikes = lots.map(({ series }) => series.strike).filter((strike) => strike < ceiling);
  return roundUp(worstLoss(lots, [0n, ...strikes, ceiling, ...extra(ceiling)]), 10_000n);
}

/** The holdings by (market, expiry). */
export function groupsOf(positions: Holdings): Map<string, Lot[]> {
  const groups = new Map<string, Lot[]>();
  for (const [name, quantity] of positions) {
    const group = expiryName(name);
    groups.set(group, [...(groups.get(group) ?? []), { series: parseSeries(name), quantity }]);
  }
  return groups;
}

/**
 * The requirement of a collateralised account: the value of each (market, day) at price 0, at every strike, at the ceiling
 * and at `extra` prices in between, which must never matter.
 */
export function bruteRequirement(
  positions: Holdings,
  anchorOf: (market: number) => bigint,
  extra: (ceiling: bigint) => readonly bigint[] = () => [],
): bigint {
  let sum = 0n;
  for (const lots of groupsOf(positions).values()) sum += boundOf(lots, anchorOf(lots[0]!.series.market), extra);
  return sum;
}

/** The part of the charge of a short contract that does not depend on its mark, 1e-8 USD. */
function riskOf(series: Series, forward: bigint, initial: boolean): bigint {
  if (!initial) return 900n * forward;
  const beyond = series.put ? forward - series.strike : series.strike - forward;
  const outOfTheMoney = beyond > 0n ? beyond : 0n;
  return larger(1500n * forward - 10_000n * outOfTheMoney, 1300n * forward);
}

/** The charge of a short contract on its own, 1e-8 USD. */
function isolatedCharge(view: ExpiryView, series: Series, initial: boolean): bigint {
  const mark = markOf(view, series);
  if (!series.put) return riskOf(series, view.forward, initial) + 10_000n * mark;
  const maintenance = larger(900n * view.forward, 900n * mark) + 10_000n * mark;
  if (!initial) return maintenance;
  return larger(riskOf(series, view.forward, true) + 10_000n * mark, roundUp(105n * maintenance, 100n));
}

/** A short quantity that a long one covers, or that nothing does. */
export interface Pair {
  readonly short: Series;
  readonly long: Series | undefined;
  readonly quantity: bigint;
}

/** What a spread of the two can lose, 1e-8 USD. */
function widthOf(short: Series, long: Series): bigint {
  const gap = short.put ? short.strike - long.strike : long.strike - short.strike;
  return 10_000n * larger(0n, gap);
}

/**
 * Greedy pairing of the options of one type: in the order of the strikes that are ever harder to hedge with (calls
 * ascending, puts descending), each long covers the shorts that came last and are not covered yet, and what is left of it
 * covers the shorts to come. It passes by those with which it makes a spread that could lose `mostOf` the short or more.
 */
export function pairUp(lots: readonly Lot[], mostOf: (short: Series) => bigint): Pair[] {
  const forwards = (a: Lot, b: Lot): number => (a.series.strike < b.series.strike ? -1 : 1);
  const inOrder = [...lots].sort((a, b) => (a.series.put ? forwards(b, a) : forwards(a, b)));
  const pairs: Pair[] = [];
  const longs: { series: Series; left: bigint }[] = [];
  const shorts: { series: Series; left: bigint }[] = [];
  const cover = (short: { series: Series; left: bigint }, long: { series: Series; left: bigint }): void => {
    const quantity = smaller(short.left, long.left);
    if (quantity === 0n || widthOf(short.series, long.series) >= mostOf(short.series)) return;
    pairs.push({ short: short.series, long: long.series, quantity });
    short.left -= quantity;
    long.left -= quantity;
  };
  for (const { series, quantity } of inOrder) {
    const met = { series, left: size(quantity) };
    if (quantity < 0n) {
      for (const long of longs) cover(met, long);
      shorts.push(met);
    } else {
      for (const short of [...shorts].reverse()) cover(short, met);
      longs.push(met);
    }
  }
  for (const { series, left } of shorts) if (left > 0n) pairs.push({ short: series, long: undefined, quantity: left });
  return pairs;
}

/** The pairs of one type at the marks: no spread may lose what the short alone is charged. */
function pairsOf(view: ExpiryView, lots: readonly Lot[], put: boolean, initial: boolean): Pair[] {
  const ofType = lots.filter(({ series }) => series.put === put);
  return pairUp(ofType, (short) => isolatedCharge(view, short, initial));
}

/** Rule 1: what each pair can lose, and each short without one its own charge; 1e-14 USDC. */
export function pairedCharge(view: ExpiryView, lots: readonly Lot[], initial: boolean): bigint {
  let sum = 0n;
  for (const { short, long, quantity } of [false, true].flatMap((put) => pairsOf(view, lots, put, initial))) {
    sum += quantity * (long === undefined ? isolatedCharge(view, short, initial) : widthOf(short, long));
  }
  return sum;
}

/** The largest loss at price zero and at every strike, 1e-14 USDC. */
function scanAtStrikes(lots: readonly Lot[], strikes: readonly bigint[]): bigint {
  return 10_000n * worstLoss(lots, [0n, ...strikes]);
}

/** Rule 2: the scan, unless calls are net short; 1e-14 USDC. */
export function scanCharge(lots: readonly Lot[]): bigint | undefined {
  const calls = lots.filter(({ series }) => !series.put).reduce((sum, { quantity }) => sum + quantity, 0n);
  if (calls < 0n) return undefined;
  const strikes = lots.map(({ series }) => series.strike);
  return scanAtStrikes(lots, strikes);
}

/** Rule 3: the calls that pairing leaves alone at their own charge, and the scan of everything else; 1e-14 USDC. */
export function splitCharge(view: ExpiryView, lots: readonly Lot[], initial: boolean): bigint {
  const alone = pairsOf(view, lots, false, initial).filter(({ long }) => long === undefined);
  const rest = lots.map(({ series, quantity }) => {
    const removed = series.put ? undefined : alone.find(({ short }) => short.strike === series.strike);
    return { series, quantity: quantity + (removed?.quantity ?? 0n) };
  });
  const strikes = lots.map(({ series }) => series.strike);
  const charges = alone.map(({ short, quantity }) => isolatedCharge(view, short, initial) * quantity);
  return charges.reduce((sum, charge) => sum + charge, 0n) + scanAtStrikes(rest, strikes);
}

/** What is lost at a forward if the price comes out there, and the risk of each short around it; 1e-14 USDC. */
function waitingCharge(lots: readonly Lot[], forward: bigint, initial: boolean): bigint {
  const shorts = lots.filter(({ quantity }) => quantity < 0n);
  const risks = shorts.map(({ series, quantity }) => -quantity * riskOf(series, forward, initial));
  return risks.reduce((sum, risk) => sum + risk, 10_000n * larger(0n, -worth(lots, forward)));
}

/** The charge of one expiry on standard margin, 1e-6 USDC. */
function standardCharge(view: ExpiryView, lots: readonly Lot[], initial: boolean): bigint {
  const bound = (): bigint => boundOf(lots, view.anchor, () => []);
  const unit = 100_000_000n;
  switch (view.phase) {
    case "fixed":
      return roundUp(larger(0n, -worth(lots, view.price)), 10_000n);
    case "stale":
      return bound();
    case "expired": {
      if (view.forward === 0n) return bound();
      const at = [view.forward, view.moved].map((forward) => waitingCharge(lots, forward, initial));
      return smaller(bound(), roundUp(initial ? larger(...at) : smaller(...at), unit));
    }
    case "fresh": {
      const charges = (initial ? [true] : [true, false]).map((kind) => {
        const rules = [pairedCharge(view, lots, kind), splitCharge(view, lots, kind), scanCharge(lots)];
        return roundUp(smaller(...rules.filter((rule) => rule !== undefined)), unit);
      });
      return smaller(...charges);
    }
  }
}

/** The requirements on standard margin: one charge for each expiry, summed. */
export function standardRequirements(positions: Holdings, views: ReadonlyMap<string, ExpiryView>): Requirements {
  let [initial, maintenance] = [0n, 0n];
  for (const [name, lots] of groupsOf(positions)) {
    initial += standardCharge(views.get(name)!, lots, true);
    maintenance += standardCharge(views.get(name)!, lots, false);
  }
  return { initial, maintenance };
}

/** The value of the positions at their marks, 1e-6 USDC rounded down. */
export function valueOf(positions: Holdings, views: ReadonlyMap<string, ExpiryView>): bigint {
  let sum = 0n;
  for (const [name, quantity] of positions) {
    sum += quantity * markOf(views.get(expiryName(name))!, parseSeries(name));
  }
  return roundDown(sum, 10_000n);
}

/** What an account has beyond its requirements. */
export interface Excesses {
  readonly initial: bigint;
  readonly maintenance: bigint;
}

/** Excesses of an account by its mode. */
export function excesses(
  account: { readonly mode: number; readonly cash: bigint; readonly debt: bigint; readonly positions: Holdings },
  views: ReadonlyMap<string, ExpiryView>,
): Excesses {
  const own = account.cash - account.debt;
  if (account.mode === 0) {
    let bounds = 0n;
    for (const [name, lots] of groupsOf(account.positions)) {
      bounds += boundOf(lots, views.get(name)!.anchor, () => []);
    }
    return { initial: own - bounds, maintenance: own - bounds };
  }
  const { initial, maintenance } = standardRequirements(account.positions, views);
  return { initial: own - initial, maintenance: own - maintenance };
}
