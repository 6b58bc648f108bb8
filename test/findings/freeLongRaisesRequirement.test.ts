import { expect } from "chai";
import fc from "fast-check";
import { makePosition, packSeries } from "../../src/machine/Positions.ts";
import { requirement } from "../../src/machine/Requirement.ts";
import {
  freshGroup,
  groupArbitrary,
  leg,
  legArbitrary,
  machineRequirements,
  twinOf,
  type Group,
} from "../support/model/portfolios.ts";

const SEED = 29;
/** Random books of each phase. */
const BOOKS = 4000;

/**
 * Every strike of a group was scanned, and the ceiling lay an anchor above the highest of them, whoever held it. So a
 * gift of a thousandth of a far call moved the scan of a naked call from three anchors to wherever the gift's strike was,
 * and its owner needed five times the cash.
 *
 * On standard margin, a far call left no call net short. Rule 3 then took no short call out of the scan, so the scan ran up to
 * the far strike, and what was left was rule 1, which adds up both wings of a condor: 2 in 1,000 random books were charged more
 * for a gift. No trade can be forced on an account, so nothing was stolen, but invariant 6 says that a free long never raises
 * the requirement, and a maker's resting bid for a far call might have cost it its margin.
 *
 * Closed: in the collateralised mode the ceiling is max(3 · anchor, highest strike of the SHORT calls + anchor), and only strikes
 * up to the ceiling are scanned. On standard margin a long covers only shorts with which it makes a spread that loses less than
 * their own charge; the others stay alone in rules 1 and 3, whatever long is there. Rule 2 is asked only if no
 * call is net short, which a long does not undo.
 */
describe("finding: a free long raises the requirement", () => {
  it("never does in the collateralised mode (invariant 6)", () => {
    const usd = 10_000n;
    const short = makePosition(packSeries(1, 20_003, 2000n * usd, false), -1_000_000n);
    const gift = makePosition(packSeries(1, 20_003, 20_000n * usd, false), 1000n);
    const anchorOf = (): bigint => 2000n * usd;
    expect(requirement([short, gift], anchorOf) <= requirement([short], anchorOf)).to.equal(true);
  });

  it("does not for a condor and a naked call, given a call far out of the money", () => {
    const group = freshGroup(100_000, 0.6, 30, []);
    const book = [leg(-1, 130_000), leg(1, 70_000, true), leg(-1, 80_000, true), leg(-1, 140_000), leg(1, 150_000)];
    const asked = (legs: Group["legs"]): bigint => machineRequirements(twinOf([{ ...group, legs }])).initial;
    expect(asked([...book, leg(1, 1_000_000)])).to.equal(asked(book));
  });

  for (const phase of ["fresh", "stale", "expired", "fixed"] as const) {
    it(`never does for a random book of an expiry that is ${phase} (seed ${SEED})`, () => {
      let helped = 0;
      fc.assert(
        fc.property(groupArbitrary(12, [phase]), legArbitrary, (group, { quantity, ...option }) => {
          const size = quantity < 0n ? -quantity : quantity;
          // What is short of the gift's own series is bought back by it.
          const isSame = ({ strike, put }: Group["legs"][number]): boolean =>
            strike === option.strike && put === option.put;
          const held = group.legs.find(isSame)?.quantity ?? 0n;
          const others = group.legs.filter((other) => !isSame(other));
          const legs = [...others, { ...option, quantity: held + size }];
          const before = machineRequirements(twinOf([{ ...group, legs: [...others, { ...option, quantity: held }] }]));
          const after = machineRequirements(twinOf([{ ...group, legs }]));
          expect(after.initial <= before.initial, "initial").to.equal(true);
          expect(after.maintenance <= before.maintenance, "maintenance").to.equal(true);
          if (after.initial < before.initial) helped++;
        }),
        { numRuns: BOOKS, seed: SEED },
      );
      expect(helped, "books that a gift has helped").to.be.greaterThan(BOOKS / 20);
    });
  }
});
