/**
 * Reads an unsigned decimal text exactly, as an integer count of 10^-`decimals`.
 *
 * @returns undefined where the text is no plain unsigned decimal (a sign, an exponent, `NaN`, blanks), or has a
 *   non-zero digit beyond `decimals`, or more than 18 digits before the point: nothing is rounded or guessed.
 */
export function parseDecimal(text: string, decimals: number): bigint | undefined {
  const match = /^(\d{1,18})(?:\.(\d+))?$/.exec(text);
  if (!match) return undefined;
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  if (fraction.length > decimals) return undefined;
  return BigInt(match[1]! + fraction.padEnd(decimals, "0"));
}

/** The quotient of a non-negative numerator and a positive denominator, halves rounded up. */
export function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator);
}

/** Rounds a non-negative amount to a multiple of `step`, halves up, but never below one step. */
export function roundToStep(amount: bigint, step: bigint): bigint {
  const steps = divideHalfUp(amount, step);
  return (steps === 0n ? 1n : steps) * step;
}
