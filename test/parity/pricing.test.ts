import { expect } from "chai";
import { network } from "hardhat";
import { readFileSync } from "node:fs";
import { comparePricing, deployPricing, edgeCases, type PricingTwin } from "../support/pricing/twin.ts";
import { Random, runSeed } from "../support/random.ts";

const SEED = runSeed();
/** test-deep/pricing.test.ts tries 100,000. */
const POINTS = 500;

describe("parity: pricing", () => {
  let twin: PricingTwin;

  before(async () => {
    console.log(`      seed ${SEED}`);
    twin = await deployPricing(await network.create());
  });

  it("both give the same at every edge", async () => {
    await edgeCases(twin);
  });

  it(`both give the same at ${POINTS} random points of each function`, async () => {
    await comparePricing(twin, new Random(SEED), POINTS);
  });

  // The last digits of a coefficient show in one result of billions, which no sample finds.
  for (const [name, count] of [
    ["FixedPoint", 1],
    ["NormalDistribution", 36],
  ] as const) {
    it(`the sources of ${name} have the same long constants`, () => {
      const constants = (file: string): string[] => readFileSync(file, "utf8").match(/\b\d{20,}(?=n?\b)/g) ?? [];
      const ours = constants(`src/pricing/${name}.ts`);
      expect(ours).to.have.length(count);
      expect(constants(`contracts/pricing/${name}.sol`)).to.deep.equal(ours);
    });
  }
});
