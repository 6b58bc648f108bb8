import { expect } from "chai";
import { Random } from "../../src/market/random.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import { deployJudge, type Judge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { marginSteps } from "../support/traffic/marginSteps.ts";

const SEED = Number(process.env.TENOR_SEED ?? 20_261_121);
const STEPS = Number(process.env.TENOR_STEPS ?? 400);

describe("parity on an exchange with marks, margin and auctions", () => {
  let judge: Judge;

  before(async () => {
    judge = await deployJudge();
  });

  it(`agrees on ${STEPS} random steps and refuses every mutation of their evidence`, async () => {
    console.log(`      seed ${SEED}`);
    const random = new Random(SEED);
    const { log, steps } = marginSteps(judge.chainId, random, STEPS);
    const report = await expectParity(judge, log, log.batchCount, steps, random, 1);
    console.log(
      `      ${report.steps} steps, ${report.mutations} mutations, at most ${report.maxGas} gas and ${report.maxBytes} bytes a step`,
    );
    const seen = new Set(steps.map((step) => resultName(step.code)));
    expect([...seen]).to.include.members(["OK", "InsufficientMargin", "PriceOutsideBand", "NotLiquidatable"]);
  });
});
