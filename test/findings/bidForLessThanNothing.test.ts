import { expect } from "chai";
import { MarginStory } from "../support/MarginStory.ts";

/**
 * A bid is signed with the most that the bidder would pay for the whole account. There is no lower side: where the account's
 * value falls below zero before the bid is executed, its price is zero, which is below every limit, and the bidder gets
 * shorts that are worth more than the cash that comes with them. Whoever orders transactions may keep the bid until then.
 * (THREATS 26c.)
 *
 * Closed by refusing every bid while the account is worth less than nothing, for that is below any limit; the fund remains.
 */
describe("finding: a bid at a price becomes a gift to the account in auction", () => {
  const CALL = { strike: 2_000 };

  it("is refused when the account is worth less than nothing", () => {
    const story = new MarginStory();
    const writer = story.arrives("writer", 10_000, true);
    const holder = story.arrives("holder", 2_000);
    const bidder = story.arrives("bidder", 60_000, true);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(writer, holder, 20, CALL, 45));
    story.moves(2_400);
    story.must(story.startsAuction(writer));
    const value = { account: writer.account, bidder: bidder.account, fraction: 10n ** 9n, limit: 3_000n * 1_000_000n };
    const auth = story.auth(bidder.signer, "Bid", value, { deadline: story.now + 300n });
    story.moves(2_750);
    story.moves(2_900);
    const before = story.cash(bidder);
    const result = story.run({ type: 0x0c, ...value, auth });
    const gain = story.cash(bidder) - before + story.held(bidder, CALL) * 900;
    expect(result, `${result}: the bidder's gain is ${gain}`).to.not.equal("OK");
  });
});
