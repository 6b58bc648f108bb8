import type {
  InputEvidenceStruct,
  MachineStateStruct,
  StepContextStruct,
} from "../../typechain/contracts/prover/OneStepProver.ts";
import { concat, toHex } from "../crypto/bytes.ts";
import type { InputEvidence, InputLog, StepContext } from "../machine/InputLog.ts";
import type { MachineState } from "../machine/MachineState.ts";
import type { ProvenStep } from "../machine/Step.ts";

/** A step's proof as the contracts take it. */

/** Everything that one step is judged by, in its context. */
export interface StepEvidence {
  readonly pre: MachineState;
  readonly input: InputEvidence;
  /** One item for each slot that the step opens, in their order. */
  readonly witness: readonly Uint8Array[];
}

/** The arguments of `OneStepProver.step`, in their order. */
export interface StepArguments {
  context: StepContextStruct;
  pre: MachineStateStruct;
  input: InputEvidenceStruct;
  witness: string;
}

/** The evidence of a step that the machine has recorded. */
export function evidenceOf(step: ProvenStep, log: Pick<InputLog, "evidence">, context: StepContext): StepEvidence {
  return { pre: step.pre, input: log.evidence(step.input, context), witness: step.witness };
}

/** A step for its judge. */
export function stepArguments(context: StepContext, { pre, input, witness }: StepEvidence): StepArguments {
  return {
    context: contextArgument(context),
    pre: stateArgument(pre),
    input: inputArgument(input),
    witness: toHex(concat(...witness)),
  };
}

/** What a step is judged against. */
export function contextArgument(context: StepContext): StepContextStruct {
  return { ...context, batchesRoot: toHex(context.batchesRoot), messagesRoot: toHex(context.messagesRoot) };
}

/** The machine between two steps. */
export function stateArgument(state: MachineState): MachineStateStruct {
  return { ...state, stateRoot: toHex(state.stateRoot) };
}

function inputArgument({
  record,
  recordPath,
  message,
  messagePath,
  chunks,
  chunkPath,
  blobProof,
}: InputEvidence): InputEvidenceStruct {
  return {
    record: { ...record, commitment: toHex(record.commitment) },
    recordPath: recordPath.map(toHex),
    message: { ...message, sender: toHex(message.sender), payload: toHex(message.payload) },
    messagePath: messagePath.map(toHex),
    chunks: toHex(chunks),
    chunkPath: chunkPath.map(toHex),
    blobProof: toHex(blobProof),
  };
}
