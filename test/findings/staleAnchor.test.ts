import { expect } from "chai";
import { CONTRACT, Exchange, fakeSigner, START_DAY, USDC } from "../support/model/Exchange.ts";

/**
 * The requirement of short calls is a bound only as long as the anchor is near the market, and nobody has to relay one. Three
 * things read an anchor of any age; two of them are refused now. In each test the anchor was last relayed in a crash, at 500, and the market is at 2500
 * again, five anchors higher. (THREATS 26c, 26d, 26a.)
 */
describe("finding: what an old anchor lets pass", () => {
  const DAY = START_DAY + 30;
  const [thief, honest, session] = [fakeSigner("thief"), fakeSigner("honest"), fakeSigner("session")];
  const size = { day: DAY, quantity: 10n * CONTRACT };

  function prepared(): Exchange {
    const x = new Exchange();
    x.list(1);
    x.anchor(1, 2000);
    x.deposit(1, thief.address, 60_000n * USDC);
    x.deposit(2, honest.address, 100_000n * USDC);
    return x;
  }

  /** The crash, its anchor, and ten days in which the market comes back and nobody relays. */
  function crashed(x: Exchange): void {
    x.anchor(1, 500);
    x.wait(10 * 86_400);
  }

  /**
   * A new short call needs an anchor of at most a day. Selling the long call that covers a short one makes the same naked
   * short and needs none, for the rule looks at the series that trades only.
   */
  it("refuses to sell the hedge of a short call, as it refuses the short call itself", () => {
    const x = prepared();
    const [seller, buyer] = [
      { account: 1, signer: thief },
      { account: 2, signer: honest },
    ];
    expect(x.trade(buyer, seller, { ...size, strike: 2000, limitTicks: 10_000n })).to.equal("OK");
    expect(x.trade(seller, buyer, { ...size, strike: 2100, limitTicks: 9000n })).to.equal("OK");
    crashed(x);
    const naked = x.trade(seller, buyer, { ...size, strike: 2200, limitTicks: 30_000n });
    expect(naked, "a short call").to.equal("AnchorStale");
    const hedge = x.trade(seller, buyer, { ...size, strike: 2000, limitTicks: 50_000n });
    expect(hedge, "the long call that covers one").to.equal("AnchorStale");
  });

  /**
   * The seller takes out what stood behind its calls while the anchor says that they are worth little. This stays: a withdrawal
   * is never refused for the age of a price, or a dead feed would lock cash in; it leaves the scan up to three of the last
   * anchors behind. Whoever is long can relay the feed's price at any time and for a few cents, and so end it.
   */
  it("lets cash out against the last anchor, and no longer once somebody has relayed the present price", () => {
    const x = prepared();
    const seller = { account: 1, signer: thief };
    expect(x.trade(seller, { account: 2, signer: honest }, { ...size, strike: 2000 })).to.equal("OK");
    crashed(x);
    const scan = x.excess(1);
    expect(x.withdraw(1, thief, scan + 1n), "more than the scan leaves free").to.equal("InsufficientMargin");
    expect(x.withdraw(1, thief, scan / 2n), "half of it").to.equal("OK");
    x.anchor(1, 2500);
    expect(x.withdraw(1, thief, scan / 4n), "after a relay").to.equal("InsufficientMargin");
  });

  /**
   * The loss bound takes the anchor for the most that a call can be worth. A thief of a key without any budget for losses
   * sells its owner's deep call to an accomplice at the anchor, for a fifth of its worth.
   */
  it("keeps a session key from giving away a call for the anchor of ten days ago", () => {
    const x = prepared();
    const owner = { account: 2, signer: honest };
    x.anchor(1, 2000);
    expect(
      x.trade({ account: 1, signer: thief }, owner, {
        ...size,
        strike: 100,
        limitTicks: 190_000n,
        maxFee: 10_000_000n,
      }),
    ).to.equal("OK");
    x.setKey(2, honest, 1, session.address, { budget: 10n * USDC, expiry: x.now + 100n * 86_400n });
    crashed(x);
    const keyed = { account: 2, signer: session, keyIndex: 1, keyEpoch: 1 };
    const sale = { ...size, strike: 100, limitTicks: 50_000n, maxFee: 10_000_000n };
    const result = x.trade(keyed, { account: 1, signer: thief }, sale);
    expect(result, "calls worth 24000 for 5000, with a budget of 10").to.be.oneOf(["BudgetExceeded", "AnchorStale"]);
  });
});
