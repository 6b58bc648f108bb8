import { KIND_EXPIRY } from "../machine/Slots.ts";
import { changes, type TreeRoot } from "../machine/StateTree.ts";

/** An expiry of a market. */
export interface OpenExpiry {
  readonly market: number;
  readonly day: number;
}

/**
 * The expiries on which something depends and whose price the state does not have. The first look reads all of the state, and every
 * further one what has changed since.
 */
export class OpenExpiries {
  #root: TreeRoot;
  /** market u8 ‖ day u16. */
  readonly #open = new Set<number>();

  /** Looks at a state. @returns Its open expiries, ascending. */
  follow(root: TreeRoot): readonly OpenExpiry[] {
    for (const { key, after, before } of changes(this.#root, root)) {
      if ((after ?? before)?.kind !== KIND_EXPIRY) continue;
      // INVARIANT: until the price is fixed the positions of a series add up to zero, so who is long has somebody short against it.
      const isOpen = after?.kind === KIND_EXPIRY && after.price === 0n && after.shorts > 0;
      if (isOpen) this.#open.add(key.lo);
      else this.#open.delete(key.lo);
    }
    this.#root = root;
    return [...this.#open].sort((a, b) => a - b).map((id) => ({ market: id >>> 16, day: id & 0xffff }));
  }
}
