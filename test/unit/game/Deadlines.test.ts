import { expect } from "chai";
import { answerBy, checkDisputeTimes, longestDelay } from "../../../src/game/Deadlines.ts";

/** Production. */
const TIMES = { challengePeriod: 552_960n, historyHeight: 26, sectionBits: 5, reaction: 3600n };

describe("the times of a dispute", () => {
  it("are those of the levels: opening and descending on each, and a proof", () => {
    expect(longestDelay(TIMES)).to.equal(13n * 3600n);
    expect(longestDelay(TIMES, true)).to.equal(7n * 3600n);
    expect(longestDelay({ ...TIMES, historyHeight: 25 })).to.equal(11n * 3600n);
    expect(longestDelay({ ...TIMES, sectionBits: 1 })).to.equal(53n * 3600n);
  });

  it("leave until then for the answer", () => {
    expect(answerBy(1_000_000n, TIMES)).to.equal(1_000_000n + 552_960n - 46_800n);
    expect(answerBy(1_000_000n, TIMES, true)).to.equal(1_000_000n + 552_960n - 25_200n);
  });

  it("are refused if the challenge period does not cover censorship, delay and margin", () => {
    const rest = 552_960n - 46_800n;
    checkDisputeTimes(TIMES, rest - 3600n, 3600n);
    expect(() => checkDisputeTimes(TIMES, rest - 3600n, 3601n))
      .to.throw("too little time")
      .with.property("code");
    expect(() => checkDisputeTimes({ ...TIMES, reaction: 3601n }, rest, 0n)).to.throw("too little time");
  });
});
