import { BASIS, FORWARD_BASE, FORWARD_RATE, MAX_CURVES } from "../machine/Constants.ts";
import { isWithinLimits } from "../machine/Marks.ts";
import type { Report, ReportedCurve } from "../machine/OracleReports.ts";
import { expiryTime } from "../machine/Slots.ts";
import { SECONDS_PER_YEAR } from "../pricing/PricingBounds.ts";
import { fitSmile, type SmilePoint } from "./Smile.ts";

/** What the members of an oracle have seen of one expiry. */
export interface ExpiryModel {
  readonly day: number;
  /** 1e-4 USD. */
  readonly forward: bigint;
  /** What options traded or were quoted at; nothing if nothing was. */
  readonly points: readonly SmilePoint[];
}

/** What the members of an oracle have seen of one market. */
export interface MarketModel {
  readonly market: number;
  /** 1e-4 USD. */
  readonly spot: bigint;
  /** The market's limits of volatility, 1e-6. */
  readonly minVol: bigint;
  readonly maxVol: bigint;
  readonly expiries: readonly ExpiryModel[];
}

/**
 * The report on a market at `time`, seconds: of the nearest expiries, as many as a report may have. One of which no vol was
 * seen gets those of the nearest other that has some, for a mark by a neighbour's vol is better than none. A smile beyond the
 * market's limits is left out, for the machine would refuse the whole report for it.
 */
export function buildReport(model: MarketModel, time: bigint): Report {
  const live = model.expiries.filter(({ day }) => expiryTime(day) > time).sort((a, b) => a.day - b.day);
  const curves: ReportedCurve[] = [];
  for (const expiry of live.slice(0, MAX_CURVES)) {
    const left = expiryTime(expiry.day) - time;
    const forward = within(expiry.forward, model.spot, left);
    const points = expiry.points.length > 0 ? expiry.points : (neighbour(live, expiry.day)?.points ?? []);
    const curve = fitSmile(points, forward, left);
    if (curve !== undefined && isWithinLimits(model, forward, curve)) curves.push({ day: expiry.day, forward, curve });
  }
  return { market: model.market, time, spot: model.spot, curves };
}

/** The report of the spot alone: forwards move with it. */
export function spotReport({ market, spot }: Pick<MarketModel, "market" | "spot">, time: bigint): Report {
  return { market, time, spot, curves: [] };
}

function neighbour(live: readonly ExpiryModel[], day: number): ExpiryModel | undefined {
  return live
    .filter(({ points }) => points.length > 0)
    .reduce<ExpiryModel | undefined>(
      (best, other) => (best === undefined || Math.abs(other.day - day) < Math.abs(best.day - day) ? other : best),
      undefined,
    );
}

/** The forward, or the nearest that the machine takes `left` seconds before its expiry. */
function within(forward: bigint, spot: bigint, left: bigint): bigint {
  const most = (spot * (FORWARD_BASE * SECONDS_PER_YEAR + FORWARD_RATE * left)) / (BASIS * SECONDS_PER_YEAR);
  if (forward > spot + most) return spot + most;
  return forward < spot - most ? spot - most : forward;
}
