import { expect } from "chai";
import { MarginStory } from "../support/MarginStory.ts";

/**
 * One bid of the fund is backed by at most a quarter of it, and one expiry draws at most half of it. But anybody may make
 * the fund bid as often as there is something left to take, and what it put behind positions is paid out to their
 * holders in full. An owner of two accounts who is short on margin and long in the other makes the fund take the lot over
 * in small pieces, and holds nearly all of the fund instead of the half that docs/risk.md, section 7 names.
 * (THREATS 26c, 26e.)
 */
describe("finding: bids of the fund add up to more than half of it", () => {
  const CALL = { strike: 2_000 };

  it("loses at most half of itself to one expiry", () => {
    const story = new MarginStory({ fund: 20_000, multiple: 10 });
    const short = story.arrives("short", 22_500, true);
    const long = story.arrives("long of the same owner", 10_000);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(short, long, 70, CALL, 46));
    const began = story.fund;
    // Nobody wants an account that is worth less than nothing.
    for (const usd of [2_200, 2_400]) story.moves(usd);
    story.must(story.startsAuction(short));
    story.wait(3_600);
    story.moves(2_400);
    let bids = 0;
    for (const fraction of [0.4, 0.2, 0.1, 0.05, 0.02, 0.01]) {
      for (let fund = 0; fund < 4; fund++) while (story.fundBids(short, fraction, fund) === "OK") bids++;
    }
    const behind = story.fund;
    story.moves(2_700);
    story.moves(3_000);
    story.expires(3_000);
    story.settlesAll();
    for (const fund of [0, 1, 2, 3]) story.run({ type: 0x0e, fund });
    const words = `fund ${began} at first, ${behind} after ${bids} bids, ${story.fund} in the end`;
    expect(story.fund >= began / 2 - 1, words).to.equal(true);
  });
});
