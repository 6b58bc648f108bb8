import type { AddressLike, BigNumberish, BytesLike } from "ethers";
import { toHex } from "../../src/crypto/bytes.ts";
import type { InputEvidence, StepContext } from "../../src/machine/InputLog.ts";
import type { MachineState } from "../../src/machine/MachineState.ts";
import type { OneStepProver, ProverHarness } from "../../typechain/index.ts";
import type { Connection } from "./l1.ts";
import { BRIDGE, INBOX, SETTLEMENT } from "./traffic/world.ts";

/** A prover for the deployment of the tests, and the harness that runs many steps in one call. */
export interface ProverScene {
  prover: OneStepProver;
  harness: ProverHarness;
  chainId: bigint;
}

/** Deploys the executors, the prover and its harness. */
export async function deployProver({ ethers }: Connection): Promise<ProverScene> {
  const { chainId } = await ethers.provider.getNetwork();
  const [inbox, bridge, settlement] = [toHex(INBOX), toHex(BRIDGE), toHex(SETTLEMENT)];
  const accounts = await ethers.deployContract("AccountExecutor", [chainId, inbox, bridge]);
  const fills = await ethers.deployContract("FillExecutor", [chainId, inbox]);
  const settlements = await ethers.deployContract("SettlementExecutor", [settlement]);
  const prover = await ethers.deployContract("OneStepProver", [accounts, fills, settlements]);
  const harness = await ethers.deployContract("ProverHarness", [prover]);
  return { prover, harness, chainId };
}

/** A step's context as the contracts take it. */
export interface ContextArgument {
  target: BigNumberish;
  batchCount: BigNumberish;
  batchesRoot: BytesLike;
  messageCount: BigNumberish;
  messagesRoot: BytesLike;
}

/** A step's input evidence as the contracts take it. */
export interface EvidenceArgument {
  record: {
    dataKind: BigNumberish;
    commitment: BytesLike;
    length: BigNumberish;
    messagesRead: BigNumberish;
    l1Time: BigNumberish;
    l2Time: BigNumberish;
  };
  recordPath: string[];
  message: {
    kind: BigNumberish;
    sender: AddressLike;
    l1Block: BigNumberish;
    l1Time: BigNumberish;
    payload: BytesLike;
  };
  messagePath: string[];
  chunks: BytesLike;
  chunkPath: string[];
}

/** A machine state as the contracts take it. */
export function stateArgument(state: MachineState): Omit<MachineState, "stateRoot"> & { stateRoot: string } {
  return { ...state, stateRoot: toHex(state.stateRoot) };
}

/** A context as the contracts take it. */
export function contextArgument(context: StepContext): ContextArgument {
  return { ...context, batchesRoot: toHex(context.batchesRoot), messagesRoot: toHex(context.messagesRoot) };
}

/** Evidence as the contracts take it. */
export function evidenceArgument(evidence: InputEvidence): EvidenceArgument {
  const { record, message } = evidence;
  return {
    record: { ...record, commitment: toHex(record.commitment) },
    recordPath: evidence.recordPath.map((sibling) => toHex(sibling)),
    message: { ...message, sender: toHex(message.sender), payload: toHex(message.payload) },
    messagePath: evidence.messagePath.map((sibling) => toHex(sibling)),
    chunks: toHex(evidence.chunks),
    chunkPath: evidence.chunkPath.map((sibling) => toHex(sibling)),
  };
}
