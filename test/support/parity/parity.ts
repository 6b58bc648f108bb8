import { expect } from "chai";
import { evidenceOf, type StepEvidence } from "../../../src/l1/proverArguments.ts";
import type { Random } from "../../../src/market/random.ts";
import type { InputLog } from "../../../src/machine/InputLog.ts";
import { resultName } from "../../../src/machine/ResultCodes.ts";
import type { ProvenStep } from "../../../src/machine/Step.ts";
import { judgeAll, judgePatched, postHashOf, type Judge, type Verdict } from "./judge.ts";
import { inputMutations, witnessPatches } from "./mutations.ts";

/** What a comparison found, apart from agreement. */
export interface ParityReport {
  readonly steps: number;
  readonly mutations: number;
  /** Highest gas of one step. */
  readonly maxGas: bigint;
  /** Most bytes of witness and chunks of one step. */
  readonly maxBytes: number;
}

/** The judge says of a step what TypeScript says. */
export function expectVerdict(
  { accepted, revertData, kind, code, postHash }: Verdict,
  step: ProvenStep,
  where: string,
): void {
  expect(accepted, `${where}: evidence refused with ${revertData}`).to.equal(true);
  expect(kind, `${where}: kind`).to.equal(step.kind);
  expect(resultName(code), `${where}: result`).to.equal(resultName(step.code));
  expect(postHash, `${where}: hash`).to.equal(postHashOf(step));
}

/**
 * INVARIANT 12 over `steps`: the judge says what TypeScript says, and refuses every mutation of every witness item, and
 * `inputSamples` random mutations of the other evidence of each step (all of them by default). Fails with the step, the
 * mutation and the verdict that disagreed.
 */
export async function expectParity(
  judge: Judge,
  log: InputLog,
  target: bigint,
  steps: readonly ProvenStep[],
  random: Random,
  inputSamples = Infinity,
): Promise<ParityReport> {
  const context = log.context(target);
  const report = { steps: 0, mutations: 0, maxGas: 0n, maxBytes: 0 };
  const evidences = steps.map((step) => evidenceOf(step, log, context));
  const verdicts = await judgeAll(judge, context, evidences);
  for (const [i, step] of steps.entries()) {
    const verdict = verdicts[i]!;
    const where = `step ${i}, ${step.kind}, ${resultName(step.code)}`;
    expectVerdict(verdict, step, where);
    report.steps++;
    if (verdict.gas > report.maxGas) report.maxGas = verdict.gas;
    report.maxBytes = Math.max(report.maxBytes, bytesOf(evidences[i]!));
  }
  const nameOf = (i: number): string => `step ${i}, ${steps[i]!.kind}, ${resultName(steps[i]!.code)}`;

  const patches = evidences.map(({ witness }) => witnessPatches(random, witness));
  const patchNames = patches.flatMap((list, i) => list.map(({ name }) => `${nameOf(i)}: ${name}`));
  const errors = await judgePatched(judge, context, evidences, patches);
  expect(errors.length).to.equal(patchNames.length);
  errors.forEach((error, i) => expect(error, `${patchNames[i]} was not refused by name`).to.be.a("string"));

  const mutations = evidences.flatMap((evidence, i) =>
    sample(random, inputMutations(random, evidence), inputSamples).map((mutation) => ({
      evidence: mutation.evidence,
      name: `${nameOf(i)}: ${mutation.name}`,
    })),
  );
  const refused = await judgeAll(
    judge,
    context,
    mutations.map(({ evidence }) => evidence),
  );
  for (const [i, { accepted, revertData }] of refused.entries()) {
    expect(accepted, `${mutations[i]!.name} was accepted`).to.equal(false);
    // Four bytes of selector at least, so neither a bare revert nor a lack of gas.
    expect(revertData.length, `${mutations[i]!.name} failed without a named error`).to.be.at.least(10);
  }
  report.mutations = patchNames.length + mutations.length;
  return report;
}

function bytesOf({ input, witness }: StepEvidence): number {
  return witness.reduce((sum, item) => sum + item.length, 0) + input.chunks.length + input.message.payload.length;
}

/** `count` elements in random order, or all. */
function sample<T>(random: Random, items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  const rest = [...items];
  return Array.from({ length: count }, () => rest.splice(random.uint(rest.length), 1)[0]!);
}
