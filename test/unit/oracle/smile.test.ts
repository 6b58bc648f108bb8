import { expect } from "chai";
import fc from "fast-check";
import { toSvi } from "../../../src/machine/Marks.ts";
import type { Curve } from "../../../src/machine/Slots.ts";
import { fitSmile, type SmilePoint } from "../../../src/oracle/Smile.ts";
import { isValid, vol } from "../../../src/pricing/Svi.ts";
import { expectNear } from "../../support/near.ts";

const USD = 10_000n;
const SEED = Number(process.env.TENOR_SEED ?? 19);
const FORWARD = 4_000n * USD;
const WEEK = 7n * 86_400n;
const LIMITS = [10n ** 16n, 10n ** 19n] as const;

function point(strike: number, sigma: number, weight = 1): SmilePoint {
  return { strike: BigInt(Math.round(strike * 10_000)), vol: sigma, weight };
}

function volAt(curve: Curve, strike: number, forward = FORWARD): number {
  return Number(vol(toSvi(curve), forward, BigInt(Math.round(strike * 10_000)), ...LIMITS)) / 1e18;
}

/** Raw SVI in floating point. */
function sviVol(strike: number, years: number, [a, b, rho, m, sigma]: readonly number[]): number {
  const x = Math.log(strike / 4_000) - m!;
  return Math.sqrt((a! + b! * (rho! * x + Math.sqrt(x * x + sigma! * sigma!))) / years);
}

describe("the fit of a smile", () => {
  const strikes = [3_000, 3_250, 3_500, 3_750, 4_000, 4_250, 4_500, 4_750, 5_000];

  it("gives back an SVI smile that it was shown, to half a point of vol", () => {
    const years = 7 / 365;
    const parameters = [0.002, 0.03, -0.3, 0.02, 0.08];
    const curve = fitSmile(
      strikes.map((strike) => point(strike, sviVol(strike, years, parameters))),
      FORWARD,
      WEEK,
    )!;
    for (const strike of [3_100, ...strikes, 4_900]) {
      expectNear(volAt(curve, strike), sviVol(strike, years, parameters), 0.005);
    }
  });

  it("follows a parabola in standard deviations, as of the generated market, to a point of vol", () => {
    for (const seconds of [3_600n, 86_400n, WEEK, 30n * 86_400n]) {
      const deviation = 0.5 * Math.sqrt(Number(seconds) / 31_536_000);
      const smile = (d: number): number => 0.5 + 0.03 * d * d - 0.05 * d;
      const distances = [-2, -1.3, -0.7, 0, 0.6, 1.2, 2];
      const strikeOf = (d: number): number => 4_000 * Math.exp(d * deviation);
      const curve = fitSmile(
        distances.map((d) => point(strikeOf(d), smile(d))),
        FORWARD,
        seconds,
      )!;
      for (const d of distances) expectNear(volAt(curve, strikeOf(d)), smile(d), 0.01);
    }
  });

  it("is flat at the median vol where there are fewer than five strikes", () => {
    const curve = fitSmile(
      [point(3_900, 0.5), point(4_000, 0.6), point(4_100, 0.9), point(4_100, 0.6)],
      FORWARD,
      WEEK,
    )!;
    expect(curve.b).to.equal(0n);
    for (const strike of [1_000, 4_000, 20_000]) expectNear(volAt(curve, strike), 0.6, 1e-6);
  });

  it("weighs: a heavy point counts for more than a light one", () => {
    const curve = fitSmile([point(3_900, 0.5, 0.01), point(4_000, 0.7)], FORWARD, WEEK)!;
    expectNear(volAt(curve, 4_000), 0.7, 1e-6);
  });

  it("says nothing of an expiry of which nothing was seen, or nothing that makes sense", () => {
    expect(fitSmile([], FORWARD, WEEK)).to.equal(undefined);
    expect(fitSmile([point(4_000, 0), point(0, 0.5), point(4_000, 0.5, 0), point(4_000, 99)], FORWARD, WEEK)).to.equal(
      undefined,
    );
  });

  it("holds to the vols also where all strikes are further out than the machine looks", () => {
    const points = [
      point(645, 0.01, 1e-6),
      point(740, 0.131, 0.009),
      point(7_644, 0.111, 1e-6),
      point(7_645, 0.01, 1e-6),
      point(8_134, 2.527, 0.0013),
    ];
    const curve = fitSmile(points, USD, 7n)!;
    for (const { strike } of points) expect(volAt(curve, Number(strike) / 10_000, USD)).to.be.at.most(2.527);
  });

  it("is always valid, and between and near the strikes within reach of the vols that were seen", () => {
    const anyPoint = fc.record({
      strike: fc.integer({ min: 1, max: 20_000 }).map((strike) => BigInt(strike) * USD),
      vol: fc.double({ min: 0.01, max: 5, noNaN: true }),
      weight: fc.double({ min: 1e-6, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(anyPoint, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 31_536_000 }),
        (points, forward, seconds) => {
          const curve = fitSmile(points, BigInt(forward) * USD, BigInt(seconds))!;
          expect(isValid(toSvi(curve))).to.equal(true);
          expect(curve.refTau).to.equal(BigInt(seconds));
          const most = Math.max(...points.map(({ vol: seen }) => seen));
          for (const { strike } of points) {
            expect(volAt(curve, Number(strike) / 10_000, BigInt(forward) * USD)).to.be.at.most(1.6 * most + 0.05);
          }
        },
      ),
      { numRuns: 300, seed: SEED },
    );
  });
});
