import { expect } from "chai";
import fc from "fast-check";
import { accrue, exceedsMaximum, feeUp, lossBoundUp, premium } from "../../../src/machine/Fees.ts";
import {
  expiriesOf,
  decodePositions,
  encodePositions,
  expiryOf,
  holdsShort,
  isPut,
  makePosition,
  packSeries,
  quantityOf,
  strikeOf,
  withQuantity,
  type Position,
} from "../../../src/machine/Positions.ts";
import { requirement } from "../../../src/machine/Requirement.ts";
import { bruteRequirement } from "../../support/model/MarginModel.ts";
import { seriesName } from "../../support/model/words.ts";

const RUNS = { numRuns: 400, seed: 11 };
const MAX_PRICE = 2n ** 39n - 1n;
const seriesArbitrary = fc.record({
  market: fc.integer({ min: 1, max: 3 }),
  day: fc.integer({ min: 100, max: 102 }),
  strike: fc.oneof(
    fc.bigInt({ min: 1n, max: 12n }).map((steps) => steps * 100_000n),
    fc.bigInt({ min: 1n, max: MAX_PRICE }),
  ),
  put: fc.boolean(),
});
const quantityArbitrary = fc
  .oneof(
    fc.bigInt({ min: -5n, max: 5n }).map((lots) => lots * 1000n),
    fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
  )
  .filter((quantity) => quantity !== 0n);
const holdings = fc.array(fc.tuple(seriesArbitrary, quantityArbitrary), { maxLength: 64 });
const anchors = fc.tuple(...[1, 2, 3].map(() => fc.bigInt({ min: 1n, max: MAX_PRICE })));

type Holdings = readonly (readonly [{ market: number; day: number; strike: bigint; put: boolean }, bigint])[];

function listOf(held: Holdings): readonly Position[] {
  return held.reduce<readonly Position[]>(
    (list, [{ market, day, strike, put }, quantity]) =>
      withQuantity(list, packSeries(market, day, strike, put), quantity),
    [],
  );
}

function mapOf(held: Holdings): Map<string, bigint> {
  return new Map(held.map(([series, quantity]) => [seriesName(series), quantity]));
}

describe("positions", () => {
  it("pack a series so that its parts come back", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 0, max: 65_535 }),
        fc.bigInt({ min: 0n, max: MAX_PRICE }),
        fc.boolean(),
        (market, day, strike, put) => {
          const series = packSeries(market, day, strike, put);
          expect(series).to.equal(
            ((BigInt(market) * 65_536n + BigInt(day)) * 2n ** 39n + strike) * 2n + (put ? 1n : 0n),
          );
          expect([expiryOf(series), strikeOf(series), isPut(series)]).to.deep.equal([
            market * 65_536 + day,
            strike,
            put,
          ]);
        },
      ),
      RUNS,
    );
  });

  it("are a sorted list without zeros that says what a map says", () => {
    fc.assert(
      fc.property(holdings, fc.array(fc.nat(63)), (held, removed) => {
        let list = listOf(held);
        const map = mapOf(held);
        for (const index of removed) {
          const entry = held[index];
          if (entry === undefined) continue;
          const [{ market, day, strike, put }] = entry;
          list = withQuantity(list, packSeries(market, day, strike, put), 0n);
          map.delete(seriesName(entry[0]));
        }
        expect(list).to.have.length(map.size);
        list.forEach((position, i) => {
          expect(i === 0 || list[i - 1]!.series < position.series, "ascending").to.equal(true);
          const { series, strike, put, quantity } = position;
          const name = seriesName({ market: Number(series >> 56n), day: expiryOf(series) & 0xffff, strike, put });
          expect(map.get(name)).to.equal(quantity);
          expect(quantityOf(list, series)).to.equal(quantity);
        });
        const expiries = new Set([...map.keys()].map((name) => name.split("/").slice(0, 2).join("/")));
        expect(expiriesOf(list)).to.have.length(expiries.size);
        for (const { expiry } of list) {
          const short = list.some((position) => position.expiry === expiry && position.quantity < 0n);
          expect(holdsShort(list, expiry)).to.equal(short);
        }
        const bytes = new Uint8Array(32 * list.length);
        encodePositions(list, bytes, 0);
        expect(decodePositions(bytes, 0)).to.deep.equal(list);
      }),
      RUNS,
    );
  });

  it("are refused as bytes when out of order, twice there, zero, or with something in between", () => {
    const list = [makePosition(5n, -1n), makePosition(9n, 1n)];
    const bytes = new Uint8Array(64);
    encodePositions(list, bytes, 0);
    const broken = (change: (copy: Uint8Array) => void): unknown => {
      const copy = bytes.slice();
      change(copy);
      return decodePositions(copy, 0);
    };
    expect(
      broken((copy) => copy.set(bytes.slice(32), 0)),
      "twice",
    ).to.equal(undefined);
    expect(
      broken((copy) => copy.copyWithin(0, 32)),
      "not ascending",
    ).to.equal(undefined);
    expect(
      broken((copy) => copy.fill(0, 48)),
      "quantity zero",
    ).to.equal(undefined);
    expect(
      broken((copy) => (copy[12] = 1)),
      "the middle is not zero",
    ).to.equal(undefined);
    expect(broken(() => undefined)).to.deep.equal(list);
  });
});

