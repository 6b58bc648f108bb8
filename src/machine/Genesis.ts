import { FEE_ACCOUNT, FUND_ACCOUNT, FUND_ACCOUNTS, MODE_STANDARD } from "./Constants.ts";
import { accountKey, emptyAccount, EMPTY_GLOBALS, GLOBALS_KEY, ZERO_ADDRESS } from "./Slots.ts";
import { set, type TreeRoot } from "./StateTree.ts";

/** The state before the first input: Globals, the fee account of `feeRecipient` (20 bytes), and the fund's accounts. */
export function genesisRoot(feeRecipient: Uint8Array): TreeRoot {
  let root = set(undefined, GLOBALS_KEY, EMPTY_GLOBALS);
  root = set(root, accountKey(FEE_ACCOUNT), emptyAccount(feeRecipient));
  for (let i = 0; i < FUND_ACCOUNTS; i++) {
    // SAFETY: nobody signs for the zero address, so what these accounts hold moves by bids and settlement alone.
    root = set(root, accountKey(FUND_ACCOUNT + i), { ...emptyAccount(ZERO_ADDRESS), mode: MODE_STANDARD });
  }
  return root;
}
