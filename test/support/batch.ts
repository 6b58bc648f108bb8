import { versionedHash } from "../../src/crypto/kzg.ts";
import { blobsCommitment, commitToBlobs, toBlobs, unusualBlobs } from "../../src/machine/BlobPayload.ts";
import { chunkCommitment, chunkLevels } from "../../src/machine/ChunkTree.ts";
import { DATA_BLOBS, DATA_CALLDATA, type Batch, type BatchRecord } from "../../src/machine/Inputs.ts";

/** A payload as the inbox records it. */
export function batchOf(
  payload: Uint8Array,
  read: Pick<BatchRecord, "messagesRead" | "l1Time" | "l2Time">,
  dataKind: number = DATA_CALLDATA,
): Batch {
  const commitment = chunkCommitment(chunkLevels(payload));
  return { record: { dataKind, commitment, length: payload.length, ...read }, payload };
}

/** The same in blobs, by default as they are usually made of the payload. */
export function blobBatchOf(
  payload: Uint8Array,
  read: Pick<BatchRecord, "messagesRead" | "l1Time" | "l2Time">,
  blobs: readonly Uint8Array[] = toBlobs(payload),
): Batch {
  const commitment = blobsCommitment(commitToBlobs(blobs).commitments.map(versionedHash));
  const unusual = unusualBlobs(payload, blobs);
  const record = { dataKind: DATA_BLOBS, commitment, length: payload.length, ...read };
  return unusual === undefined ? { record, payload } : { record, payload, blobs: unusual };
}
