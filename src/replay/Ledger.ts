import { equalBytes, readU128, readU16, readU32, readU8 } from "../crypto/bytes.ts";
import { FEE_ACCOUNT, FUND_ACCOUNT, FUND_ACCOUNTS } from "../machine/Constants.ts";
import { MESSAGE_DEPOSIT, MESSAGE_FIX_PRICE } from "../machine/Inputs.ts";
import {
  accountKey,
  expiryKey,
  GLOBALS_KEY,
  KIND_ACCOUNT,
  KIND_EXPIRY,
  KIND_GLOBALS,
  KIND_WITHDRAWAL,
  withdrawalKey,
} from "../machine/Slots.ts";
import { get } from "../machine/StateTree.ts";
import type { Checkpoint, L1View } from "../sequencer/DerivedState.ts";

/**
 * Checks after every batch that no collateral is lost or made up (INV-1). It looks at the slots that can hold any: the accounts
 * that were opened, the expiries whose price was fixed, the withdrawals, the fees and the fund. So it costs nothing like a
 * walk through all orders; `conservationReport` does that once at the end.
 */
export class Ledger {
  readonly #bridge: Uint8Array;
  readonly #accounts = new Set<number>([FEE_ACCOUNT]);
  readonly #expiries = new Set<number>();
  #deposited = 0n;
  #read = 0n;
  #checks = 0;

  /** @param bridge Address of the Bridge, 20 bytes. */
  constructor(bridge: Uint8Array) {
    this.#bridge = bridge;
    for (let i = 0; i < FUND_ACCOUNTS; i++) this.#accounts.add(FUND_ACCOUNT + i);
  }

  /** How often it was checked. */
  get checks(): number {
    return this.#checks;
  }

  /** What was deposited less what the state holds, 1e-6 USDC: zero, or something is wrong. No withdrawal has been paid yet. */
  difference(l1: L1View, { root, cursor }: Checkpoint): bigint {
    this.#checks++;
    for (; this.#read < cursor.message; this.#read++) {
      const { kind, sender, payload } = l1.message(this.#read);
      if (kind === MESSAGE_DEPOSIT && equalBytes(sender, this.#bridge)) {
        this.#accounts.add(readU32(payload, 0));
        this.#deposited += readU128(payload, 24);
      } else if (kind === MESSAGE_FIX_PRICE) {
        this.#expiries.add((readU8(payload, 0) << 16) | readU16(payload, 1));
      }
    }
    let held = 0n;
    for (const account of this.#accounts) {
      const slot = get(root, accountKey(account));
      if (slot?.kind === KIND_ACCOUNT) held += slot.cash;
    }
    for (const expiry of this.#expiries) {
      const slot = get(root, expiryKey(expiry));
      if (slot?.kind === KIND_EXPIRY) held += slot.received - slot.paid;
    }
    const globals = get(root, GLOBALS_KEY);
    if (globals?.kind === KIND_GLOBALS) {
      held += globals.fees + globals.fund;
      for (let number = 0n; number < globals.withdrawals; number++) {
        const slot = get(root, withdrawalKey(number));
        if (slot?.kind === KIND_WITHDRAWAL) held += slot.amount;
      }
    }
    return this.#deposited - held;
  }
}
