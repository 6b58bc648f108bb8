import { ANCHOR_MAX_AGE, MODE_STANDARD, SPOT_MAX_AGE } from "./Constants.ts";
import type { Execution } from "./Execution.ts";
import { requirements, type Requirements, type ViewOf } from "./Margin.ts";
import { viewOf, type ExpiryView } from "./Marks.ts";
import { marketOf, type Position } from "./Positions.ts";
import { requirement } from "./Requirement.ts";
import { UNLISTED, type Account, type Market } from "./Slots.ts";

/** What an account needs in its mode, and the slots that this takes: docs/specification.md, section 6.8. */

/** Opens, once in a step, the slots on which the requirement of `positions` depends in `mode`. */
export function openForMargin(execution: Execution, mode: number, positions: readonly Position[]): void {
  const { state } = execution;
  let last = -1;
  for (const { expiry } of positions) {
    if (expiry === last) continue;
    state.peekMarket(marketOf(expiry));
    if (mode === MODE_STANDARD) state.peekExpiry(expiry);
    last = expiry;
  }
}

/** What `positions` need in `mode`. The slots must have been opened. */
export function requirementsOf(execution: Execution, mode: number, positions: readonly Position[]): Requirements {
  if (mode === MODE_STANDARD) return requirements(positions, viewsOf(execution));
  const both = requirement(positions, (market) => execution.state.peekMarket(market)?.anchor ?? 0n);
  return { initial: both, maintenance: both };
}

/** Opens what is needed, and {@link excessOf} it. */
export function initialExcess(execution: Execution, account: Account): bigint {
  openForMargin(execution, account.mode, account.positions);
  return excessOf(execution, account);
}

/** Cash less debt less the initial requirement, in 1e-6 USDC. The slots must have been opened. */
export function excessOf(execution: Execution, account: Account): bigint {
  return account.cash - account.debt - requirementsOf(execution, account.mode, account.positions).initial;
}

/** Whether a market's anchor is too old for new short calls, which it measures where there are no marks. */
export function isAnchorStale(market: Market, now: bigint): boolean {
  return now > market.anchorTime + ANCHOR_MAX_AGE;
}

/**
 * Whether a collateralised account's short calls are measured by an anchor that is too old for new ones: a price that has run
 * away since would make them free to take over. The slots must have been opened.
 */
export function restsOnStaleAnchor(execution: Execution, account: Account): boolean {
  if (account.mode === MODE_STANDARD) return false;
  return account.positions.some(({ expiry, put, quantity }) => {
    const market = execution.state.peekMarket(marketOf(expiry)) ?? UNLISTED;
    return !put && quantity < 0n && isAnchorStale(market, execution.now);
  });
}

/**
 * The views of expiries at the time of a step, each made once. The slots must have been opened.
 *
 * @param maxSpotAge How old a spot may be for marks to be fresh, seconds.
 */
export function viewsOf(execution: Execution, maxSpotAge = SPOT_MAX_AGE): ViewOf {
  const views = new Map<number, ExpiryView>();
  return (expiry) => {
    let view = views.get(expiry);
    if (view === undefined) {
      // SAFETY: nobody holds a position in a market that is not listed.
      const market = execution.state.peekMarket(marketOf(expiry)) ?? UNLISTED;
      view = viewOf(expiry, market, execution.state.peekExpiry(expiry), execution.now, maxSpotAge);
      views.set(expiry, view);
    }
    return view;
  };
}
