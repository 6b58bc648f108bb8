import {
  AUCTION_BUFFER,
  AUCTION_DUE,
  AUCTION_STEEP,
  BASIS,
  FACTOR_START,
  FACTOR_STEEP,
  FRACTION,
} from "./Constants.ts";
import { ceilDivide } from "./Requirement.ts";

/** The arithmetic of an auction of a part of an account: docs/specification.md, section 6.9. Amounts in 1e-6 USDC. */

/** What of an account decides about its auction. */
export interface Health {
  /** Cash less debt less the maintenance requirement. */
  readonly maintenanceExcess: bigint;
  /** The same with the requirement raised by AUCTION_BUFFER percent of the risk in it: what an auction restores to zero. */
  readonly bufferedExcess: bigint;
  /** Cash and all positions at their marks, without the debt, which stays; may be negative. */
  readonly value: bigint;
  readonly maintenance: bigint;
  readonly debt: bigint;
}

/**
 * The health of an account.
 *
 * @param maintenance Maintenance requirement; it contains what the shorts are worth.
 * @param marked What the positions are worth at their marks.
 * @param shorts What the shorts among them are worth, not positive. The risk is what the requirement asks beyond that; longs
 * are no part of it, however much they are worth.
 */
export function healthOf(cash: bigint, debt: bigint, maintenance: bigint, marked: bigint, shorts: bigint): Health {
  const maintenanceExcess = cash - debt - maintenance;
  const risk = maintenance + shorts > 0n ? maintenance + shorts : 0n;
  return {
    maintenanceExcess,
    bufferedExcess: maintenanceExcess - ceilDivide(AUCTION_BUFFER * risk, 100n),
    value: cash + marked,
    maintenance,
    debt,
  };
}

/** What part of the value, in BASIS, a bidder pays `elapsed` seconds after the start. It never rises. */
export function factor(elapsed: bigint): bigint {
  if (elapsed <= AUCTION_STEEP) return FACTOR_START - ((FACTOR_START - FACTOR_STEEP) * elapsed) / AUCTION_STEEP;
  if (elapsed >= AUCTION_DUE) return 0n;
  return FACTOR_STEEP - (FACTOR_STEEP * (elapsed - AUCTION_STEEP)) / (AUCTION_DUE - AUCTION_STEEP);
}

/**
 * The largest fraction (1e-9) of an account with a negative buffered excess that may be sold at `rate` (BASIS).
 *
 * A fraction f takes f of the requirement, the cash and the positions away, leaves the debt, and brings f · rate · value. So
 * the buffered excess e becomes (1 − f) · (e + debt) − debt + f · rate · value, which is zero at f = −e / (rate · value − e − debt).
 * Where that is not reached, the whole may be sold.
 */
export function largestFraction(health: Health, rate: bigint): bigint {
  const deficit = -health.bufferedExcess * BASIS;
  const gain = rate * positive(health.value) + deficit - health.debt * BASIS;
  return gain <= deficit ? FRACTION : (FRACTION * deficit) / gain;
}

/** What a bidder pays for `fraction` of the account, rounded up. */
export function paymentUp(health: Health, rate: bigint, fraction: bigint): bigint {
  return ceilDivide(rate * positive(health.value) * fraction, BASIS * FRACTION);
}

function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}
