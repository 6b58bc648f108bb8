import { concat } from "../../src/crypto/bytes.ts";
import { MAX_ITEM, MAX_POSITIONS, MAX_SETTLE } from "../../src/machine/Constants.ts";
import type { MachineConfig } from "../../src/machine/Execution.ts";
import type { Message } from "../../src/machine/Inputs.ts";
import { ResultCode } from "../../src/machine/ResultCodes.ts";
import {
  accountKey,
  claimKey,
  EMPTY_EXPIRY,
  expiryKey,
  GLOBALS_KEY,
  KIND_CLAIM,
  keyKey,
  marketKey,
  orderKey,
  SCOPE_ALL,
} from "../../src/machine/Slots.ts";
import { set, type SlotKey, type TreeRoot } from "../../src/machine/StateTree.ts";
import { TX_COLLECT_FEES, TX_FILL, TX_SETTLE, type Transaction } from "../../src/machine/Wire.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import {
  anchorMessage,
  cancellation,
  cancellationOfAll,
  depositMessage,
  fixPriceMessage,
  keySetting,
  listMarketMessage,
  makerOrder,
  PLAIN,
  revocation,
  takerOrder,
  transferOf,
  withdrawal,
  type Draft,
} from "../../test/support/traffic/builders.ts";
import { BTC, signerAddress, START, START_DAY } from "../../test/support/traffic/world.ts";
import {
  DAY,
  filler,
  hold,
  LISTED,
  MAKER,
  SETTLED,
  STORED_NONCE,
  storedOrder,
  TAKER,
  withAccount,
  withDeepPaths,
  withMarkets,
  type Size,
} from "./state.ts";
import { forced, framing, fromBlobs, item, largest, malformed, message, SENT, type ProofCase } from "./ProofCase.ts";

/** The steps whose proofs are measured: each as it usually is, and with everything in it as large as the rules allow. */

type Expiries = Size["expiries"];

const NONCE = 123_456n;
const AMOUNT = 123_456_789n;
const DEBT = 100_000_000n;
/** Expired positions of an account that is settled, as a rule. */
const FEW = 2;

const ONE: Expiries = [[1, 0]];
const TWO: Expiries = [...ONE, [1, 1]];
const FOUR: Expiries = [...TWO, [1, 2], [1, 3]];
/** Eight expiries in eight markets; but for the traded market, the two sides have none in common. */
const MAKERS: Expiries = Array.from({ length: 8 }, (_, i) => [1 + i, 0]);
const TAKERS: Expiries = Array.from({ length: 8 }, (_, i) => [i === 0 ? 1 : 8 + i, 0]);

