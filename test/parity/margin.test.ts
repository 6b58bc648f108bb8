import { expect } from "chai";
import { network } from "hardhat";
import { factor, healthOf, largestFraction, paymentUp } from "../../src/machine/Auction.ts";
import { BASIS, FRACTION, LIQUIDATION_MAX_AGE, MAX_PRICE, SPOT_MAX_AGE } from "../../src/machine/Constants.ts";
import { requirements, valueDown } from "../../src/machine/Margin.ts";
import { hasMark, inBand, mark, PHASE_STALE, quote, viewOf, type ExpiryView } from "../../src/machine/Marks.ts";
import { dayOf, expiriesOf, makePosition, packSeries, type Position } from "../../src/machine/Positions.ts";
import { EMPTY_EXPIRY, expiryTime, UNLISTED, type Expiry, type Market } from "../../src/machine/Slots.ts";
import type { MarginHarness } from "../../typechain/index.ts";
import { Random, runSeed } from "../support/random.ts";
import { sorted } from "../support/riskExamples.ts";

const SEED = runSeed();
const PORTFOLIOS = Number(process.env.TENOR_PORTFOLIOS ?? 150);
const MARKET = 3;
const DAY = 20_600;

/** What a view is built from. */
interface Source {
  readonly id: number;
  readonly market: Market;
  readonly expiry: Expiry;
  readonly now: bigint;
  readonly maxSpotAge: bigint;
}

/** A source in any phase, mostly fresh. */
function randomSource(random: Random, id: number): Source {
  const end = expiryTime(dayOf(id));
  const kind = random.integer(0, 9);
  const before = kind === 0 ? -BigInt(random.integer(0, 5_000)) : BigInt(random.integer(1, 200 * 86_400));
  const now = end - before;
  const spot = random.chance(0.9) ? BigInt(random.integer(10_000_000, 30_000_000)) : randomPrice(random);
  const [age, curveAge] = [random.integer(0, kind === 1 ? 1_000 : 120), random.integer(0, kind === 2 ? 4_000 : 1_800)];
  const market: Market = {
    ...UNLISTED,
    tick: 100n,
    lot: 1_000n,
    anchor: random.chance(0.9) ? spot : randomPrice(random),
    minVol: BigInt(random.integer(10_000, 300_000)),
    maxVol: kind === 3 ? 0n : BigInt(random.integer(300_000, 10_000_000)),
    bandFloor: BigInt(random.integer(1, 100_000)),
    spot,
    spotTime: now - BigInt(age),
  };
  const expiry: Expiry = {
    ...EMPTY_EXPIRY,
    price: kind === 4 ? randomPrice(random) : 0n,
    forward: kind === 5 ? 0n : (spot * BigInt(random.integer(5_001, 14_999))) / 10_000n + 1n,
    curveSpot: random.chance(0.9) ? spot + BigInt(random.integer(0, 200_000)) : randomPrice(random),
    curveTime: now - BigInt(curveAge),
    curve: {
      a: BigInt(random.integer(0, 2 * 10 ** 11)),
      b: BigInt(random.integer(0, 5 * 10 ** 11)),
      rho: BigInt(random.integer(-999, 999)) * 10n ** 9n,
      m: BigInt(random.integer(-500, 500)) * 10n ** 9n,
      sigma: BigInt(random.integer(1, 10 ** 12)),
      refTau: BigInt(random.integer(3_600, 300 * 86_400)),
    },
  };
  const maxSpotAge = random.chance(0.5) ? SPOT_MAX_AGE : LIQUIDATION_MAX_AGE;
  return { id, market, expiry, now: now < 0n ? 0n : now, maxSpotAge };
}

function randomPrice(random: Random): bigint {
  return random.pick([1n, 2n, 20_000_000n, MAX_PRICE - 1n, MAX_PRICE]);
}

function randomPositions(random: Random, ids: readonly number[], count: number): readonly Position[] {
  const byId = new Map<bigint, Position>();
  const shorts = random.next();
  for (let i = 0; i < count; i++) {
    const id = random.pick(ids);
    const strike = random.chance(0.95) ? BigInt(random.integer(1, 60)) * 500_000n : randomPrice(random);
    const series = packSeries(id >>> 16, dayOf(id), strike, random.chance(0.5));
    const size = random.chance(0.95) ? BigInt(random.integer(1, 5_000)) * 1_000n : 10n ** 15n;
    byId.set(series, makePosition(series, random.chance(shorts) ? -size : size));
  }
  return sorted([...byId.values()]);
}

const view = ({ id, market, expiry, now, maxSpotAge }: Source): ExpiryView =>
  viewOf(id, market, expiry, now, maxSpotAge);

/** A source as the harness takes it. */
function argument({ id, market, expiry, now, maxSpotAge }: Source) {
  const [shortStep, mediumStep, longStep] = market.steps;
  return {
    day: dayOf(id),
    market: { ...market, shortStep, mediumStep, longStep },
    expiry: { ...expiry, isFinal: expiry.final },
    l2Time: now,
    maxSpotAge,
  };
}

const word = ({ series, quantity }: Position): bigint => (series << 192n) | BigInt.asUintN(128, quantity);

