import { expiryTime } from "../machine/Slots.ts";

/**
 * Finds the evidence with which `OptionsSettlement.fixPrice` fixes a settlement price: for each phase of the feed the
 * round from which the contract reads on. The rule is docs/price-fixing.md; the contract believes nothing of what is found
 * here, so a mistake costs a failed call and never a wrong price.
 */

/** Seconds before expiry over which the price is averaged. */
const WINDOW = 1800n;
/** Longest age of a price inside the window in a phase that covers it, in seconds. */
export const MAX_GAP = 7200n;
/** A round is readable at the latest this many seconds after its `updatedAt`. */
export const VISIBLE_AFTER = 900n;
/** Seconds after expiry for which a dead feed is waited for. */
const DEAD_AFTER = 172_800n;
/** Highest answer that counts. */
const MAX_ANSWER = 2n ** 127n - 1n;

/** One aggregator round as the proxy gives it. */
export interface FeedRound {
  readonly answer: bigint;
  readonly updatedAt: bigint;
  /** Aggregator round in which the answer was computed. */
  readonly answeredInRound: bigint;
}

/** A feed at one block. All reads of one search must be of the same block. */
export interface FeedReader {
  /** The current phase. */
  phase(): Promise<number>;
  /** Number of the current phase's latest round, 0 if it has none. */
  latestRound(): Promise<bigint>;
  /** A round; undefined if it is missing (the call reverts, or answer and times are zero). */
  getRound(phase: number, round: bigint): Promise<FeedRound | undefined>;
}

/** What to fix. */
export interface FixingTarget {
  /** First phase that may fix a price. */
  readonly phaseBase: number;
  /** Expiry day. */
  readonly day: number;
  /** Time of the block in which the call will be made, or of the latest one. */
  readonly now: bigint;
}

/** The evidence, or when to look again. */
export type RoundEvidence =
  /** `starts` is what `fixPrice` takes. */
  | { readonly status: "ready"; readonly starts: readonly bigint[] }
  /** The price cannot be fixed yet: at `until` at the latest it is worth looking again, and whenever a round appears. */
  | { readonly status: "wait"; readonly until: bigint }
  /** The feed never had a valid round. */
  | { readonly status: "impossible" };

type Verdict = "covers" | "fails" | "open";

/** Whether a round counts (R1). */
function isValidRound(number: bigint, round: FeedRound): boolean {
  const inRange = round.answer > 0n && round.answer <= MAX_ANSWER;
  return inRange && round.updatedAt !== 0n && round.answeredInRound >= number;
}

/** Finds the evidence for {@link FixingTarget} in a feed. */
export async function findRoundEvidence(feed: FeedReader, target: FixingTarget): Promise<RoundEvidence> {
  const expiry = expiryTime(target.day);
  const deadAt = expiry + DEAD_AFTER + VISIBLE_AFTER;
  if (target.now <= expiry) return { status: "wait", until: expiry + 1n };
  const cached = cacheRounds(feed);
  const current = await feed.phase();
  const starts: bigint[] = [];
  let isPriced = false;
  for (let phase = target.phaseBase; phase <= current; phase++) {
    const last = phase === current ? await feed.latestRound() : await findLastRound(cached, phase);
    const start = await findStart(cached, phase, last, expiry - WINDOW);
    const { verdict, hasValid } = await judgePhase(cached, phase, start, expiry, target.now);
    if (verdict === "open") return { status: "wait", until: expiry + VISIBLE_AFTER + 1n };
    starts.push(start);
    if (verdict === "covers") return { status: "ready", starts };
    isPriced ||= hasValid;
  }
  if (target.now <= deadAt) return { status: "wait", until: deadAt + 1n };
  return isPriced ? { status: "ready", starts } : { status: "impossible" };
}

/** Reads a phase as the contract does, from `start` to expiry or to the phase's end. */
async function judgePhase(
  feed: FeedReader,
  phase: number,
  start: bigint,
  expiry: bigint,
  now: bigint,
): Promise<{ verdict: Verdict; hasValid: boolean }> {
  const windowStart = expiry - WINDOW;
  let lastTime: bigint | undefined;
  let isCovered = true;
  const judgeAge = (until: bigint): void => {
    if (until > windowStart) isCovered &&= lastTime !== undefined && until - lastTime <= MAX_GAP;
  };
  for (let number = start; ; number++) {
    const round = await feed.getRound(phase, number);
    if (round === undefined) {
      if (now <= expiry + VISIBLE_AFTER) return { verdict: "open", hasValid: false };
      break;
    }
    if (round.updatedAt > expiry) break;
    if (!isValidRound(number, round)) continue;
    judgeAge(round.updatedAt);
    lastTime = round.updatedAt;
  }
  judgeAge(expiry);
  if (isCovered) return { verdict: "covers", hasValid: true };
  return { verdict: "fails", hasValid: lastTime !== undefined || (await hasValidAfter(feed, phase, start, expiry)) };
}

/** Whether the phase has a valid round within `DEAD_AFTER` of expiry. */
async function hasValidAfter(feed: FeedReader, phase: number, start: bigint, expiry: bigint): Promise<boolean> {
  for (let number = start; ; number++) {
    const round = await feed.getRound(phase, number);
    if (round === undefined || round.updatedAt > expiry + DEAD_AFTER) return false;
    if (isValidRound(number, round)) return true;
  }
}

/** The last round of a phase, by doubling and bisection; 0 if it has none. */
async function findLastRound(feed: FeedReader, phase: number): Promise<bigint> {
  let missing = 1n;
  while ((await feed.getRound(phase, missing)) !== undefined) missing *= 2n;
  return await bisect(missing / 2n, missing, async (number) => (await feed.getRound(phase, number)) !== undefined);
}

/** The last valid round with `updatedAt` not after `time`, or 1 if there is none. */
async function findStart(feed: FeedReader, phase: number, last: bigint, time: bigint): Promise<bigint> {
  let number = await bisect(0n, last + 1n, async (middle) => (await timeOf(feed, phase, middle)) <= time);
  for (; number > 1n; number--) {
    const round = await feed.getRound(phase, number);
    if (round !== undefined && isValidRound(number, round)) return number;
  }
  return 1n;
}

/** The time of a round, or of the nearest one before it that has a time. */
async function timeOf(feed: FeedReader, phase: number, number: bigint): Promise<bigint> {
  for (let at = number; at > 0n; at--) {
    const round = await feed.getRound(phase, at);
    if (round !== undefined && round.updatedAt !== 0n) return round.updatedAt;
  }
  return 0n;
}

/** The highest number in [low, high) for which `holds`, which is true of `low` and false of `high`. */
async function bisect(low: bigint, high: bigint, holds: (number: bigint) => Promise<boolean>): Promise<bigint> {
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (await holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** The same feed, with every round read once. */
function cacheRounds(feed: FeedReader): FeedReader {
  const rounds = new Map<string, Promise<FeedRound | undefined>>();
  return {
    phase: () => feed.phase(),
    latestRound: () => feed.latestRound(),
    getRound: (phase, round) => {
      const key = `${phase}:${round}`;
      let found = rounds.get(key);
      if (found === undefined) {
        found = feed.getRound(phase, round);
        rounds.set(key, found);
      }
      return found;
    },
  };
}
