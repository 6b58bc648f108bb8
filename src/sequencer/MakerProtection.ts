import { expiryTime } from "../machine/Slots.ts";

/**
 * Protection of makers from being hit on many quotes at once: how much of an account's quotes may be taken within an interval. The
 * machine knows nothing of it; it is a service of whoever keeps the book, and protects from other traders, not from the
 * sequencer.
 */

/** What the limits are about: all series of a market, or those of one of its expiry days. */
export interface ProtectionScope {
  readonly market: number;
  /** Absent: all of them. */
  readonly day?: number;
}

/** The limits of one account in one scope; at least one of the two is given. */
export interface ProtectionLimits {
  /** Seconds: it begins with a fill, and what is filled until it ends is added up. */
  readonly interval: bigint;
  /** Seconds for which new quotes are refused once a limit was hit; 0: until it is reset. */
  readonly frozenTime: bigint;
  /** 1e-6 contract, bought and sold added up. */
  readonly quantityLimit?: bigint;
  /** 1e-6 of the underlying, bought and sold netted; its size counts. */
  readonly deltaLimit?: bigint;
}

/** Limits with what has come of them. */
export interface Protection {
  readonly account: number;
  readonly scope: ProtectionScope;
  readonly limits: ProtectionLimits;
  /** Whether new quotes are refused; `until` is in seconds, and undefined if only a reset ends it. */
  readonly frozen: { readonly until: bigint | undefined } | undefined;
}

interface Entry extends Protection {
  frozen: { readonly until: bigint | undefined } | undefined;
  /** End of the interval that runs, seconds. */
  end: bigint;
  quantity: bigint;
  delta: bigint;
}

/** The limits of all accounts. */
export class MakerProtection {
  /** The present, seconds: whoever uses this sets it. */
  now = 0n;
  /** By account, then by scope. */
  readonly #entries = new Map<number, Map<number, Entry>>();

  /** Sets the limits of an account in a scope; what was counted and frozen there is forgotten, unless `frozen` says otherwise. */
  set(account: number, scope: ProtectionScope, limits: ProtectionLimits, frozen?: Protection["frozen"]): void {
    let entries = this.#entries.get(account);
    if (entries === undefined) this.#entries.set(account, (entries = new Map<number, Entry>()));
    entries.set(keyOf(scope), { account, scope, limits, frozen, end: 0n, quantity: 0n, delta: 0n });
  }

  /** Takes the limits of a scope away. Whether there were any. */
  clear(account: number, scope: ProtectionScope): boolean {
    const entries = this.#entries.get(account);
    const found = entries?.delete(keyOf(scope)) ?? false;
    if (entries?.size === 0) this.#entries.delete(account);
    return found;
  }

  /** Ends a freeze and begins to count anew. Whether there are limits. */
  reset(account: number, scope: ProtectionScope): boolean {
    const entry = this.#entries.get(account)?.get(keyOf(scope));
    if (entry === undefined) return false;
    this.set(account, entry.scope, entry.limits);
    return true;
  }

  /** The limits of an account, and what has come of them. */
  of(account: number): Protection[] {
    return [...(this.#entries.get(account)?.values() ?? [])].map(({ scope, limits, frozen }) => ({
      account,
      scope,
      limits,
      frozen: this.#isOver(frozen) ? undefined : frozen,
    }));
  }

  /** Whether new quotes of an account are refused in an expiry, market u8 ‖ day u16. */
  isFrozen(account: number, expiry: number): boolean {
    return this.#covering(account, expiry).some(({ frozen }) => frozen !== undefined && !this.#isOver(frozen));
  }

  /**
   * Counts a fill of an account's quote. Limits are looked at behind the fill, so one fill may exceed them.
   *
   * @param expiry market u8 ‖ day u16.
   * @param delta By how much it moves the account's delta.
   * @returns The scopes in which quotes have to go now.
   */
  count(account: number, expiry: number, quantity: bigint, delta: () => bigint): Protection[] {
    const hit: Protection[] = [];
    for (const entry of this.#covering(account, expiry)) {
      const { interval, frozenTime, quantityLimit, deltaLimit } = entry.limits;
      if (this.now >= entry.end) [entry.end, entry.quantity, entry.delta] = [this.now + interval, 0n, 0n];
      entry.quantity += quantity;
      if (deltaLimit !== undefined) entry.delta += delta();
      const isOverQuantity = quantityLimit !== undefined && entry.quantity >= quantityLimit;
      const isOverDelta = deltaLimit !== undefined && (entry.delta < 0n ? -entry.delta : entry.delta) >= deltaLimit;
      if (!isOverQuantity && !isOverDelta) continue;
      [entry.end, entry.quantity, entry.delta] = [0n, 0n, 0n];
      entry.frozen = { until: frozenTime === 0n ? undefined : this.now + frozenTime };
      hit.push(entry);
    }
    return hit;
  }

  /** Whether nothing can trade any more in a scope, at a time in seconds. */
  static isOver({ day }: ProtectionScope, time: bigint): boolean {
    return day !== undefined && time >= expiryTime(day);
  }

  /** Whether an expiry, market u8 ‖ day u16, belongs to a scope. */
  static covers({ market, day }: ProtectionScope, expiry: number): boolean {
    return expiry >>> 16 === market && (day === undefined || (expiry & 0xffff) === day);
  }

  #covering(account: number, expiry: number): Entry[] {
    const entries = this.#entries.get(account);
    if (entries === undefined) return [];
    return [...entries.values()].filter(({ scope }) => MakerProtection.covers(scope, expiry));
  }

  #isOver(frozen: Protection["frozen"]): boolean {
    return frozen?.until !== undefined && this.now >= frozen.until;
  }
}

/** A number for each scope: days have 16 bits, and one more stands for all of them. */
function keyOf({ market, day }: ProtectionScope): number {
  return market * 0x20000 + (day ?? 0x10000);
}
