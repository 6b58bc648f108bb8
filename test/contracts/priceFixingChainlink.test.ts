import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";

import { findRoundEvidence } from "../../src/settlement/roundEvidence.ts";
import type { IFluxAggregator, OptionsSettlement } from "../../typechain/index.ts";
import { connect, type Connection } from "../support/baseChain.ts";
import { modelPrice } from "../support/feedModel.ts";
import { PriceFeed } from "../support/PriceFeed.ts";
import { Random, runSeed } from "../support/random.ts";
import { TERMS } from "../support/settlementScene.ts";

const HOUR = 3600;
const MARKET = 1;
/** A second after which a dead feed's price can be fixed, counted from expiry. */
const DEAD = 48 * HOUR + 901;

/** A market on Chainlink's own contracts, with a fresh phase as its base, before an expiry. */
interface Scene {
  readonly connection: Connection;
  readonly feed: PriceFeed;
  readonly base: number;
  readonly aggregator: IFluxAggregator;
  readonly settlement: OptionsSettlement;
  readonly day: number;
  readonly expiry: number;
}

describe("PriceFixing on Chainlink's proxy and aggregators", () => {
  let scene: Scene;
  let restore: () => Promise<void>;

  before(async () => {
    const connection = await connect();
    const { ethers, networkHelpers } = connection;
    const [, timelock] = await ethers.getSigners();
    const feed = await PriceFeed.on(connection);
    const { phase: base, aggregator } = await feed.addPhase();
    const harness = await ethers.deployContract("SettlementHarness");
    const settlement = await ethers.deployContract("OptionsSettlement", [
      await harness.getAddress(),
      timelock!.address,
    ]);
    const byOwner = settlement.connect(timelock);
    const address = await feed.proxy.getAddress();
    await byOwner.listMarket(MARKET, address, TERMS.tick, TERMS.lot, TERMS.steps, base);
    const day = Math.floor((await networkHelpers.time.latest()) / 86_400) + 2;
    scene = { connection, feed, base, aggregator, settlement, day, expiry: day * 86_400 + 28_800 };
    const snapshot = await networkHelpers.takeSnapshot();
    restore = () => snapshot.restore();
  });

  afterEach(async () => {
    await restore();
    scene.feed.forget(scene.base);
  });

  /** Rounds of the base phase around the expiry: the average of its window is 2,150. */
  const calm = () =>
    (
      [
        [1000, -5000],
        [2000, -2700],
        [2300, -900],
        [5000, 600],
      ] as const
    ).map(([usd, second]) => ({ aggregator: scene.aggregator, usd, at: scene.expiry + second }));

  async function fixAt(second: number, ...starts: bigint[]): Promise<ContractTransactionResponse> {
    await scene.connection.networkHelpers.time.setNextBlockTimestamp(scene.expiry + second);
    return scene.settlement.fixPrice(MARKET, scene.day, starts);
  }

  /** The evidence that a node finds on the chain at a moment. */
  async function evidenceAt(second: number): Promise<bigint[]> {
    const target = { phaseBase: scene.base, day: scene.day, now: BigInt(scene.expiry + second) };
    const found = await findRoundEvidence(await scene.feed.reader(), target);
    if (found.status !== "ready") expect.fail(`no evidence: ${found.status}`);
    return [...found.starts];
  }

  function modelled(): bigint {
    return modelPrice(scene.feed.model(scene.base), scene.expiry, { decimals: 8, tick: TERMS.tick })!.price;
  }

  it("relays the last answer with the time at which the aggregator recorded it", async () => {
    const at = scene.expiry - 5000;
    await scene.feed.answer([{ aggregator: scene.aggregator, usd: 1234.56785, at }]);
    await expect(scene.settlement.relayAnchor(MARKET))
      .to.emit(scene.settlement, "AnchorRelayed")
      .withArgs(MARKET, 12_345_679, at, 1);
  });

  it("has no anchor of a phase without a round", async () => {
    await expect(scene.settlement.relayAnchor(MARKET)).to.be.revertedWith("No data present");
  });

  it("fixes the average of the window, whatever round the caller begins with, and once", async () => {
    await scene.feed.answer(calm());
    const id = (BigInt(scene.base) << 64n) | 2n;
    await expect(fixAt(HOUR, 1n))
      .to.emit(scene.settlement, "PriceFixed")
      .withArgs(MARKET, scene.day, 21_500_000n, id, false, 1);
    expect(modelled()).to.equal(21_500_000n);
    for (const starts of [[2n], [], [77n, 0n]]) await scene.settlement.fixPrice(MARKET, scene.day, starts);
    expect(await scene.settlement.fixedPrice(MARKET, scene.day)).to.equal(21_500_000n);
  });

  const wrong: [error: string, what: string, starts: bigint[]][] = [
    ["StartTooLate", "a start inside the window", [3n]],
    ["StartTooLate", "a start behind the window", [4n]],
    ["StartInvalid", "round 0", [0n]],
    ["StartInvalid", "a round that is not there", [5n]],
    ["StartInvalid", "a round beyond an aggregator's numbers", [2n ** 32n + 2n]],
    ["PhaseNotShown", "no evidence", []],
    ["EvidenceUnused", "evidence of a phase too many", [2n, 1n]],
  ];
  for (const [error, what, starts] of wrong) {
    it(`refuses ${what}: ${error}`, async () => {
      await scene.feed.answer(calm());
      await expect(fixAt(HOUR, ...starts)).to.be.revertedWithCustomError(scene.settlement, error);
    });
  }

  it("waits 15 minutes for a round after expiry, and does without one then", async () => {
    await scene.feed.answer(calm().slice(0, 3));
    await expect(fixAt(900, 2n)).to.be.revertedWithCustomError(scene.settlement, "EndNotShown");
    await fixAt(901, 2n);
    expect(await scene.settlement.fixedPrice(MARKET, scene.day)).to.equal(21_500_000n);
  });

  it("takes an aggregator that was replaced inside the window for the whole of it", async () => {
    await scene.feed.answer(calm().slice(0, 3));
    const { aggregator } = await scene.feed.addPhase();
    await scene.feed.answer([
      { aggregator, usd: 7000, at: scene.expiry - 600 },
      { aggregator, usd: 7100, at: scene.expiry + 10 },
    ]);
    await fixAt(HOUR, ...(await evidenceAt(HOUR)));
    expect(await scene.settlement.fixedPrice(MARKET, scene.day))
      .to.equal(modelled())
      .and.to.equal(21_500_000n);
  });

  it("takes the successor of an aggregator that had stopped long before", async () => {
    await scene.feed.answer([{ aggregator: scene.aggregator, usd: 1000, at: scene.expiry - 30_000 }]);
    const { aggregator } = await scene.feed.addPhase();
    await scene.feed.answer([
      { aggregator, usd: 6000, at: scene.expiry - 4000 },
      { aggregator, usd: 7000, at: scene.expiry - 900 },
      { aggregator, usd: 9, at: scene.expiry + 10 },
    ]);
    const starts = await evidenceAt(HOUR);
    expect(starts).to.have.length(2);
    await fixAt(HOUR, ...starts);
    expect(await scene.settlement.fixedPrice(MARKET, scene.day))
      .to.equal(modelled())
      .and.to.equal(65_000_000n);
  });

  it("takes the first answer after expiry of a feed that was dead at it", async () => {
    await scene.feed.answer([
      { aggregator: scene.aggregator, usd: 2000, at: scene.expiry - 9000 },
      { aggregator: scene.aggregator, usd: 3000, at: scene.expiry + 100 },
    ]);
    await expect(fixAt(DEAD - 1, 1n)).to.be.revertedWithCustomError(scene.settlement, "FeedNotDead");
    const id = (BigInt(scene.base) << 64n) | 2n;
    await expect(fixAt(DEAD, 1n))
      .to.emit(scene.settlement, "PriceFixed")
      .withArgs(MARKET, scene.day, 30_000_000n, id, true, 1);
    expect(modelled()).to.equal(30_000_000n);
  });

  it("finds no price while the feed's owner lets only some read, and the same one afterwards", async () => {
    await scene.feed.answer(calm());
    // A controller that answers nobody.
    await scene.feed.setController(await scene.settlement.getAddress());
    await expect(fixAt(HOUR, 2n)).to.be.revertedWithCustomError(scene.settlement, "StartInvalid");
    await scene.feed.setController();
    await fixAt(HOUR + 60, 2n);
    expect(await scene.settlement.fixedPrice(MARKET, scene.day)).to.equal(21_500_000n);
  });

  const seed = runSeed();
  it(`gives two callers who begin elsewhere one price, over random rounds and phases (TENOR_SEED=${seed})`, async () => {
    const random = new Random(seed);
    for (let race = 0; race < 4; race++) {
      const rounds: Parameters<PriceFeed["answer"]>[0][number][] = [];
      const { aggregator: second } = await scene.feed.addPhase();
      const silent = random.chance(0.5) ? scene.expiry - 9000 : scene.expiry + 7000;
      for (const [aggregator, end] of [
        [scene.aggregator, silent],
        [second, scene.expiry + 7000],
      ] as const) {
        let at = scene.expiry - 20_000 + random.integer(0, 600);
        for (; at < end; at += random.integer(600, 3600)) {
          // A second has one block.
          while (rounds.some((round) => round.at === at)) at++;
          rounds.push({ aggregator, usd: random.integer(1, 5000), at });
        }
      }
      await scene.feed.answer(rounds);
      const starts = await evidenceAt(8000);
      const earlier = starts.map((start) => (start > 2n ? start - BigInt(random.integer(1, 2)) : start));
      const snapshot = await scene.connection.networkHelpers.takeSnapshot();
      for (const choice of [starts, earlier]) {
        await fixAt(8000, ...choice);
        expect(await scene.settlement.fixedPrice(MARKET, scene.day)).to.equal(modelled());
        await snapshot.restore();
      }
      await restore();
      scene.feed.forget(scene.base);
    }
  });
});
