import { expect } from "chai";
import { MAX_QUANTITY } from "../../../src/machine/Constants.ts";
import { SCOPE_PAYEE, SCOPE_TRADE } from "../../../src/machine/Slots.ts";
import type { OrderTerms } from "../../../src/machine/TypedData.ts";
import type { AccountTransaction } from "../../../src/sequencer/AccountTransaction.ts";
import type { Refusal } from "../../../src/sequencer/Refusal.ts";
import type { SignedOrder } from "../../../src/sequencer/SignedOrder.ts";
import {
  signCancel,
  signCancelAll,
  signOrder,
  signRevokeKey,
  signSetKey,
  signTransfer,
  signWithdraw,
} from "../../../src/sequencer/Signing.ts";
import {
  CONTRACT,
  DOMAIN,
  harness,
  keyOf,
  LOT,
  order,
  ownerOf,
  place,
  SPOT,
  START,
  terms,
  TICK,
  USDC,
  type Harness,
} from "../../support/sequencer.ts";

/** Every refusal of an order or a transaction: start from a good one, break one thing, name the reason. */

const LATER = START + 3_600n;

function submit(h: Harness, transaction: AccountTransaction): Refusal | undefined {
  const [outcome] = h.sequencer.submitMany([{ kind: "transaction", transaction }]);
  return outcome!.accepted ? undefined : outcome!.refusal;
}

function refusalOf(h: Harness, signed: SignedOrder): Refusal | undefined {
  const outcome = place(h, signed);
  return outcome.accepted ? undefined : outcome.refusal;
}

function setKey(h: Harness, account: number, key: number, scope: number, budget = 10n ** 12n, index = 1): void {
  const fields = { account, index, address: ownerOf(key), scope, expiry: LATER, budget };
  expect(submit(h, signSetKey(DOMAIN, fields, { nonce: 1_000n, deadline: LATER }, keyOf(account)))).to.equal(undefined);
}

