/**
 * An independent model of docs/price-fixing.md: it looks at every round of every phase and at every second of the window,
 * and shares no code with the contract or with the search for evidence.
 */

/** A round of one phase; its number is its place in the list, from 1. */
export interface ModelRound {
  readonly answer: bigint;
  readonly updatedAt: number;
  readonly answeredIn: number;
}

/** A feed: the rounds of each phase from the market's base on, in order. */
export type ModelFeed = readonly (readonly ModelRound[])[];

/** What turns an average into a price. */
export interface ModelScale {
  readonly decimals: number;
  readonly tick: bigint;
}

/** The answer, with the reason that gives it. */
export interface ModelFixing {
  readonly price: bigint;
  readonly reason: "average" | "after" | "before";
}

const MAX_PRICE = 549_755_813_887n;

interface Candidate {
  readonly answer: bigint;
  readonly time: number;
  readonly phase: number;
  readonly number: number;
}

/** The one price of an expiry at `expiry`, or undefined if the feed has no valid round. */
export function modelPrice(feed: ModelFeed, expiry: number, scale: ModelScale): ModelFixing | undefined {
  const valid = feed.map((rounds, phase) => validRounds(rounds, phase));
  for (const rounds of valid) {
    const sum = sumOfSeconds(rounds, expiry);
    if (sum !== undefined) return { price: toTick(sum, 1800n, scale), reason: "average" };
  }
  const all = valid.flat();
  const after = all
    .filter(({ time }) => time > expiry && time <= expiry + 48 * 3600)
    .sort((a, b) => a.time - b.time || a.phase - b.phase || a.number - b.number)[0];
  if (after !== undefined) return { price: toTick(after.answer, 1n, scale), reason: "after" };
  const before = all
    .filter(({ time }) => time <= expiry)
    .sort((a, b) => b.time - a.time || b.phase - a.phase || b.number - a.number)[0];
  return before && { price: toTick(before.answer, 1n, scale), reason: "before" };
}

function validRounds(rounds: readonly ModelRound[], phase: number): Candidate[] {
  return rounds
    .map(({ answer, updatedAt, answeredIn }, index) => ({
      answer,
      time: updatedAt,
      phase,
      number: index + 1,
      answeredIn,
    }))
    .filter((round) => round.answer > 0n && round.answer < 2n ** 127n)
    .filter((round) => round.time !== 0 && round.answeredIn >= round.number);
}

/** The prices of the 1,800 seconds before expiry, added up; undefined if one of them has no price of the last two hours. */
function sumOfSeconds(rounds: readonly Candidate[], expiry: number): bigint | undefined {
  let sum = 0n;
  for (let second = expiry - 1800; second < expiry; second++) {
    let price: Candidate | undefined;
    for (const round of rounds)
      if (round.time <= second && (price === undefined || round.time >= price.time)) price = round;
    if (price === undefined || second - price.time >= 7200) return undefined;
    sum += price.answer;
  }
  return sum;
}

function toTick(weighted: bigint, seconds: bigint, { decimals, tick }: ModelScale): bigint {
  const denominator = seconds * 10n ** BigInt(decimals) * tick;
  const numerator = weighted * 10_000n;
  const down = numerator / denominator;
  const nearest = (numerator % denominator) * 2n >= denominator ? down + 1n : down;
  const highest = MAX_PRICE / tick;
  return (nearest < 1n ? 1n : nearest > highest ? highest : nearest) * tick;
}
