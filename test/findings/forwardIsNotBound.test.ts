import { expect } from "chai";
import { FORWARD_BASE, FORWARD_RATE } from "../../src/machine/Constants.ts";
import { START_DAY } from "../support/model/Exchange.ts";
import { instantOf } from "../support/model/words.ts";
import { DAY, MarginStory, type Trader } from "../support/MarginStory.ts";

/**
 * A forward could be half the spot away from it in any one report, and a smile could say any volatility, without
 * confirmation and whatever the report before said. So a threshold of signers took the value of all accounts that are short of
 * calls down to nearly nothing with one report at an honest spot, and an accomplice took over most of their cash for nearly nothing in
 * the same batch; the next report was honest again. (THREATS 26d.)
 *
 * Closed: a forward lies within 1 % and 40 % a year of its spot, and the vol at the money within the market's limits.
 */
describe("finding: a report moves a forward by half and a volatility without bound", () => {
  const CALL = { strike: 2_000 };

  function begin(maxVol: number): { story: MarginStory; victim: Trader } {
    const story = new MarginStory({ maxVol });
    const victim = story.arrives("victim", 20_000, true);
    const holder = story.arrives("holder", 2_000);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(victim, holder, 20, CALL, 45));
    expect(story.excessOf(victim), "twice the initial requirement").to.be.greaterThan(10_000);
    story.wait(1);
    return { story, victim };
  }

  it("refuses the reports that took an account with twice its margin", () => {
    const { story } = begin(3);
    expect(story.oracleSays(2_000, { basis: 1.5 })).to.equal("ReportInvalid");
    expect(story.oracleSays(2_000, { basis: 0.5 })).to.equal("ReportInvalid");
    expect(story.oracleSays(2_000, { vol: 3.01 })).to.equal("ReportInvalid");
    expect(story.oracleSays(2_000, { vol: 0.09 })).to.equal("ReportInvalid");
  });

  it("takes a forward at the bound, and none a hundredth of a cent beyond it", () => {
    const { story } = begin(3);
    const years = Number(instantOf(DAY) - story.now) / 31_536_000;
    const bound = (Number(FORWARD_BASE) + Number(FORWARD_RATE) * years) / 10_000;
    const ticks = Math.floor(20_000_000 * bound);
    const basisOf = (units: number): number => (20_000_000 + units + 0.5) / 20_000_000;
    expect(story.oracleSays(2_000, { basis: basisOf(ticks + 1) })).to.equal("ReportInvalid");
    expect(story.oracleSays(2_000, { basis: basisOf(-ticks - 1) })).to.equal("ReportInvalid");
    story.must(story.oracleSays(2_000, { basis: basisOf(ticks) }));
    story.wait(1);
    story.must(story.oracleSays(2_000, { basis: basisOf(-ticks) }));
  });

  it("leaves an account with twice its margin alone, whatever one report says within the bounds", () => {
    const { story, victim } = begin(3);
    story.must(story.oracleSays(2_000, { basis: 1.013, vol: 2.99 }));
    expect(story.startsAuction(victim)).to.equal("NotLiquidatable");
  });

  /** What traded: index and future of every expiry, and the mark vol nearest to the money. Deribit, ETH unless said otherwise. */
  const SEEN: readonly [when: string, years: number, basis: number, vol: number][] = [
    ["2023-04-17, one day", 0.0021, 0.000815, 0.463],
    ["2023-04-17, two days", 0.0047, 0.0007, 0.5],
    ["2023-04-17, 11 days", 0.0292, 0.001135, 0.581],
    ["2023-04-17, 39 days", 0.106, 0.001979, 0.596],
    ["2023-04-17, a quarter", 0.2019, 0.005151, 0.599],
    ["2023-04-17, three quarters", 0.7006, 0.015447, 0.606],
    ["2023-04-17, a year", 0.9501, 0.01928, 0.611],
    ["2026-03-26, ten hours, BTC", 0.0012, 0.001379, 0.476],
    ["2026-03-26, ten hours", 0.0012, 0.000541, 0.599],
    ["2026-03-26, 15 days, BTC", 0.0395, 0.002118, 0.504],
    ["2026-03-26, a quarter, BTC", 0.2503, 0.007523, 0.504],
    ["2026-03-26, three quarters, BTC", 0.7486, 0.026579, 0.523],
    ["2026-03-26, a year, BTC", 0.9978, 0.037313, 0.523],
    ["2026-03-26, a year", 0.9978, 0.035072, 0.708],
  ];

  it("leaves six times the room that real forwards have used", () => {
    for (const [when, years, basis] of SEEN) {
      const bound = (Number(FORWARD_BASE) + Number(FORWARD_RATE) * years) / 10_000;
      expect(bound / basis, when).to.be.greaterThan(6);
    }
  });

  it("takes the smiles that were seen, by limits of half and twice as much", () => {
    const story = new MarginStory({ maxVol: 1.5 });
    for (const [when, years, basis, vol] of SEEN) {
      story.wait(1);
      const days = [START_DAY + Math.max(1, Math.round(365 * years))];
      expect(story.oracleSays(2_000, { days, basis: 1 + basis, vol }), when).to.equal("OK");
    }
  });
});
