import { expect } from "chai";

import { findRoundEvidence } from "../../src/settlement/roundEvidence.ts";
import { modelPrice, type ModelRound } from "../support/feedModel.ts";
import { BASE, createL1, memoryFeed, roundsAt, stored, type L1 } from "../support/settlementScene.ts";

const DAY = 20_000;
const E = DAY * 86_400 + 28_800;
const HOUR = 3600;
const DEAD_AT = E + 48 * HOUR + 900;

/** One case: phases from the base on, a moment, and the price that must come out, in USD. */
interface Case {
  readonly name: string;
  readonly phases: readonly (readonly ModelRound[])[];
  /** Moment of the call; by default one hour after expiry. */
  readonly now?: number;
  /** The price, or that it is too early for one, or that there never is one. */
  readonly price: number | "wait" | "impossible";
  /** Wrong evidence that must be refused, with the error. */
  readonly refused?: readonly (readonly [starts: readonly bigint[], error: string])[];
  /** Other evidence that must give the same price. */
  readonly accepted?: readonly (readonly bigint[])[];
}

const odd = (round: ModelRound, change: Partial<ModelRound>): ModelRound => ({ ...round, ...change });
const calm = roundsAt([1000, E - 5000], [2000, E - 2700], [2300, E - 900], [5000, E + 600]);
const [r1, r2, r3, r4] = calm as [ModelRound, ModelRound, ModelRound, ModelRound];

