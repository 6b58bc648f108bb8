import { expect } from "chai";
import type { Random } from "../../../src/market/random.ts";
import type { InputLog } from "../../../src/machine/InputLog.ts";
import { resultName } from "../../../src/machine/ResultCodes.ts";
import type { ProvenStep } from "../../../src/machine/Step.ts";
import { evidenceOf, judgeAll, postHashOf, type Evidence, type Judge } from "./judge.ts";
import { mutationsOf } from "./mutations.ts";

/** What a comparison found, apart from agreement. */
export interface ParityReport {
  readonly steps: number;
  readonly mutations: number;
  /** Highest gas of one step. */
  readonly maxGas: bigint;
  /** Most bytes of witness and chunks of one step. */
  readonly maxBytes: number;
}

/**
 * INVARIANT 12 over `steps`: the judge says what TypeScript says, and refuses every mutation of the evidence of those
 * steps for which `mutate` holds. Fails with the step, the mutation and the verdict that disagreed.
 */
export async function expectParity(
  judge: Judge,
  log: InputLog,
  target: bigint,
  steps: readonly ProvenStep[],
  random: Random,
  mutate: (index: number) => boolean,
): Promise<ParityReport> {
  const context = log.context(target);
  const report = { steps: 0, mutations: 0, maxGas: 0n, maxBytes: 0 };
  const evidences = steps.map((step) => evidenceOf(step, log, context));
  const verdicts = await judgeAll(judge, context, evidences);
  for (const [i, step] of steps.entries()) {
    const verdict = verdicts[i]!;
    const where = `step ${i}, ${step.kind}, ${resultName(step.code)}`;
    expect(verdict.accepted, `${where}: evidence refused with ${verdict.revertData}`).to.equal(true);
    expect(verdict.kind, `${where}: kind`).to.equal(step.kind);
    expect(resultName(verdict.code), `${where}: result`).to.equal(resultName(step.code));
    expect(verdict.postHash, `${where}: hash`).to.equal(postHashOf(step));
    report.steps++;
    if (verdict.gas > report.maxGas) report.maxGas = verdict.gas;
    report.maxBytes = Math.max(report.maxBytes, bytesOf(evidences[i]!));
  }
  const names: string[] = [];
  const spoiled: Evidence[] = [];
  for (const [i, evidence] of evidences.entries()) {
    if (!mutate(i)) continue;
    for (const { name, evidence: mutated } of mutationsOf(random, evidence)) {
      names.push(`step ${i}, ${steps[i]!.kind}, ${resultName(steps[i]!.code)}: ${name}`);
      spoiled.push(mutated);
    }
  }
  for (const [i, verdict] of (await judgeAll(judge, context, spoiled)).entries()) {
    expect(verdict.accepted, `${names[i]} was accepted`).to.equal(false);
    // A named error: four bytes of selector at least, so neither a bare revert nor a lack of gas.
    expect(verdict.revertData.length, `${names[i]} failed without a named error`).to.be.at.least(10);
    report.mutations++;
  }
  return report;
}

function bytesOf({ input, witness }: Evidence): number {
  return witness.reduce((sum, item) => sum + item.length, 0) + input.chunks.length + input.message.payload.length;
}