/** All steps to be proven, on top of the exchange's state. */
export function proofCases(config: MachineConfig, base: TreeRoot): ProofCase[] {
  const signing = { domain: config.domain };
  const owner = { nonce: NONCE, deadline: START + 600n };
  const cancelBy = (keyIndex: number): { keyIndex: number; deadline: bigint } => ({ keyIndex, deadline: START + 600n });
  const fromSettlement = { ...SENT, sender: config.settlement };

  // Both accounts at all their caps; in the crowded state also as many markets and expiries as there may be in use.
  const full = withHoldings(base, MAX_POSITIONS, MAKERS, TAKERS);
  const crowded = withMarkets(base, 254, 64);

  const draft = (account: number, isSell: boolean, keyIndex: number): Draft => ({
    ...{ account, market: 1, expiryDay: DAY, strike: 60_000_000n, isPut: true, isSell, quantity: 100_000n },
    ...{ limitPrice: 100_000n, maxFee: 10_000_000n, nonce: NONCE, deadline: START + 1000n },
    ...PLAIN,
    ...{ forcible: true, keyIndex, keyEpoch: keyIndex },
  });
  const fill = (keyIndex: number): Transaction => ({
    type: TX_FILL,
    maker: makerOrder(signing, draft(MAKER, false, keyIndex), BTC),
    taker: takerOrder(signing, draft(TAKER, true, keyIndex), BTC, draft(MAKER, false, keyIndex).limitPrice),
    lots: 100_000n / BTC.lot,
  });
  const settle = (accounts: number): Transaction => ({
    type: TX_SETTLE,
    market: 1,
    day: START_DAY,
    accounts: Array.from({ length: accounts }, (_, i) => MAKER + i),
  });
  const keyTerms = {
    address: signerAddress(MAKER, 3),
    scope: SCOPE_ALL,
    expiry: START + 10n ** 7n,
    budget: 10n ** 12n,
  };

  const before = (positions: number, expiries: Expiries): TreeRoot =>
    withHoldings(base, positions - 1, expiries, expiries);
  const beforeLargest = withHoldings(base, MAX_POSITIONS - 1, MAKERS, TAKERS);
  // Whoever has the last short may be a creditor of the same expiry, and then all slots of a settlement are opened.
  const lastShort = withLastShort(settling(base, MAX_POSITIONS, true));
  const inDebt = (root: TreeRoot, id: number): TreeRoot => withAccount(root, id, { debt: DEBT });
  const feesOwed = withAccount(base, 0, {
    debt: DEBT,
    positions: hold({ positions: MAX_POSITIONS, expiries: MAKERS }),
  });

  return [
    item("fill", before(1, ONE), fill(0)),
    item("fill, 16 positions", before(16, TWO), fill(0)),
    item("fill, 32 positions", before(32, FOUR), fill(0)),
    largest("fill, largest", beforeLargest, fill(1)),
    largest("fill, deepest paths", withDeepPaths(beforeLargest, fillKeys()), fill(1)),
    forced("forced fill", before(1, ONE), fill(0)),
    forced("forced fill, largest", beforeLargest, fill(1)),

    message("deposit", base, deposit()),
    message("deposit, largest", inDebt(full, MAKER), deposit()),
    item("withdraw", base, withdrawal(signing, MAKER, AMOUNT, 0, owner)),
    largest("withdraw, largest", full, withdrawal(signing, MAKER, AMOUNT, 1, owner)),
    item("transfer", base, transferOf(signing, MAKER, TAKER, AMOUNT, owner)),
    largest("transfer, largest", inDebt(full, TAKER), transferOf(signing, MAKER, TAKER, AMOUNT, owner)),
    item("set key", base, keySetting(signing, { account: MAKER, index: 2, ...keyTerms }, owner)),
    largest("set key, largest", full, keySetting(signing, { account: MAKER, index: 1, ...keyTerms }, owner)),
    item("revoke key", base, revocation(signing, MAKER, 1, owner)),
    largest("revoke key, largest", full, revocation(signing, MAKER, 1, owner)),
    item("cancel", base, cancellation(signing, MAKER, STORED_NONCE, cancelBy(0))),
    largest("cancel, largest", full, cancellation(signing, MAKER, STORED_NONCE, cancelBy(1))),
    item("cancel all", base, cancellationOfAll(signing, MAKER, NONCE, cancelBy(0))),
    largest("cancel all, largest", full, cancellationOfAll(signing, MAKER, NONCE, cancelBy(1))),
    item("collect fees", base, { type: TX_COLLECT_FEES }),
    largest("collect fees, largest", feesOwed, { type: TX_COLLECT_FEES }),

    item("settle debtor", settling(base, FEW, false), settle(1)),
    largest("settle debtor, largest", settling(base, MAX_POSITIONS, false), settle(MAX_SETTLE)),
    item("settle creditor", settling(base, FEW, true), settle(1)),
    largest("settle creditor, largest", settling(base, MAX_POSITIONS, true), settle(MAX_SETTLE)),
    item("settle claim", withClaim(base), settle(1)),
    largest("settle claim, largest", inDebt(withClaim(full), MAKER), settle(MAX_SETTLE)),
    item("settle last short", withLastShort(settling(base, FEW, false)), settle(1)),
    largest("settle last short, largest", lastShort, settle(MAX_SETTLE)),
    largest("settle last short, deepest paths", withDeepPaths(lastShort, settleKeys()), settle(MAX_SETTLE)),

    message("list market", base, listMarketMessage(fromSettlement, LISTED + 1, BTC)),
    message("list market, largest", crowded, listMarketMessage(fromSettlement, 255, BTC)),
    message("anchor", base, anchorMessage(fromSettlement, 1, 41_234_567n, START)),
    message("anchor, largest", crowded, anchorMessage(fromSettlement, 254, 41_234_567n, START)),
    message("fix price", base, fixPriceMessage(fromSettlement, 1, DAY, 41_234_000n)),
    message("fix price, largest", crowded, fixPriceMessage(fromSettlement, 254, DAY, 41_234_000n)),

    malformed("malformed 4 kB item", filler(MAX_ITEM, 7).fill(0xff, 0, 1)),
    malformed("malformed 4 kB item, largest", tooLong(encodeTransaction(fill(1), START)), true),
    fromBlobs("fill, from a blob", item("fill", before(1, ONE), fill(0)), "in one"),
    fromBlobs("fill, from two blobs", item("fill", before(1, ONE), fill(0)), "across two"),
    fromBlobs("framing error, from two blobs", framing("framing error", Uint8Array.of(0xff, 0xff)), "across two"),
    // The worst of all: no transaction that is not refused for its length alone is read from as many elements.
    fromBlobs(
      "malformed 4 kB item, from two blobs, largest",
      malformed("malformed 4 kB item", tooLong(encodeTransaction(fill(1), START))),
      "across two",
    ),
    framing("framing error", Uint8Array.of(0)),
    framing("framing error, largest", Uint8Array.of(0xff, 0xff), true),
    {
      operation: "one-step proof, next batch",
      root: base,
      input: "next batch",
      kind: "next batch",
      code: ResultCode.OK,
    },
    {
      operation: "one-step proof, item limit",
      root: base,
      input: "item limit",
      kind: "item limit",
      code: ResultCode.OK,
    },
    { operation: "one-step proof, identity", root: base, input: "identity", kind: "identity", code: ResultCode.OK },
  ];

  function deposit(): Message {
    return depositMessage({ ...SENT, sender: config.bridge }, MAKER, signerAddress(MAKER), AMOUNT);
  }
}

