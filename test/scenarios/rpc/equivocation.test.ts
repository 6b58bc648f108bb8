import { expect } from "chai";
import { addressOf } from "../../../src/crypto/secp256k1.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { orderDigest } from "../../../src/machine/TypedData.ts";
import {
  contradictionOf,
  fillContradiction,
  orderContradiction,
  withdrawalContradiction,
  type AccusedOrder,
  type ReceiptAuthority,
} from "../../../src/rpc/Equivocation.ts";
import type { FillReceipt, SignedReceipt, WithdrawalReceipt } from "../../../src/rpc/Receipt.ts";
import { ReceiptIssuer } from "../../../src/rpc/ReceiptIssuer.ts";
import { receiptFromWire, receiptToWire } from "../../../src/rpc/wire.ts";
import { MemoryJournal } from "../../../src/sequencer/Journal.ts";
import type { OrderRecord } from "../../../src/sequencer/OrderRecord.ts";
import { Sequencer } from "../../../src/sequencer/Sequencer.ts";
import { DEFAULT_OPTIONS } from "../../../src/sequencer/SequencerOptions.ts";
import type { SignedOrder } from "../../../src/sequencer/SignedOrder.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { RECEIPT_KEY } from "../../support/rpc.ts";
import { runSeed } from "../../support/random.ts";
import {
  CONFIG,
  CONTRACT,
  DOMAIN,
  GENESIS,
  harness,
  order,
  ownerOf,
  place,
  random,
  TICK,
  type Harness,
} from "../../support/sequencer.ts";

const AUTHORITY: ReceiptAuthority = { domain: DOMAIN, signer: addressOf(RECEIPT_KEY) };

/** A sequencer that signs receipts. */
interface Signing {
  readonly sequencer: Sequencer;
  readonly issuer: ReceiptIssuer;
}

function signing(h: Harness, sequencer = h.sequencer): Signing {
  return { sequencer, issuer: new ReceiptIssuer(sequencer, h.clock, RECEIPT_KEY) };
}

/** A second sequencer of the same operator on the same L1, which knows nothing of what the first has promised. */
function secondFace(h: Harness): Signing {
  const services = { clock: h.clock, journal: new MemoryJournal(), logger: SILENT };
  return signing(h, new Sequencer(CONFIG, DEFAULT_OPTIONS, services, GENESIS, h.l1.log));
}

function recordOf({ sequencer }: Signing, signed: SignedOrder): OrderRecord {
  return [...sequencer.exchange.orders.values()].find((record) => record.signed.signature === signed.signature)!;
}

/** Submits orders, and returns the receipts of all fills. */
function trade({ sequencer, issuer }: Signing, ...orders: SignedOrder[]): SignedReceipt<FillReceipt>[] {
  return orders.flatMap((signed) => {
    const [outcome] = sequencer.submitMany([{ kind: "order", order: signed }]);
    if (!outcome!.accepted || !("fills" in outcome!)) return [];
    return outcome.fills.flatMap((fill) => (issuer.ofFill(fill) ?? []) as SignedReceipt<FillReceipt>);
  });
}

function withdraw({ sequencer, issuer }: Signing, record: OrderRecord): SignedReceipt<WithdrawalReceipt> {
  const { account, id } = record;
  sequencer.submitMany([{ kind: "withdraw", account, orders: [id] }]);
  return issuer.ofWithdrawal(record) as SignedReceipt<WithdrawalReceipt>;
}

/** Puts what a sequencer has sealed on L1. */
function post(h: Harness, { sequencer }: Signing): void {
  sequencer.seal();
  for (;;) {
    const sealed = sequencer.sealedBatch(h.l1.log.batchCount);
    if (sealed === undefined) break;
    expect(h.l1.append(sealed)).to.equal(undefined);
  }
  sequencer.sync(h.l1.log);
}

const accused = (signed: SignedOrder): AccusedOrder => ({ order: signed, signer: ownerOf(signed.terms.account) });

const sell = (account: number, nonce: bigint, limitPrice = 500_000n): SignedOrder =>
  order(account, nonce, { isSell: true, limitPrice });

