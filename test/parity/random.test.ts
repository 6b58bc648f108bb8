import { expect } from "chai";
import { Random } from "../../src/market/random.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../src/machine/MachineState.ts";
import { ResultCode, type ResultName, resultName } from "../../src/machine/ResultCodes.ts";
import { Machine, type ProvenStep } from "../../src/machine/Step.ts";
import { deployJudge, type Judge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { RandomTraffic } from "../support/traffic/RandomTraffic.ts";
import { INBOX, preparedRoot, START, testConfig } from "../support/traffic/world.ts";

const SEED = Number(process.env.TENOR_SEED ?? 20_261_121);
const STEPS = 500;

describe("parity on random transactions", () => {
  let judge: Judge;

  before(async () => {
    judge = await deployJudge();
  });

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
  });
});

/** Steps of random traffic, all of whose inputs are in the log. */
export function randomSteps(chainId: bigint, seed: number, count: number): { log: InputLog; steps: ProvenStep[] } {
  const log = new InputLog();
  const machine = new Machine(testConfig(chainId, INBOX), log, preparedRoot(), { ...GENESIS_CURSOR, l2Time: START });
  const traffic = new RandomTraffic(new Random(seed), machine, log);
  const steps: ProvenStep[] = [];
  while (steps.length < count) {
    traffic.appendBatch(1 + traffic.random.uint(5));
    while (!machine.finished(log.batchCount)) steps.push(machine.provenStep(log.batchCount));
  }
  steps.push(machine.provenStep(log.batchCount));
  return { log, steps };
}

/** The names of the results that no step had. */
export function missingResults(steps: readonly ProvenStep[]): ResultName[] {
  const seen = new Set<string>(steps.map((step) => resultName(step.code)));
  return (Object.keys(ResultCode) as ResultName[]).filter((name) => !seen.has(name));
}
