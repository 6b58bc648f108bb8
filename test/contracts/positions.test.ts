import { expect } from "chai";
import type { PositionsHarness } from "../../typechain/index.ts";
import { Random, runSeed } from "../support/random.ts";
import { connect } from "../support/baseChain.ts";

const { ethers } = await connect();

const MAX_PRICE = 2n ** 39n - 1n;
const MAX_QUANTITY = 10n ** 15n;

/** A position by its parts. */
interface Held {
  market: number;
  day: number;
  strike: bigint;
  put: boolean;
  quantity: bigint;
}

const seriesOf = ({ market, day, strike, put }: Omit<Held, "quantity">): bigint =>
  (BigInt(market) << 56n) | (BigInt(day) << 40n) | (strike << 1n) | (put ? 1n : 0n);
const wordOf = (held: Held): bigint => (seriesOf(held) << 192n) | BigInt.asUintN(128, held.quantity);
const bySeries = (a: Held, b: Held): number => (seriesOf(a) < seriesOf(b) ? -1 : 1);

/** A random list as an account holds it: strictly ascending, no zeros. */
function randomList(random: Random, count: number, tick: bigint): Held[] {
  const bySeriesId = new Map<bigint, Held>();
  while (bySeriesId.size < count) {
    const held: Held = {
      market: random.integer(1, 3),
      day: random.integer(20_000, 20_002),
      strike: BigInt(random.integer(1, 40)) * tick,
      put: random.chance(0.5),
      quantity: BigInt(random.integer(1, 5_000)) * 1000n * (random.chance(0.5) ? 1n : -1n),
    };
    bySeriesId.set(seriesOf(held), held);
  }
  return [...bySeriesId.values()].sort(bySeries);
}

function payoff(held: Held, price: bigint): bigint {
  const value = held.put ? held.strike - price : price - held.strike;
  return value > 0n ? value : 0n;
}

/** The requirement by its definition: for each expiry, the sum at each price that is scanned. */
function requirementByScan(list: readonly Held[], anchors: ReadonlyMap<number, bigint>): bigint {
  let total = 0n;
  const groups = new Map<string, Held[]>();
  for (const held of list) {
    const id = `${held.market}/${held.day}`;
    groups.set(id, [...(groups.get(id) ?? []), held]);
  }
  for (const group of groups.values()) {
    const anchor = anchors.get(group[0]!.market) ?? 0n;
    const shortCalls = group.filter(({ put, quantity }) => !put && quantity < 0n).map(({ strike }) => strike + anchor);
    const ceiling = [3n * anchor, ...shortCalls].reduce((a, b) => (a > b ? a : b));
    const strikes = group.map(({ strike }) => strike).filter((strike) => strike < ceiling);
    const values = [0n, ...strikes, ceiling].map((price) =>
      group.reduce((sum, held) => sum + held.quantity * payoff(held, price), 0n),
    );
    const lowest = values.reduce((a, b) => (a < b ? a : b), 0n);
    total += (-lowest + 9_999n) / 10_000n;
  }
  return total;
}

