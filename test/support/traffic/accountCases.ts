import { NONCE_WINDOW, RING } from "../../../src/machine/Constants.ts";
import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { makePosition, packSeries, type Position } from "../../../src/machine/Positions.ts";
import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import type { Account, Market, Order } from "../../../src/machine/Slots.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import type { OwnerTerms, Signing } from "./builders.ts";
import { MARKED, markedExpiry, SPOT, type Act, type Try, type World } from "./cases.ts";
import { signerAddress, START, START_DAY } from "./world.ts";

/** One transaction of one account, in a world that is all its own. */

/** The account that acts; another; one that is not there; and somebody who owns neither. */
export const [OWNER, OTHER, NOBODY, STRANGER] = [1, 2, 3, 7] as const;
/** Far enough from zero for a window below it. */
export const NONCE = NONCE_WINDOW + 77n;
/** What lies in the same slot of the ring. */
export const [BEFORE, BEYOND] = [NONCE - BigInt(RING), NONCE + BigInt(RING)];
export const CASH = 1_000_000_000n;
/** The deadline is the very second. */
export const TERMS = { nonce: NONCE, deadline: START };
export const LATE = START + 1n;

export type After = NonNullable<Act["after"]>;
export type AccountEdge = readonly [name: string, expected: ResultName, act: Act, world?: World];

/** Edges of one kind, with its name before theirs; in a plain world if they name none. */
export function named(what: string, edges: readonly AccountEdge[]): readonly Try[] {
  return edges.map(([name, expected, act, world = owning({})]) => ({
    ...act,
    name: `${what} ${name}`,
    expected,
    world,
  }));
}

/** The acting account has these fields; the other one is there, too. */
export function owning(fields: Partial<Account>, rest: Omit<World, "accounts"> = {}): World {
  return { ...rest, accounts: { [OWNER]: { cash: CASH, floor: NONCE - 9n, ...fields }, [OTHER]: {} } };
}

/** The acting account is not there. */
export const NOBODY_THERE: World = { accounts: { [OTHER]: {} } };

/** What a transaction is in bytes, one short and one long; by who sends it on L1, too. */
export function malformed(transaction: Transaction, forced?: Transaction): readonly AccountEdge[] {
  const bytes = encodeTransaction(transaction, START);
  const edges: AccountEdge[] = [
    ["a byte short", "Malformed", { bytes: bytes.slice(0, -1) }],
    ["a byte long", "Malformed", { bytes: Uint8Array.of(...bytes, 0) }],
  ];
  if (forced === undefined) return edges;
  const payload = Uint8Array.of(...encodeTransaction(forced, 0n), 0);
  const message = { kind: MESSAGE_FORCED, sender: signerAddress(OWNER), l1Block: 1n, l1Time: START, payload };
  return [...edges, ["a byte long, from L1", "Malformed", { message }]];
}

/** What is the same for all that the owner alone may do. */
export function ownedEdges(
  signing: Signing,
  make: (terms: OwnerTerms, signing: Signing) => Transaction,
  fields: Partial<Account> = {},
  rest: Omit<World, "accounts"> = {},
): readonly AccountEdge[] {
  const [transaction, forced] = [make(TERMS, signing), make(undefined, signing)];
  const impostor = make(TERMS, { ...signing, impostor: STRANGER });
  const world = (change: Partial<Account>): World => owning({ ...fields, ...change }, rest);
  const held = (nonce: bigint, order: Partial<Order> = {}): World => ({
    ...world({}),
    orders: [[OWNER, { nonce, ...order }]],
  });
  const nobody: World = { ...rest, accounts: { [OTHER]: {} } };
  return [
    ["of the last second", "OK", { transaction }, world({})],
    ["a second later", "Expired", { transaction, now: LATE }, world({})],
    ["by L1", "OK", { transaction: forced, sender: signerAddress(OWNER) }, world({})],
    ["by L1, by a stranger", "NotOwner", { transaction: forced, sender: signerAddress(STRANGER) }, world({})],
    ["by L1, of nobody", "AccountUnknown", { transaction: forced, sender: signerAddress(OWNER) }, nobody],
    ["of nobody", "AccountUnknown", { transaction }, nobody],
    ["by a stranger", "BadSignature", { transaction: impostor }, world({})],
    ["of a nonce that is used", "NonceUsed", { transaction }, held(NONCE)],
    ["of an order's nonce", "NonceUsed", { transaction }, held(NONCE, { quantity: 1n })],
    ["of a retired nonce", "NonceRetired", { transaction }, held(BEYOND)],
    ["where an older one was", "OK", { transaction }, held(BEFORE)],
    ["of the first nonce", "OK", { transaction }, world({ floor: NONCE })],
    ["of the one before", "NonceOutOfWindow", { transaction }, world({ floor: NONCE + 1n })],
    ["of the last nonce", "OK", { transaction }, world({ floor: NONCE - NONCE_WINDOW + 1n })],
    ["of the one after", "NonceOutOfWindow", { transaction }, world({ floor: NONCE - NONCE_WINDOW })],
    ...malformed(transaction, forced),
  ].map(([name, expected, act, where = world({})]) => [name, expected, act, where] as AccountEdge);
}

export const DAY = START_DAY + 1;
export const ONE = 1_000_000n;

/** `contracts` of a series of the money. */
export function holding(contracts: bigint, market = 1, day = DAY, put = false, strike = SPOT): Position {
  return makePosition(packSeries(market, day, strike, put), contracts * ONE);
}

/** The acting account has these fields, in markets that have marks. */
export function marked(fields: Partial<Account>, change: Partial<Market> = {}, globals: World["globals"] = {}): World {
  const expiries = (fields.positions ?? []).map(({ expiry }) => [expiry, markedExpiry(expiry & 0xffff)] as const);
  const markets = expiries.map(([expiry]) => [expiry >>> 16, { ...MARKED, ...change }] as const);
  const slots = { expiries: Object.fromEntries(expiries), markets: Object.fromEntries(markets) };
  return owning({ cash: 10n ** 15n, ...fields }, { ...slots, globals: { fund: 10n ** 15n, ...globals } });
}