describe("a sequencer that equivocates", () => {
  it("gives one number to two orders: two receipts show it", () => {
    const h = harness();
    const [first, second] = [signing(h), secondFace(h)];
    const [a, b] = [order(1, 0n), order(1, 0n, { limitPrice: 400_000n })];
    trade(first, a);
    trade(second, b);
    const [one, other] = [first.issuer.ofOrder(recordOf(first, a)), second.issuer.ofOrder(recordOf(second, b))];
    expect(contradictionOf(AUTHORITY, one, other)).to.equal("SEQUENCE_REUSED");
    expect(contradictionOf(AUTHORITY, one, one)).to.equal(undefined);
    const wire = receiptFromWire(receiptToWire(other));
    expect(contradictionOf(AUTHORITY, one, wire)).to.equal("SEQUENCE_REUSED");
    // Anybody could write such a pair; only the sequencer's signature makes it a proof.
    const stranger = { ...AUTHORITY, signer: addressOf(keccak256(new Uint8Array([1]))) };
    expect(contradictionOf(stranger, one, other)).to.equal(undefined);
    expect(contradictionOf(AUTHORITY, one, { ...other, signature: one.signature })).to.equal(undefined);
  });

  it("shows a fill to a trader and posts a batch without it: its receipt and L1 show it", () => {
    const h = harness();
    const [shown, posted] = [signing(h), secondFace(h)];
    const [receipt] = trade(shown, sell(1, 0n), order(2, 0n)) as [SignedReceipt<FillReceipt>];
    expect(fillContradiction(AUTHORITY, h.l1.log, receipt)).to.equal(undefined);
    trade(posted, sell(3, 0n), order(4, 0n));
    post(h, posted);
    expect(fillContradiction(AUTHORITY, h.l1.log, receipt)).to.equal("FILL_MISSING");
  });

  it("posts two fills in the other order than it has promised", () => {
    const h = harness();
    const [shown, posted] = [signing(h), secondFace(h)];
    const pairs = [
      [sell(1, 0n), order(2, 0n)],
      [sell(3, 0n, 510_000n), order(4, 0n, { limitPrice: 510_000n })],
    ] as const;
    const [first, second] = [...trade(shown, ...pairs[0]), ...trade(shown, ...pairs[1])] as [
      SignedReceipt<FillReceipt>,
      SignedReceipt<FillReceipt>,
    ];
    trade(posted, ...pairs[1]);
    trade(posted, ...pairs[0]);
    post(h, posted);
    for (const receipt of [first, second]) expect(fillContradiction(AUTHORITY, h.l1.log, receipt)).to.equal(undefined);
    expect(orderContradiction(AUTHORITY, h.l1.log, first, second)).to.equal("ORDER_REVERSED");
    expect(orderContradiction(AUTHORITY, h.l1.log, second, first)).to.equal("ORDER_REVERSED");
  });

  it("fills an order that it has taken out of the book: by two receipts, or by one and L1", () => {
    const h = harness();
    const [shown, posted] = [signing(h), secondFace(h)];
    const quote = sell(1, 0n);
    trade(shown, order(4, 0n, { limitPrice: TICK }), quote);
    const withdrawal = withdraw(shown, recordOf(shown, quote));
    trade(posted, order(4, 0n, { limitPrice: TICK }), quote, order(4, 1n, { limitPrice: 2n * TICK }));
    // Something goes into the batch that was open when the order was withdrawn; the fill comes in a later one.
    trade(posted, sell(3, 7n, 3n * TICK), order(2, 7n, { limitPrice: 3n * TICK }));
    post(h, posted);
    expect(withdrawalContradiction(AUTHORITY, h.l1.log, withdrawal, accused(quote))).to.equal(undefined);
    const [fill] = trade(posted, order(2, 0n)) as [SignedReceipt<FillReceipt>];
    expect(fill.receipt.makerSequence).to.equal(withdrawal.receipt.orderSequence);
    expect(contradictionOf(AUTHORITY, fill, withdrawal)).to.equal("FILLED_AFTER_WITHDRAWAL");
    post(h, posted);
    expect(withdrawalContradiction(AUTHORITY, h.l1.log, withdrawal, accused(quote))).to.equal(
      "FILLED_AFTER_WITHDRAWAL",
    );
  });

  for (const [when, isPosted] of [
    ["while its batch waited", false],
    ["when L1 had everything", true],
  ] as const) {
    it(`fills it half an hour after it was taken out ${when}`, () => {
      const h = harness();
      const shown = signing(h);
      const quote = sell(1, 0n);
      trade(shown, quote, sell(3, 7n, 3n * TICK), order(2, 7n, { limitPrice: 3n * TICK }));
      if (isPosted) post(h, shown);
      const withdrawal = withdraw(shown, recordOf(shown, quote));
      expect(withdrawal.receipt.batch < withdrawal.receipt.batchesOnL1).to.equal(isPosted);
      if (!isPosted) post(h, shown);
      const posted = secondFace(h);
      trade(posted, quote);
      h.clock.time += 1_800n;
      trade(posted, order(2, 0n));
      post(h, posted);
      const late = h.l1.log.batch(h.l1.log.batchCount - 1n).record.l1Time;
      expect(late > withdrawal.receipt.postedBefore).to.equal(true);
      expect(withdrawalContradiction(AUTHORITY, h.l1.log, withdrawal, accused(quote))).to.equal(
        "FILLED_AFTER_WITHDRAWAL",
      );
    });
  }

  it("is not convicted where the nonce serves another order of the same trader", () => {
    const h = harness();
    const honest = signing(h);
    const [quote, better] = [sell(1, 0n), sell(1, 0n, 490_000n)];
    trade(honest, quote);
    const withdrawal = withdraw(honest, recordOf(honest, quote));
    trade(honest, sell(3, 7n, 3n * TICK), order(2, 7n, { limitPrice: 3n * TICK }));
    post(h, honest);
    expect(trade(honest, better, order(2, 0n))).to.have.length(1);
    post(h, honest);
    expect(withdrawalContradiction(AUTHORITY, h.l1.log, withdrawal, accused(quote))).to.equal(undefined);
  });

  it("is not convicted where a batch was forced before its own, or came too late", () => {
    const h = harness();
    const [shown, posted] = [signing(h), secondFace(h)];
    const [receipt] = trade(shown, sell(1, 0n), order(2, 0n)) as [SignedReceipt<FillReceipt>];
    h.l1.deposit(1, 1n);
    h.l1.forceInclude();
    expect(fillContradiction(AUTHORITY, h.l1.log, receipt)).to.equal(undefined);
    posted.sequencer.sync(h.l1.log);
    trade(posted, sell(3, 0n), order(4, 0n));
    const [late] = trade(posted, sell(3, 1n), order(4, 1n)) as [SignedReceipt<FillReceipt>];
    h.clock.time = late.receipt.postedBefore + 1n;
    const third = secondFace(h);
    trade(third, sell(1, 1n), order(2, 1n));
    post(h, third);
    expect(fillContradiction(AUTHORITY, h.l1.log, late)).to.equal(undefined);
  });
});