describe("parity of marks, standard margin and auctions", () => {
  let harness: MarginHarness;
  let random: Random;

  before(async () => {
    const override = { blockGasLimit: 10n ** 13n, transactionGasCap: false } as const;
    const { ethers } = await network.create({ override });
    harness = await ethers.deployContract("MarginHarness");
  });

  beforeEach(() => {
    random = new Random(SEED);
  });

  it(`gives ${PORTFOLIOS} random portfolios the same requirements and values (seed ${SEED})`, async () => {
    const cases = Array.from({ length: PORTFOLIOS }, () => {
      const ids = Array.from({ length: random.integer(1, 8) }, (_, i) => (MARKET << 16) | (DAY + i));
      const sources = new Map(ids.map((id) => [id, randomSource(random, id)]));
      return { positions: randomPositions(random, ids, random.pick([0, 1, 2, 3, 6, 12, 64])), sources };
    });
    const phases = new Set<number>();
    let old = 0;
    for (let start = 0; start < cases.length; start += 20) {
      const slice = cases.slice(start, start + 20);
      const results = await harness.assess.staticCall(
        slice.map(({ positions, sources }) => ({
          positions: positions.map(word),
          sources: expiriesOf(positions).map((id) => argument(sources.get(id)!)),
        })),
        { gasLimit: 10n ** 12n },
      );
      for (const [i, { positions, sources }] of slice.entries()) {
        const views = (id: number): ExpiryView => view(sources.get(id)!);
        for (const id of expiriesOf(positions)) phases.add(views(id).phase);
        const { initial, maintenance } = requirements(positions, views);
        const result = results[i]!;
        expect([result.initial, result.maintenance], `portfolio ${start + i}`).to.deep.equal([initial, maintenance]);
        // As the liquidation filters the list before it asks for each of these.
        const marked = positions.filter(({ expiry }) => hasMark(views(expiry)));
        const known = marked.filter(({ expiry }) => views(expiry).phase !== PHASE_STALE);
        const shorts = known.filter(({ quantity }) => quantity < 0n);
        expect(
          [result.auctionMaintenance, result.value, result.shorts],
          `auction of portfolio ${start + i}`,
        ).to.deep.equal([requirements(known, views).maintenance, valueDown(marked, views), valueDown(shorts, views)]);
        if (known.length < marked.length) old++;
      }
    }
    expect(phases.size, "phases that were met").to.equal(4);
    expect(old, "portfolios with marks that are not recent").to.be.above(0);
  });

  it("gives every series the same mark and delta, and the band the same edges", async () => {
    for (let i = 0; i < 60; i++) {
      const source = randomSource(random, (MARKET << 16) | DAY);
      const expiry = view(source);
      const series = randomPositions(random, [source.id], 12).map((position) => position.series);
      const known = hasMark(expiry);
      const fair = known && expiry.price === 0n ? mark(expiry, series[0]!) : 1n;
      const width = known && expiry.price === 0n ? edge(expiry, series[0]!, fair) : 1n;
      const around = [fair + width, fair + width + 1n, fair - width, fair - width - 1n, fair];
      const prices = around.map((price) => (price < 0n ? 0n : price));
      const results = await harness.quote.staticCall(argument(source), series, prices, { gasLimit: 10n ** 12n });
      for (const [j, id] of series.entries()) {
        const result = results[j]!;
        expect(result.hasMark).to.equal(known);
        if (!known) continue;
        expect(result.mark).to.equal(mark(expiry, id));
        if (expiry.price !== 0n) continue;
        expect([result.fair, result.delta]).to.deep.equal([mark(expiry, id), quote(expiry, id).delta]);
        expect([...result.inBand]).to.deep.equal(prices.map((price) => inBand(expiry, id, price)));
      }
    }
  });

  it("gives auctions the same factor, fraction and payment", async () => {
    const times = [0, 1, 899, 900, 901, 3_599, 3_600, 3_601, 7_200].map(BigInt);
    expect([...(await harness.factors(times))]).to.deep.equal(times.map(factor));
    const signs = new Set<boolean>();
    let whole = 0;
    const amount = (): bigint => BigInt(random.integer(0, 10 ** random.integer(0, 15)));
    for (let i = 0; i < 200; i++) {
      const [cash, debt] = [amount(), random.chance(0.5) ? 0n : amount()];
      const [maintenance, marked, shorts] = [amount(), amount() - amount(), -amount()];
      const [elapsed, fraction] = [BigInt(random.integer(0, 4_000)), BigInt(random.integer(1, 10 ** 9))];
      const health = healthOf(cash, debt, maintenance, marked, shorts);
      const sold = await harness.sell(cash, debt, maintenance, marked, shorts, elapsed, fraction);
      expect([...sold.health]).to.deep.equal([
        health.maintenanceExcess,
        health.bufferedExcess,
        health.value,
        maintenance,
        debt,
      ]);
      signs.add(health.value < 0n);
      if (health.bufferedExcess >= 0n) continue;
      const rate = factor(elapsed);
      const largest = largestFraction(health, rate);
      expect([sold.rate, sold.largest]).to.deep.equal([rate, largest]);
      expect(largest).to.be.at.most(FRACTION);
      if (largest === FRACTION) whole++;
      expect(sold.payment).to.equal(paymentUp(health, rate, fraction));
    }
    expect(signs.size, "signs of the value").to.equal(2);
    expect(whole, "accounts that may be sold whole").to.be.above(0);
  });
});

/** The largest distance from the mark within the band. */
function edge(expiry: ExpiryView, series: bigint, fair: bigint): bigint {
  let [low, high] = [0n, 4n * BASIS * MAX_PRICE];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (inBand(expiry, series, fair + middle)) low = middle;
    else high = middle - 1n;
  }
  return low < MAX_PRICE ? low : MAX_PRICE;
}
