import { MAX_PRICE } from "../machine/Constants.ts";
import { expNegative, lnRatio, ONE, sqrt, WAD } from "./FixedPoint.ts";
import { INV_SQRT_2PI, tail } from "./NormalDistribution.ts";
import { MAX_SECONDS, MAX_VOL, SECONDS_PER_YEAR } from "./PricingBounds.ts";

/**
 * Value and Greeks of a European option on a forward, undiscounted (Black 1976): docs/pricing.md, section 4.
 *
 * Everywhere: forward and strike in 1e-4 USD, vol in 1e18 fixed point, time to expiry in seconds; results in USD, 1e18
 * fixed point. Every input >= 0 has a result: what is above MAX_PRICE, MAX_VOL or MAX_SECONDS counts as the bound.
 */

/** Sensitivities of the price of one option, 1e18 fixed point. */
export interface Greeks {
  /** USD for each USD of the forward: 0 to 1 for a call, −1 to 0 for a put. */
  readonly delta: bigint;
  /** Delta for each USD of the forward; never negative. */
  readonly gamma: bigint;
  /** USD for each 1.00 (100 %) of vol; never negative. */
  readonly vega: bigint;
  /** USD for each year that passes; never positive. */
  readonly theta: bigint;
}

/**
 * The option out of the money on two prices low <= high: low·N(d1) − high·N(d2), d1 = −ln(high / low) / s + s / 2,
 * d2 = d1 − s. It is the call if low is the forward, the put if low is the strike.
 */
interface Point {
  readonly low: bigint;
  /** e^(−d1²/2) = mantissa · 2^(−96 − halvings). */
  readonly mantissa: bigint;
  readonly halvings: bigint;
  /** |d1|, 2^96 fixed point. */
  readonly first: bigint;
  /** |d2|; d2 is never positive. */
  readonly second: bigint;
  readonly firstIsPositive: boolean;
}

/** 1e-4 USD in 1e18 fixed point. */
const UNIT = 10n ** 14n;
/** Beyond d1 = −11 even the dearest option is worth less than 1e-18 USD. 2^96 fixed point. */
const CUTOFF = 11n * ONE;

/**
 * Value of one contract. The option out of the money is rounded down; the other is it plus the difference between forward
 * and strike, so call − put = forward − strike exactly.
 */
export function price(isCall: boolean, forward: bigint, strike: bigint, vol: bigint, time: bigint): bigint {
  return priceAndDelta(isCall, forward, strike, vol, time).price;
}

/**
 * Delta: 0 to 1 for a call, −1 to 0 for a put, exactly 1 apart; its size is rounded down on the side out of the money.
 * Without time or vol it is that of the intrinsic value, and ±1/2 at the money.
 */
export function delta(isCall: boolean, forward: bigint, strike: bigint, vol: bigint, time: bigint): bigint {
  [forward, strike] = [least(forward, MAX_PRICE), least(strike, MAX_PRICE)];
  const point = pointOf(forward, strike, deviationOf(vol, rootOfYears(time)));
  const scaledTail = point === undefined ? 0n : tail(forward > strike ? point.second : point.first);
  return deltaOf(isCall, forward, strike, point, scaledTail);
}

/** `price` and `delta` for little more than either. */
export function priceAndDelta(
  isCall: boolean,
  forward: bigint,
  strike: bigint,
  vol: bigint,
  time: bigint,
): { readonly price: bigint; readonly delta: bigint } {
  [forward, strike] = [least(forward, MAX_PRICE), least(strike, MAX_PRICE)];
  const point = pointOf(forward, strike, deviationOf(vol, rootOfYears(time)));
  let value = intrinsicOf(isCall, forward, strike);
  if (point === undefined) return { price: value, delta: deltaOf(isCall, forward, strike, point, 0n) };
  const first = tail(point.first);
  const second = tail(point.second);
  value += valueOf(point, first, second);
  return { price: value, delta: deltaOf(isCall, forward, strike, point, forward > strike ? second : first) };
}

/**
 * The Greeks. Gamma and vega are rounded down, theta towards zero; the three are zero without time or vol, and where the
 * option out of the money is worth nothing.
 */
