import { REPORT_MAX_AGE } from "../machine/Constants.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { SignedReport } from "../machine/OracleReports.ts";
import { dayOf, marketOf } from "../machine/Positions.ts";
import { resultName } from "../machine/ResultCodes.ts";
import { expiryTime, type Market } from "../machine/Slots.ts";
import { ReportAssembler } from "../oracle/ReportAssembler.ts";
import type { Logger } from "../roles/Logger.ts";
import type { BatchPlan } from "./BatchPlan.ts";
import { refuse, type MachineReason, type Refusal } from "./Refusal.ts";

/** How old marks may become on L2. All in seconds. */
export interface OracleFeedOptions {
  /** A transaction that needs marks brings a newer report with it if the spot on L2 is older than this. */
  readonly spotAge: bigint;
  /** A curve that is older than this goes with the next report that has a newer one. */
  readonly curveAge: bigint;
  /** While anybody is short on standard margin, a spot older than this is renewed whether anybody trades or not. */
  readonly heartbeat: bigint;
}

/**
 * The oracle's reports as the sequencer gets them, and which of them go into batches: one when a transaction needs it. The
 * others cost nothing. After a restart there are none until the oracle sends the next.
 */
export class OracleFeed {
  readonly #plan: BatchPlan;
  readonly #options: OracleFeedOptions;
  readonly #logger: Logger;
  readonly #assembler: ReportAssembler;
  /** By market, ascending by time: those that may still be posted. */
  readonly #reports = new Map<number, SignedReport[]>();
  /** The last report that was tried in vain, by market, and when. */
  readonly #vain = new Map<number, { readonly report: SignedReport; readonly now: bigint }>();

  constructor(plan: BatchPlan, config: MachineConfig, options: OracleFeedOptions, logger: Logger) {
    this.#plan = plan;
    this.#options = options;
    this.#logger = logger;
    this.#assembler = new ReportAssembler(config);
  }

  /**
   * Takes a report that the oracle has made.
   *
   * @param time The present, seconds; the open batch may be older.
   * @returns Why it will never do, or not before another one confirms it (`ReportJumps`; it is kept for that).
   */
  take(report: SignedReport, time: bigint): Refusal | undefined {
    const { now } = this.#plan.builder;
    const found = this.#assembler.offer(report, { root: this.#plan.state.root, now: time > now ? time : now });
    if (typeof found === "number") return refuse(resultName(found) as MachineReason);
    const reports = (this.#reports.get(report.market) ?? []).filter(
      (other) => !isSameKind(other, report) && other.time + REPORT_MAX_AGE >= now,
    );
    reports.push(report);
    // Of two of one time the shorter is last, so that it is the newest.
    reports.sort((a, b) => Number(a.time - b.time) || b.curves.length - a.curves.length);
    this.#reports.set(report.market, reports);
    return undefined;
  }

  /**
   * Puts the newest report into the batch if the spot on L2 has become too old for those who can be liquidated.
   *
   * @returns Whether it did.
   */
  beat(market: number): boolean {
    return this.#renew(market, this.#options.heartbeat, []);
  }

  /**
   * Sees to it that marks of these expiries are as recent as the reports allow.
   *
   * @param expiries market u8 ‖ day u16 each.
   */
  ensure(expiries: Iterable<number>, spotAge = this.#options.spotAge): void {
    const byMarket = new Map<number, number[]>();
    for (const expiry of expiries) {
      const days = byMarket.get(marketOf(expiry));
      if (days === undefined) byMarket.set(marketOf(expiry), [expiry]);
      else days.push(expiry);
    }
    for (const [market, group] of [...byMarket].sort(([a], [b]) => a - b)) this.#renew(market, spotAge, group);
  }

  #renew(id: number, spotAge: bigint, expiries: readonly number[]): boolean {
    const { now } = this.#plan.builder;
    const market = this.#plan.state.openMarket(id);
    if (market === undefined || market.maxVol === 0n) return false;
    const usable = (this.#reports.get(id) ?? []).filter(
      ({ time }) => time > market.spotTime && time <= now && now <= time + REPORT_MAX_AGE,
    );
    const newest = usable.at(-1);
    if (newest === undefined) return false;
    const old = now > market.spotTime + spotAge;
    const withCurves = usable.findLast((report) => this.#isNeeded(report, expiries, old));
    const report = withCurves ?? (old ? newest : undefined);
    return report !== undefined && this.#post(report, market, now);
  }

  /** Whether a report has a curve that one of the expiries lacks, or that is too old there. */
  #isNeeded({ market, time, curves }: SignedReport, expiries: readonly number[], anyExpiry: boolean): boolean {
    const { state, builder } = this.#plan;
    return curves.some(({ day }) => {
      const id = (market << 16) | day;
      if (!anyExpiry && !expiries.includes(id)) return false;
      const { price, curveTime, forward } = state.openExpiry(id);
      if (price !== 0n || builder.now >= expiryTime(dayOf(id))) return false;
      return forward === 0n || (time > curveTime && builder.now > curveTime + this.#options.curveAge);
    });
  }

  #post(report: SignedReport, { spotTime }: Market, now: bigint): boolean {
    const vain = this.#vain.get(report.market);
    if (vain?.report === report && vain.now === now) return false;
    const found = this.#assembler.find(report, { root: this.#plan.state.root, now });
    const result = typeof found === "number" ? { reason: resultName(found) } : this.#plan.append(found);
    const { market, time, spot, curves } = report;
    if ("reason" in result) {
      this.#vain.set(market, { report, now });
      this.#logger.warn({ market, time, spot, spotTime, reason: result.reason }, "oracle report not usable");
      return false;
    }
    this.#logger.debug({ market, time, spot, curves: curves.length, item: result.id }, "oracle report posted");
    return true;
  }
}

/** Whether one report takes the other's place: two of one time are both of use if only one of them has curves. */
function isSameKind(a: SignedReport, b: SignedReport): boolean {
  return a.time === b.time && (a.curves.length === 0) === (b.curves.length === 0);
}
