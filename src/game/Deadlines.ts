import { TenorError } from "../errors.ts";

/** What times are refused for. */
export type DeadlineErrorCode =
  /** The challenge period leaves honest parties too little time. */
  "CHALLENGE_PERIOD_TOO_SHORT";

/** The deployment's times do not fit what its defenders can do. */
export class DeadlineError extends TenorError<DeadlineErrorCode> {
  override readonly name = "DeadlineError";
}

/** What a dispute's duration depends on. Seconds. */
export interface DisputeTimes {
  /** T. */
  readonly challengePeriod: bigint;
  /** k: a history has 2^k states. */
  readonly historyHeight: number;
  /** m: a move goes down m levels. */
  readonly sectionBits: number;
  /** δ: the longest that a defender takes to answer a move, executing the range included. */
  readonly reaction: bigint;
}

/**
 * The longest that an adversary can hold the right assertion up: (2L + 1) · δ with L = ⌈k / m⌉ levels, for opening and descending are
 * answered one after the other on each, and a proof ends it. A challenger that gets both into one transaction needs L + 1; it
 * warns by the longer time, because with somebody racing it makes its moves one by one.
 */
export function longestDelay({ historyHeight, sectionBits, reaction }: DisputeTimes, combined = false): bigint {
  const levels = BigInt(Math.ceil(historyHeight / sectionBits));
  return (combined ? levels + 1n : 2n * levels + 1n) * reaction;
}

/** The last moment, in seconds, at which the right assertion is sure to win if it is made against a first wrong one made then. */
export function answerBy(firstWrongAt: bigint, times: DisputeTimes, combined = false): bigint {
  return firstWrongAt + times.challengePeriod - longestDelay(times, combined);
}

/**
 * Refuses times with which an honest party could lose although it does what it should: T must cover the time for which an adversary
 * can censor, the longest delay, and a margin in which to make the right assertion.
 *
 * @param censorship C: seconds for which an adversary can keep everybody's transactions out, in all.
 * @throws {@link DeadlineError} `CHALLENGE_PERIOD_TOO_SHORT`.
 */
export function checkDisputeTimes(times: DisputeTimes, censorship: bigint, margin: bigint): void {
  const needed = censorship + longestDelay(times) + margin;
  if (times.challengePeriod >= needed) return;
  throw new DeadlineError("CHALLENGE_PERIOD_TOO_SHORT", "the challenge period leaves too little time to defend", {
    fields: { ...times, censorship, margin, needed },
  });
}
