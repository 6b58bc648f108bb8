import { expect } from "chai";
import { START_DAY } from "../support/model/Exchange.ts";
import { DAY, MarginStory, type Trader } from "../support/MarginStory.ts";

/**
 * The buffer of an auction is 15 % of (maintenance + value of the positions). That is the risk of shorts; but longs count
 * with their whole value, although they need nothing. So an account with valuable longs has a negative buffered excess long
 * after its deficit is gone, even with cash above its initial requirement. Its auction cannot be ended then and goes on;
 * the factor falls, and after an hour anybody may take the whole account for nothing, longs and cash. (Invariant 10; the
 * largest fraction should restore what is missing, and no more.)
 *
 * Closed by leaving longs out of the buffer, and by ending the auction of whoever covers the initial requirement.
 */
describe("finding: an account above its initial requirement is sold for nothing", () => {
  const LATER = START_DAY + 30;
  const LONG = { strike: 1_000, day: LATER };
  const DAYS = [DAY, LATER];

  function recovered(): MarginStory & { rich: Trader; bidder: Trader } {
    const story = new MarginStory({ fund: 100_000 });
    const rich = story.arrives("rich in longs", 55_000, true);
    const seller = story.arrives("seller of the longs", 300_000);
    const holder = story.arrives("holder", 2_000);
    const bidder = story.arrives("bidder", 1_000, true);
    story.wait(1);
    story.must(story.oracleSays(2_000, { days: DAYS }));
    story.must(story.sells(seller, rich, 50, LONG, 1_002));
    story.must(story.sells(rich, holder, 14, { strike: 2_000 }, 45));
    story.moves(2_200, { days: DAYS });
    story.moves(2_400, { days: DAYS });
    story.must(story.startsAuction(rich));
    // The spike is over before anybody has bid.
    story.moves(2_150, { days: DAYS });
    story.moves(2_000, { days: DAYS });
    return Object.assign(story, { rich, bidder });
  }

  it("ends its auction once the initial requirement is covered", () => {
    const story = recovered();
    expect(story.excessOf(story.rich), "initial excess").to.be.greaterThan(0);
    expect(story.endsAuction(story.rich)).to.equal("OK");
  });

  it("takes no bid for it", () => {
    const story = recovered();
    const { rich, bidder } = story;
    story.wait(3_600);
    story.moves(2_000, { days: DAYS });
    expect(story.excessOf(rich), "initial excess").to.be.greaterThan(0);
    const cash = story.cash(bidder);
    const result = story.bids(bidder, rich, 1);
    const words = `${result}: ${story.held(bidder, LONG)} of 50 calls of 1,000 each for ${cash - story.cash(bidder)}`;
    expect(result, words).to.equal("NotLiquidatable");
  });

  it("takes no more of one that lacks a little than what that little needs", () => {
    const story = recovered();
    const { rich, bidder } = story;
    story.must(story.transfer(rich.account, rich.signer, rich.account, 1n));
    story.moves(2_200, { days: DAYS });
    story.moves(2_290, { days: DAYS });
    story.must(story.startsAuction(rich));
    const result = story.bids(bidder, rich, 1);
    const words = `${result}: ${story.held(bidder, LONG)} of 50 calls, initial excess ${story.excessOf(rich)}`;
    expect(story.held(bidder, LONG), words).to.be.lessThan(5);
  });
});
