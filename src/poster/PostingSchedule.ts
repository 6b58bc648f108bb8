/** When a sealed batch is posted. All times in seconds. */

/** How long batches wait, and when they no longer can. */
export interface ScheduleSettings {
  /** What the inbox allows an L2 time to lie behind the block that mines it. */
  readonly maxPast: bigint;
  /** What it allows an L2 time to lie ahead. */
  readonly maxFuture: bigint;
  /** A batch of at least so many bytes goes at once. */
  readonly postBytes: number;
  /** A smaller one goes at this age. */
  readonly postAge: bigint;
  /** Before it falls out of the inbox's bounds by this much, a batch is built anew: the sequencer's `resealMargin`. */
  readonly resealMargin: bigint;
  /** So long before it is built anew, a batch is worth the higher limit of fees. */
  readonly urgentWithin: bigint;
}

/** What is known of the batch that is next. */
export interface NextBatch {
  readonly l2Time: bigint;
  /** Bytes of payload. */
  readonly length: number;
  /** Bytes that the inbox's rate is charged for it. */
  readonly chargedBytes: number;
  /** Whether another one waits behind it. */
  readonly hasFollower: boolean;
}

/** L1 as far as the schedule depends on it. */
export interface L1Situation {
  /** Time of the newest block. */
  readonly time: bigint;
  readonly availableBytes: bigint;
}

/** Why a batch waits. */
export type WaitReason =
  /** It is small and young. */
  | "young"
  /** Its L2 time is ahead of what the inbox takes. */
  | "ahead of L1"
  /** The inbox's bytes per second are used up. */
  | "rate"
  /** It is too old for the inbox, and is to be built anew. */
  | "too late";

/** What the schedule says. */
export type Due = { readonly wait: WaitReason } | { readonly due: "size" | "age" | "deadline" | "backlog" };

/** Whether the inbox would take the batch in the next block, and whether it is time. */
export function dueOf(batch: NextBatch, l1: L1Situation, settings: ScheduleSettings): Due {
  const { l2Time, length, chargedBytes, hasFollower } = batch;
  if (l1.time > l2Time + settings.maxPast) return { wait: "too late" };
  if (l2Time > l1.time + settings.maxFuture) return { wait: "ahead of L1" };
  if (BigInt(chargedBytes) > l1.availableBytes) return { wait: "rate" };
  if (isUrgent(l2Time, l1.time, settings)) return { due: "deadline" };
  if (hasFollower) return { due: "backlog" };
  if (length >= settings.postBytes) return { due: "size" };
  return l1.time - l2Time >= settings.postAge ? { due: "age" } : { wait: "young" };
}

/** Whether a batch of this L2 time is about to be built anew, which costs its traders what expires by then. */
export function isUrgent(l2Time: bigint, time: bigint, settings: ScheduleSettings): boolean {
  const { maxPast, resealMargin, urgentWithin } = settings;
  return time >= l2Time + maxPast - resealMargin - urgentWithin;
}
