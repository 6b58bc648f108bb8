import { expect } from "chai";
import { CONTRACT, Exchange, fakeSigner, START_DAY, USDC } from "../support/model/Exchange.ts";
import { instantOf } from "../support/model/words.ts";

const DAY = START_DAY + 3;
const YEAR = 31_536_000n;

/** Threat 26e: the feed ends, its round of an expiry is lost, or nobody cares. No price is ever fixed. */
describe("an expiry whose price is never fixed", () => {
  const [alice, bob, carol] = ["alice", "bob", "carol"].map(fakeSigner);

  it("holds up its own expiry and nothing else: what is free leaves, other expiries are paid", () => {
    const x = new Exchange();
    for (const market of [1, 2]) {
      expect(x.list(market)).to.equal("OK");
      expect(x.anchor(market, 2000)).to.equal("OK");
    }
    for (const [i, { address }] of [alice!, bob!, carol!].entries()) x.deposit(i + 1, address, 100_000n * USDC);
    const [writer, holder] = [
      { account: 1, signer: alice! },
      { account: 2, signer: bob! },
    ];
    for (const market of [1, 2]) expect(x.trade(writer, holder, { market, quantity: 2n * CONTRACT })).to.equal("OK");
    x.waitUntil(instantOf(DAY) + YEAR);
    expect(x.settle(1, DAY, 1, 2)).to.deep.equal(["PriceNotFixed", "PriceNotFixed"]);

    // The other market of the same day is settled and paid in full.
    expect(x.fixPrice(2, DAY, 2500)).to.equal("OK");
    const before = x.account(2).cash;
    expect(x.settle(2, DAY, 1, 2)).to.deep.equal(["OK", "OK"]);
    expect(x.account(2).cash - before).to.equal(2n * 500n * USDC);

    // What the holder has, and what the writer need not keep for the one expiry, leaves, though the anchor is a year old.
    expect(x.withdraw(2, bob!, x.account(2).cash)).to.equal("OK");
    expect(x.account(2).cash).to.equal(0n);
    const free = x.excess(1);
    expect(free > 80_000n * USDC, "two calls at three times the anchor are held back").to.equal(true);
    expect(x.withdraw(1, alice!, free + 1n)).to.equal("InsufficientMargin");
    expect(x.withdraw(1, alice!, free)).to.equal("OK");
    expect(x.withdraw(3, carol!, 100_000n * USDC)).to.equal("OK");

    // The position waits for its price, however late that comes.
    expect(x.fixPrice(1, DAY, 2100)).to.equal("OK");
    expect(x.settle(1, DAY, 1, 2)).to.deep.equal(["OK", "OK"]);
    expect(x.account(2).cash).to.equal(2n * 100n * USDC);
  });
});
