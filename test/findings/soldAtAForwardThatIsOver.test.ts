import { expect } from "chai";
import { instantOf } from "../support/model/words.ts";
import { DAY, MarginStory, type Trader } from "../support/MarginStory.ts";

/**
 * Between an expiry and the moment its price is fixed, an account was auctioned at the forward of the last smile, up to half an
 * hour old. The price that it will be settled at, an average over that very half hour, can be read on L1 meanwhile. So an
 * account that every price of the last minutes left above maintenance fell below it again in the second of the expiry, had no
 * way to trade, and was sold at marks that everybody knew to be wrong, to whoever saw that they were wrong to his gain.
 * (THREATS 26b.)
 *
 * Closed for an account that covers maintenance at the last forward or at that moved with the spot: it counts by the smaller charge. One
 * that covers it at neither is still sold at the forward that is over, as docs/risk.md, section 8 says.
 */
describe("finding: after an expiry accounts are sold at a forward that is over", () => {
  const CALL = { strike: 2_000 };

  /** A writer of 20 calls, a last smile at `smile` half an hour before the expiry, and spots that lead to `spot`. */
  function expire(smile: number, spot: number): { story: MarginStory; writer: Trader; bidder: Trader } {
    const story = new MarginStory();
    const writer = story.arrives("writer", 11_000, true);
    const holder = story.arrives("holder", 2_000);
    const bidder = story.arrives("bidder", 60_000, true);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(writer, holder, 20, CALL, 45));
    const end = instantOf(DAY);
    story.waitUntil(end - 4_000n);
    story.moves((2_000 + smile) / 2);
    story.moves(smile);
    story.waitUntil(end - 1_795n);
    story.must(story.anchor(1, smile));
    story.must(story.oracleSays(smile));
    for (const usd of [(smile + spot) / 2, spot]) {
      story.wait(130);
      story.moves(usd, { days: [] });
    }
    story.waitUntil(end - 5n);
    story.must(story.anchor(1, spot));
    story.must(story.oracleSays(spot, { days: [] }));
    return { story, writer, bidder };
  }

  it("does not sell what is above maintenance at the last spot", () => {
    const { story, writer } = expire(2_400, 2_000);
    expect(story.startsAuction(writer), "five seconds before").to.equal("NotLiquidatable");
    story.waitUntil(instantOf(DAY));
    expect(story.startsAuction(writer), "at the expiry").to.equal("NotLiquidatable");
    // The average of the half hour.
    story.wait(2_000);
    story.must(story.fixPrice(1, DAY, 2_030));
    const before = story.cash(writer);
    story.settlesAll();
    expect(before - story.cash(writer), "20 calls").to.equal(600);
    expect(story.debt(writer)).to.equal(0);
  });

  it("does not sell what is above maintenance at the last forward either", () => {
    const { story, writer } = expire(2_000, 2_400);
    expect(story.startsAuction(writer), "five seconds before").to.equal("OK");
    story.waitUntil(instantOf(DAY));
    expect(story.endsAuction(writer)).to.equal("OK");
    expect(story.excessOf(writer), "but it can take nothing out").to.be.lessThan(0);
  });

  it("sells what is below at both, at the forward that is over", () => {
    const { story, writer, bidder } = expire(2_450, 2_400);
    story.waitUntil(instantOf(DAY));
    story.must(story.startsAuction(writer));
    const before = story.cash(bidder);
    story.must(story.bids(bidder, writer, 1));
    story.wait(2_000);
    story.must(story.fixPrice(1, DAY, 2_430));
    story.settlesAll();
    // Calls that count for 450 and pay 430; he takes a part of them and pays 95 % of what they leave at 450.
    expect(story.cash(bidder) - before).to.be.within(1, 20 * 20 + (11_900 - 9_000) / 20);
  });
});
