import { MAX_SETTLE } from "../machine/Constants.ts";
import { holdsShort } from "../machine/Positions.ts";
import { KIND_ACCOUNT, KIND_CLAIM, KIND_EXPIRY } from "../machine/Slots.ts";
import { slots, type TreeRoot } from "../machine/StateTree.ts";
import type { BatchPlan } from "./BatchPlan.ts";

/** Accounts that one Settle transaction settles. */
export interface SettlementChunk {
  /** market u8 ‖ day u16. */
  readonly expiry: number;
  /** At most 32. */
  readonly accounts: readonly number[];
}

/** Settles what is due: everybody by and by, and before anything else touches an account. */
export class SettlementRoutine {
  readonly #plan: BatchPlan;
  /** What is still to be worked off. */
  #due: SettlementChunk[] = [];
  /** Expiries with a price in which somebody still held positions at the last search. */
  #fixed: ReadonlySet<number> = new Set();
  #settledSinceSearch = false;

  constructor(plan: BatchPlan) {
    this.#plan = plan;
  }

  /** Looks for everything that can be settled now, in the whole state. */
  search(): void {
    this.#settledSinceSearch = false;
    const { fixed, chunks } = settlementChunks(this.#plan.state.root);
    this.#fixed = fixed;
    this.#due = chunks;
  }

  /** Settles an account in every fixed expiry in which it still holds something, before anything else touches it. */
  settleAccount(account: number): void {
    if (this.#fixed.size === 0) return;
    const positions = this.#plan.state.openAccount(account)?.positions ?? [];
    const expiries = new Set(positions.map((position) => position.expiry).filter((expiry) => this.#fixed.has(expiry)));
    for (const expiry of expiries) this.settle({ expiry, accounts: [account] });
  }

  /**
   * Works off what is due, and pays claims once their ratio is fixed.
   *
   * @param limit Most Settle transactions at once, so that trading is not held up.
   * @returns The number of Settle transactions made.
   */
  settleDue(limit: number): number {
    let made = 0;
    while (made < limit) {
      if (this.#due.length === 0) {
        // The last short fixes the ratio, and claims become payable: look again while anything moves.
        if (!this.#settledSinceSearch) break;
        this.search();
        if (this.#due.length === 0) break;
      }
      if (this.settle(this.#due.shift()!)) made++;
    }
    return made;
  }

  /**
   * Settles those accounts of a chunk that can be settled now.
   *
   * @param id The number of an item that was executed before.
   * @returns Whether there were any.
   */
  settle({ expiry, accounts }: SettlementChunk, id?: number): boolean {
    const settled = this.#plan.settle(expiry, accounts, id);
    if (settled) this.#settledSinceSearch = true;
    return settled;
  }
}

/**
 * Everything that can be settled in a state: positions in expiries with a fixed price, and claims whose ratio is known. Whoever
 * holds a short goes first, so that the ratio is fixed by the time the others are settled and they are paid at once instead
 * of getting a claim that has to be paid later; nobody's amount depends on the order.
 *
 * Reads the whole state once, about a second for a few million slots; prices are fixed once a day.
 *
 * @returns The chunks in the order in which to settle them, and the expiries in which somebody still holds positions.
 */
function settlementChunks(root: TreeRoot): { fixed: Set<number>; chunks: SettlementChunk[] } {
  const priced = new Map<number, { final: boolean }>();
  for (const { key, slot } of slots(root)) {
    if (slot.kind === KIND_EXPIRY && slot.price !== 0n) priced.set(key.lo, { final: slot.final });
  }
  const fixed = new Set<number>();
  if (priced.size === 0) return { fixed, chunks: [] };
  const shorts = new Map<number, number[]>();
  const longs = new Map<number, number[]>();
  const claims = new Map<number, number[]>();
  for (const { key, slot } of slots(root)) {
    if (slot.kind === KIND_ACCOUNT) {
      for (const expiry of new Set(slot.positions.map((position) => position.expiry))) {
        if (!priced.has(expiry)) continue;
        fixed.add(expiry);
        push(holdsShort(slot.positions, expiry) ? shorts : longs, expiry, key.lo);
      }
    } else if (slot.kind === KIND_CLAIM) {
      const expiry = key.hi & 0xffffff;
      if (priced.get(expiry)?.final === true) push(claims, expiry, key.lo);
    }
  }
  const chunks = [...priced.keys()].flatMap((expiry) =>
    [shorts, longs, claims].flatMap((group) => chunked(expiry, group.get(expiry) ?? [])),
  );
  return { fixed, chunks };
}

function push(groups: Map<number, number[]>, expiry: number, account: number): void {
  const group = groups.get(expiry);
  if (group === undefined) groups.set(expiry, [account]);
  else group.push(account);
}

function chunked(expiry: number, accounts: readonly number[]): SettlementChunk[] {
  const chunks: SettlementChunk[] = [];
  for (let start = 0; start < accounts.length; start += MAX_SETTLE) {
    chunks.push({ expiry, accounts: accounts.slice(start, start + MAX_SETTLE) });
  }
  return chunks;
}
