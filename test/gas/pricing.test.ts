import { expect } from "chai";
import { network } from "hardhat";
import { WAD } from "../../src/pricing/FixedPoint.ts";
import { isValid } from "../../src/pricing/Svi.ts";
import { deployPricing } from "../support/pricing/twin.ts";
import { randomCurve, randomOption } from "../support/pricing/samples.ts";
import { Random } from "../support/random.ts";

/** A little above the most that each function took; docs/pricing.md has the same table. */
const CEILINGS: Readonly<Record<string, bigint>> = {
  price: 4_800n,
  delta: 3_900n,
  priceAndDelta: 5_100n,
  greeks: 4_500n,
  vol: 3_100n,
  isValid: 1_700n,
  cdf: 1_400n,
  pdf: 600n,
};

describe("gas of pricing", () => {
  it("no function takes more than its ceiling, over random options and curves", async () => {
    const harness = await deployPricing(await network.create());
    const random = new Random(1);
    const most: Record<string, bigint> = {};
    for (let i = 0; i < 60; i++) {
      const [, forward, strike, , time] = randomOption(random);
      const drawn = randomCurve(random);
      const curve = isValid(drawn) ? drawn : { ...drawn, a: WAD / 10n };
      const gas = await harness.gasOf(i % 2 === 0, forward, strike, time, curve);
      for (const name of Object.keys(CEILINGS)) {
        const value = (gas as unknown as Record<string, bigint>)[name]!;
        if (value > (most[name] ?? 0n)) most[name] = value;
      }
    }
    console.log(
      `      at most ${Object.entries(most)
        .map(([name, gas]) => `${name} ${gas}`)
        .join(", ")}`,
    );
    for (const [name, ceiling] of Object.entries(CEILINGS))
      expect(Number(most[name]), name).to.be.at.most(Number(ceiling));
  });
});
