import { expect } from "chai";
import { START_DAY } from "../support/model/Exchange.ts";
import { DAY, MarginStory } from "../support/MarginStory.ts";

/**
 * The insurance fund took positions over in four accounts, each with at most eight expiries, and got rid of them by
 * settlement alone. Anybody may make it bid for anything that nobody else has taken within an hour. So four accounts with a
 * few cents in them, short of a thousandth of an option in eight expiries each, fill all of the fund's places for as long as
 * those run, up to 400 days. From then on it takes over nothing in other expiries. (THREATS 26: the caps; 26e.)
 *
 * Closed by FUND_LEAST: the fund does not take over from accounts that are asked less than 1,000 USDC to stay; and it has 16.
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
});
