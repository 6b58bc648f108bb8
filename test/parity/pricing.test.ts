import { network } from "hardhat";
import { comparePricing, deployPricing, edgeCases, type PricingTwin } from "../support/pricing/twin.ts";
import { Random, runSeed } from "../support/random.ts";

const SEED = runSeed();
const POINTS = 2_000;

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
});
