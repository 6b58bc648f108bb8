import { toHex, type Hex } from "../crypto/bytes.ts";
import type { BlobSource } from "../derive/BlobSource.ts";
import { isTenorError } from "../errors.ts";
import type { L1Block } from "../l1/L1Source.ts";
import { BlobSourceError } from "./BlobSourceError.ts";

/** Blobs that are kept in memory unless told otherwise: those of a batch, and some. */
const KEPT = 8;

/**
 * Sources in the order in which they are asked. One that does not have the blob, fails or gives a wrong one is passed over; the
 * last few blobs stay in memory, and one that several callers want at a time is fetched once.
 */
export class FirstOf implements BlobSource {
  readonly #sources: readonly BlobSource[];
  readonly #kept: number;
  /** What was given last, the newest at the end, and what is being fetched. */
  readonly #blobs = new Map<Hex, Promise<Uint8Array | undefined>>();

  /** @param kept Blobs that stay in memory, 128 kB each. */
  constructor(sources: readonly BlobSource[], kept = KEPT) {
    this.#sources = sources;
    this.#kept = kept;
  }

  /** @throws {@link BlobSourceError} `NO_SOURCE` with what every source that failed has said. */
  blob(hash: Uint8Array, block: L1Block): Promise<Uint8Array | undefined> {
    const key = toHex(hash);
    const known = this.#blobs.get(key);
    const blob = known ?? this.#fetch(key, hash, block);
    this.#blobs.delete(key);
    this.#blobs.set(key, blob);
    if (this.#blobs.size > this.#kept) this.#blobs.delete(this.#blobs.keys().next().value!);
    return blob;
  }

  async #fetch(key: Hex, hash: Uint8Array, block: L1Block): Promise<Uint8Array | undefined> {
    let blob: Uint8Array | undefined;
    try {
      blob = await this.#ask(hash, block);
    } finally {
      // What is not there now may be there later.
      if (blob === undefined) this.#blobs.delete(key);
    }
    return blob;
  }

  async #ask(hash: Uint8Array, block: L1Block): Promise<Uint8Array | undefined> {
    const failures: BlobSourceError[] = [];
    for (const source of this.#sources) {
      try {
        const blob = await source.blob(hash, block);
        if (blob !== undefined) return blob;
      } catch (error) {
        if (!(error instanceof BlobSourceError)) throw error;
        failures.push(error);
      }
    }
    if (failures.length === 0) return undefined;
    throw new BlobSourceError("NO_SOURCE", "no source has given the blob, and some have failed", {
      fields: { versionedHash: toHex(hash), block: block.number, failures: failures.map(describe) },
      cause: failures[0],
    });
  }
}

function describe(error: BlobSourceError): unknown {
  return isTenorError(error, "NO_SOURCE") ? error.fields.failures : error.toJSON();
}
