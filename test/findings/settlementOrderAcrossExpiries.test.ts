import { expect } from "chai";
import { Exchange, fakeSigner, START_DAY, USDC } from "../support/model/Exchange.ts";
import { instantOf } from "../support/model/words.ts";

/**
 * Within one expiry the order of the calls of Settle changes nobody's payout. Across two expiries it does, as soon as an
 * account or the fund cannot serve both: the pool whose call comes first takes the debtor's whole cash, and a claim on one
 * pool that is paid after the other pool has been settled goes to the fund instead of the creditors. (THREATS 26e.)
 *
 * This stays: a pool cannot wait for the price of another expiry, which may come days later or never. What is bounded is the
 * reach: only the holders of the two expiries are touched, and what they get together is what the debtor had.
 */
describe("finding: the order of settlement across two expiries changes payouts", () => {
  const DAY = START_DAY + 3;
  const [debtor, first, second] = [fakeSigner("debtor"), fakeSigner("first"), fakeSigner("second")];

  function prepared(): Exchange {
    const x = new Exchange();
    for (const market of [1, 2]) {
      x.list(market);
      x.anchor(market, 2000);
    }
    x.deposit(1, debtor.address, 8_000n * USDC);
    x.deposit(2, first.address, 50_000n * USDC);
    x.deposit(3, second.address, 50_000n * USDC);
    return x;
  }

  function expire(x: Exchange, prices: readonly [number, number]): void {
    x.waitUntil(instantOf(DAY));
    prices.forEach((usd, i) => expect(x.fixPrice(i + 1, DAY, usd)).to.equal("OK"));
  }

  it("lets the pool that is settled first have the cash of a seller in both, and never pays out more than that", () => {
    const payouts = ([1, 2] as const).map((market) => {
      const x = prepared();
      const calls = { day: DAY, strike: 2000 };
      const seller = { account: 1, signer: debtor };
      expect(x.trade(seller, { account: 2, signer: first }, { ...calls, market: 1 })).to.equal("OK");
      expect(x.trade(seller, { account: 3, signer: second }, { ...calls, market: 2 })).to.equal("OK");
      expire(x, [8000, 8000]);
      for (const settled of [market, 3 - market]) x.settle(settled, DAY, 1);
      for (const settled of [1, 2]) x.settle(settled, DAY, 2, 3);
      return [x.account(2).cash, x.account(3).cash];
    });
    const [one, other] = payouts as [bigint[], bigint[]];
    expect(one[0]! > other[0]! && one[1]! < other[1]!, "who is settled first gets more").to.equal(true);
    expect(one[0]! + one[1]!, "together they get the same").to.equal(other[0]! + other[1]!);
  });

  it("lets a debtor's claim on one pool serve its creditors in the other only if it is paid before they are settled", () => {
    const payouts = [true, false].map((claimFirst) => {
      const x = prepared();
      const calls = { day: DAY, strike: 2000 };
      // Long in market 1 against account 3, short in market 2 against account 2.
      expect(x.trade({ account: 3, signer: second }, { account: 1, signer: debtor }, { ...calls, market: 1 })).to.equal(
        "OK",
      );
      expect(x.trade({ account: 1, signer: debtor }, { account: 2, signer: first }, { ...calls, market: 2 })).to.equal(
        "OK",
      );
      expire(x, [20_000, 15_000]);
      x.settle(1, DAY, 3);
      if (claimFirst) x.settle(1, DAY, 1);
      x.settle(2, DAY, 1);
      if (!claimFirst) x.settle(1, DAY, 1);
      x.settle(2, DAY, 2);
      return x.account(2).cash;
    });
    const [paidBefore, paidAfter] = payouts as [bigint, bigint];
    expect(paidBefore > paidAfter).to.equal(true);
  });
});
