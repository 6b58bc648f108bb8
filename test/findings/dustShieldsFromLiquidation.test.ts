import { expect } from "chai";
import { START_DAY } from "../support/model/Exchange.ts";
import { MarginStory, type Trader } from "../support/MarginStory.ts";

/**
 * An auction needs a recent mark of every expiry of the account. Every 08:00 UTC of the next 400 days is an expiry, and the
 * oracle reports a few of them. So whoever buys a thousandth of an option of a day that is never reported, for less than a
 * cent, cannot be liquidated any more, until that day is over and its price is fixed: StartAuction, Bid and FundBid are
 * MarksStale whatever happens to the rest of the account. The margin of 15 % is then a bet with limited loss against
 * whoever holds the longs, and against the fund. (THREATS 26, 26e.)
 *
 * Closed by judging an account by the positions whose marks are recent: the others neither cause nor prevent an auction.
 */
describe("finding: dust in an expiry without marks shields an account from its liquidation", () => {
  const CALL = { strike: 2_000 };
  const NEVER_REPORTED = { strike: 2_000, put: true, day: START_DAY + 380 };

  function squeezed(dust: "none" | "long" | "short", usd = 2_600): MarginStory & { writer: Trader; bidder: Trader } {
    const story = new MarginStory({ fund: 40_000 });
    const writer = story.arrives("writer", 10_000, true);
    const holder = story.arrives("holder", 5_000);
    const bidder = story.arrives("bidder", 100_000, true);
    const friend = story.arrives("friend", 100);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(writer, holder, 20, CALL, 45));
    if (dust === "long") story.must(story.sells(friend, writer, 0.001, NEVER_REPORTED, 0.01));
    if (dust === "short") story.must(story.sells(writer, friend, 0.001, NEVER_REPORTED, 0.01));
    story.moves(2_300);
    story.moves(usd);
    return Object.assign(story, { writer, bidder });
  }

  for (const dust of ["none", "long", "short"] as const) {
    it(`auctions a short that has lost all its margin, with ${dust === "none" ? "no" : `a ${dust} of`} dust`, () => {
      const story = squeezed(dust);
      expect(story.excessOf(story.writer), "initial excess").to.be.lessThan(-5_000);
      expect(story.startsAuction(story.writer)).to.equal("OK");
    });
  }

  it("does not let somebody who is in auction already stop the bids of it either", () => {
    // Still worth something, or only the fund would take it.
    const story = squeezed("short", 2_400);
    const { writer, bidder } = story;
    story.must(story.startsAuction(writer));
    story.must(story.bids(bidder, writer, 0.1));
  });
});
