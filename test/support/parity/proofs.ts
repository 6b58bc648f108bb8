import { expect } from "chai";
import { id } from "ethers";
import { evidenceOf } from "../../../src/l1/proverArguments.ts";
import { resultName } from "../../../src/machine/ResultCodes.ts";
import type { ProofEdges } from "../traffic/proofEdges.ts";
import { judgeAll, type Judge } from "./judge.ts";
import { expectVerdict } from "./parity.ts";

/** Has the judge take all steps, and refuse the rest, each by its error. */
export async function expectProofs(judge: Judge, { log, steps, refused }: ProofEdges): Promise<void> {
  const context = log.context(log.batchCount);
  const evidences = [
    ...steps.map((step) => evidenceOf(step, log, context)),
    ...refused.map(({ evidence }) => evidence),
  ];
  const verdicts = await judgeAll(judge, context, evidences);
  for (const [i, step] of steps.entries()) {
    expectVerdict(verdicts[i]!, step, `step ${i}, ${step.kind}, ${resultName(step.code)}`);
  }
  for (const [i, { name, error }] of refused.entries()) {
    const { accepted, revertData } = verdicts[steps.length + i]!;
    expect(accepted, name).to.equal(false);
    expect(revertData.slice(0, 10), `${name}: not ${error}`).to.equal(id(error).slice(0, 10));
  }
}
