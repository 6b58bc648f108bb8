import type { SignedReport } from "../machine/OracleReports.ts";
import { SequencerError, type Sequencer } from "../sequencer/Sequencer.ts";
import type { ReportOutcome } from "../sequencer/Submission.ts";
import type { FollowedL1 } from "./FollowedL1.ts";
import type { Health } from "./Health.ts";
import type { Logger } from "./Logger.ts";
import type { NodeAlarm, NodeMetrics } from "./NodeMetrics.ts";
import type { RoundKeeper } from "./Rounds.ts";
import type { Timer } from "./Timer.ts";

/** What the service is made of. */
export interface SequencerServiceParts {
  readonly sequencer: Sequencer;
  readonly l1: FollowedL1;
  readonly rounds: RoundKeeper;
  readonly health: Health<NodeAlarm>;
  readonly metrics: NodeMetrics;
  readonly logger: Logger;
  readonly timer: Timer;
  /** Time between two looks at L1. */
  readonly pollMilliseconds: number;
  /** Milliseconds of this process's clock, by which nothing but the alarm about reports is decided. */
  readonly uptime: () => number;
}

/** Time between two looks at what the sequencer does by itself. */
const TICK_MILLISECONDS = 1_000;
/** Time without a report that was taken, after the first one, after which somebody should look. */
const SILENT_MILLISECONDS = 120_000;
/** Markets have numbers of one byte. */
const MAX_MARKET = 0xff;

/**
 * Runs a sequencer: it follows L1, settles and liquidates what is due, and seals batches when they are old enough. Both go on side by
 * side, so that an endpoint that does not answer keeps nobody from trading until too much waits for L1.
 */
export class SequencerService {
  readonly #parts: SequencerServiceParts;
  /** By market, when its last report was taken; of one that had one before this process began, that beginning. */
  readonly #lastReports = new Map<number, number>();

  constructor(parts: SequencerServiceParts) {
    this.#parts = parts;
    const { state } = parts.sequencer.exchange;
    for (let market = 0; market <= MAX_MARKET; market++) {
      const { spot = 0n } = state.openMarket(market) ?? {};
      if (spot !== 0n) this.#lastReports.set(market, parts.uptime());
    }
  }

  /**
   * Runs until `signal` is aborted.
   *
   * @throws SequencerError `HALTED`: another process has to go on from the journal.
   */
  async run(signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    const loops = [this.#follow(ending.signal), this.#tick(ending.signal)];
    // The first that fails ends the other, and both have ended before anything is closed.
    const results = await Promise.allSettled(loops.map((loop) => loop.finally(end)));
    signal.removeEventListener("abort", end);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    this.#parts.logger.info({ ...this.#parts.sequencer.waiting }, "stopped");
  }

  /** Takes reports of the oracle. */
  takeReports(reports: readonly SignedReport[]): ReportOutcome[] {
    const { sequencer, metrics, uptime, logger } = this.#parts;
    const outcomes = sequencer.submitReports(reports);
    for (const [i, outcome] of outcomes.entries()) {
      metrics.reported(outcome);
      const { market, time } = reports[i]!;
      if (outcome.accepted) this.#lastReports.set(market, uptime());
      else logger.debug({ market, time, reason: outcome.refusal.reason }, "a report was refused");
    }
    return outcomes;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { sequencer, l1, rounds, logger, timer, pollMilliseconds } = this.#parts;
    while (!signal.aborted) {
      try {
        sequencer.sync(await l1.sync());
        rounds.note();
      } catch (error) {
        if (error instanceof SequencerError) throw error;
        logger.warn({ err: error }, "L1 could not be followed");
        rounds.note(error);
      }
      await timer.sleep(pollMilliseconds, signal);
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { sequencer, timer } = this.#parts;
    while (!signal.aborted) {
      sequencer.tick();
      this.#judge();
      await timer.sleep(TICK_MILLISECONDS, signal);
    }
  }

  #judge(): void {
    const { sequencer, health, metrics, uptime } = this.#parts;
    const { waiting } = sequencer;
    metrics.waiting(waiting);
    const isBehind = sequencer.isL1Behind;
    health.set("waiting", isBehind ? "too much waits for L1: only cancellations are taken" : undefined, waiting);
    const [market, last] = [...this.#lastReports].reduce((a, b) => (b[1] < a[1] ? b : a), [0, uptime()]);
    const silence = uptime() - last;
    const words = `no report of market ${market} was taken for ${Math.floor(silence / 1000)} seconds`;
    health.set("reports", silence >= SILENT_MILLISECONDS ? words : undefined);
  }
}
