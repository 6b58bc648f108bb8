import { expect } from "chai";
import { DAY, MarginStory, type Trader } from "../../support/MarginStory.ts";

const CALL = { strike: 2_000 };

/** A writer on margin who is short ten calls to somebody honest, and the writer's own second account. */
function accomplices(cash = 5_000): MarginStory & { writer: Trader; friend: Trader; honest: Trader } {
  const story = new MarginStory({ fund: 20_000 });
  const writer = story.arrives("writer", cash, true);
  const friend = story.arrives("the writer's second account", 100_000);
  const honest = story.arrives("honest holder", 5_000);
  story.must(story.sells(writer, honest, 10, CALL, 45));
  return Object.assign(story, { writer, friend, honest });
}

/** What the account would have if all its calls were bought back at the mark, USDC. */
function worth(story: MarginStory, { account }: Trader, mark: number): number {
  const held = [...story.account(account).positions.values()].reduce((sum, quantity) => sum + quantity, 0n);
  return Number(story.account(account).cash) / 1e6 + (Number(held) / 1e6) * mark;
}

describe("two accounts of one owner (THREATS 26c)", () => {
  it("cannot pass value outside the band, however much margin there is", () => {
    const story = accomplices(1_000_000);
    expect(story.sells(story.writer, story.friend, 1, CALL, 5)).to.equal("PriceOutsideBand");
    expect(story.sells(story.friend, story.writer, 1, CALL, 200)).to.equal("PriceOutsideBand");
    story.must(story.sells(story.friend, story.writer, 1, CALL, 60));
  });

  it("below maintenance buy back at the mark, and not a cent above it", () => {
    const story = accomplices();
    story.moves(2_400);
    const { writer, friend } = story;
    expect(story.excessOf(writer)).to.be.lessThan(0);
    expect(story.sells(friend, writer, 1, CALL, 402)).to.equal("BelowMaintenance");
    expect(story.sells(friend, writer, 1, CALL, 450)).to.equal("BelowMaintenance");
    story.must(story.sells(friend, writer, 1, CALL, 400));
  });

  it("below maintenance may not add, in whatever series", () => {
    const story = accomplices();
    story.moves(2_400);
    const { writer, friend } = story;
    expect(story.sells(writer, friend, 1, CALL, 402)).to.equal("InsufficientMargin");
    expect(story.sells(writer, friend, 1, { strike: 2_000, put: true }, 1)).to.equal("InsufficientMargin");
    expect(story.sells(friend, writer, 1, { strike: 2_500 }, 9)).to.equal("BelowMaintenance");
  });

  it("between the two requirements cannot drain what stands behind the shorts that stay", () => {
    const story = accomplices();
    // Below initial, above maintenance.
    story.moves(2_225);
    const { writer, friend } = story;
    expect(story.excessOf(writer)).to.be.lessThan(0);
    expect(story.startsAuction(writer)).to.equal("NotLiquidatable");
    // Buys back at the highest price that is accepted, again and again.
    let rounds = 0;
    for (let price = 400; price >= 200 && story.held(writer, CALL) < 0;) {
      if (story.sells(friend, writer, 0.5, CALL, price) === "OK") rounds++;
      else price -= 1;
    }
    expect(rounds).to.be.greaterThan(0);
    const left = -story.held(writer, CALL);
    expect(worth(story, writer, 245), `what is left behind ${left} shorts`).to.be.at.least(0);
    // Nobody but the owner has lost: what stays short is still worth its maintenance, or nothing stays.
    story.moves(2_226);
    expect(story.startsAuction(writer)).to.equal("NotLiquidatable");
  });

  it("cannot sell a hedge as a reduction", () => {
    const story = accomplices();
    const { writer, friend } = story;
    const wing = { strike: 2_100 };
    story.must(story.sells(friend, writer, 10, wing, 15));
    story.must(story.withdraw(writer.account, writer.signer, BigInt(story.excessOf(writer)) * 1_000_000n));
    expect(story.sells(writer, friend, 10, wing, 15)).to.equal("InsufficientMargin");
    expect(story.sells(writer, friend, 1, wing, 15)).to.equal("InsufficientMargin");
  });

  it("give a deep call away only out of what is not needed for anything else", () => {
    const story = accomplices();
    const { writer, friend } = story;
    const deep = { strike: 1_500 };
    // 30 % below the mark of 500: the band allows the price, the margin not.
    expect(story.sells(writer, friend, 5, deep, 351)).to.equal("InsufficientMargin");
    const spare = story.excessOf(writer);
    story.must(story.sells(writer, friend, 1, deep, 351));
    expect(story.excessOf(writer)).to.be.within(0, spare);
  });

  it("take from the fund at most half of it, and from other holders of the expiry nothing but the ratio", () => {
    const story = accomplices();
    const { writer, friend, honest } = story;
    story.must(story.sells(writer, friend, 4, CALL, 45));
    story.moves(3_000);
    story.expires(3_000);
    const fund = story.fund;
    const before = { friend: story.cash(friend), honest: story.cash(honest), writer: story.cash(writer) };
    story.settlesAll();
    const paid = { friend: story.cash(friend) - before.friend, honest: story.cash(honest) - before.honest };
    expect(fund - story.fund).to.be.at.most(fund / 2 + 1);
    const ratio = paid.honest / 10_000;
    expect(paid.friend / 4_000).to.be.within(ratio - 1e-3, ratio + 1e-3);
    expect(paid.friend + paid.honest).to.be.at.most(before.writer + fund / 2 + 2);
  });

  it("cannot carry more shorts than a multiple of the fund, but can always reduce", () => {
    const story = new MarginStory({ fund: 1_000, multiple: 20 });
    const writer = story.arrives("writer", 100_000, true);
    const friend = story.arrives("friend", 100_000);
    story.must(story.sells(writer, friend, 9.9, CALL, 45));
    expect(story.sells(writer, friend, 0.2, CALL, 45)).to.equal("ExposureCap");
    // The price rises: the same shorts are now beyond the cap.
    story.moves(2_200);
    expect(story.sells(writer, friend, 0.1, CALL, 220)).to.equal("ExposureCap");
    story.must(story.sells(friend, writer, 0.1, CALL, 220));
    // A collateralised writer is not bound, and brings its shorts in only below the cap.
    const covered = story.arrives("collateralised writer", 100_000);
    story.must(story.sells(covered, friend, 5, CALL, 220));
    expect(story.mode(covered, 1)).to.equal("ExposureCap");
  });
});

