import { secp256k1 } from "@noble/curves/secp256k1.js";
import { expect } from "chai";
import { addressOf } from "../../src/crypto/secp256k1.ts";
import { orderDigest } from "../../src/machine/TypedData.ts";
import { withdrawalContradiction, type ReceiptAuthority } from "../../src/rpc/Equivocation.ts";
import type { SignedReceipt, WithdrawalReceipt } from "../../src/rpc/Receipt.ts";
import { ReceiptIssuer } from "../../src/rpc/ReceiptIssuer.ts";
import type { SignedOrder } from "../../src/sequencer/SignedOrder.ts";
import { RECEIPT_KEY } from "../support/rpc.ts";
import { DOMAIN, harness, keyOf, order, ownerOf, place, TICK, type Harness } from "../support/sequencer.ts";

const AUTHORITY: ReceiptAuthority = { domain: DOMAIN, signer: addressOf(RECEIPT_KEY) };
const MAKER = 1;
const NONCE = 1n;
const WITHDRAWN = { accepted: false, refusal: { reason: "Withdrawn" } };

/**
 * A WithdrawalReceipt says that an order is not filled for an hour, and L1 convicts a sequencer that breaks that. The sequencer knew
 * what was taken back by the nonce's last order and by the bytes of its signature. So a trader who had the receipt brought
 * the same order into the book again, by another order of the same nonce in between, or under a second signature over the same terms, or
 * in the last seconds of a batch that was older than the order's deadline; had it filled; and showed receipt and batch. And whoever
 * judged took the accuser's word for which order the receipt was about.
 *
 * What was taken back is now known by what was signed, for as long as a batch can still take it; and the judge compares the order with
 * the receipt and its signature with the account's key.
 */
