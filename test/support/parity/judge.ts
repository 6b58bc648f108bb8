import { network } from "hardhat";
import { concat, toHex } from "../../../src/crypto/bytes.ts";
import type { InputEvidence, InputLog, StepContext } from "../../../src/machine/InputLog.ts";
import { machineStateHash, type MachineState } from "../../../src/machine/MachineState.ts";
import type { ResultCode } from "../../../src/machine/ResultCodes.ts";
import type { ProvenStep, StepKind } from "../../../src/machine/Step.ts";
import type { ProverHarness } from "../../../typechain/contracts/test/ProverHarness.js";
import { BRIDGE, INBOX, SETTLEMENT } from "../traffic/world.ts";

const CALL_GAS = 10n ** 14n;
const ACCEPTED = "0x00000000";
const UNNAMED = "0x00000001";

/** A deployed prover behind the harness that runs many steps in one call. */
export interface Judge {
  /** One on each of several chains, which run side by side. */
  readonly harnesses: readonly ProverHarness[];
  readonly chainId: bigint;
}

/** Everything that one step is judged by. */
export interface Evidence {
  readonly pre: MachineState;
  readonly input: InputEvidence;
  readonly witness: readonly Uint8Array[];
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
  const { ethers } = await network.create({ override: { blockGasLimit: 10n ** 15n, transactionGasCap: false } });
  const { chainId } = await ethers.provider.getNetwork();
  const account = await ethers.deployContract("AccountExecutor", [chainId, toHex(INBOX), toHex(BRIDGE)]);
  const fill = await ethers.deployContract("FillExecutor", [chainId, toHex(INBOX)]);
  const settlement = await ethers.deployContract("SettlementExecutor", [toHex(SETTLEMENT)]);
  const prover = await ethers.deployContract("OneStepProver", [account, fill, settlement]);
  const harness = await ethers.deployContract("ProverHarness", [prover]);
  return { harness, chainId };
}

/** The evidence of a step that the machine has recorded. */
export function evidenceOf(step: ProvenStep, log: InputLog, context: StepContext): Evidence {
  return { pre: step.pre, input: log.evidence(step.input, context), witness: step.witness };
}

/** Lets the judge run all steps, many in a call. */
export async function judgeAll(
  judge: Judge,
  context: StepContext,
  steps: readonly Evidence[],
): Promise<readonly Verdict[]> {
  const calls = slices(steps.length, (i) => sizeOf(steps[i]!));
  const results = await spread(judge, calls, ([start, end], harness) =>
    harness.stepMany.staticCall(toContext(context), steps.slice(start, end).map(toArguments), { gasLimit: CALL_GAS }),
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
  steps: readonly Evidence[],
  patches: readonly (readonly Patch[])[],
): Promise<readonly (string | undefined)[]> {
  const calls = slices(
    steps.length,
    (i) => sizeOf(steps[i]!) + patches[i]!.reduce((sum, patch) => sum + 160 + patch.insert.length, 0),
  );
  const errors = await spread(judge, calls, ([start, end], harness) =>
    harness.stepPatched.staticCall(
      toContext(context),
      steps.slice(start, end).map(toArguments),
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

function toContext(context: StepContext): Parameters<ProverHarness["stepMany"]>[0] {
  return { ...context, batchesRoot: toHex(context.batchesRoot), messagesRoot: toHex(context.messagesRoot) };
}

function sizeOf({ input, witness }: Evidence): number {
  const paths = input.recordPath.length + input.messagePath.length + input.chunkPath.length;
  return 1_500 + 32 * paths + input.chunks.length + witness.reduce((sum, item) => sum + item.length, 0);
}

function toArguments({ pre, input, witness }: Evidence): ProverHarness.StepStruct {
  const { record, message } = input;
  return {
    pre: { ...pre, stateRoot: toHex(pre.stateRoot) },
    input: {
      record: { ...record, commitment: toHex(record.commitment) },
      recordPath: input.recordPath.map(toHex),
      message: { ...message, sender: toHex(message.sender), payload: toHex(message.payload) },
      messagePath: input.messagePath.map(toHex),
      chunks: toHex(input.chunks),
      chunkPath: input.chunkPath.map(toHex),
    },
    witness: toHex(concat(...witness)),
  };
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
