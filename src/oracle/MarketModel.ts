import { BASIS, FORWARD_BOUND, MAX_CURVES } from "../machine/Constants.ts";
import type { Report, ReportedCurve } from "../machine/OracleReports.ts";
import { expiryTime } from "../machine/Slots.ts";
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
  readonly expiries: readonly ExpiryModel[];
}

/**
 * The report on a market at `time`, seconds: of the nearest expiries, as many as a report may have. One of which no vol was
 * seen gets those of the nearest other that has some, for a mark by a neighbour's vol is better than none.
 */
export function buildReport(model: MarketModel, time: bigint): Report {
  const live = model.expiries.filter(({ day }) => expiryTime(day) > time).sort((a, b) => a.day - b.day);
  const curves: ReportedCurve[] = [];
  for (const expiry of live.slice(0, MAX_CURVES)) {
    const forward = within(expiry.forward, model.spot);
    const points = expiry.points.length > 0 ? expiry.points : (neighbour(live, expiry.day)?.points ?? []);
    const curve = fitSmile(points, forward, expiryTime(expiry.day) - time);
    if (curve !== undefined) curves.push({ day: expiry.day, forward, curve });
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

/** The forward, or the nearest that the machine takes. */
function within(forward: bigint, spot: bigint): bigint {
  const most = (FORWARD_BOUND * spot) / BASIS;
  if (forward > spot + most) return spot + most;
  return forward < spot - most ? spot - most : forward;
}