/** A transaction that is read to its end before it turns out to go on. */
function tooLong(transaction: Uint8Array): Uint8Array {
  return concat(transaction, filler(MAX_ITEM - transaction.length, 7));
}

function withHoldings(root: TreeRoot, positions: number, makers: Expiries, takers: Expiries): TreeRoot {
  const made = withAccount(root, MAKER, { positions: hold({ positions, expiries: makers }) });
  const taken = withAccount(made, TAKER, { positions: hold({ positions, expiries: takers }) });
  return set(taken, orderKey(MAKER, STORED_NONCE), storedOrder(STORED_NONCE, positions === MAX_POSITIONS ? 1 : 0));
}

/** MAKER has `positions` in the expiry whose price is fixed, and beside them as many in others as are usual and fit. */
function settling(root: TreeRoot, positions: number, creditor: boolean): TreeRoot {
  const expired = hold({ positions, expiries: ONE }, START_DAY).map((position, i) => {
    // A creditor's one short, if there is one, loses less than its longs gain.
    const isLong = creditor && (i > 0 || positions === FEW);
    return { ...position, quantity: isLong ? 100_000n : -100_000n };
  });
  const others = hold({ positions: Math.min(FEW, MAX_POSITIONS - positions), expiries: TWO });
  return withAccount(root, MAKER, { positions: [...expired, ...others] });
}

/** The pool of the expiry is final at half of what is owed, and MAKER has a claim on it. */
function withClaim(root: TreeRoot): TreeRoot {
  const sums = { owed: 10n ** 12n, received: 10n ** 12n / 2n, credited: 123_456_789n, paid: 61_728_394n };
  const final = set(root, expiryKey(SETTLED), { ...EMPTY_EXPIRY, price: 35_000_000n, final: true, ...sums });
  return set(final, claimKey(SETTLED, MAKER), { kind: KIND_CLAIM, amount: 987_654_321n });
}

/** MAKER has the last shorts of the expiry and no cash to speak of; the fund makes up for what is missing. */
function withLastShort(root: TreeRoot): TreeRoot {
  const sums = { owed: 10n ** 12n, received: 10n ** 12n - 123_456_789n };
  const last = set(root, expiryKey(SETTLED), { ...EMPTY_EXPIRY, price: 35_000_000n, shorts: 1, ...sums });
  return withAccount(last, MAKER, { cash: 1000n });
}

function fillKeys(): SlotKey[] {
  const markets = new Set([...MAKERS, ...TAKERS].map(([market]) => market));
  const sides = [MAKER, TAKER].flatMap((id) => [accountKey(id), orderKey(id, NONCE), keyKey(id, 1)]);
  return [...sides, ...[...markets].map(marketKey), expiryKey((1 << 16) | DAY), GLOBALS_KEY];
}

function settleKeys(): SlotKey[] {
  return [accountKey(MAKER), claimKey(SETTLED, MAKER), expiryKey(SETTLED), GLOBALS_KEY];
}
