import { expect } from "chai";
import { FUND_ACCOUNTS } from "../../src/machine/Constants.ts";
import { START_DAY } from "../support/model/Exchange.ts";
import { DAY, MarginStory } from "../support/MarginStory.ts";

/**
 * The insurance fund took positions over in four accounts, each with at most eight expiries, and got rid of them by
 * settlement alone. Anybody may make it bid for anything that nobody else has taken within an hour. So four accounts with a
 * few cents in them, short of a thousandth of an option in eight expiries each, fill all of the fund's places for as long as
 * those run, up to 400 days. From then on it takes over nothing in other expiries. (THREATS 26: the caps; 26e.)
 *
 * Closed by FUND_LEAST: what the fund takes over with one bid is asked at least 1,000 USDC to stay; and it has 16 accounts. Since the
 * sender of a bid chooses its fraction, an account of that size could be handed out in slivers, 16 times and more.
 *
 * What stands: who gives away 16,000 USDC of requirement still fills them all.
 */
describe("finding: dust fills the accounts of the fund", () => {
  const days = Array.from({ length: 32 }, (_, i) => START_DAY + 10 + i);

  it("takes a large short over although dust came first", () => {
    const story = new MarginStory({ fund: 40_000 });
    const friends = [0, 1, 2, 3].map((i) => story.arrives(`friend ${i}`, 100));
    const writer = story.arrives("writer", 10_000, true);
    const holder = story.arrives("holder", 2_000);
    const reportAll = (usd: number): void => {
      story.wait(130);
      story.must(story.anchor(1, usd));
      for (let i = 0; i < 32; i += 15) {
        story.wait(1);
        story.must(story.oracleSays(usd, { days: [...(i === 0 ? [DAY] : []), ...days.slice(i, i + 15)] }));
      }
    };
    reportAll(2_000);
    const dust = [0, 1, 2, 3].map((i) => {
      const trader = story.arrives(`dust ${i}`, 5, true);
      for (const day of days.slice(8 * i, 8 * i + 8)) {
        story.must(
          story.sells(trader, friends[i]!, 0.001, { strike: 2_000, day }, Math.round(25 * Math.sqrt(day - START_DAY))),
        );
      }
      return trader;
    });
    story.must(story.sells(writer, holder, 20, { strike: 2_000 }, 45));
    reportAll(2_200);
    reportAll(2_420);
    reportAll(2_650);
    reportAll(2_900);
    for (const trader of [...dust, writer]) story.must(story.startsAuction(trader));
    story.wait(3_600);
    reportAll(2_900);
    dust.forEach((trader, i) => expect(story.fundBids(trader, 1, i)).to.equal("BidTooSmall"));
    const results = [0, 1, 2, 3].map((fund) => story.fundBids(writer, 0.05, fund));
    expect(results, `with a fund of ${story.fund}`).to.include("OK");
  });

  it("does not take slivers of an account", () => {
    const story = new MarginStory({ fund: 40_000 });
    const writer = story.arrives("writer", 9_000, true);
    const holder = story.arrives("holder", 2_000);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(writer, holder, 20, { strike: 2_000 }, 45));
    for (const usd of [2_200, 2_420, 2_650]) story.moves(usd);
    story.must(story.startsAuction(writer));
    story.wait(3_600);
    story.moves(2_650);
    // A requirement of some 18,000 USDC.
    for (const fraction of [0.001, 0.01, 0.05]) {
      expect(story.fundBids(writer, fraction, 0), String(fraction)).to.equal("BidTooSmall");
    }
    story.must(story.fundBids(writer, 0.06, 0));
    story.must(story.fundBids(writer, 0.5, 1));
  });

  it("is full after somebody has given it accounts of eight expiries and 1,000 USDC each", () => {
    const story = new MarginStory({ fund: 400_000 });
    const expiries = Array.from({ length: 8 }, (_, i) => START_DAY + 10 + i);
    const friend = story.arrives("friend", 40_000);
    const giver = story.arrives("giver", 20_000, true);
    const writer = story.arrives("writer", 10_000, true);
    const holder = story.arrives("holder", 2_000);
    const report = (usd: number): void => story.moves(usd, { days: [DAY, ...expiries] });
    report(2_000);
    for (const day of expiries) {
      const price = Math.round(25 * Math.sqrt(day - START_DAY));
      story.must(story.sells(giver, friend, 6, { strike: 2_000, day }, price));
    }
    story.must(story.sells(writer, holder, 20, { strike: 2_000 }, 45));
    for (const usd of [2_200, 2_420, 2_650, 2_900]) report(usd);
    for (const trader of [giver, writer]) story.must(story.startsAuction(trader));
    story.wait(3_600);
    report(2_900);
    for (let fund = 0; fund < FUND_ACCOUNTS; fund++) story.must(story.fundBids(giver, 0.05, fund));
    for (let fund = 0; fund < FUND_ACCOUNTS; fund++) {
      expect(story.fundBids(writer, 0.1, fund)).to.equal("ExpiryCap");
    }
  });
});