const CASES: readonly Case[] = [
  {
    name: "a calm feed: the price in force at each second, whatever round the caller begins with",
    phases: [calm],
    price: 2150,
    accepted: [[1n], [2n]],
    refused: [
      [[3n], "StartTooLate"],
      [[4n], "StartTooLate"],
      [[5n], "StartInvalid"],
      [[0n], "StartInvalid"],
      [[2n ** 64n - 1n], "StartInvalid"],
      [[], "PhaseNotShown"],
      [[2n, 1n], "EvidenceUnused"],
    ],
  },
  {
    name: "a round exactly at the window's start is in force at once",
    phases: [roundsAt([1000, E - 5000], [2000, E - 1800], [9, E + 1])],
    price: 2000,
  },
  {
    name: "a round one second into the window is no place to begin, for the price before it counts",
    phases: [roundsAt([3800, E - 5000], [2000, E - 1799], [9, E + 1])],
    price: 2001,
    refused: [[[2n], "StartTooLate"]],
  },
  {
    name: "a round exactly at expiry has no second in the window",
    phases: [roundsAt([2000, E - 2000], [9000, E], [9, E + 1])],
    price: 2000,
  },
  {
    name: "one second of another price counts",
    phases: [roundsAt([1800, E - 2000], [3600, E - 1], [9, E + 1])],
    price: 1801,
  },
  {
    name: "of rounds at one time the higher id wins",
    phases: [roundsAt([1000, E - 1800], [2000, E - 1800], [7000, E - 900], [4000, E - 900], [9, E + 1])],
    price: 3000,
    refused: [[[3n], "StartTooLate"]],
  },
  {
    name: "rounds with a zero, negative, huge or stale answer, or without a time, are passed over",
    phases: [
      [
        r1,
        odd(r2, { answer: 0n }),
        odd(r3, { answer: -1n }),
        odd(r3, { updatedAt: 0 }),
        odd(r3, { answer: 2n ** 127n, answeredIn: 5 }),
        odd(r3, { answeredIn: 5 }),
        odd(r4, { answeredIn: 7 }),
      ],
    ],
    price: 1000,
    refused: [
      [[2n], "StartInvalid"],
      [[4n], "StartInvalid"],
    ],
  },
  {
    name: "an invalid round after expiry is an end as good as a valid one",
    phases: [[r1, r2, r3, odd(r4, { answer: 0n })]],
    now: E + 601,
    price: 2150,
  },
  {
    name: "with no round after expiry the price waits 15 minutes for one that is not yet shown",
    phases: [[r1, r2, r3]],
    now: E + 900,
    price: "wait",
    refused: [[[2n], "EndNotShown"]],
  },
  { name: "and is then fixed without one", phases: [[r1, r2, r3]], now: E + 901, price: 2150 },
  {
    name: "at the second of expiry there is no price",
    phases: [[r1, r2, r3]],
    now: E,
    price: "wait",
    refused: [[[2n], "FixingTooEarly"]],
  },
  {
    name: "a price two hours old to the second still covers",
    phases: [roundsAt([2000, E - 7200], [9, E + 50_000])],
    now: E + 901,
    price: 2000,
  },
  {
    name: "one second more and the feed is dead",
    phases: [roundsAt([2000, E - 7201], [9, E + 600])],
    price: "wait",
    refused: [[[1n], "FeedNotDead"]],
  },
  {
    name: "a gap that ends as the window opens is none",
    phases: [roundsAt([2000, E - 9001], [2000, E - 1800], [2000, E - 60], [9, E + 60])],
    price: 2000,
  },
  {
    name: "a gap that reaches into the window is one",
    phases: [roundsAt([2000, E - 9000], [2000, E - 1799], [2000, E - 60], [3000, E + 60])],
    now: DEAD_AT + 1,
    price: 3000,
  },
  {
    name: "a feed silent for two hours around expiry is not dead while its last price is fresh",
    phases: [roundsAt([2000, E - 3600], [3000, E + 3700])],
    now: E + 901,
    price: 2000,
  },
  {
    name: "a dead feed waits 48 hours and 15 minutes",
    phases: [roundsAt([2000, E - 8000], [3000, E + 100])],
    now: DEAD_AT,
    price: "wait",
    refused: [[[1n], "FeedNotDead"]],
  },
  {
    name: "and then takes the first valid round after expiry",
    phases: [roundsAt([2000, E - 8000], [3000, E + 100], [4000, E + 200])],
    now: DEAD_AT + 1,
    price: 3000,
    refused: [
      [[2n], "StartTooLate"],
      [[], "PhaseNotShown"],
      [[1n, 1n], "PhaseBeyondCurrent"],
    ],
  },
  {
    name: "not one at expiry",
    phases: [roundsAt([2000, E - 8000], [2500, E], [3000, E + 100])],
    now: DEAD_AT + 1,
    price: 3000,
  },
  {
    name: "not an invalid one",
    phases: [
      [
        odd(r1, { updatedAt: E - 9000 }),
        odd(r2, { updatedAt: E + 5, answer: 0n }),
        odd(r3, { updatedAt: 0 }),
        odd(r4, { answeredIn: 4 }),
      ],
    ],
    now: DEAD_AT + 1,
    price: 5000,
  },
  {
    name: "a round 48 hours after expiry to the second is one",
    phases: [roundsAt([2000, E - 8000], [3000, E + 48 * HOUR])],
    now: DEAD_AT + 1,
    price: 3000,
  },
  {
    name: "dead for two days: one second later it is not, and the last price before counts",
    phases: [roundsAt([2000, E - 8000], [3000, E + 48 * HOUR + 1])],
    now: DEAD_AT + 1,
    price: 2000,
  },
  {
    name: "dead for ever: the last price before",
    phases: [roundsAt([1000, E - 90_000], [2000, E - 80_000])],
    now: E + 10 ** 8,
    price: 2000,
    accepted: [[1n]],
  },
  {
    name: "a round at expiry is one before",
    phases: [roundsAt([1000, E - 90_000], [2000, E])],
    now: DEAD_AT + 1,
    price: 2000,
  },
  {
    name: "a feed that never had a valid round has no price",
    phases: [[odd(r1, { answer: 0n })]],
    now: DEAD_AT + 1,
    price: "impossible",
    refused: [[[1n], "NoValidRound"]],
  },
  {
    name: "a feed without a round has no price",
    phases: [[]],
    now: DEAD_AT + 1,
    price: "impossible",
    refused: [[[1n], "NoValidRound"]],
  },
  {
    name: "of two aggregators that cover the window the lower phase counts",
    phases: [calm, roundsAt([7000, E - 2000], [7000, E + 10])],
    price: 2150,
    refused: [
      [[2n, 1n], "EvidenceUnused"],
      [[], "PhaseNotShown"],
    ],
  },
  {
    name: "a replaced aggregator that stopped long ago gives way to its successor",
    phases: [
      roundsAt([1000, E - 80_000], [1000, E - 70_000]),
      roundsAt([6000, E - 4000], [7000, E - 2000], [9, E + 10]),
    ],
    price: 7000,
    accepted: [
      [1n, 1n],
      [1n, 2n],
      [2n, 1n],
    ],
    refused: [
      [[2n], "PhaseNotShown"],
      [[3n, 1n], "StartInvalid"],
      [[2n, 3n], "StartTooLate"],
      [[2n, 2n, 1n], "EvidenceUnused"],
    ],
  },
  {
    name: "a replaced aggregator that stopped inside the window keeps it",
    phases: [roundsAt([1000, E - 4000], [2000, E - 1200]), roundsAt([7000, E - 600], [7000, E + 10])],
    price: 5000 / 3,
  },
  {
    name: "a phase that began inside the window does not cover it",
    phases: [[], roundsAt([7000, E - 600], [7000, E + 10]), roundsAt([8000, E - 3000], [8000, E + 10])],
    price: 8000,
    refused: [[[1n, 1n], "PhaseNotShown"]],
  },
  {
    name: "a dead feed's first price is the earliest of all phases",
    phases: [roundsAt([1000, E - 8000], [3000, E + 500]), roundsAt([4000, E + 400]), roundsAt([5000, E + 450])],
    now: DEAD_AT + 1,
    price: 4000,
    refused: [
      [[1n, 1n], "PhaseNotShown"],
      [[1n], "PhaseNotShown"],
    ],
  },
  {
    name: "of equal ones the lower phase's",
    phases: [roundsAt([1000, E - 8000], [3000, E + 500]), roundsAt([4000, E + 500])],
    now: DEAD_AT + 1,
    price: 3000,
  },
  {
    name: "and its last price the latest of all phases, of equal ones the higher phase's",
    phases: [roundsAt([1000, E - 8000]), roundsAt([1500, E - 8000]), roundsAt([900, E - 8001])],
    now: DEAD_AT + 1,
    price: 1500,
  },
  {
    name: "the average is rounded once, half up to the tick",
    phases: [roundsAt([1000, E - 1800], [1000.09, E - 900], [9, E + 1])],
    price: 1000.05,
  },
  {
    name: "a price below half a tick is one tick, for zero would mean that none is fixed",
    phases: [[odd(r1, { answer: 1n }), odd(r4, { answeredIn: 9 })]],
    price: 0.01,
  },
  {
    name: "a price above the rollup's range is the highest in it",
    phases: [[odd(r1, { answer: 2n ** 127n - 1n }), odd(r4, { answeredIn: 9 })]],
    price: 54_975_581.38,
  },
];