describe("Positions: an account's list", () => {
  let harness: PositionsHarness;

  before(async () => {
    harness = await ethers.deployContract("PositionsHarness");
  });

  it("changes, inserts and takes out at every place, and leaves the list it started from alone", async () => {
    const random = new Random(runSeed());
    for (const count of [0, 1, 2, 7, 64]) {
      const list = randomList(random, count, 1000n);
      const words = list.map(wordOf);
      for (let i = 0; i < 6; i++) {
        const known = list.length > 0 && random.chance(0.6);
        const target: Held = known ? random.pick(list) : randomList(random, 1, 999n)[0]!;
        const held = list.find((position) => seriesOf(position) === seriesOf(target))?.quantity ?? 0n;
        const quantity = random.pick([0n, -held, 5n, -5n, MAX_QUANTITY, -MAX_QUANTITY]);
        const rest = list.filter((position) => seriesOf(position) !== seriesOf(target));
        const next = quantity === 0n ? rest : [...rest, { ...target, quantity }].sort(bySeries);
        const result = await harness.withQuantity(words, seriesOf(target), quantity);
        expect(result.held).to.equal(held);
        expect([...result.result]).to.deep.equal(next.map(wordOf));
        expect([...result.original]).to.deep.equal(words);
      }
    }
  });

  it("counts expiries and finds shorts", async () => {
    const random = new Random(runSeed());
    for (const count of [0, 1, 5, 40]) {
      const list = randomList(random, count, 1000n);
      const expiries = new Set(list.map(({ market, day }) => (market << 16) | day));
      for (const expiry of [(1 << 16) | 20_000, (2 << 16) | 20_001, (9 << 16) | 1]) {
        const short = list.some((held) => ((held.market << 16) | held.day) === expiry && held.quantity < 0n);
        expect(await harness.positionFacts(list.map(wordOf), expiry)).to.deep.equal([BigInt(expiries.size), short]);
      }
    }
  });

  it("pays what calls and puts pay, at the bounds too", async () => {
    const base = { market: 255, day: 65535, quantity: 1n };
    for (const put of [false, true]) {
      for (const strike of [0n, 1n, 40_000_000n, MAX_PRICE]) {
        for (const price of [0n, 1n, 40_000_000n, MAX_PRICE]) {
          const held = { ...base, strike, put };
          expect(await harness.payoff(seriesOf(held), price)).to.equal(payoff(held, price));
        }
      }
    }
  });
});

describe("Requirement: the largest loss at expiry", () => {
  let harness: PositionsHarness;

  before(async () => {
    harness = await ethers.deployContract("PositionsHarness");
  });

  async function requirement(list: readonly Held[], anchors: ReadonlyMap<number, bigint>): Promise<bigint> {
    const result = await harness.requirementUp(list.map(wordOf), [...anchors.keys()], [...anchors.values()]);
    return result.total;
  }

  it("equals the scan of every price by definition (invariant 7)", async () => {
    const seed = runSeed();
    const random = new Random(seed);
    for (let round = 0; round < 120; round++) {
      const tick = BigInt(random.pick([1, 100, 1234, 1_000_000]));
      const list = randomList(random, random.integer(0, round % 8 === 0 ? 64 : 12), tick);
      const anchors = new Map([1, 2, 3].map((market) => [market, BigInt(random.integer(1, 60)) * tick + 7n]));
      const expected = requirementByScan(list, anchors);
      expect(await requirement(list, anchors), `seed ${seed}, round ${round}`).to.equal(expected);
    }
  });

  const day = 20_000;
  const call = (strike: bigint, quantity: bigint): Held => ({ market: 1, day, strike, put: false, quantity });
  const put = (strike: bigint, quantity: bigint): Held => ({ market: 1, day, strike, put: true, quantity });
  const unit = 1_000_000n;
  const anchors = new Map([[1, 600_000_000n]]);
  const cases: [string, Held[], bigint][] = [
    ["nothing", [], 0n],
    ["a long call", [call(500_000_000n, unit)], 0n],
    ["a long put", [put(500_000_000n, unit)], 0n],
    ["a short put: its strike", [put(500_000_000n, -unit)], 50_000_000_000n],
    ["a short call: three anchors less the strike", [call(500_000_000n, -unit)], 130_000_000_000n],
    ["a short call beyond three anchors: one anchor", [call(2_000_000_000n, -unit)], 60_000_000_000n],
    ["a call spread: its width", [call(500_000_000n, -unit), call(510_000_000n, unit)], 1_000_000_000n],
    ["a put spread: its width", [put(500_000_000n, unit), put(510_000_000n, -unit)], 1_000_000_000n],
    [
      "a short call under a long one beyond three anchors: up to three anchors",
      [call(500_000_000n, -unit), call(2_000_000_000n, unit)],
      130_000_000_000n,
    ],
    ["a short put above three anchors: its strike", [put(2_000_000_000n, -unit)], 200_000_000_000n],
    ["a short straddle: the worse side", [call(500_000_000n, -unit), put(500_000_000n, -unit)], 130_000_000_000n],
    [
      "a box: nothing",
      [call(500_000_000n, unit), put(500_000_000n, -unit), call(510_000_000n, -unit), put(510_000_000n, unit)],
      0n,
    ],
  ];
  for (const [name, list, expected] of cases) {
    it(`asks of ${name}`, async () => {
      expect(requirementByScan(list, anchors)).to.equal(expected);
      expect(await requirement([...list].sort(bySeries), anchors)).to.equal(expected);
    });
  }

  it("takes no long of one expiry for the short of another", async () => {
    const list = [put(500_000_000n, -unit), { ...put(510_000_000n, unit), day: day + 1 }];
    expect(await requirement(list, anchors)).to.equal(50_000_000_000n);
  });

  it("stays exact at the largest prices, quantities and number of positions", async () => {
    const list = Array.from({ length: 64 }, (_, i) => ({
      ...(i % 2 === 0 ? call : put)(MAX_PRICE - BigInt(i >> 1), -MAX_QUANTITY),
    })).sort(bySeries);
    const high = new Map([[1, MAX_PRICE]]);
    expect(await requirement(list, high)).to.equal(requirementByScan(list, high));
  });

  it("costs less than 640 gas for each position", async () => {
    const list = randomList(new Random(1), 64, 1000n);
    const result = await harness.requirementUp(list.map(wordOf), [1, 2, 3], [40_000n, 40_000n, 40_000n]);
    expect(result.gasUsed).to.be.lessThan(640n * 64n);
  });
});

