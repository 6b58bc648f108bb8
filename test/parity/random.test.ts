import { expect } from "chai";
import { Random } from "../../src/market/random.ts";
import { ResultCode, resultName } from "../../src/machine/ResultCodes.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { ALL_KINDS, inputKinds, randomSteps } from "../support/traffic/randomSteps.ts";
import { runSeed } from "../support/random.ts";

const SEED = runSeed();
const STEPS = 600;

describe("parity on random transactions", () => {
  const judge = startJudge();

  it(`agrees on ${STEPS} random steps and refuses every mutation of their evidence`, async () => {
    console.log(`      seed ${SEED}`);
    const { log, steps } = randomSteps(judge.chainId, SEED, STEPS);
    const random = new Random(SEED);
    const report = await expectParity(judge, log, log.batchCount, steps, random, 3);
    console.log(
      `      ${report.steps} steps, ${report.mutations} mutations, at most ${report.maxGas} gas and ${report.maxBytes} bytes a step`,
    );
    const executed = steps.filter((step) => step.kind === "item" || step.kind === "message");
    const valid = executed.filter((step) => step.code === ResultCode.OK);
    expect(valid.length / executed.length, "share of valid transactions").to.be.at.least(0.4);
    const seen = new Set(executed.map((step) => resultName(step.code)));
    // Results of marks, margin and auctions are those of exchange.test.ts.
    const results = Object.entries(ResultCode).filter(([, code]) => code < ResultCode.ModeInvalid);
    const missing = results.filter(([name]) => !seen.has(name as never)).map(([name]) => name);
    const kinds = inputKinds(log);
    const absent = ALL_KINDS.filter((kind) => !kinds.has(kind));
    expect(absent, "kinds of input that did not occur").to.deep.equal([]);
    expect(missing, "results that were not reached").to.deep.equal([]);
  });
});
