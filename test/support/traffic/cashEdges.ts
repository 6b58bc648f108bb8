import {
  FEE_ACCOUNT,
  MAX_AMOUNT,
  MAX_KEYS,
  MODE_COLLATERALISED,
  MODE_STANDARD,
} from "../../../src/machine/Constants.ts";
import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import {
  accountKey,
  GLOBALS_KEY,
  SCOPE_CANCEL,
  SCOPE_PAYEE,
  SCOPE_TRADE,
  withdrawalKey,
  type Key,
} from "../../../src/machine/Slots.ts";
import { TX_COLLECT_FEES, type Transaction } from "../../../src/machine/Wire.ts";
import {
  CASH,
  holding,
  marked,
  named,
  NOBODY,
  OTHER,
  ownedEdges,
  OWNER,
  owning,
  STRANGER,
  TERMS,
  type AccountEdge,
  type After,
} from "./accountCases.ts";
import { depositMessage, transferOf, withdrawal, type Signing } from "./builders.ts";
import { needsOf, type Act, type Try, type World } from "./cases.ts";
import { BRIDGE, signerAddress, START } from "./world.ts";

/** What random traffic hardly ever meets in what moves cash in and out of one account. */

/** Deposits, withdrawals, transfers and fees at their bounds. */
export function cashEdges(signing: Signing): readonly Try[] {
  return [
    ...named("a deposit", depositEdges()),
    ...named("a withdrawal", withdrawalEdges(signing)),
    ...named("a transfer", transferEdges(signing)),
    ...named("fees", feeEdges()),
  ];
}

function depositEdges(): readonly AccountEdge[] {
  const sent = { sender: BRIDGE, l1Block: 1n, l1Time: START };
  const of = (
    amount: bigint,
    id: number = OWNER,
    owner = id,
  ): Act & { message: ReturnType<typeof depositMessage> } => ({
    message: depositMessage(sent, id, signerAddress(owner), amount),
  });
  const plain = of(1_000n).message;
  const repaying = (debt: bigint): AccountEdge => {
    const repaid = debt < 1_000n ? debt : 1_000n;
    const after = [
      [accountKey(OWNER), { debt: debt - repaid, cash: CASH + 1_000n - repaid }],
      [GLOBALS_KEY, { fund: 3n + repaid }],
    ] as const;
    return [`on a debt of ${debt}`, "OK", { ...of(1_000n), after }, owning({ debt }, { globals: { fund: 3n } })];
  };
  const left = { owner: signerAddress(NOBODY), cash: 1n, mode: MODE_COLLATERALISED };
  return [
    ["of the smallest amount, to nobody yet", "OK", { ...of(1n, NOBODY), after: [[accountKey(NOBODY), left]] }],
    ["of nothing", "AmountZero", of(0n)],
    ["of nothing, to nobody yet", "AmountZero", of(0n, NOBODY)],
    ["of the largest amount", "OK", of(MAX_AMOUNT)],
    ["of more", "Malformed", of(MAX_AMOUNT + 1n)],
    ["to another's account", "OwnerMismatch", of(1n, OWNER, OTHER)],
    ["by a stranger", "WrongSender", { message: { ...plain, sender: signerAddress(STRANGER) } }],
    ["a byte short", "Malformed", { message: { ...plain, payload: plain.payload.slice(0, -1) } }],
    ["a byte long", "Malformed", { message: { ...plain, payload: Uint8Array.of(...plain.payload, 0) } }],
    ...[0n, 1n, 999n, 1_000n, 1_001n].map(repaying),
  ];
}

/** What is the same for all that takes cash from an account. */
function payingEdges(make: (amount: bigint) => Transaction): readonly AccountEdge[] {
  const short = [holding(-2n)];
  const edges: AccountEdge[] = [
    ["of nothing", "AmountZero", { transaction: make(0n) }],
    ["of the smallest amount", "OK", { transaction: make(1n) }],
    ["of everything", "OK", { transaction: make(CASH) }],
    ["of more", "InsufficientCash", { transaction: make(CASH + 1n) }],
    ["in debt", "AccountInDebt", { transaction: make(1n) }, owning({ debt: 1n })],
  ];
  for (const mode of [MODE_COLLATERALISED, MODE_STANDARD]) {
    const where = mode === MODE_STANDARD ? "on standard margin" : "with collateral";
    const world = (cash: bigint): World => marked({ mode, cash, auction: 5n, positions: short });
    const { initial } = needsOf(world(0n), mode, short);
    const after = [[accountKey(OWNER), { cash: initial, auction: 0n }]] as const;
    edges.push([`of all that is free, ${where}`, "OK", { transaction: make(100n), after }, world(initial + 100n)]);
    edges.push([`of more, ${where}`, "InsufficientMargin", { transaction: make(101n) }, world(initial + 100n)]);
  }
  return edges;
}

