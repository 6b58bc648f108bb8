import { expect } from "chai";
import { CONTRACT, Exchange, fakeSigner, START_DAY, USD, USDC } from "../support/model/Exchange.ts";
import { instantOf } from "../support/model/words.ts";

/**
 * A seller whose requirement has grown beyond its cash, merely because the anchor rose, may make any trade that does not
 * lower its excess. Buying a call back frees three new anchors less the strike, while the cash that stands behind it
 * was measured by the old anchor. So the seller buys a few of its calls back from its own second account at a price far
 * above their worth, until its cash is gone, and leaves the rest of them naked. The second account is covered in full
 * and keeps what it does not owe. The holders lose what the seller's cash would have paid, although the price never
 * came near the ceiling. (THREATS 26c, invariant 7: no debt arises while the price stays under the ceiling.)
 *
 * The same gap lets such a seller add risk on the other side: as long as puts lose less at zero than the calls lose at the
 * ceiling, the requirement does not change, so they may be given away for a tick, without a cent behind them.
 *
 * Closed by refusing every fill that leaves the excess negative, whether or not it adds risk.
 */
describe("finding: an account below its requirement hands its cash to an accomplice", () => {
  const DAY = START_DAY + 3;
  const [thief, friend, honest] = [fakeSigner("thief"), fakeSigner("friend"), fakeSigner("honest")];

  function drain(usd: number): Exchange {
    const x = new Exchange();
    x.list(1);
    x.anchor(1, 2000);
    x.deposit(1, thief.address, 39_100n * USDC);
    x.deposit(2, friend.address, 8_000n * USDC);
    x.deposit(3, honest.address, 5_000n * USDC);
    const calls = { day: DAY, strike: 2000, put: false };
    const sold = x.trade(
      { account: 1, signer: thief },
      { account: 3, signer: honest },
      { ...calls, quantity: 10n * CONTRACT, limitTicks: 10_000n },
    );
    expect(sold, "ten calls at 100, covered up to 6000").to.equal("OK");
    x.anchor(1, usd);
    // Buys back one at a time, each time for all that the requirement allows, or all that is left.
    for (;;) {
      const { cash } = x.account(1);
      const spare = cash - 20n * USDC;
      // Less the fees, which may not lower the excess.
      const freed = (3n * BigInt(usd) - 2000n - 5n) * USDC;
      const pay = spare < freed ? spare : freed;
      if (pay <= 0n) break;
      const limitTicks = (pay / USDC) * 100n;
      const result = x.trade(
        { account: 2, signer: friend },
        { account: 1, signer: thief },
        { ...calls, quantity: CONTRACT, limitTicks, maxFee: 1_000_000n * USD },
      );
      if (result !== "OK") break;
    }
    x.waitUntil(instantOf(DAY));
    x.fixPrice(1, DAY, usd);
    x.settle(1, DAY, 1, 2, 3, 3);
    return x;
  }

  for (const usd of [2600, 5900]) {
    it(`leaves no debt at ${usd}, under the ceiling of 6000`, () => {
      const x = drain(usd);
      const due = BigInt(10 * (usd - 2000)) * USDC;
      const holder = x.account(3).cash - 4_000n * USDC;
      // Premium and fee of the first trade apart, the holder has what the calls pay.
      expect(x.account(1).debt, "the seller's debt").to.equal(0n);
      expect(holder >= due - 100n * USDC, `the holder got ${holder} of ${due}`).to.equal(true);
    });
  }

  it("refuses new shorts of puts that nothing covers", () => {
    const x = new Exchange();
    x.list(1);
    x.anchor(1, 2000);
    x.deposit(1, thief.address, 39_100n * USDC);
    x.deposit(2, friend.address, 8_000n * USDC);
    const quantity = 10n * CONTRACT;
    x.trade({ account: 1, signer: thief }, { account: 2, signer: friend }, { quantity, strike: 2000 });
    x.anchor(1, 5900);
    const result = x.trade(
      { account: 1, signer: thief },
      { account: 2, signer: friend },
      { strike: 2000, put: true, quantity: 70n * CONTRACT, limitTicks: 100n },
    );
    expect(result, "70 puts worth up to 140000 for 70, with 40000 of cash").to.equal("InsufficientMargin");
  });
});
