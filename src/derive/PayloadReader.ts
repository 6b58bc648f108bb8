import { equalBytes, isZero, toHex } from "../crypto/bytes.ts";
import { blobToCommitment, versionedHash } from "../crypto/kzg.ts";
import { isTenorError, type ErrorFields } from "../errors.ts";
import type { BatchAppended, InboxEvent, InboxSource, L1Block } from "../l1/L1Source.ts";
import { blobCount, blobsCommitment, fromBlobs, MAX_BLOBS, unusualBlobs } from "../machine/BlobPayload.ts";
import { chunkCommitment, chunkLevels } from "../machine/ChunkTree.ts";
import { DATA_BLOBS, DATA_CALLDATA, DATA_FORCED, type Batch } from "../machine/Inputs.ts";
import type { BlobSource } from "./BlobSource.ts";
import { DeriveError } from "./DeriveError.ts";

/** What a batch has besides its record. */
export type Payload = Omit<Batch, "record">;

/** Payloads that are fetched at a time. */
const PARALLEL = 16;

/**
 * Fetches what batches carry, from calldata or blobs, and holds each against its commitment. What was fetched is kept until it
 * is told to forget, so that a read that fails for one batch need not fetch the others again.
 */
export class PayloadReader {
  readonly #source: InboxSource;
  readonly #blobs: BlobSource | undefined;
  /** Verified payloads, by what commits to them; so they hold whatever becomes of L1. */
  readonly #fetched = new Map<string, Payload>();

  /** @param blobs Where blobs are read; without it, a batch in blobs is `BLOB_UNAVAILABLE`. */
  constructor(source: InboxSource, blobs: BlobSource | undefined) {
    this.#source = source;
    this.#blobs = blobs;
  }

  /** Drops what was kept. */
  forget(): void {
    this.#fetched.clear();
  }

  /** The payloads of all batches among the events, by their number. `blocks` are those of the events. */
  async read(events: readonly InboxEvent[], blocks: ReadonlyMap<number, L1Block>): Promise<Map<bigint, Payload>> {
    const payloads = new Map<bigint, Payload>();
    const batches = events.filter((event) => event.type === "batch");
    for (let i = 0; i < batches.length; i += PARALLEL) {
      const group = batches.slice(i, i + PARALLEL);
      const fetched = await allOf(group.map((event) => this.#payload(event, blocks.get(event.blockNumber)!)));
      group.forEach((event, j) => payloads.set(event.index, fetched[j]!));
    }
    return payloads;
  }

  async #payload(event: BatchAppended, block: L1Block): Promise<Payload> {
    const key = `${event.dataKind}:${event.length}:${toHex(event.commitment)}`;
    const known = this.#fetched.get(key);
    if (known !== undefined) return known;
    const payload = await this.#fetch(event, block);
    this.#fetched.set(key, payload);
    return payload;
  }

  async #fetch(event: BatchAppended, block: L1Block): Promise<Payload> {
    const fields = { batch: event.index, dataKind: event.dataKind, transactionHash: event.transactionHash };
    switch (event.dataKind) {
      case DATA_FORCED:
        if (event.length === 0 && isZero(event.commitment)) return { payload: new Uint8Array(0) };
        throw new DeriveError("BATCH_IMPOSSIBLE", "a forced batch has no payload", { fields });
      case DATA_CALLDATA: {
        const payload = await this.#source.batchPayload(event);
        const commitment = chunkCommitment(chunkLevels(payload));
        if (payload.length === event.length && equalBytes(commitment, event.commitment)) return { payload };
        throw new DeriveError("COMMITMENT_MISMATCH", "a payload is not what its event commits to", {
          fields: { ...fields, length: payload.length, actual: toHex(commitment), expected: toHex(event.commitment) },
        });
      }
      case DATA_BLOBS:
        return this.#fetchBlobs(event, block, fields);
      default:
        throw new DeriveError("DATA_KIND_UNKNOWN", "a batch carries data of an unknown kind", { fields });
    }
  }

  async #fetchBlobs(event: BatchAppended, block: L1Block, fields: ErrorFields): Promise<Payload> {
    const { length } = event;
    const count = blobCount(length);
    if (length === 0 || count > MAX_BLOBS) {
      throw new DeriveError("BATCH_IMPOSSIBLE", "a batch in blobs has a length that the inbox refuses", {
        fields: { ...fields, length },
      });
    }
    const hashes = await this.#source.batchBlobHashes(event);
    const commitment = blobsCommitment(hashes);
    if (hashes.length !== count || !equalBytes(commitment, event.commitment)) {
      throw new DeriveError("COMMITMENT_MISMATCH", "the blobs of a batch are not those that its event commits to", {
        fields: { ...fields, blobs: hashes.length, actual: toHex(commitment), expected: toHex(event.commitment) },
      });
    }
    const blobs = await allOf(hashes.map((hash) => this.#blob(hash, block, fields)));
    const payload = fromBlobs(blobs, length);
    const unusual = unusualBlobs(payload, blobs);
    return unusual === undefined ? { payload } : { payload, blobs: unusual };
  }

  async #blob(hash: Uint8Array, block: L1Block, fields: ErrorFields): Promise<Uint8Array> {
    const blob = await this.#blobs?.blob(hash, block);
    const place = { ...fields, versionedHash: toHex(hash), block: block.number, blockHash: block.hash };
    if (blob === undefined) {
      throw new DeriveError("BLOB_UNAVAILABLE", "no source has a blob of a batch", { fields: place });
    }
    const actual = hashOfBlob(blob, place);
    if (equalBytes(actual, hash)) return blob;
    throw new DeriveError("COMMITMENT_MISMATCH", "a source returned another blob than was asked for", {
      fields: { ...place, actual: toHex(actual) },
    });
  }
}

/** What all give. If some fail, the others are waited for all the same, since what they have fetched is kept. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** By which hash a transaction would name it. */
function hashOfBlob(blob: Uint8Array, fields: ErrorFields): Uint8Array {
  try {
    return versionedHash(blobToCommitment(blob));
  } catch (cause) {
    if (!isTenorError(cause, "INVALID")) throw cause;
    throw new DeriveError("COMMITMENT_MISMATCH", "a source returned what is no blob", { fields, cause });
  }
}
