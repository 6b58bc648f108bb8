import { viewsOf } from "../machine/Assessment.ts";
import { MODE_STANDARD } from "../machine/Constants.ts";
import type { Execution, MachineConfig } from "../machine/Execution.ts";
import { inBand, PHASE_FRESH } from "../machine/Marks.ts";
import { expiryOf } from "../machine/Positions.ts";
import type { Account } from "../machine/Slots.ts";
import { State } from "../machine/State.ts";
import type { TreeRoot } from "../machine/StateTree.ts";

/** What the machine thinks of accounts and prices at one moment, found out on a state that is thrown away. */

/** An execution that may do anything to its state: it is a copy. */
export function trial(config: MachineConfig, root: TreeRoot, now: bigint): Execution {
  return { config, state: new State(root), now, l1Time: now, sender: undefined };
}

/** Whether an account could not trade a series at this price now, because it is on standard margin and the mark is elsewhere. */
export function isOutsideBand(execution: Execution, account: Account, series: bigint, price: bigint): boolean {
  if (account.mode !== MODE_STANDARD) return false;
  const view = viewsOf(execution)(expiryOf(series));
  return view.phase === PHASE_FRESH && !inBand(view, series, price);
}
