import { requirementsOf, viewsOf } from "../machine/Assessment.ts";
import { healthOf, type Health } from "../machine/Auction.ts";
import { LIQUIDATION_MAX_AGE, MODE_STANDARD } from "../machine/Constants.ts";
import type { Execution, MachineConfig } from "../machine/Execution.ts";
import { valueDown } from "../machine/Margin.ts";
import { hasMark, inBand, PHASE_FRESH, PHASE_STALE } from "../machine/Marks.ts";
import { expiriesOf, expiryOf } from "../machine/Positions.ts";
import type { Account } from "../machine/Slots.ts";
import { State } from "../machine/State.ts";
import type { TreeRoot } from "../machine/StateTree.ts";

/** What the machine thinks of accounts and prices at one moment, found out on a state that is thrown away. */

/** An execution that may do anything to its state: it is a copy. */
export function trial(config: MachineConfig, root: TreeRoot, now: bigint): Execution {
  return { config, state: new State(root), now, l1Time: now, sender: undefined };
}

/** By what an auction of the account is judged, or undefined if its marks are too old for one. */
export function healthAt(execution: Execution, account: Account): Health | undefined {
  const { mode, positions, cash, debt } = account;
  const views = viewsOf(execution, LIQUIDATION_MAX_AGE);
  const known = expiriesOf(positions).every((expiry) => {
    const view = views(expiry);
    return view.phase !== PHASE_STALE && hasMark(view);
  });
  if (!known) return undefined;
  const { maintenance } = requirementsOf(execution, mode, positions, LIQUIDATION_MAX_AGE);
  return healthOf(cash - debt, maintenance, valueDown(positions, views));
}

/** Whether an account could not trade a series at this price now, because it is on standard margin and the mark is elsewhere. */
export function isOutsideBand(execution: Execution, account: Account, series: bigint, price: bigint): boolean {
  if (account.mode !== MODE_STANDARD) return false;
  const view = viewsOf(execution)(expiryOf(series));
  return view.phase === PHASE_FRESH && !inBand(view, series, price);
}
