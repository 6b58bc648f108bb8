import { MAX_KEYS, NONCE_WINDOW } from "../../../src/machine/Constants.ts";
import {
  accountKey,
  keyKey,
  KIND_KEY,
  orderKey,
  SCOPE_ALL,
  SCOPE_CANCEL,
  SCOPE_PAYEE,
  SCOPE_TRADE,
  spentOrder,
  ZERO_ADDRESS,
  type Key,
} from "../../../src/machine/Slots.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import {
  BEFORE,
  BEYOND,
  LATE,
  malformed,
  named,
  NOBODY_THERE,
  NONCE,
  ownedEdges,
  OWNER,
  owning,
  STRANGER,
  TERMS,
  type AccountEdge,
  type After,
} from "./accountCases.ts";
import { cancellation, cancellationOfAll, keySetting, revocation, type CancelTerms, type Signing } from "./builders.ts";
import type { Act, Try, World } from "./cases.ts";
import { signerAddress, START } from "./world.ts";

/** What random traffic hardly ever meets in who may sign, and what is signed no longer. */

/** Keys, revocations and cancellations at their bounds. */
export function rightsEdges(signing: Signing): readonly Try[] {
  return [
    ...named("a key", keyEdges(signing)),
    ...named("a revocation", revocationEdges(signing)),
    ...named("a cancellation", cancellationEdges(signing)),
    ...named("a cancellation of all", floorEdges(signing)),
  ];
}

const SETTING = {
  account: OWNER,
  index: 1,
  address: signerAddress(OWNER, 1),
  scope: SCOPE_ALL,
  expiry: 9n,
  budget: 8n,
};

function keyEdges(signing: Signing): readonly AccountEdge[] {
  const of = (change: Partial<typeof SETTING>): Act => ({
    transaction: keySetting(signing, { ...SETTING, ...change }, TERMS),
  });
  const set = (epoch: number): After => [[keyKey(OWNER, 1), { ...KEY_FIELDS, epoch }]];
  const { address, scope, expiry, budget } = SETTING;
  const KEY_FIELDS = { kind: KIND_KEY, address, scope, expiry, budget } as const;
  const before = (epoch: number): World => owning({}, { keys: [[OWNER, 1, { epoch, scope: SCOPE_TRADE }]] });
  return [
    ...ownedEdges(signing, (terms, by) => keySetting(by, SETTING, terms)),
    ["for the first time", "OK", { ...of({}), after: set(1) }],
    ["once more", "OK", { ...of({}), after: set(6) }, before(5)],
    ["after the last epoch", "OK", { ...of({}), after: set(0) }, before(0xffffffff)],
    ["of no index", "Malformed", of({ index: 0 })],
    ["of the last index", "OK", of({ index: MAX_KEYS })],
    ["of one beyond", "Malformed", of({ index: MAX_KEYS + 1 })],
    ["of no address", "Malformed", of({ address: ZERO_ADDRESS })],
    ["of no scope", "Malformed", of({ scope: 0 })],
    ["of the least scope", "OK", of({ scope: 1 })],
    ["of an unknown scope", "Malformed", of({ scope: SCOPE_ALL + 1 })],
    ["without budget or time", "OK", of({ budget: 0n, expiry: 0n })],
  ];
}

function revocationEdges(signing: Signing): readonly AccountEdge[] {
  const of = (index: number): Act => ({ transaction: revocation(signing, OWNER, index, TERMS) });
  const key = (fields: Partial<Key>, index = 1): NonNullable<World["keys"]> => [[OWNER, index, fields]];
  const zero = { kind: KIND_KEY, address: ZERO_ADDRESS, scope: 0, expiry: 0n, budget: 0n } as const;
  const revoked = (epoch: number): Act => ({ ...of(1), after: [[keyKey(OWNER, 1), { ...zero, epoch }]] });
  const keys = key({});
  return [
    ...ownedEdges(signing, (terms, by) => revocation(by, OWNER, 1, terms), {}, { keys }),
    ["of a key", "OK", revoked(6), owning({}, { keys: key({ epoch: 5 }) })],
    ["after the last epoch", "OK", revoked(0), owning({}, { keys: key({ epoch: 0xffffffff }) })],
    ["of a lapsed key", "OK", of(1), owning({}, { keys: key({ expiry: 0n }) })],
    ["of no key", "KeyInvalid", of(1)],
    ["of a revoked key", "KeyInvalid", of(1), owning({}, { keys: key(zero) })],
    ["of no index", "Malformed", of(0), owning({}, { keys: key({}, 0) })],
    ["of the last index", "OK", of(MAX_KEYS), owning({}, { keys: key({}, MAX_KEYS) })],
    ["of one beyond", "Malformed", of(MAX_KEYS + 1), owning({}, { keys: key({}, MAX_KEYS + 1) })],
  ];
}

