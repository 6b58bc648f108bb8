import { expect } from "chai";
import { contextArgument, evidenceOf, stepArguments } from "../../src/l1/proverArguments.ts";
import { Random } from "../../src/market/random.ts";
import { ResultCode, resultName } from "../../src/machine/ResultCodes.ts";
import type { InputLog } from "../../src/machine/InputLog.ts";
import type { ProvenStep } from "../../src/machine/Step.ts";
import { frameAt } from "../../src/machine/Framing.ts";
import { TX_BID, TX_FILL, TX_ORACLE_REPORT } from "../../src/machine/Wire.ts";
import { judgeAll, postHashOf, startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { marginSteps } from "../support/traffic/marginSteps.ts";
import { runSeed } from "../support/random.ts";

const SEED = runSeed();
/** Steps of which a sample is judged: several of each transaction with each result. */
const STEPS = Number(process.env.TENOR_STEPS ?? 12_000);
const SAMPLES = 4;
/** A bid that is too small needs an account that is small for the fund and has been in auction for an hour: some seeds have none. */
const RARE: readonly string[] = ["BidTooSmall"];

describe("parity on an exchange with marks, margin and auctions", () => {
  const judge = startJudge();
  let random: Random;
  let log: InputLog;
  let steps: readonly ProvenStep[];

  before(async () => {
    random = new Random(SEED);
    const traffic = marginSteps(judge.chainId, random, STEPS);
    log = traffic.log;
    steps = sampleOf(traffic.log, traffic.steps);
  });

  it(`agrees on random steps, ${SAMPLES} of a kind, and refuses every mutation of their evidence`, async () => {
    const report = await expectParity(judge, log, log.batchCount, steps, random, 1);
    console.log(
      `      seed ${SEED}: ${report.steps} steps, ${report.mutations} mutations, at most ${report.maxGas} gas and ${report.maxBytes} bytes a step`,
    );
    const seen = new Set<string>(steps.map((step) => resultName(step.code)));
    const missing = Object.entries(ResultCode)
      .filter(([name, code]) => code >= ResultCode.ModeInvalid && !seen.has(name) && !RARE.includes(name))
      .map(([name]) => name);
    expect(missing, "results that were not reached").to.deep.equal([]);
  });

  it("takes no lack of gas for a result, in the margin engine and in signatures neither", async () => {
    const context = log.context(log.batchCount);
    for (const type of [TX_FILL, TX_ORACLE_REPORT, TX_BID]) {
      const step = steps.find((one) => one.code === ResultCode.OK && familyOf(typeOf(log, one)) === type)!;
      expect(step, `a transaction of type ${type} that takes effect`).to.not.equal(undefined);
      const evidence = evidenceOf(step, log, context);
      const [verdict] = await judgeAll(judge, context, [evidence]);
      expect(verdict!.postHash).to.equal(postHashOf(step));
      const [low, high] = [verdict!.gas / 4n, verdict!.gas + verdict!.gas / 8n];
      const result = await judge.harness.stepStarved.staticCall(
        contextArgument(context),
        stepArguments(context, evidence),
        low,
        high,
        (high - low) / 60n,
        { gasLimit: 10n ** 10n },
      );
      expect(result.proven, "calls that gave the verdict").to.be.greaterThan(0n);
      expect(result.refused, "calls that reverted").to.be.greaterThan(30n);
    }
  });
});

/** The first steps of each transaction or message with each result. */
function sampleOf(log: InputLog, steps: readonly ProvenStep[]): readonly ProvenStep[] {
  const counts = new Map<string, number>();
  return steps.filter((step) => {
    const key = `${step.kind} ${typeOf(log, step)} ${step.code}`;
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return count < SAMPLES;
  });
}

/** The type of a transaction without the form of a fill, which is in the low bits of its type. */
function familyOf(type: number): number {
  return type >= TX_FILL && type < TX_ORACLE_REPORT ? TX_FILL : type;
}

/** Type byte of an item; that of a message with its kind before it. */
function typeOf(log: InputLog, { kind, pre }: ProvenStep): number {
  if (kind === "message") {
    const { kind: message, payload } = log.message(pre.message);
    return message * 256 + (payload[0] ?? 0);
  }
  if (kind !== "item") return -1;
  const { payload } = log.batch(pre.batch);
  return payload[frameAt(payload, pre.offset)!.start]!;
}