describe("requirement", () => {
  const anchorOf =
    (values: readonly bigint[]) =>
    (market: number): bigint =>
      values[market - 1]!;

  it("is what a brute-force scan finds, at every price that matters and at others", () => {
    fc.assert(
      fc.property(holdings, anchors, fc.array(fc.nat(1000)), (held, values, extra) => {
        const brute = bruteRequirement(mapOf(held), anchorOf(values), (ceiling) =>
          extra.map((part) => (ceiling * BigInt(part)) / 1000n),
        );
        expect(requirement(listOf(held), anchorOf(values))).to.equal(brute);
      }),
      RUNS,
    );
  });

  it("never rises with another long, and never falls with another short", () => {
    fc.assert(
      fc.property(
        holdings,
        anchors,
        seriesArbitrary,
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        (held, values, series, size) => {
          const list = listOf(held);
          const packed = packSeries(series.market, series.day, series.strike, series.put);
          const at = (quantity: bigint): bigint => requirement(withQuantity(list, packed, quantity), anchorOf(values));
          const old = quantityOf(list, packed);
          const now = at(old);
          expect(at(old + size) <= now).to.equal(true);
          expect(at(old - size) >= now).to.equal(true);
        },
      ),
      RUNS,
    );
  });

  it("scales with the position but for rounding, and is never negative", () => {
    fc.assert(
      fc.property(holdings, anchors, fc.bigInt({ min: 2n, max: 50n }), (held, values, factor) => {
        const once = requirement(listOf(held), anchorOf(values));
        const scaled = requirement(listOf(held.map(([series, q]) => [series, q * factor] as const)), anchorOf(values));
        expect(once >= 0n).to.equal(true);
        expect(scaled <= once * factor && once * factor - scaled <= factor * 64n).to.equal(true);
      }),
      RUNS,
    );
  });

  it("asks for the loss at the ceiling of a naked call, the strike of a put, the width of a spread", () => {
    const usd = (value: number): bigint => BigInt(value) * 10_000n;
    const at = (...legs: [number, boolean, bigint][]): bigint =>
      requirement(
        listOf(legs.map(([strike, put, q]) => [{ market: 1, day: 100, strike: usd(strike), put }, q] as const)),
        () => usd(2000),
      );
    const one = 1_000_000n;
    expect(at([2000, false, -one])).to.equal(4_000_000_000n);
    expect(at([2000, true, -one])).to.equal(2_000_000_000n);
    expect(at([2000, false, -one], [2100, false, one])).to.equal(100_000_000n);
    expect(at([2000, true, one], [2100, true, -one])).to.equal(100_000_000n);
    expect(at([2000, false, one])).to.equal(0n);
    // A call beyond three anchors is not free.
    expect(at([9000, false, -one])).to.equal(2_000_000_000n);
    // One short strangle loses on one side only.
    expect(at([2000, false, -one], [2000, true, -one])).to.equal(4_000_000_000n);
  });
});

