import { MAX_PRICE } from "../../../src/machine/Constants.ts";
import { price } from "../../../src/pricing/Black76.ts";
import type { Random } from "../random.ts";
import { anyMagnitude, type Option } from "./samples.ts";

/** vol · √(time in years). */
export function deviationOf([, , , vol, time]: Option): number {
  return (Number(vol) / 1e18) * Math.sqrt(Number(time) / 31_536_000);
}

/**
 * What of invariant 8 the prices around an option break: a call falls with the strike and rises with forward, vol and time, a
 * put the other way about with prices, from each value to the next; and a butterfly is worth no less than −2e-18 USD.
 */
export function brokenRules([isCall, forward, strike, vol, time]: Option, random: Random): string[] {
  const value = price(isCall, forward, strike, vol, time);
  const strikeRise = price(isCall, forward, strike + 1n, vol, time) - value;
  const forwardRise = price(isCall, forward + 1n, strike, vol, time) - value;
  const broken: string[] = [];
  if (isCall ? strikeRise > 0n : strikeRise < 0n) broken.push("strike");
  if (isCall ? forwardRise < 0n : forwardRise > 0n) broken.push("forward");
  if (price(isCall, forward, strike, vol, time + 1n) < value) broken.push("time");
  if (price(isCall, forward, strike, vol + 1n, time) < value) broken.push("vol");
  const room = strike < MAX_PRICE - strike ? strike : MAX_PRICE - strike;
  if (room > 0n) {
    const distance = random.chance(0.3) ? 1n : anyMagnitude(random, room);
    const wings = [strike - distance, strike + distance].map((k) => price(isCall, forward, k, vol, time));
    if (wings[0]! + wings[1]! - 2n * value < -2n) broken.push(`butterfly of ${distance}`);
  }
  return broken;
}
