import { expect } from "chai";
import { black76Float, normalCdf } from "../../../src/market/black76Float.ts";
import { Random, RandomError } from "../../../src/market/random.ts";
import { expectNear } from "../../support/near.ts";

describe("the seeded generator", () => {
  it("is SplitMix64", () => {
    const random = new Random(1_234_567n);
    expect([random.next(), random.next(), random.next()]).to.deep.equal([
      6_457_827_717_110_365_317n,
      3_203_168_211_198_807_973n,
      9_817_491_932_198_370_423n,
    ]);
  });

  it("repeats itself for a seed and stays within its bounds", () => {
    const [a, b] = [new Random(7), new Random(7n)];
    for (let i = 0; i < 1_000; i++) {
      expect(a.uint(6)).to.equal(b.uint(6)).and.to.be.within(0, 5);
      expect(a.float()).to.equal(b.float()).and.to.be.within(0, 1).and.not.equal(1);
      expect(a.bigint(10n ** 18n) === b.bigint(10n ** 18n)).to.equal(true);
      expect(a.pick("abc".split(""))).to.equal(b.pick("abc".split("")));
    }
  });

  it("has the moments it promises", () => {
    const random = new Random(3n);
    const n = 20_000;
    const mean = (draw: () => number): number => Array.from({ length: n }, draw).reduce((x, y) => x + y, 0) / n;
    expectNear(
      mean(() => random.float()),
      0.5,
      0.01,
    );
    expectNear(
      mean(() => random.normal()),
      0,
      0.03,
    );
    expectNear(
      mean(() => random.normal() ** 2),
      1,
      0.05,
    );
    expectNear(
      mean(() => random.exponential(3)),
      3,
      0.1,
    );
    expectNear(
      mean(() => Number(random.bool(0.2))),
      0.2,
      0.01,
    );
  });

  it("refuses bounds that leave nothing to draw", () => {
    const random = new Random(1n);
    for (const bound of [0n, -1n, 2n ** 64n + 1n]) expect(() => random.bigint(bound)).to.throw(RandomError);
    for (const bound of [0, -1, 1.5, NaN, 2 ** 54]) expect(() => random.uint(bound)).to.throw(RandomError);
    expect(() => random.pick([])).to.throw(RandomError);
  });
});

describe("Black-76 for generated data", () => {
  it("agrees with Haug's example of a futures option", () => {
    const nineMonths = 0.75 * 31_536_000;
    const value = black76Float("put", 19, 19, 0.28, nineMonths) * Math.exp(-0.1 * 0.75);
    expectNear(value, 1.7011, 1e-4);
  });

  it("obeys parity, and is the intrinsic value at expiry", () => {
    for (const strike of [50, 90, 100, 110, 200]) {
      const [c, p] = (["call", "put"] as const).map((type) => black76Float(type, 100, strike, 0.6, 2_592_000));
      expectNear(c! - p!, 100 - strike, 1e-4);
      expect(black76Float("call", 100, strike, 0.6, 0)).to.equal(Math.max(100 - strike, 0));
      expect(black76Float("put", 100, strike, 0.6, -1)).to.equal(Math.max(strike - 100, 0));
    }
    expectNear(normalCdf(0), 0.5, 1e-7);
  });
});
