import { expect } from "chai";
import { expNegative, lnRatio, ONE, sqrt, WAD } from "../../../src/pricing/FixedPoint.ts";
import * as exact from "../../support/pricing/exact.ts";
import { decimal, referenceRows } from "../../support/pricing/references.ts";
import { anyMagnitude, uniform } from "../../support/pricing/samples.ts";
import { Random, runSeed } from "../../support/random.ts";

const SEED = runSeed();

describe("FixedPoint", () => {
  const random = new Random(SEED);
  before(() => console.log(`      seed ${SEED}`));

  /** Of e^(−y). */
  function exponentialError(y: bigint): number {
    const { mantissa, halvings } = expNegative(y);
    const scale = ONE << halvings;
    return exact.unitsAbove(mantissa, exact.exp(-exact.ratio(y, ONE)), scale);
  }

  it("takes the largest root whose square is no larger", () => {
    const values = [0n, 1n, 2n, 3n, 4n, 2n ** 256n - 1n];
    for (let i = 0; i < 500; i++) {
      const root = anyMagnitude(random, 2n ** 128n - 1n);
      values.push(root * root - 1n, root * root, root * root + 1n, anyMagnitude(random, 2n ** 256n - 1n));
    }
    for (const value of values) expect(sqrt(value), `root of ${value}`).to.equal(exact.integerRoot(value));
  });

  it("has logarithms within 2^-90, exactly opposite for the inverse", () => {
    const pairs: [bigint, bigint][] = [
      [1n, 1n],
      [2n ** 125n - 1n, 1n],
      [2n ** 125n - 1n, 2n ** 125n - 2n],
      [141_421_356n, 100_000_000n],
      [141_421_357n, 100_000_000n],
    ];
    for (let i = 0; i < 1000; i++) {
      const most = random.pick([2n ** 39n - 1n, 2n ** 125n - 1n]);
      pairs.push([anyMagnitude(random, most), anyMagnitude(random, most)]);
    }
    let worst = 0;
    for (const [a, b] of pairs) {
      worst = Math.max(worst, Math.abs(exact.unitsAbove(lnRatio(a, b), exact.lnRatio(a, b), ONE)));
      expect(lnRatio(b, a)).to.equal(-lnRatio(a, b));
    }
    console.log(`      at most ${worst.toFixed(2)} units of 2^-96 away`);
    expect(worst).to.be.below(64);
  });

  it("has exponentials within 2^-88 of their size, and mantissas about 1", () => {
    let worst = 0;
    for (const y of [0n, 1n, ONE, (ONE * 7n) / 20n, 61n * ONE]) worst = Math.max(worst, Math.abs(exponentialError(y)));
    for (let i = 0; i < 1000; i++) {
      const y = uniform(random, 61n * ONE);
      const { mantissa } = expNegative(y);
      expect((mantissa * 1_000_000n) / ONE >= 707_106n && (mantissa * 1_000_000n) / ONE <= 1_414_214n).to.be.true;
      worst = Math.max(worst, Math.abs(exponentialError(y)));
    }
    console.log(`      at most ${worst.toFixed(2)} units of 2^-96 away`);
    expect(worst).to.be.below(256);
  });

  it("agrees with the table of logarithms and exponentials", function () {
    const rows = referenceRows(this, "math_ref.csv");
    for (const { fn, x, value } of rows) {
      if (fn === "ln") {
        const logarithm = (lnRatio(decimal(x!, 18), WAD) * 10n ** 25n) / ONE;
        expect(Number(logarithm - decimal(value!, 25)), `ln ${x}`).to.be.within(-1000, 1000);
      }
      if (fn === "exp" && decimal(x!, 18) <= 0n) {
        const { mantissa, halvings } = expNegative((decimal(x!.replace("-", ""), 18) << 96n) / WAD);
        const value25 = (mantissa * 10n ** 25n) >> (96n + halvings);
        expect(Number(value25 - decimal(value!, 25)), `exp ${x}`).to.be.within(-2, 1);
      }
    }
  });
});
