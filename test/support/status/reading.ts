import { fromHex, type Hex } from "../../../src/crypto/bytes.ts";
import type { L1Reading, ReadAssertion } from "../../../src/status/L1Reading.ts";

/** What a reading of L1 may say, for tests of what is made of it. */

export const NOW = 1_000_000n;
/** The challenge period. */
export const T = 100_000n;
export const ETHER = 10n ** 18n;

/** A hash, and an address, that stand for a number. */
export const id = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
export const account = (n: number): Hex => `0x${n.toString(16).padStart(40, "0")}`;

/** Assertion number `n`, about one batch. */
export function assertionOf(n: number, parent: number, staker: number): ReadAssertion {
  return {
    id: id(n),
    parent: id(parent),
    staker: account(staker),
    historyRoot: fromHex(id(1_000 + n)),
    time: NOW - 1_000n,
    endBatch: BigInt(n),
    target: BigInt(n),
    childTarget: BigInt(n + 1),
    confirmedAt: undefined,
  };
}

/** An exchange at which nothing needs attention, but for what these assertions say. */
export function readingOf(assertions: readonly ReadAssertion[]): L1Reading {
  return {
    chainId: 1n,
    head: { number: 7, hash: id(7), timestamp: NOW },
    rules: { forceDelay: 10_000n, challengePeriod: T, minParentAge: 1_000n, stake: ETHER },
    sequencer: account(9),
    batchCount: 2n,
    lastBatch: { index: 1n, time: NOW - 60n, isForced: false },
    messageCount: 3n,
    unread: [],
    assertions,
    games: [],
    markets: [{ market: 1, anchorTime: NOW - 4_000n }],
    accounts: [{ name: "sequencer", address: account(9), balance: ETHER, hasStake: false }],
    collateral: { held: 5n, accounted: 5n },
  };
}
