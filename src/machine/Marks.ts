import { priceAndDelta } from "../pricing/Black76.ts";
import { vol, type SviParameters } from "../pricing/Svi.ts";
import {
  BAND_DELTA,
  BAND_MARK,
  BASIS,
  CURVE_MAX_AGE,
  CURVE_UNIT,
  KEY_DRIFT,
  MAX_PRICE,
  VOL_UNIT,
} from "./Constants.ts";
import { dayOf, isPut, makePosition, payoff, strikeOf } from "./Positions.ts";
import { ceilDivide } from "./Requirement.ts";
import { expiryTime, type Curve, type Expiry, type Market } from "./Slots.ts";

/** What an option is worth, and how far that is known: docs/specification.md, section 6.6. */

/** The settlement price is fixed. */
export const PHASE_FIXED = 0;
/** The expiry has passed and its price is not fixed yet: the last reported forward counts. */
export const PHASE_EXPIRED = 1;
/** Spot and curve are recent. */
export const PHASE_FRESH = 2;
/** They are not, or there are none. */
export const PHASE_STALE = 3;

/** All that the charge of one (market, expiry) depends on. */
export interface ExpiryView {
  readonly phase: number;
  /** 1e-4 USD. */
  readonly anchor: bigint;
  /** Settlement price, 1e-4 USD; 0 unless fixed. */
  readonly price: bigint;
  /** 1e-4 USD; 0 if no curve was ever reported, or none shortly before an expiry that has passed. */
  readonly forward: bigint;
  /** The forward moved by all that the spot has moved since it was reported, 1e-4 USD; the same unless the expiry has passed. */
  readonly live: bigint;
  /** From the spot's time to the expiry, seconds. */
  readonly timeToExpiry: bigint;
  /** 1e-6. */
  readonly minVol: bigint;
  readonly maxVol: bigint;
  /** 1e-4 USD. */
  readonly bandFloor: bigint;
  readonly curve: Curve;
}

/** A mark, 1e-4 USD, and the option's delta, 1e18. */
export interface Quote {
  readonly mark: bigint;
  readonly delta: bigint;
}

/** One unit of a mark in the 1e18 fixed point of the pricing. */
const MARK_UNIT = 10n ** 14n;
const WAD = 10n ** 18n;
const MILLION = 1_000_000n;
/** Above every vol that a valid curve can have. */
const UNLIMITED = (1n << 256n) - 1n;

/**
 * The view of an expiry at `now`; marks count as fresh while the spot is at most `maxSpotAge` old. A fixed price comes
 * before everything else, for it is what the positions are worth.
 */
export function viewOf(id: number, market: Market, expiry: Expiry, now: bigint, maxSpotAge: bigint): ExpiryView {
  const end = expiryTime(dayOf(id));
  const phase = phaseOf(market, expiry, now, end, maxSpotAge);
  return {
    phase,
    anchor: market.anchor,
    price: expiry.price,
    forward: phase === PHASE_EXPIRED ? frozenForward(expiry, end) : liveForward(market, expiry),
    live: liveForward(market, expiry),
    timeToExpiry: end > market.spotTime ? end - market.spotTime : 0n,
    minVol: market.minVol,
    maxVol: market.maxVol,
    bandFloor: market.bandFloor,
    curve: expiry.curve,
  };
}

/** Whether anything is known of what the options are worth. */
export function hasMark(view: ExpiryView): boolean {
  if (view.phase === PHASE_FIXED) return true;
  return view.forward !== 0n && (view.phase === PHASE_EXPIRED || view.maxVol !== 0n);
}

/** Whether the mark is recent: the expiry is fresh, or it has passed and its forward or price is known. */
export function isKnown(view: ExpiryView): boolean {
  return view.phase !== PHASE_STALE && hasMark(view);
}

/** The mark of a series, 1e-4 USD. Needs {@link hasMark}. */
export function mark(view: ExpiryView, series: bigint): bigint {
  return view.phase === PHASE_FIXED || view.phase === PHASE_EXPIRED
    ? payoff(makePosition(series, 1n), view.phase === PHASE_FIXED ? view.price : view.forward)
    : quote(view, series).mark;
}

/**
 * Mark and delta by the model, whatever the phase. A quote is a function of the series and of the last report, so it is
 * kept for as long as that lasts.
 */
export function quote(view: ExpiryView, series: bigint): Quote {
  const kept = keptQuotes(view);
  const known = kept.get(series);
  if (known !== undefined) return known;
  const strike = strikeOf(series);
  const limits = [view.minVol * VOL_UNIT, view.maxVol * VOL_UNIT] as const;
  const sigma = vol(toSvi(view.curve), view.forward, strike, ...limits);
  const { price, delta } = priceAndDelta(!isPut(series), view.forward, strike, sigma, view.timeToExpiry);
  const result = { mark: (price + MARK_UNIT / 2n) / MARK_UNIT, delta };
  kept.set(series, result);
  return result;
}

