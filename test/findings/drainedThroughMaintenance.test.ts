import { expect } from "chai";
import { MarginStory, type Trader } from "../support/MarginStory.ts";

/**
 * Between the initial and the maintenance requirement a fill may only raise the initial excess, at any price in the band. A short far in
 * the money frees 15 % of the forward above its mark when it is bought back, and the band there is 30 % of the mark. So its owner
 * buys it back from an accomplice at 15 % of the forward above its mark: the initial excess stays what it was, while what the
 * maintenance requirement frees is 9 % of the forward. One fill takes an account from above maintenance to nothing at all, with
 * its other shorts naked behind it; the accomplice may hold their longs. (THREATS 26c: buying back at the band's edge while insolvent.)
 */
describe("finding: one fill drains an account from above maintenance to nothing", () => {
  const DEEP = { strike: 1_000 };
  const NEAR = { strike: 2_000 };

  /** A rise of 6.25 % has left the thief a little above maintenance; then the fill, if it is `tried`. */
  function drain(tried = true): { story: MarginStory; thief: Trader; taken: number; result: string } {
    const story = new MarginStory();
    const thief = story.arrives("thief", 15_400, true);
    const friend = story.arrives("friend", 300_000);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(thief, friend, 30, DEEP, 1_001));
    story.must(story.sells(thief, friend, 20, NEAR, 45));
    story.moves(2_125);
    expect(story.startsAuction(thief), "above maintenance").to.equal("NotLiquidatable");
    const before = story.cash(friend);
    // The accomplice, who holds them, sells them back a little below what the initial charge frees.
    const usd = 1_125 + 0.15 * 2_125 - 1;
    const result = tried ? story.sells(friend, thief, 30, DEEP, usd) : "not tried";
    return { story, thief, taken: story.cash(friend) - before - 30 * 1_125, result };
  }

  it("does not put an account below maintenance that was above it", () => {
    const { story, thief, result } = drain();
    expect(story.startsAuction(thief), `the fill: ${result}; the auction`).to.equal("NotLiquidatable");
  });

  it("leaves behind what the shorts that stay are charged for maintenance", () => {
    const { story, thief, taken } = drain();
    const left = Math.round(story.cash(thief) - (20 * Number(story.markOf(NEAR))) / 10_000);
    const words = `worth of an account short 20 calls, after an accomplice got ${taken} above the marks`;
    expect(left, words).to.be.at.least(20 * 0.09 * 2_125);
  });

  it("leaves no debt that there would not have been without the fill", () => {
    const debts = [false, true].map((tried) => {
      const { story, thief } = drain(tried);
      story.moves(2_250);
      story.expires(2_300);
      story.settlesAll();
      return story.debt(thief);
    });
    expect(debts[0], "without it").to.equal(0);
    expect(debts[1], "with it, for the fund and the holders to bear").to.equal(0);
  });
});