describe("refusals of orders", () => {
  const simple: [name: string, change: Partial<OrderTerms>, refusal: Refusal][] = [
    ["an account beyond its width", { account: 2 ** 32 }, { reason: "NotRepresentable", field: "account" }],
    ["an account that is no integer", { account: 1.5 }, { reason: "NotRepresentable", field: "account" }],
    ["a market beyond its width", { market: 256 }, { reason: "NotRepresentable", field: "market" }],
    ["a day beyond its width", { expiryDay: 65_536 }, { reason: "NotRepresentable", field: "expiryDay" }],
    ["a strike beyond its width", { strike: 1n << 39n }, { reason: "NotRepresentable", field: "strike" }],
    ["a quantity beyond its bound", { quantity: MAX_QUANTITY + 1n }, { reason: "NotRepresentable", field: "quantity" }],
    ["a negative price", { limitPrice: -1n }, { reason: "NotRepresentable", field: "limitPrice" }],
    ["a maximum fee that is no number of cents", { maxFee: 150n }, { reason: "NotRepresentable", field: "maxFee" }],
    ["a nonce beyond its width", { nonce: 1n << 63n }, { reason: "NotRepresentable", field: "nonce" }],
    ["a deadline beyond its width", { deadline: 1n << 40n }, { reason: "NotRepresentable", field: "deadline" }],
    ["an unknown market", { market: 9 }, { reason: "MarketUnknown" }],
    ["a series that has expired", { expiryDay: 20_000 }, { reason: "SeriesExpired" }],
    ["a quantity of zero", { quantity: 0n }, { reason: "QuantityInvalid" }],
    ["a quantity off the lot", { quantity: LOT + 1_000n }, { reason: "QuantityInvalid" }],
    ["a price of zero", { limitPrice: 0n }, { reason: "PriceInvalid" }],
    ["a price off the tick", { limitPrice: TICK + 1n }, { reason: "PriceInvalid" }],
    ["a strike off the first step", { strike: SPOT + 1n }, { reason: "SeriesOffGrid" }],
    ["a strike of zero", { strike: 0n }, { reason: "SeriesOffGrid" }],
    ["a strike off the step of its tenor", { strike: SPOT + 500_000n, expiryDay: 20_020 }, { reason: "SeriesOffGrid" }],
    ["a tenor beyond the latest", { expiryDay: 20_401 }, { reason: "SeriesOffGrid" }],
    ["a deadline that has passed", { deadline: START - 1n }, { reason: "Expired" }],
    ["an unknown account", { account: 99 }, { reason: "AccountUnknown" }],
    ["a nonce beyond the window", { nonce: 1n << 30n }, { reason: "NonceOutOfWindow" }],
    ["post-only and immediate", { postOnly: true, immediateOrCancel: true }, { reason: "FlagsContradict" }],
    ["post-only and fill-or-kill", { postOnly: true, fillOrKill: true }, { reason: "FlagsContradict" }],
    ["an immediate order that lives too long", { immediateOrCancel: true }, { reason: "ImmediateRests" }],
    [
      "an immediate order that finds nobody",
      { immediateOrCancel: true, deadline: START + 60n },
      { reason: "ImmediateUnfilled" },
    ],
    ["a fill-or-kill order that finds nobody", { fillOrKill: true }, { reason: "FillOrKillUnfilled" }],
    ["a reduce-only order without a position", { reduceOnly: true }, { reason: "ReduceOnlyGrows" }],
    ["a maximum below the maker's fee", { maxFee: 0n }, { reason: "FeeAboveMaximum" }],
  ];
  for (const [name, change, refusal] of simple) {
    it(`${refusal.reason}${refusal.field === undefined ? "" : ` (${refusal.field})`}: ${name}`, () => {
      const h = harness();
      // What has no width can't be signed either; the check comes before the signature.
      const good = order(1, 0n);
      const signed =
        refusal.reason === "NotRepresentable" ? { ...good, terms: terms(1, 0n, change) } : order(1, 0n, change);
      expect(refusalOf(h, signed)).to.deep.equal(refusal);
      expect(h.sequencer.exchange.book.size).to.equal(0);
      expect(h.sequencer.exchange.open?.items).to.deep.equal([]);
      place(h, order(2, 0n, { postOnly: true }));
      expect(refusalOf(h, good)).to.equal(undefined);
    });
  }

  it("NotRepresentable: signature, key index and epoch", () => {
    const h = harness();
    const good = order(1, 0n);
    expect(refusalOf(h, { ...good, signature: new Uint8Array(63) })).to.deep.equal({
      reason: "NotRepresentable",
      field: "signature",
    });
    expect(refusalOf(h, { ...good, keyIndex: 5 })).to.deep.equal({ reason: "NotRepresentable", field: "keyIndex" });
    expect(refusalOf(h, { ...good, keyEpoch: 1 })).to.deep.equal({ reason: "NotRepresentable", field: "keyEpoch" });
  });

  it("BadSignature: another signer, other terms, another domain", () => {
    const h = harness();
    const good = order(1, 0n);
    const others = [
      signOrder(DOMAIN, good.terms, keyOf(2)),
      { ...good, terms: { ...good.terms, quantity: 2n * CONTRACT } },
      signOrder(new Uint8Array(32), good.terms, keyOf(1)),
      { ...good, signature: new Uint8Array(64) },
    ];
    for (const bad of others) expect(refusalOf(h, bad)).to.deep.equal({ reason: "BadSignature" });
  });

  it("KeyInvalid: absent, without the trade scope, expired, of another epoch, revoked; BudgetExceeded at the fill", () => {
    const h = harness();
    const keyed = (nonce: bigint, epoch: number, change: Partial<OrderTerms> = {}): SignedOrder =>
      signOrder(DOMAIN, terms(1, nonce, change), keyOf(77), { index: 1, epoch });
    expect(refusalOf(h, keyed(0n, 1))).to.deep.equal({ reason: "KeyInvalid" });
    setKey(h, 1, 77, SCOPE_PAYEE);
    expect(refusalOf(h, keyed(0n, 1))).to.deep.equal({ reason: "KeyInvalid" });
    const again = { account: 1, index: 1, address: ownerOf(77), scope: SCOPE_TRADE, expiry: LATER, budget: USDC };
    expect(submit(h, signSetKey(DOMAIN, again, { nonce: 1_001n, deadline: LATER }, keyOf(1)))).to.equal(undefined);
    expect(refusalOf(h, keyed(0n, 1))).to.deep.equal({ reason: "KeyInvalid" });
    place(h, order(2, 0n, { isSell: true }));
    expect(refusalOf(h, keyed(0n, 2))).to.deep.equal({ reason: "BudgetExceeded" });
    expect(refusalOf(h, keyed(0n, 2, { limitPrice: TICK }))).to.equal(undefined);
    const revoke = signRevokeKey(DOMAIN, { account: 1, index: 1 }, { nonce: 1_002n, deadline: LATER }, keyOf(1));
    expect(submit(h, revoke)).to.equal(undefined);
    expect(h.events.at(-1)).to.include({ kind: "closed", reason: "KeyInvalid", account: 1 });
    expect(refusalOf(h, keyed(1n, 2))).to.deep.equal({ reason: "KeyInvalid" });
  });

  it("Duplicate, NonceUsed, NonceRetired, RingSlotBusy: one nonce, one order", () => {
    const h = harness();
    const resting = order(1, 5n);
    expect(refusalOf(h, resting)).to.equal(undefined);
    expect(refusalOf(h, resting)).to.deep.equal({ reason: "Duplicate" });
    expect(refusalOf(h, order(1, 5n, { quantity: 2n * CONTRACT }))).to.deep.equal({ reason: "NonceUsed" });
    expect(refusalOf(h, order(1, 1_029n))).to.deep.equal({ reason: "RingSlotBusy" });
    expect(refusalOf(h, order(2, 0n, { isSell: true }))).to.equal(undefined);
    expect(refusalOf(h, resting)).to.deep.equal({ reason: "Duplicate" });
    expect(submit(h, signCancel(DOMAIN, { account: 1, nonce: 1_029n }, LATER, keyOf(1)))).to.equal(undefined);
    expect(refusalOf(h, resting)).to.deep.equal({ reason: "NonceRetired" });
    expect(refusalOf(h, order(1, 1_029n))).to.deep.equal({ reason: "NonceUsed" });
  });

  it("PostOnlyTakes, SelfTrade: against what rests", () => {
    const h = harness();
    place(h, order(1, 0n, { isSell: true }));
    expect(refusalOf(h, order(2, 0n, { postOnly: true }))).to.deep.equal({ reason: "PostOnlyTakes" });
    expect(refusalOf(h, order(1, 1n))).to.deep.equal({ reason: "SelfTrade" });
    expect(h.sequencer.exchange.book.size).to.equal(1);
  });

  it("FillOrKillUnfilled: the first maker is too small, though two would do", () => {
    const h = harness();
    place(h, order(1, 0n, { isSell: true }));
    place(h, order(2, 0n, { isSell: true }));
    const big = { quantity: 2n * CONTRACT, fillOrKill: true };
    expect(refusalOf(h, order(3, 0n, big))).to.deep.equal({ reason: "FillOrKillUnfilled" });
    const outcome = place(h, order(3, 1n, { fillOrKill: true }));
    expect(outcome).to.deep.include({ accepted: true, status: "filled" });
  });

  it("SeriesClosing: within the margin before the expiry instant", () => {
    const h = harness();
    const expiry = 20_003n * 86_400n + 28_800n;
    h.clock.time = expiry - 901n;
    const deadline = expiry;
    const signed = order(1, 0n, { deadline });
    expect(refusalOf(h, signed)).to.equal(undefined);
    h.clock.time = expiry - 900n;
    expect(refusalOf(h, order(2, 0n, { deadline, isSell: true }))).to.deep.equal({ reason: "SeriesClosing" });
    expect(h.events.at(-1)).to.include({ kind: "closed", reason: "SeriesClosing", account: 1 });
    expect(h.sequencer.exchange.book.size).to.equal(0);
  });

  it("AnchorMissing and PriceFixed: a market without a price, a series with one", () => {
    const h = harness();
    h.l1.listMarket(2);
    h.l1.fixPrice(20_003, SPOT);
    expect(refusalOf(h, order(1, 0n, { market: 2 }))).to.deep.equal({ reason: "AnchorMissing" });
    expect(refusalOf(h, order(1, 0n))).to.deep.equal({ reason: "PriceFixed" });
  });

  it("the taker's fault: InsufficientCash, InsufficientMargin, AnchorStale; the maker stays", () => {
    const h = harness({ cash: 10n * USDC });
    h.l1.deposit(9, 10n ** 6n * USDC);
    place(h, order(9, 0n, { isSell: true, quantity: 100n * CONTRACT }));
    place(h, order(9, 1n, { limitPrice: TICK, quantity: 100n * CONTRACT }));
    expect(refusalOf(h, order(1, 0n))).to.deep.equal({ reason: "InsufficientCash" });
    expect(refusalOf(h, order(1, 1n, { isSell: true, limitPrice: TICK }))).to.deep.equal({
      reason: "InsufficientMargin",
    });
    h.clock.time += 86_400n + 60n;
    const deadline = h.clock.time + 600n;
    place(h, order(9, 2n, { limitPrice: TICK, quantity: CONTRACT, deadline }));
    expect(refusalOf(h, order(1, 2n, { isSell: true, limitPrice: TICK, deadline }))).to.deep.equal({
      reason: "AnchorStale",
    });
    expect(h.sequencer.exchange.book.size).to.equal(1);
  });

  it("the maker's fault: it leaves with the machine's reason, and the next in line is filled", () => {
    const h = harness({ cash: 10n * USDC });
    h.l1.deposit(8, 10n ** 6n * USDC);
    h.l1.deposit(9, 10n ** 6n * USDC);
    place(h, order(1, 0n, { isSell: true }));
    place(h, order(9, 0n, { isSell: true }));
    const outcome = place(h, order(8, 0n));
    expect(outcome).to.deep.include({ accepted: true, status: "filled" });
    expect(h.events.find((event) => event.kind === "closed")).to.include({ account: 1, reason: "InsufficientMargin" });
    expect(h.events.find((event) => event.kind === "fill")).to.have.nested.property("fill.maker");
  });

  it("reduce-only: fills what the position allows, then leaves; as a maker too", () => {
    const h = harness();
    place(h, order(1, 0n, { isSell: true }));
    place(h, order(2, 0n));
    // Account 2 is long one contract; it offers three of them for reduction only.
    place(h, order(2, 1n, { isSell: true, reduceOnly: true, quantity: 3n * CONTRACT, limitPrice: 600_000n }));
    const outcome = place(h, order(3, 0n, { quantity: 2n * CONTRACT, limitPrice: 600_000n }));
    expect(outcome).to.deep.include({ status: "live", remaining: CONTRACT });
    const closed = h.events.findLast((event) => event.kind === "closed");
    expect(closed).to.include({ account: 2, reason: "ReduceOnlyGrows" });
    const taker = place(h, order(1, 1n, { reduceOnly: true, quantity: 2n * CONTRACT, limitPrice: 700_000n }));
    expect(taker).to.deep.include({ accepted: true, status: "live", remaining: 2n * CONTRACT });
    const seller = place(h, order(3, 1n, { isSell: true, quantity: 2n * CONTRACT, limitPrice: 700_000n }));
    expect(seller).to.deep.include({ status: "live", remaining: CONTRACT });
  });
});

