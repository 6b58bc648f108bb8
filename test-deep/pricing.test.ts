import { network } from "hardhat";
import { comparePricing, deployPricing } from "../test/support/pricing/twin.ts";
import { Random, runSeed } from "../test/support/random.ts";

const SEED = runSeed();
const POINTS = 100_000;
/** Points between two lines of progress. */
const CHUNK = 10_000;

describe("deep pricing (about five minutes on two idle cores)", () => {
  it(`both languages give the same at ${POINTS} random points of each function`, async () => {
    console.log(`      seed ${SEED}`);
    const twin = await deployPricing(await network.create());
    const random = new Random(SEED);
    for (let done = 0; done < POINTS; done += CHUNK) {
      await comparePricing(twin, random, CHUNK);
      console.log(`      ${done + CHUNK} of ${POINTS} points`);
    }
  });
});
