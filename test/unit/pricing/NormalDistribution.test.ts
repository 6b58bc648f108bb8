import { expect } from "chai";
import { ONE, WAD } from "../../../src/pricing/FixedPoint.ts";
import { cdf, pdf, tail } from "../../../src/pricing/NormalDistribution.ts";
import * as exact from "../../support/pricing/exact.ts";
import { decimal, referenceRows } from "../../support/pricing/references.ts";
import { uniform } from "../../support/pricing/samples.ts";
import { Random, runSeed } from "../../support/random.ts";

const SEED = runSeed();
const LIMIT = 11n * WAD;

describe("NormalDistribution", () => {
  const random = new Random(SEED);
  before(() => console.log(`      seed ${SEED}`));

  it("has the scaled tail within 2 units of 2^-96, exactly 1/2 at 0", () => {
    expect(tail(0n)).to.equal(ONE / 2n);
    let worst = 0;
    for (let i = 0n; i <= 1000n; i++) {
      // Denser towards 0; beyond 19 the exact series gives nothing.
      const x = (19n * ONE * i * i) / 1_000_000n;
      const wide = exact.ratio(x, ONE);
      const scaled = exact.ratio(exact.distribution(-wide), exact.exp(-exact.multiply(wide, wide) / 2n));
      worst = Math.max(worst, Math.abs(exact.unitsAbove(tail(x), scaled, ONE)));
    }
    console.log(`      at most ${worst.toFixed(2)} units of 2^-96 away`);
    expect(worst).to.be.below(2);
  });

  it("has the far tail between the bounds of its continued fraction", () => {
    // x/(x² + 1) < R(x)·√(2π) < (x² + 2)/(x³ + 3x); R falls.
    const rootOf2Pi = 2.5066282746310002;
    for (let x = 10; x < 26; x += 0.125) {
      const value = (Number(tail((ONE * BigInt(x * 8)) / 8n)) / 2 ** 96) * rootOf2Pi;
      expect(value).to.be.within(x / (x * x + 1), ((x * x + 2) / (x * x * x + 3 * x)) * (1 + 1e-14));
    }
  });

  it("agrees with the exact distribution and density within a unit of 1e-18", () => {
    for (let i = 0; i < 1000; i++) {
      const x = uniform(random, 2n * LIMIT) - LIMIT;
      const wide = exact.ratio(x, WAD);
      const [below, density] = [exact.distribution(wide), exact.density(wide)];
      expect(exact.unitsAbove(cdf(x), below, WAD), `cdf ${x}`).to.be.within(-1.001, 1.001);
      expect(exact.unitsAbove(pdf(x), density, WAD), `pdf ${x}`).to.be.within(-1.001, 0.001);
    }
  });

  it("agrees with the table", function () {
    for (const { fn, x, value } of referenceRows(this, "math_ref.csv")) {
      if (fn !== "ncdf" && fn !== "npdf") continue;
      const ours = (fn === "ncdf" ? cdf : pdf)(decimal(x!, 18));
      expect(Number(ours - decimal(value!, 18)), `${fn} ${x}`).to.be.within(-1, 1);
    }
  });

  it("is symmetric, never falls, and ends at 0 and 1", () => {
    let last = 0n;
    for (let i = -1200n; i <= 1200n; i++) {
      const x = (i * WAD) / 100n;
      expect(cdf(x) + cdf(-x)).to.equal(WAD);
      expect(pdf(x)).to.equal(pdf(-x));
      expect(cdf(x) >= last).to.be.true;
      last = cdf(x);
    }
    for (const far of [LIMIT, LIMIT + 1n, 2n ** 255n - 1n]) {
      expect([cdf(far), cdf(-far), pdf(far), pdf(-far)]).to.deep.equal([WAD, 0n, 0n, 0n]);
    }
  });
});