describe("finding: a trader convicts an honest sequencer of filling what was taken back", () => {
  const quote = (change: Partial<SignedOrder["terms"]> = {}): SignedOrder =>
    order(MAKER, NONCE, { isSell: true, ...change });

  /** Takes an order in and back out, with the receipt. */
  function takenBack(h: Harness, signed: SignedOrder): SignedReceipt<WithdrawalReceipt> {
    const outcome = place(h, signed);
    if (!outcome.accepted) throw new Error(outcome.refusal.reason);
    h.sequencer.submitMany([{ kind: "withdraw", account: MAKER, orders: [outcome.id] }]);
    const issuer = new ReceiptIssuer(h.sequencer, h.clock, RECEIPT_KEY);
    return issuer.ofWithdrawal(h.sequencer.exchange.orders.get(outcome.id)!) as SignedReceipt<WithdrawalReceipt>;
  }

  /** Puts something into the open batch, and the batch on L1. */
  function endBatch(h: Harness, nonce: bigint): void {
    place(h, order(3, nonce, { isSell: true, limitPrice: 3n * TICK }));
    expect(place(h, order(2, nonce, { limitPrice: 3n * TICK }))).to.have.nested.property("fills.length", 1);
    post(h);
  }

  function post(h: Harness): void {
    h.sequencer.seal();
    for (;;) {
      const sealed = h.sequencer.sealedBatch(h.l1.log.batchCount);
      if (sealed === undefined) break;
      expect(h.l1.append(sealed)).to.equal(undefined);
    }
    h.sequencer.sync(h.l1.log);
  }

  /** Somebody takes whatever the maker offers at its price; what L1 then says of the receipt. */
  function verdict(h: Harness, receipt: SignedReceipt<WithdrawalReceipt>, shown: SignedOrder): string | undefined {
    place(h, order(2, 50n));
    post(h);
    return withdrawalContradiction(AUTHORITY, h.l1.log, receipt, { order: shown, signer: ownerOf(MAKER) });
  }

  it("by another order of the same nonce in between", () => {
    const h = harness();
    const receipt = takenBack(h, quote());
    endBatch(h, 7n);
    takenBack(h, quote({ limitPrice: 600_000n }));
    const outcome = place(h, quote());
    expect(verdict(h, receipt, quote())).to.equal(undefined);
    expect(outcome).to.deep.equal(WITHDRAWN);
  });

  it("by another order of the same nonce in between, and a restart", () => {
    const h = harness();
    const receipt = takenBack(h, quote());
    endBatch(h, 7n);
    takenBack(h, quote({ limitPrice: 600_000n }));
    h.restart();
    const outcome = place(h, quote());
    expect(verdict(h, receipt, quote())).to.equal(undefined);
    expect(outcome).to.deep.equal(WITHDRAWN);
  });

  it("by a second signature over the same terms", () => {
    const h = harness();
    const receipt = takenBack(h, quote());
    endBatch(h, 7n);
    const again = { ...quote(), signature: anotherSignature(quote()) };
    expect(again.signature).not.to.deep.equal(quote().signature);
    const outcome = place(h, again);
    expect(verdict(h, receipt, again)).to.equal(undefined);
    expect(outcome).to.deep.equal(WITHDRAWN);
  });

  it("when what was before it is final, its deadline is over, and the open batch is older than that", () => {
    const h = harness();
    h.clock.time += 20n;
    const short = quote({ deadline: h.clock.time + 5n });
    const receipt = takenBack(h, short);
    endBatch(h, 7n);
    // The next batch is open from here on.
    place(h, order(3, 8n, { isSell: true, limitPrice: 3n * TICK }));
    place(h, order(2, 8n, { limitPrice: 3n * TICK }));
    h.clock.time += 6n;
    h.sequencer.sync(h.l1.log, h.l1.log.batchCount);
    h.clock.time += 1n;
    h.sequencer.sync(h.l1.log, h.l1.log.batchCount);
    const outcome = place(h, short);
    expect(verdict(h, receipt, short)).to.equal(undefined);
    expect(outcome).to.deep.equal(WITHDRAWN);
  });

  it("an hour later, when the open batch is as old as a batch may be", () => {
    const h = harness();
    const long = quote({ deadline: h.clock.time + 20_000n });
    const { receipt } = takenBack(h, long);
    endBatch(h, 7n);
    h.clock.time = receipt.until - 30n;
    let accepted: bigint | undefined;
    for (let nonce = 100n; accepted === undefined; nonce++) {
      h.clock.time += 1n;
      // Whatever is open has something in it from here on, so it keeps its time until it is due.
      place(h, order(3, nonce, { isSell: true, limitPrice: 3n * TICK, deadline: long.terms.deadline }));
      place(h, order(2, nonce, { limitPrice: 3n * TICK, deadline: long.terms.deadline }));
      if (place(h, long).accepted) accepted = h.sequencer.exchange.open!.l2Time;
      if (h.sequencer.waiting.batches > 0) post(h);
    }
    expect(accepted > receipt.until, "the time of the batch").to.equal(true);
    expect(h.clock.time - receipt.until < 120n, "no longer than necessary").to.equal(true);
  });

  it("by naming another order than the receipt does", () => {
    const h = harness();
    const receipt = takenBack(h, quote({ limitPrice: 600_000n }));
    endBatch(h, 7n);
    expect(place(h, quote()).accepted).to.equal(true);
    expect(verdict(h, receipt, quote())).to.equal(undefined);
    const forged = { ...quote({ limitPrice: 600_000n }), signature: quote().signature };
    expect(verdict(h, receipt, forged), "the other order's signature under the receipt's terms").to.equal(undefined);
  });
});

/** A second signature of the same signer over the same order: its nonce is not that of RFC 6979. */
function anotherSignature({ terms }: SignedOrder): Uint8Array {
  const extraEntropy = new Uint8Array(32).fill(7);
  const options = { prehash: false, lowS: true, format: "recovered", extraEntropy } as const;
  const signature = secp256k1.sign(orderDigest(DOMAIN, terms, 0, 0), keyOf(MAKER), options);
  const compact = signature.slice(1);
  // EIP-2098: the recovery number is the highest bit of s.
  compact[32]! |= signature[0]! << 7;
  return compact;
}
