import { MAX_SETTLE } from "../machine/Constants.ts";
import { holdsShort } from "../machine/Positions.ts";
import { KIND_ACCOUNT, KIND_CLAIM, KIND_EXPIRY } from "../machine/Slots.ts";
import { slots, type TreeRoot } from "../machine/StateTree.ts";

/** Accounts that one Settle transaction settles. */
export interface SettlementChunk {
  /** market u8 ‖ day u16. */
  readonly expiry: number;
  /** At most 32. */
  readonly accounts: readonly number[];
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
export function settlementChunks(root: TreeRoot): { fixed: Set<number>; chunks: SettlementChunk[] } {
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
