import { expect } from "chai";
import { MAX_PRICE } from "../../../src/machine/Constants.ts";
import { WAD } from "../../../src/pricing/FixedPoint.ts";
import {
  MAX_SECONDS,
  MAX_SVI_A,
  MAX_SVI_M,
  MAX_SVI_SIGMA,
  MAX_SVI_SLOPE,
  SECONDS_PER_YEAR,
} from "../../../src/pricing/PricingBounds.ts";
import { isValid, type SviParameters, vol } from "../../../src/pricing/Svi.ts";
import * as exact from "../../support/pricing/exact.ts";
import { decimal, referenceRows } from "../../support/pricing/references.ts";
import { edgeCurves, randomCurve, randomVolArguments, uniform } from "../../support/pricing/samples.ts";
import { Random, runSeed } from "../../support/random.ts";

const SEED = runSeed();
const ANY = 2n ** 256n - 1n;
const VALID: SviParameters = {
  a: WAD / 50n,
  b: WAD / 10n,
  rho: -WAD / 3n,
  m: WAD / 20n,
  sigma: WAD / 8n,
  refTau: 2_592_000n,
};

describe("Svi", () => {
  const random = new Random(SEED);
  before(() => console.log(`      seed ${SEED}`));

  /** The exact vol, k being within the range. */
  function exactVol({ a, b, rho, m, sigma, refTau }: SviParameters, forward: bigint, strike: bigint): bigint {
    const x = exact.lnRatio(strike, forward) - exact.ratio(m, WAD);
    const [wideSigma, wideRho] = [exact.ratio(sigma, WAD), exact.ratio(rho, WAD)];
    const root = exact.squareRoot(exact.multiply(x, x) + exact.multiply(wideSigma, wideSigma));
    const variance = exact.ratio(a, WAD) + (b * (exact.multiply(wideRho, x) + root)) / WAD;
    return exact.squareRoot((variance * SECONDS_PER_YEAR) / refTau);
  }

  it("agrees with the exact formula to 1e-15, where the curve is smooth", () => {
    for (let i = 0; i < 1000; i++) {
      const curve: SviParameters = {
        a: uniform(random, WAD / 10n),
        b: uniform(random, WAD),
        rho: uniform(random, 2n * WAD - 2n) - WAD + 1n,
        m: uniform(random, WAD) - WAD / 2n,
        sigma: WAD / 100n + uniform(random, WAD),
        refTau: 86_400n + uniform(random, 34_473_600n),
      };
      expect(isValid(curve)).to.be.true;
      const forward = 1_000_000n + uniform(random, 2n * 10n ** 9n);
      const strike = BigInt(Math.round(Number(forward) * Math.exp((random.next() - 0.5) * 4)));
      const ours = vol(curve, forward, strike, 0n, ANY);
      const above = exact.unitsAbove(ours, exactVol(curve, forward, strike), WAD);
      expect(
        Math.abs(above),
        JSON.stringify([curve, forward, strike], (_, v) => String(v)),
      ).to.be.below(1000);
    }
  });

  it("agrees with the table", function () {
    for (const row of referenceRows(this, "svi_ref.csv")) {
      const [a, b, rho, m, sigma] = [row.a, row.b, row.rho, row.m, row.sigma].map((text) => decimal(text!, 18));
      // The table's times are exact seconds, but for the last digits of a double.
      const refTau = BigInt(Math.round(Number(row.tau) * Number(SECONDS_PER_YEAR)));
      const curve = { a: a!, b: b!, rho: rho!, m: m!, sigma: sigma!, refTau };
      const ours = vol(curve, decimal(row.fwd!, 4), decimal(row.strike!, 4), 0n, ANY);
      expect(Number(ours - decimal(row.vol!, 18)), JSON.stringify(row)).to.be.within(-5000, 5000);
    }
  });

  it("stays between the limits, the upper one last", () => {
    const [forward, strike] = [35_000_000n, 50_000_000n];
    const free = vol(VALID, forward, strike, 0n, ANY);
    expect(vol(VALID, forward, strike, free, free)).to.equal(free);
    expect(vol(VALID, forward, strike, free + 1n, ANY)).to.equal(free + 1n);
    expect(vol(VALID, forward, strike, 0n, free - 1n)).to.equal(free - 1n);
    expect(vol(VALID, forward, strike, free + 5n, free - 5n)).to.equal(free - 5n);
  });

  it("is flat beyond a log-moneyness of 5, and has a vol for every pair of prices", () => {
    const forward = 1_000_000n;
    const high = vol(VALID, forward, forward * 149n, 0n, ANY);
    const low = vol(VALID, forward, forward / 149n, 0n, ANY);
    expect(vol(VALID, forward, forward * 140n, 0n, ANY) < high).to.be.true;
    expect(vol(VALID, forward, forward / 140n, 0n, ANY) < low).to.be.true;
    for (const strike of [forward * 1000n, MAX_PRICE, ANY]) expect(vol(VALID, forward, strike, 0n, ANY)).to.equal(high);
    for (const strike of [0n, 1n]) expect(vol(VALID, forward, strike, 0n, ANY)).to.equal(low);
    expect(vol(VALID, 0n, 1n, 0n, ANY)).to.equal(high);
    expect(vol(VALID, ANY, 0n, 0n, ANY)).to.equal(low);
    expect(vol(VALID, 0n, 0n, 0n, ANY)).to.equal(vol(VALID, forward, forward, 0n, ANY));
    expect(vol(VALID, ANY, MAX_PRICE, 0n, ANY)).to.equal(vol(VALID, forward, forward, 0n, ANY));
  });

  it("is zero, not less, where a curve touches zero", () => {
    for (let i = 0; i < 1000; i++) {
      const curve = { ...randomCurve(random), a: 0n };
      const root = exact.integerRoot((WAD * WAD - curve.rho * curve.rho) * 10n ** 36n);
      const lowest = { ...curve, a: -((curve.b * curve.sigma * root) / 10n ** 54n) };
      expect(isValid(lowest)).to.be.true;
      const [forward, strike] = randomVolArguments(random);
      expect(vol(lowest, forward, strike, 0n, ANY) >= 0n).to.be.true;
    }
    const flat = { a: 0n, b: 0n, rho: 0n, m: 0n, sigma: 1n, refTau: 1n };
    expect(vol(flat, 5n, 7n, 0n, ANY)).to.equal(0n);
    expect(vol(flat, 5n, 7n, 3n, ANY)).to.equal(3n);
  });

  describe("a valid curve, with one thing changed", () => {
    const slope = (WAD * 3n) / 2n;
    const cases: [string, Partial<SviParameters>, boolean][] = [
      ["nothing", {}, true],
      ["a at its bound", { a: MAX_SVI_A }, true],
      ["a above its bound", { a: MAX_SVI_A + 1n }, false],
      ["a far below zero", { a: -MAX_SVI_A }, false],
      ["b zero", { b: 0n }, true],
      ["b negative", { b: -1n }, false],
      ["b at the slope, with ρ", { b: slope }, true],
      ["b above the slope, with ρ", { b: slope + 2n }, false],
      ["b at the slope, without ρ", { b: MAX_SVI_SLOPE, rho: 0n }, true],
      ["b above the slope, without ρ", { b: MAX_SVI_SLOPE + 1n, rho: 0n }, false],
      ["ρ just below 1", { rho: WAD - 1n }, true],
      ["ρ 1", { rho: WAD }, false],
      ["ρ just above −1", { rho: 1n - WAD }, true],
      ["ρ −1", { rho: -WAD }, false],
      ["m at its bound", { m: MAX_SVI_M }, true],
      ["m above its bound", { m: MAX_SVI_M + 1n }, false],
      ["m at its lower bound", { m: -MAX_SVI_M }, true],
      ["m below its bound", { m: -MAX_SVI_M - 1n }, false],
      ["σ 1e-18", { sigma: 1n }, true],
      ["σ zero", { sigma: 0n }, false],
      ["σ negative", { sigma: -1n }, false],
      ["σ at its bound", { sigma: MAX_SVI_SIGMA }, true],
      ["σ above its bound", { sigma: MAX_SVI_SIGMA + 1n }, false],
      ["time zero", { refTau: 0n }, false],
      ["time one second", { refTau: 1n }, true],
      ["time at its bound", { refTau: MAX_SECONDS }, true],
      ["time above its bound", { refTau: MAX_SECONDS + 1n }, false],
      // b·σ·√(1 − ρ²) = 0.1 · 0.125 · 0.8 = 0.01.
      ["lowest variance zero", { rho: (WAD * 3n) / 5n, a: -WAD / 100n }, true],
      ["lowest variance negative", { rho: (WAD * 3n) / 5n, a: -WAD / 100n - 1n }, false],
    ];
    for (const [what, change, valid] of cases) {
      it(`${what}: ${valid ? "accepted" : "refused"}`, () => {
        expect(isValid({ ...VALID, ...change })).to.equal(valid);
      });
    }
  });

  it("has a vol within 256 bits for every curve that is valid", () => {
    const curves = [...edgeCurves().filter(isValid), ...Array.from({ length: 2000 }, () => randomCurve(random))];
    const bySize = curves.filter(isValid);
    expect(bySize.length).to.be.greaterThan(1000);
    for (const curve of bySize) {
      const [forward, strike, minVol, maxVol] = randomVolArguments(random);
      const result = vol(curve, forward, strike, minVol, maxVol);
      expect(result >= 0n && result <= maxVol).to.be.true;
    }
  });
});
