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
  /** Cash less debt and all positions at their marks; 0 if that is negative. */
  readonly value: bigint;
}

/**
 * The health of an account.
 *
 * @param net Cash less debt.
 * @param maintenance Maintenance requirement; it contains what the shorts are worth.
 * @param marked What the positions are worth at their marks.
 */
export function healthOf(net: bigint, maintenance: bigint, marked: bigint): Health {
  const maintenanceExcess = net - maintenance;
  const risk = maintenance + marked > 0n ? maintenance + marked : 0n;
  return {
    maintenanceExcess,
    bufferedExcess: maintenanceExcess - ceilDivide(AUCTION_BUFFER * risk, 100n),
    value: net + marked > 0n ? net + marked : 0n,
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
 * A fraction f takes f of the requirement, the cash and the positions away and brings f · rate · value, so the buffered
 * excess e becomes (1 − f) · e + f · rate · value, which is zero at f = −e / (rate · value − e).
 */
export function largestFraction(health: Health, rate: bigint): bigint {
  const deficit = -health.bufferedExcess * BASIS;
  return (FRACTION * deficit) / (rate * health.value + deficit);
}

/** What a bidder pays for `fraction` of the account, rounded up. */
export function paymentUp(health: Health, rate: bigint, fraction: bigint): bigint {
  return ceilDivide(rate * health.value * fraction, BASIS * FRACTION);
}
