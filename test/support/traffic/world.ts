import { recover } from "../../../src/machine/Signatures.ts";
import { addressOf } from "../../../src/crypto/secp256k1.ts";
import type { MachineConfig } from "../../../src/machine/Execution.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import { makePosition, packSeries } from "../../../src/machine/Positions.ts";
import { domainSeparator } from "../../../src/machine/TypedData.ts";
import {
  accountKey,
  claimKey,
  EMPTY_EXPIRY,
  expiryKey,
  KIND_CLAIM,
  marketKey,
  type Account,
  type Market,
  emptyAccount,
  UNLISTED,
} from "../../../src/machine/Slots.ts";
import { set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { MAX_QUANTITY } from "../../../src/machine/Constants.ts";

/** 2026-03-02 12:00:00 UTC: the first moment of the random traffic. */
export const START = 1_772_452_800n;
/** Expiry day of the start: expired since 08:00 of that day. */
export const START_DAY = Number(START / 86_400n);

/** Addresses of the contracts that the machine recognises by sender. */
export const BRIDGE = new Uint8Array(20).fill(0xb1);
export const SETTLEMENT = new Uint8Array(20).fill(0x5e);
export const INBOX = new Uint8Array(20).fill(0x1b);

/** Ordinary accounts of the traffic: 1 to ORDINARY. */
export const ORDINARY = 14;
/** Holds 64 positions in 2 expiries of market 1. */
export const FULL_ACCOUNT = 40;
/** Holds positions in 8 expiries. */
export const WIDE_ACCOUNT = 41;
/** Has a debt. */
export const INDEBTED_ACCOUNT = 42;
/** Is long as much as a position can hold. */
export const LARGEST_ACCOUNT = 43;
/** Takes the other side of the prepared positions. */
export const COUNTERPARTY = 44;
/** Has a claim on an expiry whose payout ratio is not fixed. */
export const WAITING_ACCOUNT = 45;

/** BTC-like: tick 0.10 USD, lot 0.1. */
export const BTC: Market = market(1000n, 100_000n, [1_250_000n, 1_250_000n, 2_500_000n], 40_000_000n);
/** ETH-like: tick 0.01 USD, lot 1. */
export const ETH: Market = market(100n, 1_000_000n, [50_000n, 100_000n, 100_000n], 1_500_000n);

/** A private key for each account, and one for each of its session keys (index 1 to 4). */
export function privateKey(account: number, keyIndex = 0): Uint8Array {
  const key = new Uint8Array(32).fill(0x11);
  key[30] = account + 1;
  key[31] = keyIndex + 1;
  return key;
}

/** The address that signs for an account or for one of its session keys. */
export function signerAddress(account: number, keyIndex = 0): Uint8Array {
  return addressOf(privateKey(account, keyIndex));
}

/** The deployment of the tests. */
export function testConfig(chainId: bigint, inbox: Uint8Array): MachineConfig {
  return { domain: domainSeparator(chainId, inbox), bridge: BRIDGE, settlement: SETTLEMENT, recover };
}

/**
 * A state from which every rule can be met soon: genesis, two markets with anchors, funded accounts, and accounts that
 * stand at each of the caps. Quantities sum to zero for each series.
 */
export function preparedRoot(): TreeRoot {
  let root = genesisRoot(signerAddress(0));
  root = set(root, marketKey(1), { ...BTC, anchorTime: START - 60n });
  root = set(root, marketKey(2), { ...ETH, anchorTime: START - 60n });
  for (let id = 1; id <= ORDINARY; id++) root = set(root, accountKey(id), account(id, 2_000_000_000_000n, []));

  const short = new Map<bigint, bigint>();
  const long = (series: bigint, quantity: bigint): ReturnType<typeof makePosition> => {
    short.set(series, (short.get(series) ?? 0n) - quantity);
    return makePosition(series, quantity);
  };
  const strikes = Array.from({ length: 16 }, (_, i) => 30_000_000n + BigInt(i) * 1_250_000n);
  const full = [START_DAY + 3, START_DAY + 4].flatMap((day) =>
    strikes.flatMap((strike) => [false, true].map((put) => long(packSeries(1, day, strike, put), 100_000n))),
  );
  const wide = Array.from({ length: 8 }, (_, i) =>
    long(packSeries(1, START_DAY + 1 + i, 40_000_000n, false), 100_000n),
  );
  const largest = [long(packSeries(2, START_DAY + 2, 1_500_000n, true), MAX_QUANTITY)];
  const waiting = packSeries(1, START_DAY, 40_000_000n, true);
  root = set(root, accountKey(FULL_ACCOUNT), account(FULL_ACCOUNT, 10n ** 13n, full));
  root = set(root, accountKey(WIDE_ACCOUNT), account(WIDE_ACCOUNT, 10n ** 13n, wide));
  root = set(root, accountKey(LARGEST_ACCOUNT), account(LARGEST_ACCOUNT, 10n ** 16n, largest));
  root = set(root, accountKey(INDEBTED_ACCOUNT), { ...account(INDEBTED_ACCOUNT, 0n, []), debt: 5_000_000_000n });
  root = set(root, accountKey(WAITING_ACCOUNT), account(WAITING_ACCOUNT, 10n ** 9n, []));
  const opposite = [...short, [waiting, -1_000_000n] as const]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([series, quantity]) => makePosition(series, quantity));
  root = set(root, accountKey(COUNTERPARTY), account(COUNTERPARTY, 10n ** 17n, opposite));
  for (const expiry of new Set(opposite.map((position) => position.expiry))) {
    root = set(root, expiryKey(expiry), { ...EMPTY_EXPIRY, shorts: 1 });
  }
  // An expiry of today: the price is known, one creditor was settled, the one debtor was not.
  const today = (1 << 16) | START_DAY;
  root = set(root, expiryKey(today), { ...EMPTY_EXPIRY, price: 35_000_000n, shorts: 1 });
  root = set(root, claimKey(today, WAITING_ACCOUNT), { kind: KIND_CLAIM, amount: 500_000_000n });
  // An expiry of yesterday, whose last debtor nobody settles.
  const yesterday = (1 << 16) | (START_DAY - 1);
  root = set(root, expiryKey(yesterday), { ...EMPTY_EXPIRY, price: 35_000_000n, shorts: 1 });
  return set(root, claimKey(yesterday, WAITING_ACCOUNT), { kind: KIND_CLAIM, amount: 500_000_000n });
}

function account(id: number, cash: bigint, positions: Account["positions"]): Account {
  const ordered = [...positions].sort((a, b) => (a.series < b.series ? -1 : 1));
  return { ...emptyAccount(signerAddress(id)), cash, positions: ordered };
}

function market(tick: bigint, lot: bigint, steps: Market["steps"], anchor: bigint): Market {
  return { ...UNLISTED, tick, lot, steps, anchor };
}
