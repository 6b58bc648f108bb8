import { writeU64 } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { TAG_SEQUENCE_INNER, TAG_SEQUENCE_ROOT } from "./Tags.ts";

/**
 * An append-only list of leaves as an incremental Merkle tree: docs/specification.md, section 4. Keeps all leaves and the
 * finished nodes above them, so that roots and paths at any earlier count can be given too.
 */
export class SequenceTree {
  /** levels[h][i] is the node over the leaves i · 2^h to (i + 1) · 2^h − 1, for full nodes only. */
  readonly #levels: Uint8Array[][] = [[]];

  /** Number of leaves. */
  get count(): number {
    return this.#levels[0]!.length;
  }

  /** Adds a leaf. */
  append(leaf: Uint8Array): void {
    let node = leaf;
    for (let height = 0; ; height++) {
      const level = (this.#levels[height] ??= []);
      level.push(node);
      if (level.length % 2 === 1) return;
      node = sequenceInner(level[level.length - 2]!, node);
    }
  }

  /** Drops all leaves from `count` on. */
  truncate(count: number): void {
    this.#levels.forEach((level, height) => {
      level.length = Math.min(level.length, Math.floor(count / 2 ** height));
    });
  }

  /** Leaf number `index`. */
  leaf(index: number): Uint8Array {
    return this.#levels[0]![index]!;
  }

  /** The root over the first `count` leaves. */
  root(count = this.count): Uint8Array {
    return sequenceRoot(BigInt(count), this.#node(heightOf(count), 0, count));
  }

  /** The siblings of leaf `index` from below, in the tree over the first `count` leaves. */
  path(index: number, count = this.count): Uint8Array[] {
    const path: Uint8Array[] = [];
    for (let height = 0; height < heightOf(count); height++) {
      path.push(this.#node(height, Math.floor(index / 2 ** height) ^ 1, count));
    }
    return path;
  }

  #node(height: number, index: number, count: number): Uint8Array {
    if (index * 2 ** height >= count) return zeroNode(height);
    if ((index + 1) * 2 ** height <= count) return this.#levels[height]![index]!;
    return sequenceInner(this.#node(height - 1, 2 * index, count), this.#node(height - 1, 2 * index + 1, count));
  }
}

/** The smallest h with 2^h >= count. */
function heightOf(count: number): number {
  let height = 0;
  while (2 ** height < count) height++;
  return height;
}

/** H(0x0a ‖ count u64 ‖ top). */
function sequenceRoot(count: bigint, top: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(41);
  bytes[0] = TAG_SEQUENCE_ROOT;
  writeU64(bytes, 1, count);
  bytes.set(top, 9);
  return keccak256(bytes);
}

function sequenceInner(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(65);
  bytes[0] = TAG_SEQUENCE_INNER;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return keccak256(bytes);
}

const zeroNodes: Uint8Array[] = [new Uint8Array(32)];

function zeroNode(height: number): Uint8Array {
  for (let h = zeroNodes.length; h <= height; h++) zeroNodes.push(sequenceInner(zeroNodes[h - 1]!, zeroNodes[h - 1]!));
  return zeroNodes[height]!;
}