function cancelKeyEdges(
  make: (terms: CancelTerms, by?: number) => Transaction,
  world: (fields: World) => World,
): AccountEdge[] {
  const transaction = make({ keyIndex: 1, deadline: START });
  const key = (fields: Partial<Key>): World => world({ keys: [[OWNER, 1, fields]] });
  const owner = { transaction: make({ keyIndex: 0, deadline: START }) };
  const [forced, sender] = [make(undefined), signerAddress(OWNER)];
  return [
    ["by the owner, in the last second", "OK", owner, world({})],
    ["by the owner, a second later", "Expired", { ...owner, now: LATE }, world({})],
    ["by another", "BadSignature", { transaction: make({ keyIndex: 0, deadline: START }, STRANGER) }, world({})],
    ["of nobody", "AccountUnknown", owner, { ...world({}), ...NOBODY_THERE }],
    ["by a key to cancel", "OK", { transaction }, key({ scope: SCOPE_CANCEL })],
    ["by a key to trade", "OK", { transaction }, key({ scope: SCOPE_TRADE })],
    ["by a payee", "KeyInvalid", { transaction }, key({ scope: SCOPE_PAYEE })],
    ["by a key of the last second", "OK", { transaction }, key({ expiry: START })],
    ["by a lapsed key", "KeyInvalid", { transaction }, key({ expiry: START - 1n })],
    ["by no key", "KeyInvalid", { transaction }, world({})],
    ["by a key that is another's", "BadSignature", { transaction }, key({ address: signerAddress(OWNER) })],
    ["by a key of nobody", "AccountUnknown", { transaction }, { ...key({}), ...NOBODY_THERE }],
    ["by L1", "OK", { transaction: forced, sender }, world({})],
    ["by L1, by a stranger", "NotOwner", { transaction: forced, sender: signerAddress(STRANGER) }, world({})],
    ["by L1, of nobody", "AccountUnknown", { transaction: forced, sender }, { ...world({}), ...NOBODY_THERE }],
    ["by L1, of an hour later", "OK", { transaction: forced, sender, now: START + 3_600n }, world({})],
    ...malformed(owner.transaction, forced),
  ];
}

function cancellationEdges(signing: Signing): readonly AccountEdge[] {
  const make = (terms: CancelTerms, impostor?: number): Transaction =>
    cancellation(impostor === undefined ? signing : { ...signing, impostor }, OWNER, NONCE, terms);
  const terms = { keyIndex: 0, deadline: START };
  const act = { transaction: make(terms), after: [[orderKey(OWNER, NONCE), spentOrder(NONCE)]] } as const;
  const first = { transaction: cancellation(signing, OWNER, 0n, terms) };
  const held = (nonce: bigint, quantity = 0n): World => owning({}, { orders: [[OWNER, { nonce, quantity }]] });
  const forced = { transaction: make(undefined), sender: signerAddress(OWNER) };
  return [
    ...cancelKeyEdges(make, (rest) => ({ ...owning({}), ...rest })),
    ["of an order that nobody has seen", "OK", act],
    ["of nonce zero", "OK", first, owning({ floor: 0n })],
    ["of an order", "OK", act, held(NONCE, 1n)],
    ["of a spent nonce", "NonceUsed", { transaction: make(terms) }, held(NONCE)],
    ["of a nonce where an older order was", "OK", act, held(BEFORE, 1n)],
    ["of a nonce where an older one was spent", "OK", act, held(BEFORE)],
    ["of a nonce where a newer order is", "NonceRetired", { transaction: make(terms) }, held(BEYOND, 1n)],
    ["of a nonce where a newer one was spent", "NonceRetired", { transaction: make(terms) }, held(BEYOND)],
    ["of the first nonce", "OK", act, owning({ floor: NONCE })],
    ["of the one before", "NonceOutOfWindow", { transaction: make(terms) }, owning({ floor: NONCE + 1n })],
    ["of the last nonce", "OK", act, owning({ floor: NONCE - NONCE_WINDOW + 1n })],
    ["of the one after", "NonceOutOfWindow", { transaction: make(terms) }, owning({ floor: NONCE - NONCE_WINDOW })],
    ["of the one after, by L1", "NonceOutOfWindow", forced, owning({ floor: NONCE - NONCE_WINDOW })],
  ];
}

function floorEdges(signing: Signing): readonly AccountEdge[] {
  const make = (terms: CancelTerms, impostor?: number, floor = NONCE): Transaction =>
    cancellationOfAll(impostor === undefined ? signing : { ...signing, impostor }, OWNER, floor, terms);
  const terms = { keyIndex: 0, deadline: START };
  const transaction = make(terms);
  const world = (floor: bigint): World => owning({ floor });
  return [
    ...cancelKeyEdges(make, (rest) => ({ ...world(NONCE - 9n), ...rest })),
    ["that rises by one", "OK", { transaction, after: [[accountKey(OWNER), { floor: NONCE }]] }, world(NONCE - 1n)],
    ["that stays", "FloorInvalid", { transaction }, world(NONCE)],
    ["that falls", "FloorInvalid", { transaction }, world(NONCE + 1n)],
    ["that rises by the window", "OK", { transaction }, world(NONCE - NONCE_WINDOW)],
    ["that rises by more", "FloorInvalid", { transaction }, world(NONCE - NONCE_WINDOW - 1n)],
  ];
}
