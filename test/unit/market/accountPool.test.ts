import { expect } from "chai";
import { AccountPool, MAX_EXPIRIES, MAX_POSITIONS } from "../../../src/market/accountPool.ts";
import { Random } from "../../../src/market/random.ts";
import { CONTRACT } from "../../../src/market/types.ts";
import { call, EXPIRY_DAY } from "../../support/market/prints.ts";

function pool(size: number): AccountPool {
  return new AccountPool({ size, draws: 4, skew: 1 }, new Random(1n));
}

/** Lets the pool choose, trade, and say whom it chose. */
function buy(accounts: AccountPool, strike: number, expiryDay = EXPIRY_DAY): number {
  const index = accounts.choose(call(strike, expiryDay), "buy");
  accounts.trade(index, call(strike, expiryDay), "buy", CONTRACT);
  return index;
}

describe("the pool of accounts", () => {
  it("fills every account to its cap of positions before it gives up, and counts what is impossible", () => {
    const accounts = pool(3);
    for (let i = 0; i < 3 * MAX_POSITIONS; i++) buy(accounts, i + 1);
    expect([accounts.maxPositions, accounts.impossible]).to.deep.equal([MAX_POSITIONS, 0]);
    buy(accounts, 1_000);
    expect(accounts.impossible).to.equal(1);
  });

  it("respects the cap of expiries in the same way, and frees them when they settle", () => {
    const accounts = pool(3);
    for (let i = 0; i < 3 * MAX_EXPIRIES; i++) buy(accounts, 1, EXPIRY_DAY + i);
    expect([accounts.maxExpiries, accounts.impossible]).to.deep.equal([MAX_EXPIRIES, 0]);
    for (let i = 0; i < 3; i++) accounts.settle(1, EXPIRY_DAY + i);
    buy(accounts, 1, EXPIRY_DAY + 100);
    expect([accounts.maxExpiries, accounts.impossible]).to.deep.equal([MAX_EXPIRIES, 0]);
  });

  it("settles only the market and the expiry that it is told", () => {
    const accounts = pool(1);
    for (let i = 0; i < MAX_EXPIRIES; i++) buy(accounts, 1, EXPIRY_DAY + i);
    accounts.settle(2, EXPIRY_DAY);
    buy(accounts, 1, EXPIRY_DAY + 100);
    expect(accounts.impossible).to.equal(1);
  });

  it("forgets a position that returned to zero", () => {
    const accounts = pool(1);
    for (let i = 0; i < MAX_POSITIONS; i++) buy(accounts, i + 1);
    accounts.trade(0, call(7), "sell", CONTRACT);
    buy(accounts, 1_000);
    expect([accounts.maxPositions, accounts.impossible]).to.deep.equal([MAX_POSITIONS, 0]);
  });

  it("keeps the place of a series in which an order rests, even while the position is zero", () => {
    const accounts = pool(1);
    accounts.open(0, call(1));
    for (let i = 1; i < MAX_POSITIONS; i++) buy(accounts, i + 1);
    buy(accounts, 1_000);
    expect(accounts.impossible).to.equal(1);
    accounts.close(0, call(1));
  });

  it("prefers an account whose position the order reduces", () => {
    const accounts = new AccountPool({ size: 10, draws: 200, skew: 1 }, new Random(2n));
    accounts.trade(3, call(1), "buy", CONTRACT);
    accounts.trade(4, call(1), "sell", CONTRACT);
    accounts.trade(5, call(2), "buy", CONTRACT);
    expect(accounts.choose(call(1), "sell")).to.equal(3);
    expect(accounts.choose(call(1), "buy")).to.equal(4);
    expect(accounts.choose(call(2), "buy")).to.equal(5);
    expect(accounts.choose(call(3), "buy")).to.be.oneOf([3, 4, 5]);
  });
});
