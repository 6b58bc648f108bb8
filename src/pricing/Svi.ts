import { MAX_PRICE } from "../machine/Constants.ts";
import { lnRatio, ONE, sqrt, WAD } from "./FixedPoint.ts";
import {
  MAX_LOG_MONEYNESS,
  MAX_SECONDS,
  MAX_SVI_A,
  MAX_SVI_M,
  MAX_SVI_SIGMA,
  MAX_SVI_SLOPE,
  SECONDS_PER_YEAR,
} from "./PricingBounds.ts";

/** Vol of a strike from a smile in Gatheral's raw SVI form (2004): docs/pricing.md, section 5. */

/** A smile of total variance: w(k) = a + b·(ρ(k − m) + √((k − m)² + σ²)), of `refTau` seconds. The rest in 1e18 fixed point. */
export interface SviParameters {
  readonly a: bigint;
  readonly b: bigint;
  readonly rho: bigint;
  readonly m: bigint;
  readonly sigma: bigint;
  readonly refTau: bigint;
}

/**
 * Whether a curve can be used: every parameter within its bound, 1 <= refTau <= MAX_SECONDS, b >= 0, |ρ| < 1, σ > 0, total
 * variance nowhere below zero, and wings no steeper than Lee's bound. Defined for every input.
 */
export function isValid({ a, b, rho, m, sigma, refTau }: SviParameters): boolean {
  if (a < -MAX_SVI_A || a > MAX_SVI_A) return false;
  if (b < 0n || b > MAX_SVI_SLOPE) return false;
  if (rho <= -WAD || rho >= WAD) return false;
  if (m < -MAX_SVI_M || m > MAX_SVI_M) return false;
  if (sigma <= 0n || sigma > MAX_SVI_SIGMA) return false;
  if (refTau <= 0n || refTau > MAX_SECONDS) return false;
  const size = rho < 0n ? -rho : rho;
  if (b * (WAD + size) > MAX_SVI_SLOPE * WAD) return false;
  // INVARIANT: the lowest total variance, a + b·σ·√(1 − ρ²), is not negative. The root is rounded down, against the curve.
  const root = sqrt((WAD * WAD - size * size) * 10n ** 36n);
  return a * 10n ** 54n + b * sigma * root >= 0n;
}

/**
 * Vol at the strike, 1e18 fixed point: √(w(k) / refTau) rounded down, raised to `minVol`, then lowered to `maxVol`, with
 * k = ln(strike / forward) within ±MAX_LOG_MONEYNESS. Prices above MAX_PRICE count as that; a price of 0 is infinitely far
 * from any other. The curve must satisfy isValid; forward, strike and the limits may be anything.
 */
export function vol(curve: SviParameters, forward: bigint, strike: bigint, minVol: bigint, maxVol: bigint): bigint {
  const x = logMoneyness(forward, strike) - curve.m;
  const root = sqrt((x * x + curve.sigma * curve.sigma) * 10n ** 36n);
  const variance = curve.a * 10n ** 36n + curve.b * (curve.rho * x + root);
  // The root is rounded down, so that at the lowest point of a curve that touches zero the sum can fall below it.
  let result = variance > 0n ? sqrt((variance * SECONDS_PER_YEAR) / (curve.refTau * WAD)) : 0n;
  if (result < minVol) result = minVol;
  if (result > maxVol) result = maxVol;
  return result;
}

/** ln(strike / forward), 1e18 fixed point, rounded towards zero. */
function logMoneyness(forward: bigint, strike: bigint): bigint {
  if (forward > MAX_PRICE) forward = MAX_PRICE;
  if (strike > MAX_PRICE) strike = MAX_PRICE;
  if (forward === strike) return 0n;
  if (forward === 0n) return MAX_LOG_MONEYNESS;
  if (strike === 0n) return -MAX_LOG_MONEYNESS;
  const k = (lnRatio(strike, forward) * WAD) / ONE;
  if (k > MAX_LOG_MONEYNESS) return MAX_LOG_MONEYNESS;
  return k < -MAX_LOG_MONEYNESS ? -MAX_LOG_MONEYNESS : k;
}
