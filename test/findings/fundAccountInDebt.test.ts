import { expect } from "chai";
import { FUND_ACCOUNT } from "../../src/machine/Constants.ts";
import { DAY, MarginStory } from "../support/MarginStory.ts";

/**
 * An account of the fund is topped up once, when it takes positions over, and never again. When its margin does not last
 * until the expiry it owes the rest, to the fund: late repayments go there. But nothing lets the fund pay itself. The
 * account takes nothing over any more and gives nothing back until somebody makes a present of the debt, and after four
 * times the fund is no bidder at all, however much it holds. (THREATS 26e.)
 *
 * Closed by leaving no debt with the fund's accounts when they settle: the fund owes nobody but itself.
 */
describe("finding: an account of the fund that owes the fund is out of service", () => {
  const CALL = { strike: 2_000 };

  it("bids again after an expiry that cost more than its margin", () => {
    const story = new MarginStory({ fund: 100_000 });
    const writer = story.arrives("writer", 10_000, true);
    const holder = story.arrives("holder", 2_000);
    const second = story.arrives("second writer", 10_000, true);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(writer, holder, 20, CALL, 45));
    story.moves(2_200);
    story.moves(2_400);
    story.must(story.startsAuction(writer));
    story.wait(3_600);
    story.moves(2_400);
    story.must(story.fundBids(writer, 1));
    story.moves(2_700);
    story.moves(3_100);
    story.moves(3_500);
    story.expires(3_500);
    story.settlesAll();
    expect(story.fund, "the fund has plenty left").to.be.greaterThan(30_000);

    const next = { ...CALL, strike: 3_500, day: DAY + 5 };
    story.wait(1);
    story.must(story.anchor(1, 3_500));
    story.must(story.oracleSays(3_500, { days: [DAY + 5] }));
    story.must(story.sells(second, holder, 10, next, 100));
    story.moves(3_900, { days: [DAY + 5] });
    story.moves(4_300, { days: [DAY + 5] });
    story.must(story.startsAuction(second));
    story.wait(3_600);
    story.moves(4_300, { days: [DAY + 5] });
    const { debt } = story.account(FUND_ACCOUNT);
    expect(story.fundBids(second, 0.2), `with a debt of ${debt / 1_000_000n} to itself`).to.equal("OK");
  });
});