describe("refusals of transactions", () => {
  const auth = { nonce: 7n, deadline: LATER };
  const withdraw = { account: 1, amount: USDC, payee: 0 };
  const cases: [name: string, transaction: () => AccountTransaction, refusal: Refusal][] = [
    [
      "an amount of zero",
      () => signWithdraw(DOMAIN, { ...withdraw, amount: 0n }, ownerOf(1), auth, keyOf(1)),
      { reason: "AmountZero" },
    ],
    [
      "more than there is",
      () => signWithdraw(DOMAIN, { ...withdraw, amount: 10n ** 15n }, ownerOf(1), auth, keyOf(1)),
      { reason: "InsufficientCash" },
    ],
    [
      "another recipient than signed",
      () => signWithdraw(DOMAIN, withdraw, ownerOf(2), auth, keyOf(1)),
      { reason: "BadSignature" },
    ],
    [
      "a payee that isn't one",
      () => signWithdraw(DOMAIN, { ...withdraw, payee: 1 }, ownerOf(1), auth, keyOf(1)),
      { reason: "KeyInvalid" },
    ],
    [
      "a payee beyond the last",
      () => signWithdraw(DOMAIN, { ...withdraw, payee: 5 }, ownerOf(1), auth, keyOf(1)),
      { reason: "Malformed" },
    ],
    [
      "a deadline that has passed",
      () => signWithdraw(DOMAIN, withdraw, ownerOf(1), { ...auth, deadline: START - 1n }, keyOf(1)),
      { reason: "Expired" },
    ],
    [
      "a nonce beyond the window",
      () => signWithdraw(DOMAIN, withdraw, ownerOf(1), { ...auth, nonce: 1n << 31n }, keyOf(1)),
      { reason: "NonceOutOfWindow" },
    ],
    [
      "an unknown account",
      () => signTransfer(DOMAIN, { from: 99, to: 1, amount: 1n }, auth, keyOf(1)),
      { reason: "AccountUnknown" },
    ],
    [
      "a floor that doesn't rise",
      () => signCancelAll(DOMAIN, { account: 1, floor: 0n }, LATER, keyOf(1)),
      { reason: "FloorInvalid" },
    ],
    [
      "a key that isn't one",
      () => signCancel(DOMAIN, { account: 1, nonce: 0n }, LATER, keyOf(1), 2),
      { reason: "KeyInvalid" },
    ],
    [
      "a key to revoke that isn't one",
      () => signRevokeKey(DOMAIN, { account: 1, index: 1 }, auth, keyOf(1)),
      { reason: "KeyInvalid" },
    ],
    [
      "no authority at all",
      () => ({ ...signCancel(DOMAIN, { account: 1, nonce: 0n }, LATER, keyOf(1)), auth: undefined }),
      { reason: "BadSignature" },
    ],
    [
      "an amount beyond its width",
      () => ({ ...signWithdraw(DOMAIN, withdraw, ownerOf(1), auth, keyOf(1)), amount: 1n << 64n }),
      { reason: "NotRepresentable", field: "amount" },
    ],
    [
      "an account beyond its width",
      () => ({ ...signTransfer(DOMAIN, { from: 1, to: 2, amount: 1n }, auth, keyOf(1)), to: -1 }),
      { reason: "NotRepresentable", field: "to" },
    ],
    [
      "a key index beyond the last",
      () => signCancel(DOMAIN, { account: 1, nonce: 0n }, LATER, keyOf(1), 5),
      { reason: "NotRepresentable", field: "keyIndex" },
    ],
    [
      "a floor beyond its width",
      () => ({ ...signCancelAll(DOMAIN, { account: 1, floor: 1n }, LATER, keyOf(1)), floor: 1n << 63n }),
      { reason: "NotRepresentable", field: "floor" },
    ],
  ];
  for (const [name, transaction, refusal] of cases) {
    it(`${refusal.reason}${refusal.field === undefined ? "" : ` (${refusal.field})`}: ${name}`, () => {
      const h = harness();
      expect(submit(h, transaction())).to.deep.equal(refusal);
      expect(h.sequencer.exchange.open?.items).to.deep.equal([]);
    });
  }

  it("a transaction is taken once: NonceUsed; cancelled orders leave the book", () => {
    const h = harness();
    const signed = signWithdraw(DOMAIN, withdraw, ownerOf(1), auth, keyOf(1));
    expect(submit(h, signed)).to.equal(undefined);
    expect(submit(h, signed)).to.deep.equal({ reason: "NonceUsed" });
    for (const nonce of [10n, 11n, 12n]) place(h, order(1, nonce));
    expect(submit(h, signCancel(DOMAIN, { account: 1, nonce: 11n }, LATER, keyOf(1)))).to.equal(undefined);
    expect(h.sequencer.exchange.book.size).to.equal(2);
    expect(submit(h, signCancelAll(DOMAIN, { account: 1, floor: 12n }, LATER, keyOf(1)))).to.equal(undefined);
    expect([...h.sequencer.exchange.book.orders()].map((resting) => resting.nonce)).to.deep.equal([12n]);
    expect(refusalOf(h, order(1, 10n))).to.deep.equal({ reason: "NonceOutOfWindow" });
  });

  it("CollectFees: NothingToCollect before the first fee", () => {
    const h = harness();
    expect(h.sequencer.collectFees()).to.deep.equal({ accepted: false, refusal: { reason: "NothingToCollect" } });
    place(h, order(1, 0n, { isSell: true }));
    place(h, order(2, 0n));
    expect(h.sequencer.collectFees().accepted).to.equal(true);
  });
});
