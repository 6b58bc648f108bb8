/**
 * Black-76 in plain floating point, for generated data only: the exchange's own prices are integer arithmetic.
 */
import type { OptionType } from "./types.ts";

const SECONDS_PER_YEAR = 31_536_000;

/**
 * The undiscounted value of a European option on a forward.
 *
 * @param forward of the underlying at expiry, in any unit
 * @param strike in the same unit
 * @param vol a year's volatility as a fraction
 * @param seconds to expiry; zero or less gives the intrinsic value
 * @returns the value, in the same unit
 */
export function black76Float(type: OptionType, forward: number, strike: number, vol: number, seconds: number): number {
  const sign = type === "call" ? 1 : -1;
  const deviation = vol * Math.sqrt(Math.max(seconds, 0) / SECONDS_PER_YEAR);
  if (deviation === 0) return Math.max(sign * (forward - strike), 0);
  const d1 = Math.log(forward / strike) / deviation + deviation / 2;
  const value = sign * (forward * normalCdf(sign * d1) - strike * normalCdf(sign * (d1 - deviation)));
  return Math.max(value, 0);
}

/** The standard normal distribution function, within 7.5e-8 (Abramowitz and Stegun, 26.2.17). */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return x < 0 ? tail : 1 - tail;
}
