import { expect } from "chai";
import { DEFAULT_POSTER_SETTINGS, feeLimit, requireConsistent } from "../../../src/poster/PosterSettings.ts";
import { dueOf, type Due, type L1Situation, type NextBatch } from "../../../src/poster/PostingSchedule.ts";

const BATCH: NextBatch = { l2Time: 10_000n, length: 1_000, chargedBytes: 1_000, hasFollower: false };
const L1: L1Situation = { time: 10_000n, availableBytes: 5_000n };
const SETTINGS = { ...DEFAULT_POSTER_SETTINGS, postBytes: 2_000, postAge: 60n };

describe("when the poster posts", () => {
  const rows: [string, Partial<NextBatch>, Partial<L1Situation>, Due][] = [
    ["it is young and small", {}, {}, { wait: "young" }],
    ["one second before its age", {}, { time: 10_059n }, { wait: "young" }],
    ["at its age", {}, { time: 10_060n }, { due: "age" }],
    ["it is large", { length: 2_000 }, {}, { due: "size" }],
    ["another one waits behind it", { hasFollower: true }, {}, { due: "backlog" }],
    ["it is about to be built anew", {}, { time: 10_300n }, { due: "deadline" }],
    ["at the inbox's bound", {}, { time: 10_600n }, { due: "deadline" }],
    ["beyond the inbox's bound", {}, { time: 10_601n }, { wait: "too late" }],
    ["at the bound ahead of L1", { hasFollower: true }, { time: 9_940n }, { due: "backlog" }],
    ["too far ahead of L1", { hasFollower: true }, { time: 9_939n }, { wait: "ahead of L1" }],
    ["the inbox's rate is used up", { chargedBytes: 5_001 }, {}, { wait: "rate" }],
    ["the inbox's rate has just enough", { length: 5_000, chargedBytes: 5_000 }, {}, { due: "size" }],
  ];
  for (const [name, batch, l1, expected] of rows) {
    it(name, () => {
      expect(dueOf({ ...BATCH, ...batch }, { ...L1, ...l1 }, SETTINGS)).to.deep.equal(expected);
    });
  }

  it("refuses settings that contradict each other, all at once", () => {
    const limit = feeLimit(2n, 2n);
    const wrong = {
      ...SETTINGS,
      feeCap: feeLimit(1n, 1n),
      feeCeiling: limit,
      maxPast: 100n,
      confirmations: 0,
      switchGain: 100,
      tipCap: 0n,
    };
    expect(() => requireConsistent(wrong))
      .to.throw()
      .with.nested.property("fields.faults")
      .with.length(6);
    expect(() => requireConsistent(SETTINGS)).to.not.throw();
  });
});
