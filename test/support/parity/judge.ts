import { AbiCoder, toQuantity } from "ethers";
import type { HardhatEthersProvider } from "@nomicfoundation/hardhat-ethers/types";
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
import { network } from "hardhat";
import { Anvil } from "../../../scripts/fork/Anvil.ts";
import { Processes } from "../../../scripts/fork/Processes.ts";
import { deployProver } from "../proverScene.ts";
import { encodeArguments } from "./encodeArguments.ts";

const CALL_GAS = 10n ** 14n;
const ACCEPTED = "0x00000000";
const UNNAMED = "0x00000001";

/** A deployed prover behind the harness that runs many steps in one call. */
export interface Judge {
  readonly harness: ProverHarness;
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

/** Bytes of evidence in one call. */
const CALL_BYTES = 100_000;

/** Calls under way at the same time. */
const PARALLEL = 2;

/** No block ever holds what one call of the harness takes. */
const FLAGS = ["--gas-limit", String(10n ** 15n), "--no-request-size-limit"];

/** The same for Hardhat's simulator, and for contracts that are large because of the instruments in them. */
const ON_SIMULATOR = { blockGasLimit: 10n ** 15n, transactionGasCap: false, allowUnlimitedContractSize: true } as const;

/**
 * Deploys the executors, the prover and the harness, for the addresses of the random traffic, before the tests of a suite.
 * On anvil, which runs the same calls in a third of the time that Hardhat's simulator takes: that one keeps a trace of each. But it alone
 * sees which lines were executed.
 *
 * @param on The simulator for a suite that reads blobs: another anvil would take longer to load KZG's setup than it saves.
 */
export function startJudge(on: "anvil" | "simulator" = "anvil"): Judge {
  const processes = new Processes();
  let deployed: Judge | undefined;
  before("start the judge", async () => {
    if (on === "simulator" || process.env.TENOR_COVERAGE === "1") {
      deployed = await deployProver(await network.create({ override: ON_SIMULATOR }));
      return;
    }
    const { url } = await Anvil.start(FLAGS, processes);
    deployed = await deployProver(await network.create({ network: "anvil", override: { url } }));
  });
  after("stop the judge", () => processes.end());
  return {
    get harness(): ProverHarness {
      return deployed!.harness;
    },
    get chainId(): bigint {
      return deployed!.chainId;
    },
  };
}

/** Lets the judge run all steps, many in a call. */
export async function judgeAll(
  judge: Judge,
  context: StepContext,
  steps: readonly StepEvidence[],
): Promise<readonly Verdict[]> {
  const calls = slices(steps.length, (i) => sizeOf(steps[i]!));
  const toStep = (step: StepEvidence): StepArguments => stepArguments(context, step);
  const results = await spread(calls, ([start, end]) =>
    ask<readonly ProverHarness.VerdictStructOutput[]>(judge, "stepMany", [
      contextArgument(context),
      steps.slice(start, end).map(toStep),
    ]),
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
  const errors = await spread(calls, ([start, end]) =>
    ask<readonly string[]>(judge, "stepPatched", [
      contextArgument(context),
      steps.slice(start, end).map(toStep),
      patches.slice(start, end),
    ]),
  );
  return errors.flat().map((error) => (error === ACCEPTED || error === UNNAMED ? undefined : error));
}

/**
 * Calls the harness. Not by its typed method: on the way to the endpoint that one turns the call's data, 100 kB of text, into bytes and
 * back many times, which takes longer than the judging.
 */
async function ask<R>({ harness }: Judge, method: "stepMany" | "stepPatched", args: readonly unknown[]): Promise<R> {
  const fragment = harness.interface.getFunction(method);
  const data = fragment.selector + toHex(encodeArguments(fragment.inputs, args)).slice(2);
  const call = { to: await harness.getAddress(), data, gas: toQuantity(CALL_GAS) };
  const provider = harness.runner!.provider as HardhatEthersProvider;
  const answer = (await provider.send("eth_call", [call, "latest"])) as string;
  return AbiCoder.defaultAbiCoder().decode(fragment.outputs, answer)[0] as R;
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

/** Makes all calls, some at a time; the results in the order of the calls. */
async function spread<C, R>(calls: readonly C[], make: (call: C) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < calls.length) {
      const index = next++;
      results[index] = await make(calls[index]!);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, one));
  return results;
}
