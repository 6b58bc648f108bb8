import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { sha256 } from "@noble/hashes/sha2.js";
import type * as Addon from "c-kzg";
import { TenorError } from "../errors.ts";

/**
 * KZG commitments to blobs (EIP-4844, EIP-7594), by c-kzg and the setup of Ethereum's ceremony. Loading the setup takes a
 * second or more, so it happens with the first call and not at start: a node that reads calldata alone never pays for it.
 */

/** Bytes of a field element, big-endian, below {@link BLS_MODULUS}. */
export const FIELD_ELEMENT = 32;
/** Field elements of a blob. */
export const ELEMENTS_PER_BLOB = 4096;
/** Bytes of a blob. */
export const BLOB = FIELD_ELEMENT * ELEMENTS_PER_BLOB;
/** Bytes of a commitment, and of a proof: a compressed point of the curve's first group. */
export const G1_POINT = 48;
/** Order of the field that a blob's elements belong to. */
export const BLS_MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
/** First byte of the versioned hash of a KZG commitment. */
const VERSION_KZG = 0x01;

/** What this module refuses. */
export type KzgErrorCode =
  /** The addon does not load: it was not built when the packages were installed. */
  | "UNAVAILABLE"
  /** Not a blob, commitment, proof or point of the right length and range. */
  | "INVALID";

/** See {@link KzgErrorCode}. */
export class KzgError extends TenorError<KzgErrorCode> {
  override readonly name = "KzgError";
}

/** One element of a blob with the proof that it is there. */
export interface Opening {
  /** 32 bytes: value at the point asked for. */
  readonly value: Uint8Array;
  /** 48 bytes. */
  readonly proof: Uint8Array;
}

/** The last results, by operation and its arguments' lengths and SHA-256, the oldest first. */
const results = new Map<string, readonly Uint8Array[]>();
/**
 * How many: what concerns the blobs of some batches. Whoever posts, archives, derives and proves a batch asks the same of its blobs three
 * times and more, 50 ms for a commitment, 100 for an opening, several hundred for the proofs of its cells.
 */
const REMEMBERED = 64;

/** 48 bytes. @throws {@link KzgError} */
export function blobToCommitment(blob: Uint8Array): Uint8Array {
  const [commitment] = once("commitment", [blob], (kzg) => [kzg.blobToKzgCommitment(blob)]);
  return commitment!;
}

/** The value at `point` (32 bytes) of the polynomial that the blob stands for, and its proof. @throws {@link KzgError} */
export function openBlobAt(blob: Uint8Array, point: Uint8Array): Opening {
  const [proof, value] = once("opening", [blob, point], (kzg) => kzg.computeKzgProof(blob, point));
  return { value: value!, proof: proof! };
}

/** Whether `proof` shows that the polynomial behind `commitment` has `value` at `point`. @throws {@link KzgError} */
export function verifyOpening(
  commitment: Uint8Array,
  point: Uint8Array,
  value: Uint8Array,
  proof: Uint8Array,
): boolean {
  return run((kzg) => kzg.verifyKzgProof(commitment, point, value, proof));
}

/** The one proof of a whole blob that sidecars of version 0 carry. @throws {@link KzgError} */
export function blobProof(blob: Uint8Array, commitment: Uint8Array): Uint8Array {
  const [proof] = once("proof", [blob, commitment], (kzg) => [kzg.computeBlobKzgProof(blob, commitment)]);
  return proof!;
}

/** The 128 cell proofs that sidecars of version 1 carry. @throws {@link KzgError} */
export function cellProofs(blob: Uint8Array): readonly Uint8Array[] {
  return once("cells", [blob], (kzg) => kzg.computeCellsAndKzgProofs(blob)[1]);
}

/** The hash by which a transaction names a blob: version ‖ last 31 bytes of sha256(commitment). */
export function versionedHash(commitment: Uint8Array): Uint8Array {
  const hash = sha256(commitment);
  hash[0] = VERSION_KZG;
  return hash;
}

let loaded: typeof Addon | undefined;

/** What `call` makes of its arguments, in memory of the caller's own. */
function once(
  operation: string,
  args: readonly Uint8Array[],
  call: (kzg: typeof Addon) => readonly Uint8Array[],
): readonly Uint8Array[] {
  const hash = createHash("sha256");
  for (const arg of args) hash.update(arg);
  const key = [operation, ...args.map(({ length }) => length), hash.digest("base64")].join();
  let result = results.get(key);
  if (result === undefined) {
    result = run(call).map(copy);
    results.set(key, result);
    if (results.size > REMEMBERED) results.delete(results.keys().next().value!);
  }
  return result.map(copy);
}

/** Which `slice` of what the addon returns is not: its arrays share memory. */
function copy(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}

function run<T>(call: (kzg: typeof Addon) => T): T {
  const kzg = (loaded ??= load());
  try {
    return call(kzg);
  } catch (cause) {
    throw new KzgError("INVALID", "KZG refuses the argument", { cause });
  }
}

function load(): typeof Addon {
  try {
    const kzg = createRequire(import.meta.url)("c-kzg") as typeof Addon;
    kzg.loadTrustedSetup(0);
    return kzg;
  } catch (cause) {
    throw new KzgError("UNAVAILABLE", "c-kzg does not load; reinstall with a C++ compiler and python at hand", {
      cause,
    });
  }
}