/** Whether a price is near enough to the mark: 30 % of it, or 3 % of the forward times |delta| and the market's floor. */
export function inBand(view: ExpiryView, series: bigint, price: bigint): boolean {
  const fair = mark(view, series);
  const { delta } = quote(view, series);
  const distance = price > fair ? price - fair : fair - price;
  const byMark = BAND_MARK * fair;
  const size = delta < 0n ? -delta : delta;
  const byDelta = (BAND_DELTA * view.forward * size) / WAD + BASIS * view.bandFloor;
  return distance * BASIS <= (byMark > byDelta ? byMark : byDelta);
}

/** The prices that an account below maintenance may close at: it buys at `highest` or less, sells at `lowest` or more. */
export interface ClosingPrices {
  readonly lowest: bigint;
  readonly highest: bigint;
}

/**
 * The mark rounded to the tick in favour of whoever takes the other side, and never below one tick: there is no price between,
 * and what is worth less than a tick could not be bought back at all. 1e-4 USD.
 */
export function closingPrices(fair: bigint, tick: bigint): ClosingPrices {
  const up = ceilDivide(fair, tick) * tick;
  return { lowest: (fair / tick) * tick, highest: up > tick ? up : tick };
}

/**
 * How far a mark that is `age` seconds old may have moved with the forward since, 1e-4 USD, rounded up: KEY_DRIFT a second.
 * Whoever trades on it may know where the price is by now.
 */
export function driftUp(view: ExpiryView, delta: bigint, age: bigint): bigint {
  const size = delta < 0n ? -delta : delta;
  return ceilDivide(view.forward * size * KEY_DRIFT * age, WAD * MILLION);
}

/** Whether a valid curve's vol at the money lies within a market's limits before it is clamped to them. */
export function isWithinLimits(
  { minVol, maxVol }: Pick<Market, "minVol" | "maxVol">,
  forward: bigint,
  curve: Curve,
): boolean {
  const atTheMoney = vol(toSvi(curve), forward, forward, 0n, UNLIMITED);
  return atTheMoney >= minVol * VOL_UNIT && atTheMoney <= maxVol * VOL_UNIT;
}

/** A reported curve in the units of the pricing. */
export function toSvi(curve: Curve): SviParameters {
  return {
    a: curve.a * CURVE_UNIT,
    b: curve.b * CURVE_UNIT,
    rho: curve.rho * CURVE_UNIT,
    m: curve.m * CURVE_UNIT,
    sigma: curve.sigma * CURVE_UNIT,
    refTau: curve.refTau,
  };
}

function phaseOf(market: Market, expiry: Expiry, now: bigint, end: bigint, maxSpotAge: bigint): number {
  if (expiry.price !== 0n) return PHASE_FIXED;
  if (now >= end) return PHASE_EXPIRED;
  const known = market.maxVol !== 0n && expiry.forward !== 0n && market.spot !== 0n;
  const recent = now <= market.spotTime + maxSpotAge && now <= expiry.curveTime + CURVE_MAX_AGE;
  return known && recent ? PHASE_FRESH : PHASE_STALE;
}

/**
 * The last reported forward, if it was recent when the expiry passed. SAFETY: an older one says nothing of the price; whoever
 * stopped reporting could otherwise free an account's margin by the mere passing of its expiry.
 */
function frozenForward(expiry: Expiry, end: bigint): bigint {
  return expiry.curveTime + CURVE_MAX_AGE >= end ? expiry.forward : 0n;
}

/** The reported forward, moved by what the spot has moved since. */
function liveForward(market: Market, expiry: Expiry): bigint {
  if (expiry.forward === 0n) return 0n;
  const forward = expiry.forward + market.spot - expiry.curveSpot;
  if (forward < 1n) return 1n;
  return forward > MAX_PRICE ? MAX_PRICE : forward;
}

/** What quotes of one curve were computed with, and the quotes. */
interface Kept {
  readonly forward: bigint;
  readonly timeToExpiry: bigint;
  readonly minVol: bigint;
  readonly maxVol: bigint;
  readonly quotes: Map<bigint, Quote>;
}

/** By the curve, which stays the same object in the state until the next report replaces it. */
const keptByCurve = new WeakMap<Curve, Kept>();

function keptQuotes(view: ExpiryView): Map<bigint, Quote> {
  const { forward, timeToExpiry, minVol, maxVol } = view;
  const kept = keptByCurve.get(view.curve);
  if (
    kept?.forward === forward &&
    kept.timeToExpiry === timeToExpiry &&
    kept.minVol === minVol &&
    kept.maxVol === maxVol
  ) {
    return kept.quotes;
  }
  const quotes = new Map<bigint, Quote>();
  keptByCurve.set(view.curve, { forward, timeToExpiry, minVol, maxVol, quotes });
  return quotes;
}
