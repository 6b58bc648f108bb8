import { BlockWatch } from "../roles/BlockWatch.ts";
import type { Logger } from "../roles/Logger.ts";
import type { Timer } from "../roles/Timer.ts";
import type { BatchPoster } from "./BatchPoster.ts";
import { isFatal } from "./PosterError.ts";
import type { PosterHealth } from "./PosterHealth.ts";
import type { PosterJournal } from "./PosterJournal.ts";
import type { PosterMetrics } from "./PosterMetrics.ts";
import { byDay, forecast, perFill, type SpentOnDay } from "./Spending.ts";

/** What the service is made of. */
export interface PosterServiceParts {
  readonly poster: BatchPoster;
  readonly journal: PosterJournal;
  readonly health: PosterHealth;
  readonly metrics: PosterMetrics;
  readonly logger: Logger;
  readonly timer: Timer;
  /** Time between two rounds that found nothing to do. */
  readonly pollMilliseconds: number;
  /** Milliseconds of this process's clock, by which nothing is decided: it tells a stalled endpoint from a quiet one. */
  readonly uptime: () => number;
  /** Hours for which the balance should last. */
  readonly minHours: number;
}

/** Time for which the sequencer may see another L1 than the poster, while one of them is a block behind. */
const APART_MILLISECONDS = 60_000;
const DAY = 86_400n;
/** Days of which the report speaks. */
const REPORTED_DAYS = 31n;

/** Runs the poster's rounds until it is told to stop, and keeps its figures. */
export class PosterService {
  readonly #parts: PosterServiceParts;
  #day: bigint | undefined;
  readonly #watch: BlockWatch;
  /** Since when the sequencer and the poster see different chains. */
  #apartSince: number | undefined;

  constructor(parts: PosterServiceParts) {
    this.#parts = parts;
    this.#watch = new BlockWatch(parts.uptime);
  }

  /**
   * Runs until `signal` is aborted; the round under way is finished, each step of it being in the journal.
   *
   * @throws {@link PosterError} that is fatal.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { poster, logger, timer, pollMilliseconds } = this.#parts;
    while (!signal.aborted) {
      let outcome = "failed";
      try {
        const result = await poster.post();
        outcome = result.kind;
        logger.debug(result, "round");
      } catch (error) {
        this.#show(outcome);
        if (isFatal(error)) throw error;
        logger.warn({ err: error }, "round failed");
      }
      this.#show(outcome);
      const goesOn = outcome === "resealed" || outcome === "sequence changed";
      if (!goesOn) await timer.sleep(pollMilliseconds, signal);
    }
    logger.info({ unconfirmed: poster.unconfirmed.length }, "stopped");
  }

  /** What is wrong now: also a round that does not end. */
  reasons(): PosterHealth["reasons"] {
    const { health } = this.#parts;
    const overdue = this.#watch.overdue();
    if (overdue !== undefined) health.set("stalled", overdue);
    return health.reasons;
  }

  /** What was spent on each of the last days. */
  report(): SpentOnDay[] {
    const now = this.#parts.poster.figures?.time ?? 0n;
    return byDay(this.#parts.journal.spending(now - REPORTED_DAYS * DAY));
  }

  #show(outcome: string): void {
    const { poster, journal, health, metrics, minHours, logger } = this.#parts;
    const { figures } = poster;
    health.set("stalled", this.#watch.see(figures?.block), { block: figures?.block });
    this.#compare(figures?.apart);
    if (figures === undefined) return metrics.round(outcome, undefined, health);
    const { hoursLeft, perHour } = forecast(journal, figures.time, figures.balance);
    const isShort = hoursLeft !== undefined && hoursLeft < minHours;
    const words = isShort ? `the balance lasts for ${hoursLeft} hours` : undefined;
    health.set("forecast", words, { perHour, balance: figures.balance });
    metrics.round(outcome, { ...figures, hoursLeft }, health);
    const day = figures.time / DAY;
    if (this.#day !== undefined && day > this.#day) {
      const spent = this.report().find((one) => BigInt(one.day) === this.#day);
      if (spent !== undefined) logger.info({ ...spent, perFill: perFill(spent) }, "spent in a day");
    }
    this.#day = day;
  }

  #compare(apart: string | undefined): void {
    const { uptime, health } = this.#parts;
    this.#apartSince = apart === undefined ? undefined : (this.#apartSince ?? uptime());
    const isLasting = this.#apartSince !== undefined && uptime() - this.#apartSince >= APART_MILLISECONDS;
    health.set("apart", isLasting ? `the sequencer and the endpoint disagree in ${apart}` : undefined);
  }
}
