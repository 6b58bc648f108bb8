import { keccak256 } from "../crypto/keccak.ts";
import { addressOf } from "../crypto/secp256k1.ts";
import { traderKey, type Trader } from "../market/types.ts";

/** An account of a replay: who signs for it, and its number once it has been opened. */
export interface TraderAccount {
  readonly trader: Trader;
  readonly privateKey: Uint8Array;
  /** 20 bytes. */
  readonly owner: Uint8Array;
  /** Number of the account; undefined until it has been opened. */
  account: number | undefined;
  /** The nonce that was used last. */
  nonce: bigint;
  /** Whether it is still to be put on standard margin. */
  wantsStandard: boolean;
}

/** The accounts of a replay. Keys depend on the trader alone, so that two replays have the same addresses. */
export class Traders {
  readonly #accounts = new Map<string, TraderAccount>();

  /** The account of a trader. */
  of(trader: Trader): TraderAccount {
    const name = traderKey(trader);
    let account = this.#accounts.get(name);
    if (account === undefined) {
      const privateKey = keccak256(new TextEncoder().encode(`Tenor replay, ${name}`));
      account = {
        trader,
        privateKey,
        owner: addressOf(privateKey),
        account: undefined,
        nonce: 0n,
        wantsStandard: false,
      };
      this.#accounts.set(name, account);
    }
    return account;
  }

  /** All accounts so far. */
  all(): TraderAccount[] {
    return [...this.#accounts.values()];
  }
}
