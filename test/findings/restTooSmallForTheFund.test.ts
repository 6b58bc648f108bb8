import { expect } from "chai";
import { MarginStory, type Trader } from "../support/MarginStory.ts";

/**
 * What the fund takes over with one bid has a maintenance requirement of at least 1,000 USDC, and whoever sends the bid chooses its
 * fraction. So anybody can have it take somewhat more than 1,000 of an account of less than 2,000: what stays is too small for every
 * later bid, and worth less than nothing to everybody else. Nobody hedges or closes it until it settles, at the cost of the
 * expiry's longs. (THREATS 26e.)
 */
describe("finding: a bid leaves a rest that the fund can never take", () => {
  function due(): { story: MarginStory; writer: Trader } {
    const story = new MarginStory({ fund: 40_000 });
    const writer = story.arrives("writer", 900, true);
    const holder = story.arrives("holder", 2_000);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(writer, holder, 2, { strike: 2_000 }, 45));
    for (const usd of [2_200, 2_420, 2_650]) story.moves(usd);
    story.must(story.startsAuction(writer));
    story.wait(3_600);
    story.moves(2_650);
    return { story, writer };
  }

  it("takes all of an account of less than 2,000 USDC of requirement", () => {
    const { story, writer } = due();
    story.must(story.fundBids(writer, 1));
    expect(story.held(writer, { strike: 2_000 })).to.equal(0);
  });

  it("takes the rest of it too, or refuses to leave one", () => {
    const { story, writer } = due();
    const first = story.fundBids(writer, 0.58);
    if (first === "OK") expect(story.fundBids(writer, 1, 1), `after the first: ${first}`).to.equal("OK");
    else expect(first).to.equal("BidTooSmall");
  });
});
