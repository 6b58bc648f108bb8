import { expect } from "chai";
import { makePosition, packSeries } from "../../src/machine/Positions.ts";
import { requirement } from "../../src/machine/Requirement.ts";

/**
 * Every strike of a group is scanned, and the ceiling lies an anchor above the highest of them, whoever holds it. So a
 * gift of a thousandth of a far call moves the scan of a naked call from three anchors to wherever the gift's strike is,
 * and its owner needs five times the cash. No trade can be forced on an account, so nothing is stolen, but invariant 6
 * says that a free long never raises the requirement, and a maker's resting bid for a far call may cost it its margin.
 *
 * Closed: the ceiling is max(3 · anchor, highest strike of the SHORT calls + anchor), and only strikes up to
 * the ceiling are scanned.
 */
describe("finding: a free long raises the requirement", () => {
  it("never does (invariant 6)", () => {
    const usd = 10_000n;
    const short = makePosition(packSeries(1, 20_003, 2000n * usd, false), -1_000_000n);
    const gift = makePosition(packSeries(1, 20_003, 20_000n * usd, false), 1000n);
    const anchorOf = (): bigint => 2000n * usd;
    expect(requirement([short, gift], anchorOf) <= requirement([short], anchorOf)).to.equal(true);
  });
});
