import { expect } from "chai";
import { START_DAY } from "../support/model/Exchange.ts";
import { DAY, MarginStory, type Trader } from "../support/MarginStory.ts";

/**
 * An account that owes is auctioned at its value after the debt, but the debt is not part of what is sold. So a bidder gets
 * the assets whole and pays for what is left of them after a debt that he does not take: where the debt is as large as the
 * assets he gets them for nothing, at once, at a factor of 95 %. What would have repaid the fund is gone, the owner owes as
 * much as before and has nothing; a debt outlives assets that it is senior to. And where something is paid, it lies beside
 * the debt as cash that can be neither withdrawn nor serves the debt. (THREATS 26e; a debt is never forgiven while assets
 * remain; debt is senior on all later credits.)
 *
 * Closed by selling the assets at what they are worth without the debt, and serving the debt from the payment first.
 */
describe("finding: an auction sells the assets of a debtor and leaves the debt", () => {
  const LATER = START_DAY + 9;
  const LONG = { strike: 2_000, day: LATER };

  /** The writer of calls owes about `owes` after the first expiry, and holds ten calls of the later one. */
  function debtor(usd: number): MarginStory & { writer: Trader; friend: Trader } {
    const story = new MarginStory({ fund: 100_000 });
    const writer = story.arrives("writer", 6_000, true);
    const holder = story.arrives("holder", 5_000);
    const seller = story.arrives("seller of the later calls", 50_000);
    const friend = story.arrives("friend", 30_000, true);
    story.wait(1);
    story.must(story.oracleSays(2_000, { days: [DAY, LATER] }));
    story.must(story.sells(seller, writer, 10, LONG, 80));
    story.must(story.sells(writer, holder, 14, { strike: 2_000 }, 45));
    for (let at = 2_200; at < usd; at += 200) story.moves(at, { days: [DAY, LATER] });
    story.moves(usd, { days: [DAY, LATER] });
    story.expires(usd);
    story.settlesAll();
    story.wait(1);
    story.must(story.anchor(1, usd));
    story.must(story.oracleSays(usd, { days: [LATER] }));
    return Object.assign(story, { writer, friend });
  }

  for (const usd of [3_000, 3_500]) {
    it(`repays the fund out of what is sold at ${usd}`, () => {
      const story = debtor(usd);
      const { writer, friend } = story;
      const owed = story.debt(writer);
      expect(owed, "the debt").to.be.within(7_000, 16_000);
      expect(story.held(writer, LONG), "assets, about as much").to.equal(10);
      const [fund, cash] = [story.fund, story.cash(friend)];
      // Without the auction the calls pay the debt when they expire.
      story.must(story.startsAuction(writer));
      for (let i = 0; i < 4 && story.bids(friend, writer, 1) === "OK"; i++) {
        if (story.account(writer.account).auction === 0n && story.startsAuction(writer) !== "OK") break;
      }
      const taken = story.held(friend, LONG) * (usd - 2_000);
      const paid = cash - story.cash(friend);
      const left = { debt: story.debt(writer), cash: story.cash(writer), calls: story.held(writer, LONG) };
      const words = `took ${taken} for ${paid}, the fund got ${story.fund - fund}, left ${JSON.stringify(left)}`;
      expect(paid >= 0.6 * taken, `pays for what it gets: ${words}`).to.equal(true);
      expect(left.cash === 0 || left.debt === 0, `no cash beside a debt: ${words}`).to.equal(true);
      expect(owed - left.debt, `the debt falls by what came in: ${words}`).to.be.closeTo(paid, 2);
    });
  }
});