describe("an honest sequencer", () => {
  it("is never convicted, whatever L1, restarts and traders do", function () {
    const seed = runSeed();
    this.test!.title += ` (TENOR_SEED=${seed})`;
    const pick = random(seed);
    const h = harness({ maxPayload: 4_096 });
    let honest = signing(h);
    const fills: SignedReceipt<FillReceipt>[] = [];
    const withdrawals: { readonly receipt: SignedReceipt<WithdrawalReceipt>; readonly order: SignedOrder }[] = [];
    const orders: SignedReceipt[] = [];
    const refusedAgain = ["Withdrawn", "Expired", "L1Behind", "NonceUsed", "NonceRetired", "SeriesClosing"];
    let nonce = 0n;
    for (let step = 0; step < 250; step++) {
      const what = pick(20);
      if (what < 12) {
        const signed = order(1 + pick(4), nonce++, {
          isSell: pick(2) === 0,
          limitPrice: TICK * BigInt(2_000 + pick(20)),
          quantity: CONTRACT * BigInt(1 + pick(3)),
          deadline: h.clock.time + BigInt(60 + pick(8_000)),
        });
        fills.push(...trade(honest, signed));
        const record = recordOf(honest, signed);
        if (record !== undefined) orders.push(honest.issuer.ofOrder(record));
      } else if (what === 12) {
        const [record] = honest.sequencer.exchange.book.orders();
        if (record !== undefined) withdrawals.push({ receipt: withdraw(honest, record), order: record.signed });
      } else if (what === 13) {
        h.clock.time += BigInt(pick(40));
        honest.sequencer.tick();
      } else if (what < 17) {
        honest.sequencer.resealStale(h.l1.now);
        post(h, honest);
        if (pick(2) === 0) honest.sequencer.sync(h.l1.log, h.l1.log.batchCount);
      } else if (what === 17) {
        h.l1.deposit(1 + pick(4), 1n);
        if (pick(3) === 0) {
          h.l1.forceInclude();
          honest.sequencer.sync(h.l1.log);
        }
      } else if (what === 18) {
        h.restart();
        honest = signing(h);
      } else {
        h.clock.time += BigInt(pick(600));
        honest.sequencer.resealStale(h.l1.now);
      }
      // Somebody brings again what was taken back.
      const again = withdrawals[pick(withdrawals.length + 10)];
      if (again !== undefined) {
        if (h.clock.time <= again.receipt.receipt.until) {
          expect(place(h, again.order)).to.have.nested.property("refusal.reason").that.is.oneOf(refusedAgain);
        } else {
          fills.push(...trade(honest, again.order));
        }
      }
    }
    honest.sequencer.resealStale(h.l1.now);
    post(h, honest);
    expect(fills.length).to.be.greaterThan(20);
    for (const fill of fills) expect(fillContradiction(AUTHORITY, h.l1.log, fill)).to.equal(undefined);
    for (const { receipt, order: signed } of withdrawals) {
      expect(withdrawalContradiction(AUTHORITY, h.l1.log, receipt, accused(signed))).to.equal(undefined);
    }
    for (let i = 1; i < fills.length; i++) {
      expect(orderContradiction(AUTHORITY, h.l1.log, fills[i - 1]!, fills[i]!)).to.equal(undefined);
    }
    const all = [...fills, ...orders, ...withdrawals.map(({ receipt }) => receipt)];
    for (let i = 0; i < 2_000; i++) {
      expect(contradictionOf(AUTHORITY, all[pick(all.length)]!, all[pick(all.length)]!)).to.equal(undefined);
    }
  });

  it("signs the order that the trader has signed", () => {
    const h = harness();
    const honest = signing(h);
    const signed = order(1, 0n);
    expect(place(h, signed).accepted).to.equal(true);
    const { receipt } = honest.issuer.ofOrder(recordOf(honest, signed));
    expect(receipt).to.deep.include({ order: orderDigest(DOMAIN, signed.terms, 0, 0), time: h.clock.time });
  });
});
