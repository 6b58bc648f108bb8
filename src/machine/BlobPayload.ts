import { concat, equalBytes } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import {
  BLOB,
  blobToCommitment,
  BLS_MODULUS,
  ELEMENTS_PER_BLOB,
  FIELD_ELEMENT,
  openBlobAt,
  versionedHash,
} from "../crypto/kzg.ts";
import { DATA_BLOBS } from "./Inputs.ts";
import { TAG_BLOBS } from "./Tags.ts";

/**
 * A payload in blobs: docs/specification.md, section 4. Each field element carries 31 bytes in its low end; what its highest
 * byte says has no meaning, so that every blob that L1 takes is a payload.
 */

/** Bytes of payload that a field element carries. */
export const BYTES_PER_ELEMENT = FIELD_ELEMENT - 1;
/** Bytes of payload that a blob carries. */
export const BYTES_PER_BLOB = BYTES_PER_ELEMENT * ELEMENTS_PER_BLOB;
/** Most blobs of a batch: what a transaction may carry. */
export const MAX_BLOBS = 6;

/** Blobs that a payload of `length` bytes takes. */
export function blobCount(length: number): number {
  return Math.ceil(length / BYTES_PER_BLOB);
}

/**
 * Bytes that the inbox's rate is charged for a payload of `length` bytes: in blobs the whole of each, however little it carries, since
 * that is what a node has to read and may have to keep.
 */
export function chargedBytes(dataKind: number, length: number): number {
  return dataKind === DATA_BLOBS ? blobCount(length) * BLOB : length;
}

/** The payload as blobs, the last one filled up with zeros. */
export function toBlobs(payload: Uint8Array): Uint8Array[] {
  return Array.from({ length: blobCount(payload.length) }, (_, i) => {
    const blob = new Uint8Array(BLOB);
    const bytes = payload.subarray(i * BYTES_PER_BLOB, (i + 1) * BYTES_PER_BLOB);
    for (let element = 0; element * BYTES_PER_ELEMENT < bytes.length; element++) {
      const part = bytes.subarray(element * BYTES_PER_ELEMENT, (element + 1) * BYTES_PER_ELEMENT);
      blob.set(part, element * FIELD_ELEMENT + 1);
    }
    return blob;
  });
}

/** The first `length` bytes that the blobs carry; they must hold as many. */
export function fromBlobs(blobs: readonly Uint8Array[], length: number): Uint8Array {
  const payload = new Uint8Array(blobs.length * BYTES_PER_BLOB);
  for (const [i, blob] of blobs.entries()) {
    for (let element = 0; element < ELEMENTS_PER_BLOB; element++) {
      const start = element * FIELD_ELEMENT;
      payload.set(blob.subarray(start + 1, start + FIELD_ELEMENT), i * BYTES_PER_BLOB + element * BYTES_PER_ELEMENT);
    }
  }
  return payload.slice(0, length);
}

/** The commitment to a payload in the blobs with these versioned hashes: H(0x11 ‖ hash 0 ‖ hash 1 ‖ …). */
export function blobsCommitment(hashes: readonly Uint8Array[]): Uint8Array {
  return keccak256(concat(Uint8Array.of(TAG_BLOBS), ...hashes));
}

/** Those of a payload's blobs that are not what {@link toBlobs} makes of it, or undefined if all are: what a batch has to keep. */
export function unusualBlobs(
  payload: Uint8Array,
  blobs: readonly Uint8Array[],
): readonly (Uint8Array | undefined)[] | undefined {
  const usual = toBlobs(payload);
  const kept = blobs.map((blob, i) => (equalBytes(blob, usual[i]!) ? undefined : blob));
  return kept.some((blob) => blob !== undefined) ? kept : undefined;
}

/** The blobs of a batch with their KZG commitments, which take some time to compute. */
export interface CommittedBlobs {
  readonly blobs: readonly Uint8Array[];
  readonly commitments: readonly Uint8Array[];
}

/** Commits to the blobs of a batch. */
export function commitToBlobs(blobs: readonly Uint8Array[]): CommittedBlobs {
  return { blobs, commitments: blobs.map(blobToCommitment) };
}

/** A range of a batch's field elements, and what proves it: what the twin's `verifyRange` takes. */
export interface ElementRange {
  /** 32 bytes each. */
  readonly elements: Uint8Array;
  /** The versioned hashes of all blobs, the commitment of each blob that the range touches, the proof of each element. */
  readonly proof: Uint8Array;
}

/** Opens the elements `low` to `high`, both included, numbered through all blobs. Takes a tenth of a second for each. */
export function openRange({ blobs, commitments }: CommittedBlobs, low: number, high: number): ElementRange {
  const elements: Uint8Array[] = [];
  const proofs: Uint8Array[] = [];
  for (let index = low; index <= high; index++) {
    const point = elementPoint(index % ELEMENTS_PER_BLOB);
    const { value, proof } = openBlobAt(blobs[Math.floor(index / ELEMENTS_PER_BLOB)]!, point);
    elements.push(value);
    proofs.push(proof);
  }
  const [first, last] = [low, high].map((index) => Math.floor(index / ELEMENTS_PER_BLOB));
  const touched = commitments.slice(first, last! + 1);
  return { elements: concat(...elements), proof: concat(...commitments.map(versionedHash), ...touched, ...proofs) };
}

/** 7 generates the field's multiplicative group, so this is a primitive root of unity of order 4096. */
const ROOT_OF_UNITY = modularPower(7n, (BLS_MODULUS - 1n) / BigInt(ELEMENTS_PER_BLOB));

/**
 * The point at which a blob's polynomial has element `index` as its value, 32 bytes: the root of unity to the power of the
 * index with its 12 bits reversed (EIP-4844, blobs are in bit-reversed order).
 */
export function elementPoint(index: number): Uint8Array {
  let reversed = 0;
  for (let bit = 0; bit < 12; bit++) reversed |= ((index >> bit) & 1) << (11 - bit);
  const point = modularPower(ROOT_OF_UNITY, BigInt(reversed));
  return Uint8Array.from({ length: 32 }, (_, i) => Number((point >> BigInt(8 * (31 - i))) & 0xffn));
}

function modularPower(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % BLS_MODULUS;
    square = (square * square) % BLS_MODULUS;
  }
  return result;
}
