import { CEILING, PRICE_TO_CASH } from "./Constants.ts";
import { marketOf, type Position } from "./Positions.ts";

/** The anchor of a market, in 1e-4 USD. */
export type AnchorOf = (market: number) => bigint;

/**
 * What the positions need in the collateralised mode, in 1e-6 USDC, rounded up: for each (market, expiry) the largest
 * loss at expiry, scanned at 0, at every strike below the ceiling and at the ceiling. docs/specification.md, section 6.1.
 *
 * The payoff is linear between these prices, so its minimum up to the ceiling lies at one of them. The sweep keeps the
 * value at the current price and the slope above it: at price 0 every put is worth its strike and the slope is minus the
 * puts; passing a strike adds the quantity to the slope, for calls, which begin to rise, and puts, which cease to fall.
 */
export function requirement(positions: readonly Position[], anchorOf: AnchorOf): bigint {
  let total = 0n;
  for (let start = 0; start < positions.length;) {
    const { expiry } = positions[start]!;
    let end = start + 1;
    while (end < positions.length && positions[end]!.expiry === expiry) end++;
    total += groupRequirement(positions, start, end, anchorOf(marketOf(expiry)));
    start = end;
  }
  return total;
}

/** The part of {@link requirement} of the positions `start` to `end` − 1, which are those of one (market, expiry). */
export function groupRequirement(positions: readonly Position[], start: number, end: number, anchor: bigint): bigint {
  let value = 0n;
  let slope = 0n;
  // Beyond the multiple of the anchor a call would be free to write; an anchor above the highest short call closes that.
  let ceiling = CEILING * anchor;
  for (let i = start; i < end; i++) {
    const { put, strike, quantity } = positions[i]!;
    if (put) {
      value += quantity * strike;
      slope -= quantity;
    } else if (quantity < 0n && strike + anchor > ceiling) {
      ceiling = strike + anchor;
    }
  }
  let lowest = value;
  let price = 0n;
  for (let i = start; i < end && positions[i]!.strike < ceiling; i++) {
    const { strike, quantity } = positions[i]!;
    value += slope * (strike - price);
    price = strike;
    if (value < lowest) lowest = value;
    slope += quantity;
  }
  value += slope * (ceiling - price);
  if (value < lowest) lowest = value;
  return lowest < 0n ? ceilDivide(-lowest, PRICE_TO_CASH) : 0n;
}

/** a / b rounded up, for a >= 0 and b > 0. */
export function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