function withdrawalEdges(signing: Signing): readonly AccountEdge[] {
  const make = (amount: bigint, payee = 0): Transaction => withdrawal(signing, OWNER, amount, payee, TERMS);
  const payee = (fields: Partial<Key>, index = 1): World => owning({}, { keys: [[OWNER, index, fields]] });
  const good = { scope: SCOPE_PAYEE };
  const paid = (recipient: Uint8Array): After => [
    [GLOBALS_KEY, { withdrawals: 7n + 1n }],
    [withdrawalKey(7n), { account: OWNER, recipient, amount: 100n }],
  ];
  const toPayee = { transaction: make(100n, 1) };
  const seventh = { globals: { withdrawals: 7n } };
  return [
    ...ownedEdges(signing, (terms, by) => withdrawal(by, OWNER, 100n, 0, terms)),
    ...payingEdges(make),
    ["to the owner", "OK", { transaction: make(100n), after: paid(signerAddress(OWNER)) }, owning({}, seventh)],
    [
      "to a payee",
      "OK",
      { ...toPayee, after: paid(signerAddress(OWNER, 1)) },
      owning({}, { ...seventh, keys: [[OWNER, 1, good]] }),
    ],
    ["to the last payee", "OK", { transaction: make(100n, MAX_KEYS) }, payee(good, MAX_KEYS)],
    ["to one beyond", "Malformed", { transaction: make(100n, MAX_KEYS + 1) }, payee(good, MAX_KEYS + 1)],
    ["to a payee of the last second", "OK", toPayee, payee({ ...good, expiry: START })],
    ["to one that has lapsed", "KeyInvalid", toPayee, payee({ ...good, expiry: START - 1n })],
    ["to a key of other scopes", "KeyInvalid", toPayee, payee({ scope: SCOPE_TRADE | SCOPE_CANCEL })],
    ["to no payee", "KeyInvalid", toPayee],
    [
      "to a payee by L1",
      "OK",
      { transaction: { ...withdrawal(signing, OWNER, 100n, 1, undefined) }, sender: signerAddress(OWNER) },
      payee(good),
    ],
  ];
}

function transferEdges(signing: Signing): readonly AccountEdge[] {
  const make = (amount: bigint, to: number = OTHER): Transaction => transferOf(signing, OWNER, to, amount, TERMS);
  const indebted = (debt: bigint): AccountEdge => {
    const repaid = debt < 100n ? debt : 100n;
    const { accounts } = owning({});
    const world = { accounts: { ...accounts, [OTHER]: { debt } }, globals: { fund: 3n } };
    const after = [
      [accountKey(OWNER), { cash: CASH - 100n }],
      [accountKey(OTHER), { cash: 100n - repaid, debt: debt - repaid }],
      [GLOBALS_KEY, { fund: 3n + repaid }],
    ] as const;
    return [`to one with a debt of ${debt}`, "OK", { transaction: make(100n), after }, world];
  };
  const unchanged = [[accountKey(OWNER), { cash: CASH }]] as const;
  return [
    ...ownedEdges(signing, (terms, by) => transferOf(by, OWNER, OTHER, 100n, terms)),
    ...payingEdges(make),
    ...[0n, 99n, 100n, 101n].map(indebted),
    ["to oneself", "OK", { transaction: make(100n, OWNER), after: unchanged }],
    ["to nobody", "AccountUnknown", { transaction: make(100n, NOBODY) }],
  ];
}

function feeEdges(): readonly AccountEdge[] {
  const transaction = { type: TX_COLLECT_FEES } as const;
  const collected = (fees: bigint, debt: bigint): AccountEdge => {
    const repaid = debt < fees ? debt : fees;
    const after = [
      [GLOBALS_KEY, { fees: 0n, fund: 3n + repaid }],
      [accountKey(FEE_ACCOUNT), { cash: 5n + fees - repaid, debt: debt - repaid }],
    ] as const;
    const accounts = { [FEE_ACCOUNT]: { owner: signerAddress(0), cash: 5n, debt } };
    return [`of ${fees} on a debt of ${debt}`, "OK", { transaction, after }, { accounts, globals: { fees, fund: 3n } }];
  };
  const globals = { fees: 100n };
  return [
    ...[0n, 99n, 100n, 101n].map((debt) => collected(100n, debt)),
    collected(1n, 0n),
    ["that are none", "NothingToCollect", { transaction }],
    [
      "of an exchange without their account",
      "AccountUnknown",
      { transaction },
      { accounts: { [FEE_ACCOUNT]: undefined }, globals },
    ],
    ["collected by anybody from L1", "OK", { transaction, sender: signerAddress(STRANGER) }, { globals }],
    ["in two bytes", "Malformed", { bytes: Uint8Array.of(TX_COLLECT_FEES, 0) }, { globals }],
    [
      "in two bytes, from L1",
      "Malformed",
      {
        message: {
          ...{ kind: MESSAGE_FORCED, sender: BRIDGE, l1Block: 1n, l1Time: START },
          payload: Uint8Array.of(TX_COLLECT_FEES, 0),
        },
      },
      { globals },
    ],
  ];
}