describe("a maker who withdraws between two fills (THREATS 26c)", () => {
  it("has its next fill refused, and the taker's order stays good for others", () => {
    const story = new MarginStory({ fund: 20_000 });
    const maker = story.arrives("maker", 2_000, true);
    const other = story.arrives("other maker", 20_000, true);
    const taker = story.arrives("taker", 5_000);
    story.must(story.sells(maker, taker, 2, CALL, 45));
    story.must(story.withdraw(maker.account, maker.signer, BigInt(story.excessOf(maker)) * 1_000_000n));
    expect(story.sells(maker, taker, 2, CALL, 45)).to.equal("InsufficientMargin");
    story.must(story.sells(other, taker, 2, CALL, 45));
    expect(story.held(taker, CALL)).to.equal(4);
  });
});

describe("a stolen session key (THREATS 26c)", () => {
  it("loses at most its budget, at the band's edge, and nothing by withdrawal", () => {
    const story = new MarginStory({ fund: 20_000 });
    const victim = story.arrives("victim", 20_000, true);
    const thief = story.arrives("thief", 100_000);
    const key = story.arrives("key", 0 + 1).signer;
    const budget = 200n * 1_000_000n;
    story.must(story.setKey(victim.account, victim.signer, 1, key.address, { scope: 1, budget }));
    const before = worth(story, victim, 43.4);
    const keyed = { ...victim, signer: key, keyIndex: 1, keyEpoch: 1 };
    let last = "OK";
    for (let i = 0; i < 200 && last === "OK"; i++) {
      // Buys at the edge of the band and sells back at the other edge.
      last = story.sells(thief, keyed, 1, CALL, 70);
      if (last === "OK") last = story.sells(keyed, thief, 1, CALL, 12);
    }
    expect(last).to.equal("BudgetExceeded");
    expect(before - worth(story, victim, 43.4)).to.be.within(100, 201);
    expect(story.withdraw(victim.account, key, 1n)).to.equal("BadSignature");
  });
});

describe("two markets that expire at once (THREATS 26e)", () => {
  /** A writer short in both, who can pay one of them; the pools are settled in the order given. */
  function twoMarkets(order: readonly number[]): { paid: number[]; idle: number; fund: number; debt: number } {
    const story = new MarginStory({ fund: 2_000, multiple: 100, markets: [1, 2] });
    const writer = story.arrives("writer of both", 10_000, true);
    const holders = [1, 2].map((market) => story.arrives(`holder of market ${market}`, 2_000));
    const idle = story.arrives("idle", 3_000);
    holders.forEach((holder, i) => story.must(story.sells(writer, holder, 10, { ...CALL, market: i + 1 }, 45)));
    for (const market of [1, 2]) story.moves(2_800, { market });
    story.expires(2_800, DAY, 1);
    story.must(story.fixPrice(2, DAY, 2_800));
    const before = holders.map((holder) => story.cash(holder));
    for (const market of order) story.settlesAll(DAY, market);
    const paid = holders.map((holder, i) => story.cash(holder) - before[i]!);
    story.must(story.withdrawsAll(idle));
    return { paid, idle: story.cash(idle), fund: story.fund, debt: story.debt(writer) };
  }

  it("are paid in either order, which decides whose pool gets what one writer has left, and nothing else", () => {
    const [first, second] = [twoMarkets([1, 2]), twoMarkets([2, 1])];
    expect(first.paid).to.deep.equal([...second.paid].reverse());
    expect(first.idle).to.equal(0);
    expect([first.fund, first.debt]).to.deep.equal([second.fund, second.debt]);
    expect(first.paid[0]).to.be.greaterThan(first.paid[1]!);
  });
});