describe("fees", () => {
  const quantities = fc.array(fc.bigInt({ min: 1n, max: 10n ** 9n }), { minLength: 1, maxLength: 8 });
  const price = fc.bigInt({ min: 100n, max: MAX_PRICE });

  it("are the same for an order however its fills are split, and never above either bound by more than rounding", () => {
    fc.assert(
      fc.property(quantities, price, price, fc.constantFrom(10n, 30n), (parts, anchor, limit, rate) => {
        const whole = parts.reduce((sum, part) => sum + part);
        let [accrued, paid] = [0n, 0n];
        for (const part of parts) {
          const next = accrue(accrued, rate, anchor, limit, part);
          paid += feeUp(accrued, next);
          accrued = next;
        }
        expect(accrued).to.equal(accrue(0n, rate, anchor, limit, whole));
        expect(paid).to.equal(feeUp(0n, accrued));
        // rate is 1e-15 USDC for each 1e-10: 10 is one in ten thousand of anchor · quantity / 1e4.
        expect((paid - 1n) * 10_000n * 100_000n <= rate * anchor * whole).to.equal(true);
        expect((paid - 1n) * 8n * 10_000n <= limit * whole).to.equal(true);
      }),
      RUNS,
    );
  });

  it("split between two anchors cost no more than at the higher one", () => {
    fc.assert(
      fc.property(price, price, price, fc.bigInt({ min: 1n, max: 10n ** 9n }), (low, high, limit, quantity) => {
        const [a, b] = low < high ? [low, high] : [high, low];
        const split = accrue(accrue(0n, 30n, a, limit, quantity), 30n, b, limit, quantity);
        expect(split <= accrue(0n, 30n, b, limit, 2n * quantity)).to.equal(true);
      }),
      RUNS,
    );
  });

  it("keep to the order's maximum to the last unit", () => {
    // 0.03 % of 2000 USD is 0.60 USD for a contract.
    const accrued = accrue(0n, 30n, 20_000_000n, 1_000_000n, 1_000_000n);
    expect(feeUp(0n, accrued)).to.equal(600_000n);
    expect(exceedsMaximum(accrued, 6000n, 1_000_000n)).to.equal(false);
    expect(exceedsMaximum(accrued, 5999n, 1_000_000n)).to.equal(true);
    expect(exceedsMaximum(accrued + 1n, 6000n, 1_000_000n)).to.equal(true);
  });

  it("are an eighth of the premium where that is less", () => {
    const accrued = accrue(0n, 30n, 20_000_000n, 100n, 1_000_000n);
    expect(premium(100n, 1_000_000n)).to.equal(10_000n);
    expect(feeUp(0n, accrued)).to.equal(1250n);
  });

  it("leave exact premiums on the coarsest grid", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 9n }), fc.bigInt({ min: 1n, max: 10n ** 12n }), (ticks, lots) => {
        expect(premium(ticks * 100n, lots * 1000n) * 10_000n).to.equal(ticks * 100n * lots * 1000n);
      }),
      RUNS,
    );
  });

  it("bound a seller's loss by the option's worth beyond the price, rounded up, and a buyer's by the premium", () => {
    expect(lossBoundUp(false, 100n, 1000n, 5000n)).to.equal(10n);
    expect(lossBoundUp(true, 100n, 1000n, 5001n)).to.equal(491n);
    expect(lossBoundUp(true, 5000n, 1000n, 5000n)).to.equal(0n);
    expect(lossBoundUp(true, 6000n, 1000n, 5000n)).to.equal(0n);
  });
});
