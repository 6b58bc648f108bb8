import { expect } from "chai";
import { network } from "hardhat";
import { brokenRules } from "../test/support/pricing/neighbours.ts";
import { randomOption } from "../test/support/pricing/samples.ts";
import { comparePricing, deployPricing } from "../test/support/pricing/twin.ts";
import { Random, runSeed } from "../test/support/random.ts";

const SEED = runSeed();
const POINTS = 100_000;
/** Points between two lines of progress. */
const CHUNK = 10_000;

describe("deep pricing (about six minutes on an idle core)", () => {
  it(`both languages give the same at ${POINTS} random points of each function`, async () => {
    console.log(`      seed ${SEED}`);
    const twin = await deployPricing(await network.create());
    const random = new Random(SEED);
    for (let done = 0; done < POINTS; done += CHUNK) {
      await comparePricing(twin, random, CHUNK);
      console.log(`      ${done + CHUNK} of ${POINTS} points`);
    }
  });

  it(`invariant 8 holds around ${POINTS} random options`, () => {
    console.log(`      seed ${SEED}`);
    const random = new Random(SEED);
    for (let i = 0; i < POINTS; i++) {
      const option = randomOption(random);
      expect(brokenRules(option, random), option.join(" ")).to.deep.equal([]);
    }
  });
});
