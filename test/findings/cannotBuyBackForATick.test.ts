import { expect } from "chai";
import { DAY, MarginStory, type Trader } from "../support/MarginStory.ts";

/**
 * Below maintenance a position could only shrink at its mark or better. A short whose mark is below one tick, or between
 * two, has no such price. So an account could not close for a cent what it was charged 9 % of the forward for, and was
 * auctioned instead; where the mark was above a tick, it had to find a seller below the mark rounded down.
 *
 * Closed: an account below maintenance may close at its mark rounded to the tick against it, and buy for one tick at the least.
 */
describe("finding: below maintenance a worthless short cannot be bought back", () => {
  const WORTHLESS = { strike: 1_200, put: true };
  /** In another expiry, where it covers no short. */
  const LONG = { strike: 2_300, day: DAY + 7 };

  function inTrouble(): { story: MarginStory; writer: Trader; holder: Trader } {
    const story = new MarginStory();
    const writer = story.arrives("writer", 12_000, true);
    const holder = story.arrives("holder", 30_000);
    story.wait(1);
    story.must(story.oracleSays(2_000, { days: [DAY, DAY + 7] }));
    story.must(story.sells(writer, holder, 20, { strike: 2_000 }, 45));
    story.must(story.sells(writer, holder, 20, WORTHLESS, 0.05));
    story.must(story.sells(holder, writer, 2, LONG, 5));
    story.moves(2_200, { days: [DAY, DAY + 7] });
    story.moves(2_300, { days: [DAY, DAY + 7] });
    story.must(story.startsAuction(writer));
    return { story, writer, holder };
  }

  it("is bought back for one tick, which frees far more than it costs", () => {
    const { story, writer, holder } = inTrouble();
    const before = story.excessOf(writer);
    expect(story.sells(holder, writer, 5, WORTHLESS, 0.02), "two ticks").to.equal("BelowMaintenance");
    story.must(story.sells(holder, writer, 5, WORTHLESS, 0.01));
    expect(story.excessOf(writer) - before, "what closing it frees").to.be.greaterThan(1_000);
    story.must(story.sells(holder, writer, 15, WORTHLESS, 0.01));
    expect(story.excessOf(writer) - before, "what closing it frees").to.be.greaterThan(4_000);
  });

  it("closes a position at its mark rounded to the tick, and no cent worse", () => {
    const { story, writer, holder } = inTrouble();
    const mark = story.markOf({ strike: 2_000 });
    expect(mark % 100n, "between two ticks").to.not.equal(0n);
    const up = Number(mark / 100n + 1n) / 100;
    expect(story.sells(holder, writer, 1, { strike: 2_000 }, up + 0.01)).to.equal("BelowMaintenance");
    story.must(story.sells(holder, writer, 1, { strike: 2_000 }, up));
    const long = story.markOf(LONG);
    expect(long % 100n, "between two ticks").to.not.equal(0n);
    const down = Number(long / 100n) / 100;
    expect(story.sells(writer, holder, 1, LONG, down - 0.01)).to.equal("BelowMaintenance");
    story.must(story.sells(writer, holder, 1, LONG, down));
  });
});
