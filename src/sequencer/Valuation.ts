import { viewsOf } from "../machine/Assessment.ts";
import { MODE_STANDARD } from "../machine/Constants.ts";
import type { Execution, MachineConfig } from "../machine/Execution.ts";
import { hasMark, inBand, PHASE_FRESH, quote } from "../machine/Marks.ts";
import { expiryOf, isPut } from "../machine/Positions.ts";
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

/**
 * By how much a purchase of `quantity` (1e-6 contract) moves an account's delta, 1e-6 of the underlying. Where there is no mark
 * it counts as much as it can at all: one for one.
 */
export function deltaBought(execution: Execution, series: bigint, quantity: bigint): bigint {
  const view = viewsOf(execution)(expiryOf(series));
  if (view.forward !== 0n && hasMark(view)) return (quote(view, series).delta * quantity) / WAD;
  return isPut(series) ? -quantity : quantity;
}

const WAD = 10n ** 18n;
