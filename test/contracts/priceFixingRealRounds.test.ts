import { expect } from "chai";

import { readBaseChain } from "../../scripts/fork/BaseChain.ts";
import { readRealRounds, REAL_PHASE, ROUNDS_FILE } from "../../scripts/fork/rounds.ts";
import { findRoundEvidence } from "../../src/settlement/roundEvidence.ts";
import { modelPrice, type ModelRound } from "../support/feedModel.ts";
import { BASE, createL1, deploySettlement, memoryFeed, stored, TERMS, type L1 } from "../support/settlementScene.ts";

/** The market of these rounds. */
const MARKET = 2;
/** Rounds in one transaction of the test feed. */
const LOAD = 600;
/** What fixing a price may cost here: half the settlements, and any one of them. */
const GAS_MEDIAN = 150_000n;
const GAS_HIGHEST = 400_000n;

describe("PriceFixing on the rounds of a live ETH/USD feed", () => {
  let l1: L1;
  let rounds: ModelRound[];
  let scene: Awaited<ReturnType<typeof deploySettlement>>;
  let feed: string;
  /** Whether the feed is one that others have filled. */
  let forked = false;

  before(async function () {
    const found = readRealRounds();
    const chain = readBaseChain();
    if (found === undefined) {
      console.log(`      no ${ROUNDS_FILE}: set TENOR_DATA to the folder of real data`);
      this.skip();
    }
    if (chain?.realRounds === 0) {
      console.log("      the forked chain's feed has none of the rounds of the file");
      this.skip();
    }
    l1 = await createL1();
    scene = await deploySettlement(l1);
    if (chain !== undefined) {
      // The feed itself, with as many of the rounds as were replayed; on the public network all of them.
      rounds = found.slice(0, chain.realRounds);
      feed = chain.feed;
      forked = true;
      await scene.byOwner.listMarket(MARKET, feed, TERMS.tick, TERMS.lot, TERMS.steps, REAL_PHASE);
      return;
    }
    rounds = found;
    feed = await scene.feed.getAddress();
    for (let from = 0; from < rounds.length; from += LOAD) {
      await scene.feed.load(BASE, stored(rounds.slice(from, from + LOAD)));
    }
    await scene.byOwner.listMarket(MARKET, feed, TERMS.tick, TERMS.lot, TERMS.steps, BASE);
  });

  it("fixes the model's price for the 08:00 UTC expiries of the file", async () => {
    const days = expiryDays();
    // A day has about 37 rounds.
    expect(days.length).to.be.greaterThan(rounds.length / 45);
    // A node far away takes its time for each round.
    for (const day of forked ? spread(days, 60) : days) {
      const expiry = day * 86_400 + 28_800;
      const now = expiry + 3 * 3600;
      const starts = await evidenceFor(day, now);
      const fixing = await scene.harness.settlementPrice(feed, BASE, 8, 100, day, now, starts);
      expect(fixing.price, `day ${day}`).to.equal(priceOf(day));
      expect(fixing.deadFeed).to.equal(false);
    }
  });

  it("costs within the target, over 40 expiries spread over the file", async () => {
    const days = expiryDays();
    const gas: bigint[] = [];
    for (const day of spread(days, 40)) {
      const starts = await evidenceFor(day, await l1.time.latest());
      const receipt = await (await scene.settlement.fixPrice(MARKET, day, starts)).wait();
      gas.push(receipt!.gasUsed);
      expect(await scene.settlement.fixedPrice(MARKET, day), `day ${day}`).to.equal(priceOf(day));
    }
    gas.sort((a, b) => (a < b ? -1 : 1));
    const [lowest, median, highest] = [gas[0]!, gas[20]!, gas[39]!];
    console.log(`      gas of fixPrice: lowest ${lowest}, median ${median}, highest ${highest}`);
    expect(median).to.be.lessThan(GAS_MEDIAN);
    expect(highest).to.be.lessThan(GAS_HIGHEST);
  });

  /** So many days, spread over those given. */
  function spread(days: readonly number[], count: number): number[] {
    return Array.from({ length: count }, (_, index) => days[Math.floor((index * days.length) / count)]!);
  }

  async function evidenceFor(day: number, now: number): Promise<bigint[]> {
    const found = await findRoundEvidence(memoryFeed([rounds]), { phaseBase: BASE, day, now: BigInt(now) });
    if (found.status !== "ready") expect.fail(`day ${day}: ${found.status}`);
    return [...found.starts];
  }

  /** The model's price, from the rounds of the days around the expiry. */
  function priceOf(day: number): bigint | undefined {
    const expiry = day * 86_400 + 28_800;
    const near = rounds.map((round) =>
      Math.abs(round.updatedAt - expiry) < 86_400 ? round : { ...round, answer: 0n },
    );
    return modelPrice([near], expiry, { decimals: 8, tick: 100n })?.price;
  }

  /** The days whose windows lie inside the file. */
  function expiryDays(): number[] {
    const first = Math.floor(rounds[0]!.updatedAt / 86_400) + 1;
    const last = Math.floor(rounds.at(-1)!.updatedAt / 86_400) - 1;
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }
});
