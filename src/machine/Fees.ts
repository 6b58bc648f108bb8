import { FEE_TO_CASH, PREMIUM_CAP, PRICE_TO_CASH, PRICE_TO_FEE } from "./Constants.ts";
import { ceilDivide } from "./Requirement.ts";

/** Amounts of a fill: docs/specification.md, section 6.4. */

/** price · quantity in 1e-6 USDC; exact, since the tick is a multiple of 100 and the lot of 1000. */
export function premium(price: bigint, quantity: bigint): bigint {
  return (price * quantity) / PRICE_TO_CASH;
}

/**
 * What an order has accrued, in 1e-15 USDC, after a fill of `quantity` at `price`: `rate` of the underlying, at most
 * 12.5 % of the premium. No rounding, so splitting a fill changes nothing.
 */
export function accrue(accrued: bigint, rate: bigint, anchor: bigint, price: bigint, quantity: bigint): bigint {
  const byUnderlying = rate * anchor * quantity;
  const byPremium = PREMIUM_CAP * price * quantity;
  return accrued + (byUnderlying < byPremium ? byUnderlying : byPremium);
}

/** The cash that is due between two accruals of one order, rounded up over the order as a whole. */
export function feeUp(before: bigint, after: bigint): bigint {
  return ceilDivide(after, FEE_TO_CASH) - ceilDivide(before, FEE_TO_CASH);
}

/** Whether `accrued` exceeds `maxFee` (1e-4 USD per contract) on `filled` contracts. */
export function exceedsMaximum(accrued: bigint, maxFee: bigint, filled: bigint): boolean {
  return accrued > maxFee * filled * PRICE_TO_FEE;
}

/**
 * The most that a fill can cost whom a session key acts for, fee apart: a buyer the premium, a seller what the option could
 * at most be worth (`most`: the strike of a put, the underlying for a call) beyond the price. 1e-6 USDC, rounded up.
 */
export function lossBoundUp(sells: boolean, price: bigint, quantity: bigint, most: bigint): bigint {
  if (!sells) return premium(price, quantity);
  return most > price ? ceilDivide((most - price) * quantity, PRICE_TO_CASH) : 0n;
}

/**
 * What a trade at `price` gives away against a mark that may have moved by `drift`, fee apart, in 1e-6 USDC, rounded up.
 */
export function adverseUp(sells: boolean, price: bigint, quantity: bigint, mark: bigint, drift: bigint): bigint {
  const adverse = (sells ? mark - price : price - mark) + drift;
  return adverse > 0n ? ceilDivide(adverse * quantity, PRICE_TO_CASH) : 0n;
}
