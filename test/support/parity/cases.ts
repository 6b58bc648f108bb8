import { expect } from "chai";
import { evidenceOf } from "../../../src/l1/proverArguments.ts";
import { resultName } from "../../../src/machine/ResultCodes.ts";
import { get } from "../../../src/machine/StateTree.ts";
import type { Random } from "../../../src/market/random.ts";
import type { Cases } from "../traffic/cases.ts";
import { judgeAll, type Judge } from "./judge.ts";
import { expectParity, expectVerdict } from "./parity.ts";

/** Of so many cases one is judged with spoiled evidence, too, which is no other for being at an edge. */
const SPOILED_EVERY = 16;

/** Whether each case has become what it should, and the judge says the same of it. */
export async function expectCases(judge: Judge, { log, cases, steps }: Cases, random: Random): Promise<void> {
  for (const { name, expected, step, root, after } of cases) {
    expect(resultName(step.code), name).to.equal(expected);
    for (const [key, fields] of after) expect(get(root, key), name).to.deep.include(fields);
  }
  const target = log.batchCount;
  const context = log.context(target);
  const evidences = steps.map((step) => evidenceOf(step, log, context));
  const verdicts = await judgeAll(judge, context, evidences);
  for (const [i, { name, step }] of cases.entries()) expectVerdict(verdicts[i]!, step, name);
  const some = steps.filter((_, i) => i % SPOILED_EVERY === 0);
  await expectParity(judge, log, target, some, random, 1);
}