export function greeks(isCall: boolean, forward: bigint, strike: bigint, vol: bigint, time: bigint): Greeks {
  [forward, strike] = [least(forward, MAX_PRICE), least(strike, MAX_PRICE)];
  const root = rootOfYears(time);
  const deviation = deviationOf(vol, root);
  const point = pointOf(forward, strike, deviation);
  const scaledTail = point === undefined ? 0n : tail(forward > strike ? point.second : point.first);
  const change = deltaOf(isCall, forward, strike, point, scaledTail);
  if (deviation === 0n || point === undefined) return { delta: change, gamma: 0n, vega: 0n, theta: 0n };
  // forward·φ(d1) = strike·φ(d2) = low·φ(d1 of the point), in USD.
  const density = (((point.low * UNIT * point.mantissa) >> 64n) * INV_SQRT_2PI) >> (128n + point.halvings);
  return {
    delta: change,
    // 1 USD² is 1e8 units².
    gamma: (density * 10n ** 8n * ONE) / (forward * forward * deviation),
    vega: (density * root) >> 96n,
    theta: -((density * least(vol, MAX_VOL) * ONE) / (2n * root * WAD)),
  };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** √(time in years), 2^96 fixed point, rounded down. */
function rootOfYears(time: bigint): bigint {
  return sqrt((least(time, MAX_SECONDS) << 192n) / SECONDS_PER_YEAR);
}

/** s = vol · √(time in years), 2^96 fixed point, rounded down; below 15. */
function deviationOf(vol: bigint, root: bigint): bigint {
  return (least(vol, MAX_VOL) * root) / WAD;
}

/** Where the option out of the money stands; undefined if it is worth nothing, other than at the money. */
function pointOf(forward: bigint, strike: bigint, deviation: bigint): Point | undefined {
  const [low, high] = forward < strike ? [forward, strike] : [strike, forward];
  if (low === 0n || (deviation === 0n && low !== high)) return undefined;
  const moneyness = low === high ? 0n : (lnRatio(high, low) << 96n) / deviation;
  const half = deviation >> 1n;
  const firstIsPositive = moneyness < half;
  const first = firstIsPositive ? half - moneyness : moneyness - half;
  if (!firstIsPositive && first >= CUTOFF) return undefined;
  const second = moneyness + (deviation - half);
  return { low, ...expNegative((first * first) >> 97n), first, second, firstIsPositive };
}

/**
 * Value of the option out of the money, given the scaled tails at |d1| and |d2|. Because high·φ(d2) = low·φ(d1), it is
 * low·e^(−d1²/2)·(R(−d1) − R(−d2)), which keeps its relative precision however small it is; and with
 * N(d1) = 1 − N(−d1), low·(1 − e^(−d1²/2)·(R(d1) + R(−d2))) if d1 > 0.
 */
function valueOf(point: Point, first: bigint, second: bigint): bigint {
  if (point.firstIsPositive) {
    const complement = (point.mantissa * (first + second)) >> (96n + point.halvings);
    // INVARIANT: never negative; with very little deviation the tails' last units decide.
    return complement < ONE ? (point.low * UNIT * (ONE - complement)) >> 96n : 0n;
  }
  // INVARIANT: never negative, as above.
  if (first <= second) return 0n;
  return (((point.low * UNIT * point.mantissa) >> 64n) * (first - second)) >> (128n + point.halvings);
}

/** Delta, given the scaled tail at |d1| of the point if the call is out of the money or at the money, at |d2| if the put is. */
function deltaOf(
  isCall: boolean,
  forward: bigint,
  strike: bigint,
  point: Point | undefined,
  scaledTail: bigint,
): bigint {
  let size = point === undefined ? 0n : point.mantissa * scaledTail;
  const shift = 192n + (point?.halvings ?? 0n);
  if (forward > strike) {
    // The put's N(−d1) is N(d2) of the point, and φ(d2) = φ(d1)·low / high.
    size = (((size * strike) / forward) * WAD) >> shift;
    return isCall ? WAD - size : -size;
  }
  size = (size * WAD) >> shift;
  if (point?.firstIsPositive === true) size = WAD - size;
  return isCall ? size : size - WAD;
}

/** max(forward − strike, 0) of a call, max(strike − forward, 0) of a put, in 1e18 fixed point. */
function intrinsicOf(isCall: boolean, forward: bigint, strike: bigint): bigint {
  const gain = isCall ? forward - strike : strike - forward;
  return gain > 0n ? gain * UNIT : 0n;
}
