import { KIND_ACCOUNT, KIND_EXPIRY, type Slot } from "../machine/Slots.ts";
import { changes, type TreeRoot } from "../machine/StateTree.ts";

/**
 * What is asked of a state as a whole: open interest by series, prices of expiries. The first look reads all of the state, and every
 * further one what has changed since.
 */
export class StateWatch {
  #root: TreeRoot;
  readonly #openInterest = new Map<bigint, bigint>();
  readonly #deliveryPrices = new Map<number, bigint>();

  /** Series that anybody holds, with the contracts that are open, 1e-6. */
  get openInterest(): ReadonlyMap<bigint, bigint> {
    return this.#openInterest;
  }

  /** Settlement prices, 1e-4 USD, by market u8 ‖ day u16. */
  get deliveryPrices(): ReadonlyMap<number, bigint> {
    return this.#deliveryPrices;
  }

  /** Looks at a state. */
  follow(root: TreeRoot): this {
    for (const { key, before, after } of changes(this.#root, root)) {
      this.#count(before, -1n);
      this.#count(after, 1n);
      const expiry = after ?? before;
      if (expiry?.kind !== KIND_EXPIRY) continue;
      if (after === undefined || expiry.price === 0n) this.#deliveryPrices.delete(key.lo);
      else this.#deliveryPrices.set(key.lo, expiry.price);
    }
    this.#root = root;
    return this;
  }

  #count(slot: Slot | undefined, sign: bigint): void {
    if (slot?.kind !== KIND_ACCOUNT) return;
    for (const { series, quantity } of slot.positions) {
      if (quantity <= 0n) continue;
      const open = (this.#openInterest.get(series) ?? 0n) + sign * quantity;
      if (open === 0n) this.#openInterest.delete(series);
      else this.#openInterest.set(series, open);
    }
  }
}
