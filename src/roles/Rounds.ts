import { BlockWatch } from "./BlockWatch.ts";
import type { Follower } from "./Follower.ts";
import type { Health } from "./Health.ts";
import type { NodeAlarm, NodeMetrics } from "./NodeMetrics.ts";

/** What rounds are judged by. */
export interface RoundParts {
  readonly follower: Follower;
  readonly health: Health<NodeAlarm>;
  readonly metrics: NodeMetrics;
  /** Milliseconds of this process's clock, by which nothing is decided. */
  readonly uptime: () => number;
  /** The present by this machine's clock, seconds, by which nothing is decided. Default: the system's. */
  readonly now?: () => bigint;
}

/** Age of the newest block, seconds, above which the endpoint shows L1 as it was: more than any lag at which a node reads. */
const OLD_SECONDS = 3_600n;

/** Keeps the figures and the alarms that every role has: how far L1 was read, and whether its endpoint answers. */
export class RoundKeeper {
  readonly #parts: RoundParts;
  readonly #watch: BlockWatch;

  constructor(parts: RoundParts) {
    this.#parts = parts;
    this.#watch = new BlockWatch(parts.uptime);
  }

  /** A round is over. @param failure Undefined if it did what it should. @param alarm What its failure raises. */
  note(failure?: unknown, alarm: NodeAlarm = "endpoint"): void {
    const { follower, health, metrics } = this.#parts;
    const block = follower.head?.number;
    const words = failure === undefined ? undefined : `the round failed: ${wordsOf(failure)}`;
    health.set("endpoint", alarm === "endpoint" ? words : undefined);
    if (alarm !== "endpoint") health.set(alarm, words);
    health.set("stalled", this.#stalled(), { block });
    const { batchCount: batches, messageCount: messages } = follower.log;
    metrics.round(failure === undefined ? "done" : "failed", { block, batches, messages }, health);
  }

  /** What is wrong now: also a round that does not end and gets nowhere, of which {@link note} hears nothing. */
  reasons(): readonly { readonly alarm: NodeAlarm; readonly reason: string }[] {
    const { health, metrics } = this.#parts;
    health.set("stalled", this.#stalled());
    metrics.alarms(health);
    return health.reasons;
  }

  /** In words, why what was read of L1 is not L1 as it stands; undefined if nothing speaks for that. */
  #stalled(): string | undefined {
    const { head, log, snapshot } = this.#parts.follower;
    // A node that is far behind gets on although its round lasts: by inputs that it has read, and steps that it has executed.
    const work = Number(log.batchCount + log.messageCount) + snapshot.steps;
    return this.#watch.see(head?.number, work) ?? this.#old();
  }

  #old(): string | undefined {
    const { follower, now = systemTime } = this.#parts;
    const age = follower.head === undefined ? 0n : now() - follower.head.timestamp;
    return age > OLD_SECONDS ? `the newest block that was read is ${age} seconds old` : undefined;
  }
}

function systemTime(): bigint {
  return BigInt(Math.floor(Date.now() / 1_000));
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
