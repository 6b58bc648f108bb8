import { JsonRpcProvider } from "ethers";
import { toHex } from "../../src/crypto/bytes.ts";
import { TenorError } from "../../src/errors.ts";
import { proverAt } from "../../src/l1/Contracts.ts";
import { deploymentGenesis, machineConfig, type Deployment } from "../../src/l1/deployment.ts";
import { evidenceOf, stepArguments } from "../../src/l1/proverArguments.ts";
import type { InputLog } from "../../src/machine/InputLog.ts";
import { GENESIS_CURSOR, machineStateHash } from "../../src/machine/MachineState.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import { Machine, type ProvenStep } from "../../src/machine/Step.ts";

/** What the judge found. */
export interface JudgeReport {
  /** Steps of the whole range. */
  readonly steps: number;
  /** Steps that the judge has run. */
  readonly judged: number;
}

/** What the judge can hold against the machine. */
export type JudgeErrorCode = "JUDGE_DISAGREES";

/** The two machines parted: the worst that can happen. */
export class JudgeError extends TenorError<JudgeErrorCode> {
  override readonly name = "JudgeError";
}

/** Calls that are under way at once. */
const PARALLEL = 16;
/** The protocol's cap on the gas of a transaction: a step must be provable within it. */
const GAS = 1n << 24n;

/**
 * Runs every `1 / share`-th step again through OneStepProver, each as a call of its own under the limits of a transaction,
 * and compares state hash and result.
 */
export async function judgeSteps(
  url: string,
  deployment: Deployment,
  log: InputLog,
  most: number,
  onProgress: (done: number, total: number) => void,
): Promise<JudgeReport> {
  const target = log.batchCount;
  const total = countSteps(deployment, log);
  const every = Math.max(1, Math.ceil(total / most));
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 });
  const prover = proverAt(deployment.addresses.prover, provider);
  const context = log.context(target);
  const call = async (step: ProvenStep): Promise<void> => {
    const proof = stepArguments(context, evidenceOf(step, log, context));
    const { postHash, code } = await prover.step.staticCall(proof.context, proof.pre, proof.input, proof.witness, {
      gasLimit: GAS,
    });
    const expected = toHex(machineStateHash(step.post));
    if (postHash !== expected || Number(code) !== step.code) {
      throw new JudgeError("JUDGE_DISAGREES", "the Solidity judge does not get the state that the machine got", {
        fields: { kind: step.kind, result: resultName(step.code), pre: step.pre, postHash, expected, code },
      });
    }
  };
  const machine = newMachine(deployment, log);
  let running: Promise<void>[] = [];
  let judged = 0;
  try {
    for (let index = 0; !machine.finished(target); index++) {
      if (index % every !== 0) {
        machine.step(target);
        continue;
      }
      running.push(call(machine.provenStep(target)));
      judged++;
      if (running.length === PARALLEL) {
        await Promise.all(running);
        running = [];
        onProgress(index, total);
      }
    }
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
    provider.destroy();
  }
  return { steps: total, judged };
}

function countSteps(deployment: Deployment, log: InputLog): number {
  const machine = newMachine(deployment, log);
  let steps = 0;
  for (; !machine.finished(log.batchCount); steps++) machine.step(log.batchCount);
  return steps;
}

function newMachine(deployment: Deployment, log: InputLog): Machine {
  return new Machine(machineConfig(deployment), log, deploymentGenesis(deployment), GENESIS_CURSOR);
}
