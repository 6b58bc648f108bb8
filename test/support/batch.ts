import { chunkCommitment, chunkLevels } from "../../src/machine/ChunkTree.ts";
import { DATA_CALLDATA, type Batch, type BatchRecord } from "../../src/machine/Inputs.ts";

/** A payload as the inbox records it. */
export function batchOf(
  payload: Uint8Array,
  read: Pick<BatchRecord, "messagesRead" | "l1Time" | "l2Time">,
  dataKind: number = DATA_CALLDATA,
): Batch {
  const commitment = chunkCommitment(chunkLevels(payload));
  return { record: { dataKind, commitment, length: payload.length, ...read }, payload };
}