describe("Fees: amounts of a fill", () => {
  let harness: PositionsHarness;

  before(async () => {
    harness = await ethers.deployContract("PositionsHarness");
  });

  it("charges 3 basis points of the underlying to the taker and 1 to the maker", async () => {
    // 1 contract at 60,000 USD of the underlying and 1,000 USD of premium.
    const [price, anchor, quantity] = [10_000_000n, 600_000_000n, 1_000_000n];
    expect((await harness.fees(0, 30, anchor, price, quantity)).fee).to.equal(18_000_000n);
    expect((await harness.fees(0, 10, anchor, price, quantity)).fee).to.equal(6_000_000n);
    expect((await harness.fees(0, 10, anchor, price, quantity)).premium).to.equal(1_000_000_000n);
  });

  it("caps the fee at 12.5 % of the premium", async () => {
    const { fee, premium } = await harness.fees(0, 30, 600_000_000n, 100_000n, 1_000_000n);
    expect(premium).to.equal(10_000_000n);
    expect(fee).to.equal(1_250_000n);
  });

  it("does not grow when a fill is split (threat 26a)", async () => {
    const whole = await harness.fees(0, 30, 600_000_123n, 1_234_500n, 17_000_000n);
    let [accrued, sum] = [0n, 0n];
    for (let i = 0; i < 17; i++) {
      const part = await harness.fees(accrued, 30, 600_000_123n, 1_234_500n, 1_000_000n);
      accrued = part.afterwards;
      sum += part.fee;
    }
    expect([accrued, sum]).to.deep.equal([whole.afterwards, whole.fee]);
  });

  it("bounds what a fill can lose", async () => {
    expect(await harness.lossBoundUp(false, 10_000_000n, 1_000_000n, 0n)).to.equal(1_000_000_000n);
    expect(await harness.lossBoundUp(true, 10_000_000n, 1_000_000n, 600_000_000n)).to.equal(59_000_000_000n);
    expect(await harness.lossBoundUp(true, 600_000_000n, 1_000_000n, 600_000_000n)).to.equal(0n);
    expect(await harness.lossBoundUp(true, 0n, 1n, 1n)).to.equal(1n);
  });
});
