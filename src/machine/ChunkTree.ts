import { keccak256 } from "../crypto/keccak.ts";
import { CHUNK } from "./Constants.ts";
import { TAG_CHUNK, TAG_CHUNK_INNER } from "./Tags.ts";

/** The commitment to a calldata payload: docs/specification.md, section 4. */

/** All levels of the chunk tree, leaves first; empty for an empty payload. */
export type ChunkLevels = readonly (readonly Uint8Array[])[];

/** Hashes the payload. */
export function chunkLevels(payload: Uint8Array): ChunkLevels {
  if (payload.length === 0) return [];
  let level: Uint8Array[] = [];
  for (let offset = 0; offset < payload.length; offset += CHUNK) {
    const chunk = payload.subarray(offset, offset + CHUNK);
    const tagged = new Uint8Array(chunk.length + 1);
    tagged[0] = TAG_CHUNK;
    tagged.set(chunk, 1);
    level.push(keccak256(tagged));
  }
  const levels = [level];
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i]!;
      const right = level[i + 1];
      above.push(right === undefined ? left : chunkInner(left, right));
    }
    levels.push(above);
    level = above;
  }
  return levels;
}

/** The commitment of a payload; zero if it is empty. */
export function chunkCommitment(levels: ChunkLevels): Uint8Array {
  return levels.length === 0 ? new Uint8Array(32) : levels[levels.length - 1]![0]!;
}

/** The path of the proof that chunks `low` to `high`, both included, belong to the payload. */
export function chunkRangePath(levels: ChunkLevels, low: number, high: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  for (const level of levels.slice(0, -1)) {
    if (low % 2 === 1) path.push(level[low - 1]!);
    if (high % 2 === 0 && high + 1 < level.length) path.push(level[high + 1]!);
    low = Math.floor(low / 2);
    high = Math.floor(high / 2);
  }
  return path;
}

function chunkInner(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(65);
  bytes[0] = TAG_CHUNK_INNER;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return keccak256(bytes);
}
