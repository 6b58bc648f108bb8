import type { Outcome } from "./Simulator.ts";

/**
 * Gas by which what a mutant measures may be off: where it is active, the other mutants of its place are not asked for, a few times in a move.
 * With 100, mutants are killed that change nothing.
 */
const GAS_TOLERANCE = 1_000n;
/** Smaller numbers are times, counts and places, which are exact. */
const LEAST_AMOUNT = 2n ** 40n;

/** Whether two runs of the same calls have done the same. With a base fee, amounts may differ a little. */
export function isSame(expected: readonly Outcome[], actual: readonly Outcome[], baseFee: bigint): boolean {
  if (expected.length !== actual.length) return false;
  const isSameData = isAbout(baseFee * GAS_TOLERANCE);
  return expected.every(({ accepted, data, logs }, i) => {
    const other = actual[i]!;
    if (accepted !== other.accepted || logs.length !== other.logs.length) return false;
    // Errors may name hashes of what moves have cost.
    const isSameResult =
      baseFee > 0n && !accepted ? data.slice(0, 10) === other.data.slice(0, 10) : isSameData(data, other.data);
    return (
      isSameResult &&
      logs.every((log, n) => {
        const { address, topics, data: logged } = other.logs[n]!;
        return log.address === address && log.topics.join() === topics.join() && isSameData(log.data, logged);
      })
    );
  });
}

function isAbout(tolerance: bigint): (a: string, b: string) => boolean {
  return (a, b) => {
    if (a === b) return true;
    if (tolerance === 0n || a.length !== b.length) return false;
    for (let at = 2; at < a.length; at += 64) {
      const [x, y] = [a.slice(at, at + 64), b.slice(at, at + 64)];
      if (x === y) continue;
      const [v, w] = [BigInt(`0x${x}`), BigInt(`0x${y}`)];
      if (v < LEAST_AMOUNT || w < LEAST_AMOUNT) return false;
      if ((v > w ? v - w : w - v) > tolerance) return false;
    }
    return true;
  };
}
