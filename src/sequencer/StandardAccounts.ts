import { FUND_ACCOUNT, MODE_STANDARD } from "../machine/Constants.ts";
import { marketOf } from "../machine/Positions.ts";
import { KIND_ACCOUNT, type Account } from "../machine/Slots.ts";
import type { State } from "../machine/State.ts";
import { slots, type TreeRoot } from "../machine/StateTree.ts";

/**
 * Which accounts can be liquidated: those on standard margin that are short of something, by market, and those in an auction.
 * The accounts of the fund are none of them.
 */
export class StandardAccounts {
  readonly #short = new Map<number, Set<number>>();
  readonly #markets = new Map<number, readonly number[]>();
  readonly #inAuction = new Set<number>();

  /** Accounts in an auction, ascending. */
  get inAuction(): number[] {
    return [...this.#inAuction].sort((a, b) => a - b);
  }

  /** Accounts that are short of something in a market, ascending. */
  shortIn(market: number): number[] {
    return [...(this.#short.get(market) ?? [])].sort((a, b) => a - b);
  }

  /** Whether anybody is. */
  isAnyShortIn(market: number): boolean {
    return (this.#short.get(market)?.size ?? 0) > 0;
  }

  /** Markets in which anybody is, ascending. */
  get markets(): number[] {
    return [...this.#short.keys()].filter((market) => this.isAnyShortIn(market)).sort((a, b) => a - b);
  }

  /** Takes over what has become of an account. */
  note(account: number, state: State): void {
    if (account < FUND_ACCOUNT) this.#set(account, state.openAccount(account));
  }

  /** Looks through a whole state. */
  search(root: TreeRoot): void {
    this.#short.clear();
    this.#markets.clear();
    this.#inAuction.clear();
    for (const { key, slot } of slots(root)) {
      // Accounts come first, in the order of the keys.
      if (slot.kind !== KIND_ACCOUNT) break;
      if (key.lo < FUND_ACCOUNT) this.#set(key.lo, slot);
    }
  }

  #set(number: number, account: Account | undefined): void {
    const markets = account?.mode === MODE_STANDARD ? shortMarkets(account) : [];
    for (const market of this.#markets.get(number) ?? []) this.#short.get(market)?.delete(number);
    for (const market of markets) {
      const accounts = this.#short.get(market) ?? new Set();
      this.#short.set(market, accounts);
      accounts.add(number);
    }
    if (markets.length === 0) this.#markets.delete(number);
    else this.#markets.set(number, markets);
    if (account !== undefined && account.auction !== 0n) this.#inAuction.add(number);
    else this.#inAuction.delete(number);
  }
}

function shortMarkets({ positions }: Account): number[] {
  return [...new Set(positions.filter(({ quantity }) => quantity < 0n).map(({ expiry }) => marketOf(expiry)))];
}
