import { expect } from "chai";
import fc from "fast-check";
import { hasMark as machineHasMark, inBand as machineInBand, mark as machineMark } from "../../../src/machine/Marks.ts";
import { Random } from "../../../src/market/random.ts";
import {
  hasMark,
  inBand,
  markOf,
  pairedCharge,
  pairUp,
  scanCharge,
  splitCharge,
  type ExpiryView,
  type Lot,
} from "../../support/model/MarginModel.ts";
import { expectTable } from "../../support/docTables.ts";
import {
  bookArbitrary,
  freshGroup,
  groupArbitrary,
  leg,
  legArbitrary,
  machineRequirements,
  modelRequirements,
  twinOf,
  values,
  type Group,
} from "../../support/model/portfolios.ts";
import { parseSeries, roundUp, seriesName, type Series } from "../../support/model/words.ts";

const SEED = 19;
const RUNS = { numRuns: 400, seed: SEED };
const USD = 10_000n;
const ONE = 1_000_000n;
/** Pairs of accounts that are merged. */
const PAIRS = 2000;

describe("standard margin against the reference model", () => {
  it(`agrees on both requirements and the value of random books (seed ${SEED})`, () => {
    fc.assert(
      fc.property(bookArbitrary, (book) => {
        const twin = twinOf(book);
        expect(machineRequirements(twin)).to.deep.equal(modelRequirements(twin));
        if ([...twin.views.values()].every(hasMark)) {
          const [machine, model] = values(twin);
          expect(machine).to.equal(model);
        }
      }),
      RUNS,
    );
  });

  it("agrees on marks and bands", () => {
    fc.assert(
      fc.property(groupArbitrary(8), fc.integer({ min: 1, max: 5_000_000 }), (group, ticks) => {
        const { positions, machineViews, views } = twinOf([group]);
        const view = views.get(`${group.market}/${group.day}`)!;
        for (const { series, expiry, strike, put } of positions) {
          const words = { market: group.market, day: group.day, strike, put };
          const machineView = machineViews(expiry);
          expect(machineHasMark(machineView)).to.equal(hasMark(view));
          if (!hasMark(view)) continue;
          const mark = markOf(view, words);
          expect(machineMark(machineView, series)).to.equal(mark);
          if (view.phase === "fixed") continue;
          // Somewhere, and on both sides of either end of the band.
          const ends = edges(view, words);
          for (const price of [BigInt(ticks), mark, ...ends.flatMap((end) => [end - 1n, end, end + 1n])]) {
            if (price > 0n) expect(machineInBand(machineView, series, price)).to.equal(inBand(view, words, price));
          }
        }
      }),
      RUNS,
    );
  });

  it("pairs as single units would pair one after the other", () => {
    const units = fc.array(
      fc.record({
        strike: fc.integer({ min: 1, max: 9 }),
        quantity: fc.integer({ min: -4, max: 4 }),
        // In strikes: a long this far away or farther does not cover.
        most: fc.integer({ min: 1, max: 9 }),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(units, fc.boolean(), (legs, put) => {
        const byStrike = new Map(legs.map(({ strike, ...rest }) => [strike, rest]));
        const lots: Lot[] = [...byStrike].map(([strike, { quantity }]) => ({
          series: { market: 1, day: 1, strike: BigInt(strike), put },
          quantity: BigInt(quantity),
        }));
        const found = new Map<string, bigint>();
        const mostOf = (short: Series): bigint => USD * BigInt(byStrike.get(Number(short.strike))!.most);
        for (const { short, long, quantity } of pairUp(lots, mostOf)) {
          const name = `${short.strike} ${long?.strike}`;
          found.set(name, (found.get(name) ?? 0n) + quantity);
        }
        expect(found).to.deep.equal(pairUnits(byStrike, put));
      }),
      RUNS,
    );
  });
});

/** The pairs of single units: each long takes the last uncovered short that it may cover, or waits for one. */
function pairUnits(
  byStrike: ReadonlyMap<number, { readonly quantity: number; readonly most: number }>,
  put: boolean,
): Map<string, bigint> {
  const strikes = [...byStrike.keys()].sort((a, b) => (put ? b - a : a - b));
  const [shorts, longs, pairs]: [number[], number[], string[]] = [[], [], []];
  for (const strike of strikes) {
    const { quantity } = byStrike.get(strike)!;
    for (let unit = 0; unit < Math.abs(quantity); unit++) {
      if (quantity < 0) {
        // Longs that wait are used in the order in which they came; it makes no difference to the cost.
        const long = longs.shift();
        if (long === undefined) shorts.push(strike);
        else pairs.push(`${strike} ${long}`);
        continue;
      }
      const found = shorts.findLastIndex((short) => Math.abs(strike - short) < byStrike.get(short)!.most);
      if (found === -1) longs.push(strike);
      else pairs.push(`${shorts.splice(found, 1)[0]} ${strike}`);
    }
  }
  pairs.push(...shorts.map((strike) => `${strike} undefined`));
  const sums = new Map<string, bigint>();
  for (const pair of pairs) sums.set(pair, (sums.get(pair) ?? 0n) + 1n);
  return sums;
}

/** The lowest and the highest price in the band, by bisection. */
function edges(view: ExpiryView, series: Series): bigint[] {
  const mark = markOf(view, series);
  const edge = (inside: bigint, outside: bigint): bigint => {
    while ((outside > inside ? outside - inside : inside - outside) > 1n) {
      const middle = (inside + outside) / 2n;
      if (inBand(view, series, middle)) inside = middle;
      else outside = middle;
    }
    return inside;
  };
  return [edge(mark, -1n), edge(mark, 2n ** 39n)];
}

describe("standard margin", () => {
  it("never asks more for maintenance than to begin with, nor less than nothing", () => {
    fc.assert(
      fc.property(bookArbitrary, (book) => {
        const { initial, maintenance } = machineRequirements(twinOf(book));
        expect(initial >= maintenance && maintenance >= 0n).to.equal(true);
      }),
      RUNS,
    );
  });

  it("scales with the positions, but for the rounding of each expiry", () => {
    fc.assert(
      fc.property(bookArbitrary, fc.bigInt({ min: 2n, max: 50n }), (book, times) => {
        const scaled = book.map((group) => ({
          ...group,
          legs: group.legs.map((leg) => ({ ...leg, quantity: leg.quantity * times })),
        }));
        const [one, many] = [machineRequirements(twinOf(book)), machineRequirements(twinOf(scaled))];
        for (const kind of ["initial", "maintenance"] as const) {
          expect(many[kind] <= times * one[kind]).to.equal(true);
          expect(many[kind] > times * (one[kind] - BigInt(book.length))).to.equal(true);
        }
      }),
      RUNS,
    );
  });

  it("asks nothing for longs alone, and no more for a vertical spread than its width", () => {
    fc.assert(
      fc.property(groupArbitrary(20), legArbitrary, legArbitrary, (group, first, second) => {
        const longs = group.legs.map((leg) => ({ ...leg, quantity: leg.quantity < 0n ? -leg.quantity : leg.quantity }));
        expect(machineRequirements(twinOf([{ ...group, legs: longs }])).initial).to.equal(0n);
        if (first.strike === second.strike) return;
        const spread = [
          { ...first, quantity: -ONE },
          { strike: second.strike, put: first.put, quantity: ONE },
        ];
        const width = first.strike > second.strike ? first.strike - second.strike : second.strike - first.strike;
        expect(machineRequirements(twinOf([{ ...group, legs: spread }])).initial <= (width * ONE) / USD).to.equal(true);
      }),
      RUNS,
    );
  });
});

/** The initial requirement of legs in USD. */
const asked = (group: Group, ...legs: Group["legs"][number][]): number =>
  Number(machineRequirements(twinOf([{ ...group, legs }])).initial) / 1e6;

/** The vol at which a call has a mark, by bisection. */
function volFor(forward: number, strike: number, days: number, mark: number): number {
  let [low, high] = [0.1, 3];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    const { views } = twinOf([freshGroup(forward, middle, days, [leg(-1, strike)])]);
    const series = { market: 1, day: 20_000, strike: BigInt(strike) * USD, put: false };
    if (Number(markOf(views.get("1/20000")!, series)) / 10_000 < mark) low = middle;
    else high = middle;
  }
  return high;
}

describe("standard margin of the published examples", () => {
  it("asks for a naked call of 14,395 and a spread of 1,000 what they ask apart, not 36,249", () => {
    // 13 % of 100,000 and a mark of 1,395.
    const group = freshGroup(100_000, volFor(100_000, 110_000, 30, 1395), 30, []);
    const [naked, spread] = [leg(-1, 110_000), [leg(-1, 115_000), leg(1, 116_000)]];
    expect(asked(group, naked)).to.be.within(14_395, 14_395.001);
    expect(asked(group, ...spread)).to.equal(1000);
    expect(asked(group, naked, ...spread)).to.be.within(15_395, 15_395.001);
  });

  it("asks for a condor of 10,000 and a naked call of 13,065 what they ask apart, not 33,065", () => {
    const group = freshGroup(100_000, volFor(100_000, 130_000, 30, 65), 30, []);
    const naked = leg(-1, 130_000);
    const condor = [leg(1, 70_000, true), leg(-1, 80_000, true), leg(-1, 140_000), leg(1, 150_000)];
    expect(asked(group, naked)).to.be.within(13_065, 13_065.001);
    expect(asked(group, ...condor)).to.equal(10_000);
    expect(asked(group, naked, ...condor)).to.be.within(23_065, 23_065.001);
    const { holdings, views } = twinOf([{ ...group, legs: [naked, ...condor] }]);
    const lots = [...holdings].map(([name, quantity]): Lot => ({ series: parseSeries(name), quantity }));
    const view = views.get("1/20000")!;
    const rules = [pairedCharge(view, lots, true), splitCharge(view, lots, true)];
    expect(
      rules.map((rule) => Number(roundUp(rule, 10n ** 14n))),
      "pairing alone would add up both wings",
    ).to.deep.equal([33_065, 23_065]);
    expect(scanCharge(lots), "the loss of a naked call has no end").to.equal(undefined);
  });
});

/** How merging two accounts changes what they are asked. */
interface Merge {
  readonly raised: number;
  readonly lowered: number;
  /** Mean change in percent, of all pairs and of those that rise. */
  readonly mean: number;
  readonly meanRise: number;
  readonly worst: number;
}

/** Random pairs of accounts in one expiry, each with up to `legs` positions. */
function merges(pairs: number, legs: number, seed: number): Merge {
  const random = new Random(seed);
  const rises: number[] = [];
  const changes: number[] = [];
  while (changes.length < pairs) {
    const account = (): Group["legs"] =>
      Array.from({ length: 1 + random.uint(legs) }, () => {
        const lots = (1 + random.uint(5)) * (random.bool(0.5) ? 1 : -1);
        return leg(lots, 1400 + 50 * random.uint(25), random.bool(0.5));
      });
    const group = freshGroup(2000, 0.4 + 0.6 * random.float(), 1 + random.uint(60), []);
    const [a, b] = [account(), account()];
    const merged = new Map<string, Group["legs"][number]>();
    for (const { strike, put, quantity } of [...a, ...b]) {
      const name = seriesName({ market: 1, day: 20_000, strike, put });
      merged.set(name, { strike, put, quantity: quantity + (merged.get(name)?.quantity ?? 0n) });
    }
    const apart = asked(group, ...net(a)) + asked(group, ...net(b));
    if (apart === 0) continue;
    const change = asked(group, ...merged.values()) / apart - 1;
    changes.push(100 * change);
    if (change > 1e-6) rises.push(100 * change);
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    raised: rises.length,
    lowered: changes.filter((change) => change < -1e-4).length,
    mean: mean(changes),
    meanRise: rises.length === 0 ? 0 : mean(rises),
    worst: Math.max(...changes),
  };
}

/** Legs with one entry for each series. */
function net(legs: Group["legs"]): Group["legs"][number][] {
  const sums = new Map<string, Group["legs"][number]>();
  for (const { strike, put, quantity } of legs) {
    const name = `${strike} ${put}`;
    sums.set(name, { strike, put, quantity: quantity + (sums.get(name)?.quantity ?? 0n) });
  }
  return [...sums.values()];
}

describe("merging two accounts", () => {
  it("lowers what they are asked, and seldom raises it, as docs/risk.md says", () => {
    const percent = (value: number): string => `${value.toFixed(1)} %`;
    const rows = [2, 4, 8].map((legs) => {
      const { raised, lowered, mean, meanRise, worst } = merges(PAIRS, legs, SEED);
      expect(raised, `${legs} positions`).to.be.lessThan(PAIRS / 20);
      const share = (count: number): string => percent((100 * count) / PAIRS);
      return [String(legs), share(lowered), percent(mean), share(raised), percent(meanRise), percent(worst)];
    });
    const head = ["positions, up to", "ask less", "mean change", "ask more", "then, on average", "at worst"];
    expectTable("risk.md", head, rows);
  });
});
