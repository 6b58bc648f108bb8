import { FEE_ACCOUNT } from "./Constants.ts";
import { accountKey, EMPTY_GLOBALS, GLOBALS_KEY, KIND_ACCOUNT } from "./Slots.ts";
import { set, type TreeRoot } from "./StateTree.ts";

/** The state before the first input: Globals, and the fee account of `feeRecipient` (20 bytes). */
export function genesisRoot(feeRecipient: Uint8Array): TreeRoot {
  const withGlobals = set(undefined, GLOBALS_KEY, EMPTY_GLOBALS);
  return set(withGlobals, accountKey(FEE_ACCOUNT), {
    kind: KIND_ACCOUNT,
    owner: feeRecipient,
    floor: 0n,
    cash: 0n,
    debt: 0n,
    positions: [],
  });
}
