import { toHex } from "../../../src/crypto/bytes.ts";
import {
  contextArgument,
  stepArguments,
  type StepArguments,
  type StepEvidence,
} from "../../../src/l1/proverArguments.ts";
import type { StepContext } from "../../../src/machine/InputLog.ts";
import { machineStateHash } from "../../../src/machine/MachineState.ts";
import type { ResultCode } from "../../../src/machine/ResultCodes.ts";
import type { ProvenStep, StepKind } from "../../../src/machine/Step.ts";
import type { ProverHarness } from "../../../typechain/contracts/test/ProverHarness.js";
import { deployProver } from "../proverScene.ts";
import { connect } from "../baseChain.ts";

const CALL_GAS = 10n ** 14n;
const ACCEPTED = "0x00000000";
const UNNAMED = "0x00000001";

/** A deployed prover behind the harness that runs many steps in one call. */
export interface Judge {
  /** One on each of several chains, which run side by side. */
  readonly harnesses: readonly ProverHarness[];
  readonly chainId: bigint;
}

/** One way to spoil a witness: at `offset`, `remove` bytes are taken out and `insert` is put in. */
export interface Patch {
  readonly name: string;
  readonly offset: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

/** What the judge said of one step. */
export interface Verdict {
  /** Whether the evidence was accepted. */
  readonly accepted: boolean;
  readonly postHash: string;
  readonly kind: StepKind;
  readonly code: ResultCode;
  readonly gas: bigint;
  /** Selector and arguments of the error if the evidence was not accepted. */
  readonly revertData: string;
}

const KINDS: readonly StepKind[] = ["identity", "message", "item", "next batch", "item limit", "framing error"];

/** Bytes of evidence in one call. The simulator records calls; larger ones cost it time and memory out of proportion. */
const CALL_BYTES = 20_000;

/** Chains that judge at the same time. */
const CHAINS = 2;

/** Deploys the executors, the prover and the harness, for the addresses of the random traffic. */
export async function deployJudge(): Promise<Judge> {
  const deployed = await Promise.all(Array.from({ length: CHAINS }, deployHarness));
  return { harnesses: deployed.map(({ harness }) => harness), chainId: deployed[0]!.chainId };
}

async function deployHarness(): Promise<{ harness: ProverHarness; chainId: bigint }> {
  const override = { blockGasLimit: 10n ** 15n, transactionGasCap: false } as const;
  return deployProver(await connect(override));
}

/** Lets the judge run all steps, many in a call. */
export async function judgeAll(
  judge: Judge,
  context: StepContext,
  steps: readonly StepEvidence[],
): Promise<readonly Verdict[]> {
  const calls = slices(steps.length, (i) => sizeOf(steps[i]!));
  const toStep = (step: StepEvidence): StepArguments => stepArguments(context, step);
  const results = await spread(judge, calls, ([start, end], harness) =>
    harness.stepMany.staticCall(contextArgument(context), steps.slice(start, end).map(toStep), { gasLimit: CALL_GAS }),
  );
  return results.flat().map((result) => ({
    accepted: result.accepted,
    postHash: result.postHash,
    kind: KINDS[Number(result.outcome)]!,
    code: Number(result.code) as ResultCode,
    gas: result.gasUsed,
    revertData: result.revertData,
  }));
}

/**
 * Lets the judge run each step with each patch of its witness. The errors that it named (selectors), step by step and
 * patch by patch; undefined where it accepted the spoiled witness or failed without an error of its own.
 */
export async function judgePatched(
  judge: Judge,
  context: StepContext,
  steps: readonly StepEvidence[],
  patches: readonly (readonly Patch[])[],
): Promise<readonly (string | undefined)[]> {
  const calls = slices(
    steps.length,
    (i) => sizeOf(steps[i]!) + patches[i]!.reduce((sum, patch) => sum + 160 + patch.insert.length, 0),
  );
  const toStep = (step: StepEvidence): StepArguments => stepArguments(context, step);
  const errors = await spread(judge, calls, ([start, end], harness) =>
    harness.stepPatched.staticCall(
      contextArgument(context),
      steps.slice(start, end).map(toStep),
      patches.slice(start, end).map((list) => list.map((patch) => ({ ...patch, insert: toHex(patch.insert) }))),
      { gasLimit: CALL_GAS },
    ),
  );
  return errors.flat().map((error) => (error === ACCEPTED || error === UNNAMED ? undefined : error));
}

/** The machine-state hash after a step, as text. */
export function postHashOf(step: ProvenStep): string {
  return toHex(machineStateHash(step.post));
}

function sizeOf({ input, witness }: StepEvidence): number {
  const paths = input.recordPath.length + input.messagePath.length + input.chunkPath.length;
  return (
    1_500 +
    32 * paths +
    input.chunks.length +
    input.blobProof.length +
    witness.reduce((sum, item) => sum + item.length, 0)
  );
}

/** Cuts 0 to `count` into slices of about CALL_BYTES. */
function slices(count: number, size: (index: number) => number): readonly (readonly [number, number])[] {
  const cuts: [number, number][] = [];
  for (let start = 0; start < count;) {
    let end = start;
    for (let bytes = 0; end < count && bytes < CALL_BYTES; end++) bytes += size(end);
    cuts.push([start, end]);
    start = end;
  }
  return cuts;
}

/** Makes all calls, one at a time on each harness; the results in the order of the calls. */
async function spread<C, R>(
  { harnesses }: Judge,
  calls: readonly C[],
  make: (call: C, harness: ProverHarness) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(
    harnesses.map(async (harness) => {
      while (next < calls.length) {
        const index = next++;
        results[index] = await make(calls[index]!, harness);
      }
    }),
  );
  return results;
}
