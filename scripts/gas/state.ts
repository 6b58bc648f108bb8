import { writeU32 } from "../../src/crypto/bytes.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import { makePosition, packSeries, type Position } from "../../src/machine/Positions.ts";
import {
  accountKey,
  claimKey,
  EMPTY_EXPIRY,
  expiryKey,
  GLOBALS_KEY,
  keyKey,
  KIND_CLAIM,
  KIND_GLOBALS,
  KIND_KEY,
  KIND_ORDER,
  KIND_WITHDRAWAL,
  marketKey,
  orderKey,
  SCOPE_ALL,
  withdrawalKey,
  type Account,
  type Key,
  type Order,
  emptyAccount,
} from "../../src/machine/Slots.ts";
import { get, rootHash, set, type SlotKey, type TreeRoot } from "../../src/machine/StateTree.ts";
import { BTC, signerAddress, START, START_DAY } from "../../test/support/traffic/world.ts";

/** States in which steps are proven: an exchange of 2^17 accounts, and two of them as large as the case wants. */

/** The accounts that the steps are about. */
export const MAKER = 101;
export const TAKER = 150;
/** Expiry day of the traded series. */
export const DAY = START_DAY + 3;
/** Market 1, on the first day: expired, price fixed. */
export const SETTLED = (1 << 16) | START_DAY;
/** Markets of the state: 1 to LISTED. */
export const LISTED = 20;
/** Nonce of the order that both accounts have in the state. */
export const STORED_NONCE = 3n;
/** Who receives the withdrawals of the state. */
export const RECIPIENT = `0x${"c4".repeat(20)}`;

const ACCOUNTS = 2 ** 17;
const QUANTITY = 100_000n;
const CASH = 123_456_789_012_345n;
const TRADED_SERIES = packSeries(1, DAY, 60_000_000n, true);

/** How much two accounts have. */
export interface Size {
  /** Positions of each. */
  readonly positions: number;
  /** Expiries of the positions as (market, days from DAY). */
  readonly expiries: readonly (readonly [market: number, days: number])[];
}

/** The exchange: accounts with positions, every other with an order, every eighth with a session key. */
export function exchangeState(): TreeRoot {
  let root = genesisRoot(signerAddress(0));
  const positions = hold({
    positions: 4,
    expiries: [
      [1, 0],
      [1, 1],
    ],
  });
  for (let id = 1; id < ACCOUNTS; id++) {
    const owner = id < 200 ? signerAddress(id) : filler(20, id);
    root = set(root, accountKey(id), { ...emptyAccount(owner), floor: 1n, cash: CASH, positions });
    if (id % 2 === 0) root = set(root, orderKey(id, BigInt(id % 5)), storedOrder(BigInt(id % 5), 0));
    if (id % 8 === 0) root = set(root, keyKey(id, 1), sessionKey(filler(20, id)));
  }
  root = withMarkets(root, LISTED, 16);
  for (let id = 0; id < 1000; id++)
    root = set(root, claimKey(SETTLED, 1 + 64 * id), { kind: KIND_CLAIM, amount: CASH });
  const recipient = new Uint8Array(20).fill(0xc4);
  for (let number = 0n; number < 10_000n; number++) {
    root = set(root, withdrawalKey(number), { kind: KIND_WITHDRAWAL, account: MAKER, recipient, amount: 123_456n });
  }
  root = set(root, GLOBALS_KEY, {
    kind: KIND_GLOBALS,
    withdrawals: 10_000n,
    fees: 123_456_789n,
    fund: 987_654_321_098n,
  });
  const expired = { ...EMPTY_EXPIRY, price: 35_000_000n, shorts: 500, owed: 10n ** 12n, received: 10n ** 12n };
  root = set(root, expiryKey(SETTLED), expired);
  for (const id of [MAKER, TAKER]) {
    for (const nonce of [STORED_NONCE, 9n, 700n]) root = set(root, orderKey(id, nonce), storedOrder(nonce, 0));
    root = set(root, keyKey(id, 1), sessionKey(signerAddress(id, 1)));
  }
  rootHash(root);
  return root;
}

/** The state with more listed markets, each with `days` expiries. */
export function withMarkets(root: TreeRoot, markets: number, days: number): TreeRoot {
  for (let market = 1; market <= markets; market++) {
    root = set(root, marketKey(market), { ...BTC, anchorTime: START - 60n });
    for (let i = 0; i < days; i++) {
      const expiry = (market << 16) | (START_DAY + i);
      if (expiry !== SETTLED) root = set(root, expiryKey(expiry), { ...EMPTY_EXPIRY, shorts: 500 });
    }
  }
  return root;
}

/** The state with other fields of an account. */
export function withAccount(root: TreeRoot, id: number, fields: Partial<Account>): TreeRoot {
  return set(root, accountKey(id), { ...(get(root, accountKey(id)) as Account), ...fields });
}

/** A key that may do everything. */
function sessionKey(address: Uint8Array): Key {
  return { kind: KIND_KEY, address, scope: SCOPE_ALL, expiry: START + 86_400n, budget: CASH, epoch: 1 };
}

/** An order that rests. */
export function storedOrder(nonce: bigint, keyIndex: number): Order {
  const fees = { filled: QUANTITY, maxFee: 10_000_000n, feeAccrued: 123_456_789_012n };
  const terms = { series: TRADED_SERIES, flags: 0, keyIndex, keyEpoch: keyIndex, deadline: START + 1000n };
  return { kind: KIND_ORDER, nonce, ...terms, limitPrice: 100_000n, quantity: 10n * QUANTITY, ...fees };
}

/** Positions spread over expiries: calls and puts by turns, long and short by turns. */
export function hold({ positions, expiries }: Size, firstDay = DAY): readonly Position[] {
  return Array.from({ length: positions }, (_, i) => {
    const [market, days] = expiries[i % expiries.length]!;
    const place = Math.floor(i / expiries.length);
    const strike = 30_000_000n + BigInt(Math.floor(place / 2)) * 1_250_000n;
    const quantity = Math.floor(place / 3) % 2 === 0 ? QUANTITY : -QUANTITY;
    return makePosition(packSeries(market, firstDay + days, strike, place % 2 === 1), quantity);
  }).sort((a, b) => (a.series < b.series ? -1 : 1));
}

/** The state with neighbours of `keys` that make each of their paths as long as a path can be. */
export function withDeepPaths(root: TreeRoot, keys: readonly SlotKey[]): TreeRoot {
  for (const key of keys) {
    for (let bit = 0; bit < 64; bit++) {
      const neighbour = {
        hi: bit < 32 ? (key.hi ^ (1 << (31 - bit))) >>> 0 : key.hi,
        lo: bit < 32 ? key.lo : (key.lo ^ (1 << (63 - bit))) >>> 0,
      };
      const opened = keys.some(({ hi, lo }) => hi === neighbour.hi && lo === neighbour.lo);
      if (!opened && get(root, neighbour) === undefined) root = set(root, neighbour, { kind: KIND_CLAIM, amount: 1n });
    }
  }
  return root;
}

/** Bytes that look like hashes: few of them zero. */
export function filler(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let word = seed;
  for (let i = 0; i < length; i++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = word >>> 24;
  }
  if (length >= 4) writeU32(bytes, 0, (word ^ seed) >>> 0);
  return bytes;
}