describe("PriceFixing", () => {
  let l1: L1;

  before(async () => {
    l1 = await createL1();
  });

  for (const { name, phases, now = E + HOUR, price, refused = [], accepted = [] } of CASES) {
    for (const zeros of [false, true]) {
      it(`${name} (missing rounds ${zeros ? "come back as zeros" : "revert"})`, async () => {
        const harness = await l1.ethers.deployContract("SettlementHarness");
        const feed = await l1.ethers.deployContract("PhasedFeed", [8, BASE + phases.length - 1]);
        const readable = phases.map((rounds) => rounds.filter(({ updatedAt }) => updatedAt <= now));
        for (const [index, rounds] of readable.entries()) {
          await feed.load(BASE + index, stored(rounds));
          await feed.setZeros(BASE + index, zeros);
        }
        const source = [await feed.getAddress(), BASE, 8, 100] as const;
        const fix = (starts: readonly bigint[]) => harness.settlementPrice(...source, DAY, now, [...starts]);

        const found = await findRoundEvidence(memoryFeed(readable), { phaseBase: BASE, day: DAY, now: BigInt(now) });
        if (typeof price === "number") {
          const model = modelPrice(phases, E, { decimals: 8, tick: 100n });
          expect(model?.price, "the model").to.equal(BigInt(Math.round(price * 100)) * 100n);
          if (found.status !== "ready") expect.fail(`no evidence found: ${found.status}`);
          for (const starts of [found.starts, ...accepted]) {
            expect((await fix(starts)).price, `evidence ${starts.join()}`).to.equal(model?.price);
          }
        } else {
          expect(found.status).to.equal(price);
        }
        for (const [starts, error] of refused) {
          await expect(fix(starts), `evidence ${starts.join()}`).to.be.revertedWithCustomError(harness, error);
        }
      });
    }
  }

  it("rounds to the tick half up, once", async () => {
    const harness = await l1.ethers.deployContract("SettlementHarness");
    expect(await harness.toPrice(149n, 1, 4, 100)).to.equal(100n);
    expect(await harness.toPrice(150n, 1, 4, 100)).to.equal(200n);
    // 149.5 would become 150 and then 200 if it were rounded to 1e-4 USD first.
    expect(await harness.toPrice(299n, 2, 4, 100)).to.equal(100n);
    expect(await harness.toPrice((2n ** 127n - 1n) * 1800n, 1800, 0, 100)).to.equal(549_755_813_800n);
    expect(await harness.toPrice((2n ** 127n - 1n) * 1800n, 1800, 18, 4_294_967_200n)).to.equal(549_755_801_600n);
  });

  it("no amount of gas makes a round look missing", async () => {
    const harness = await l1.ethers.deployContract("SettlementHarness");
    const feed = await l1.ethers.deployContract("PhasedFeed", [8, BASE]);
    await feed.load(BASE, stored(calm));
    await feed.setOddities(120_000, false, false, 0);
    const source = [await feed.getAddress(), BASE, 8, 100] as const;
    let fixed = 0;
    for (let gasLimit = 60_000; gasLimit <= 1_500_000; gasLimit += 40_000) {
      const outcome = await harness
        .settlementPrice(...source, DAY, E + HOUR, [2n], { gasLimit })
        .then(({ price }) => price)
        .catch(() => undefined);
      if (outcome !== undefined) fixed++;
      expect(outcome ?? 21_500_000n, `gas limit ${gasLimit}`).to.equal(21_500_000n);
    }
    expect(fixed).to.be.greaterThan(0);
  });

  it("a window with a round in every block costs less than 1.5 million gas", async () => {
    const harness = await l1.ethers.deployContract("SettlementHarness");
    const feed = await l1.ethers.deployContract("PhasedFeed", [8, BASE]);
    const rounds = Array.from({ length: 152 }, (_, index): readonly [number, number] => [2000, E - 1800 + 12 * index]);
    await feed.load(BASE, stored(roundsAt(...rounds)));
    const gas = await harness.settlementPrice.estimateGas(await feed.getAddress(), BASE, 8, 100, DAY, E + HOUR, [1n]);
    // What a call needs exceeds what it uses by the gas that its last read is sure to get.
    const used = gas - 520_000n;
    console.log(`      gas of 152 rounds: about ${used}`);
    expect(used).to.be.lessThan(1_500_000n);
  });

  it("a feed whose answers are cut short or carry foreign ids counts as having none", async () => {
    const harness = await l1.ethers.deployContract("SettlementHarness");
    const feed = await l1.ethers.deployContract("PhasedFeed", [8, BASE]);
    await feed.load(BASE, stored(calm));
    const fix = async (start: bigint) =>
      harness.settlementPrice(await feed.getAddress(), BASE, 8, 100, DAY, DEAD_AT + 1, [start]);
    await feed.setOddities(0, true, false, 0);
    await expect(fix(2n)).to.be.revertedWithCustomError(harness, "StartInvalid").withArgs(BASE, 2n);
    await expect(fix(1n)).to.be.revertedWithCustomError(harness, "NoValidRound").withArgs(BASE, BASE);
    await feed.setOddities(0, false, true, 0);
    await expect(fix(2n)).to.be.revertedWithCustomError(harness, "StartInvalid").withArgs(BASE, 2n);
    await feed.setOddities(0, false, false, 0);
    expect((await fix(2n)).price).to.equal(21_500_000n);
  });
});
