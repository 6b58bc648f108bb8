import { requirementsOf } from "../machine/Assessment.ts";
import { MODE_STANDARD } from "../machine/Constants.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { marketOf } from "../machine/Positions.ts";
import { KIND_ACCOUNT, KIND_EXPIRY, KIND_GLOBALS, KIND_MARKET } from "../machine/Slots.ts";
import { State } from "../machine/State.ts";
import { slots, type TreeRoot } from "../machine/StateTree.ts";

/** What is open, and what it is backed by. Amounts in 1e-6 USDC. */
export interface RiskReport {
  /** Open interest by market, 1e-6 contract. */
  readonly openInterest: ReadonlyMap<number, bigint>;
  /** What accounts on standard margin are short, by market, 1e-6 contract. */
  readonly exposure: ReadonlyMap<number, bigint>;
  /** Accounts on standard margin that hold anything. */
  readonly standardAccounts: number;
  /** Accounts in an auction. */
  readonly inAuction: number;
  /** Sums of the requirements of accounts on standard margin, and their cash. */
  readonly standard: MarginHeld;
  /** Of the others, whose two requirements are one. */
  readonly collateralised: MarginHeld;
  /** What holders of expired options were paid. */
  readonly payouts: bigint;
  /** What the insurance fund has. */
  readonly fund: bigint;
}

/** Requirements, and the cash of the accounts that have any. */
export interface MarginHeld {
  readonly cash: bigint;
  readonly initial: bigint;
  readonly maintenance: bigint;
}

/**
 * Adds up the risk in a state, by the marks that it had at its last report: later ones would be stale, and the requirement that
 * of the collateralised regime.
 */
export function riskReport(config: MachineConfig, root: TreeRoot): RiskReport {
  const openInterest = new Map<number, bigint>();
  const exposure = new Map<number, bigint>();
  const held = {
    standard: { cash: 0n, initial: 0n, maintenance: 0n },
    collateralised: { cash: 0n, initial: 0n, maintenance: 0n },
  };
  let [standardAccounts, inAuction, payouts, fund] = [0, 0, 0n, 0n];
  const now = lastReport(root);
  const state = new State(root);
  const execution = { config, state, now, l1Time: now, sender: undefined };
  for (const { key, slot } of slots(root)) {
    if (slot.kind === KIND_EXPIRY) payouts += slot.paid;
    else if (slot.kind === KIND_GLOBALS) fund = slot.fund;
    else if (slot.kind === KIND_MARKET) exposure.set(key.lo, slot.exposure);
    if (slot.kind !== KIND_ACCOUNT || slot.positions.length === 0) continue;
    for (const { expiry, quantity } of slot.positions) {
      const market = marketOf(expiry);
      if (quantity > 0n) openInterest.set(market, (openInterest.get(market) ?? 0n) + quantity);
    }
    const isStandard = slot.mode === MODE_STANDARD;
    if (isStandard) standardAccounts++;
    if (slot.auction !== 0n) inAuction++;
    const { initial, maintenance } = requirementsOf(execution, slot.mode, slot.positions);
    const sums = isStandard ? held.standard : held.collateralised;
    sums.cash += slot.cash;
    sums.initial += initial;
    sums.maintenance += maintenance;
  }
  return { openInterest, exposure, standardAccounts, inAuction, ...held, payouts, fund };
}

/** Time of the last report of any market. */
function lastReport(root: TreeRoot): bigint {
  let last = 0n;
  for (const { slot } of slots(root)) if (slot.kind === KIND_MARKET && slot.spotTime > last) last = slot.spotTime;
  return last;
}
