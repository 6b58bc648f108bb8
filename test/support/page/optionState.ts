import { MODE_COLLATERALISED } from "../../../src/machine/Constants.ts";
import { makePosition, packSeries } from "../../../src/machine/Positions.ts";
import {
  accountKey,
  emptyAccount,
  EMPTY_EXPIRY,
  expiryKey,
  KIND_ACCOUNT,
  marketKey,
  UNLISTED,
  type Account,
} from "../../../src/machine/Slots.ts";
import { set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { expiryOf } from "../../../src/machine/Positions.ts";

/** 1 contract, and 1 USD as a price. */
export const CONTRACT = 1_000_000n;
export const USD = 10_000n;

/** A position: market, day, strike in USD, C or P, and whole contracts, negative if short. */
export type Held = readonly [market: number, day: number, strike: bigint, kind: "C" | "P", contracts: bigint];

/** A state with two markets and with what accounts hold, the first of them numbered 10. */
export function optionState(accounts: readonly (readonly Held[])[], spotTime: bigint): TreeRoot {
  let root: TreeRoot = undefined;
  for (const [market, spot] of [
    [1, 64_000n],
    [2, 3_010n],
  ] as const) {
    const prices = { spot: spot * USD, spotTime, anchor: (spot + 1n) * USD, anchorTime: spotTime - 600n };
    root = set(root, marketKey(market), { ...UNLISTED, ...prices, minVol: 100_000n, maxVol: 3_000_000n });
  }
  for (const [i, held] of accounts.entries()) {
    const positions = held
      .map(([market, day, strike, kind, contracts]) =>
        makePosition(packSeries(market, day, strike * USD, kind === "P"), contracts * CONTRACT),
      )
      .sort((a, b) => (a.series < b.series ? -1 : 1));
    const account: Account = {
      ...emptyAccount(new Uint8Array(20).fill(i + 1)),
      kind: KIND_ACCOUNT,
      mode: MODE_COLLATERALISED,
      positions,
    };
    root = set(root, accountKey(10 + i), account);
  }
  return root;
}

/** The same state with the forward of an expiry, or the price at which it settles. USD. */
export function withExpiry(
  root: TreeRoot,
  [market, day]: readonly [number, number],
  prices: { readonly forward?: bigint; readonly price?: bigint },
): TreeRoot {
  const { forward = 0n, price = 0n } = prices;
  const key = expiryKey(expiryOf(packSeries(market, day, USD, false)));
  // A flat smile: a standard deviation of 60 % over a year.
  const curve = { ...EMPTY_EXPIRY.curve, a: 360_000_000_000n, sigma: 1_000_000_000n, refTau: 31_536_000n };
  const fields = { forward: forward * USD, curveSpot: forward * USD, price: price * USD, curve };
  return set(root, key, { ...EMPTY_EXPIRY, ...fields });
}
