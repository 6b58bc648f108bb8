import { keccak256 } from "../crypto/keccak.ts";
import { TAG_HISTORY_INNER } from "../machine/Tags.ts";
import { HistoryError, requireNode, type HistorySource } from "./HistorySource.ts";

/** Largest height: docs/specification.md, section 8, and the bound of the contract. */
const MAX_HISTORY_HEIGHT = 26;

const HASH = 32;
/** Nodes in one piece of memory: 2 MiB, so that growing never copies. */
const SEGMENT = 2 ** 16;

/**
 * The commitment to the machine-state hashes of a range: docs/specification.md, section 8. A perfect tree of 2^height leaves,
 * of which the caller appends the real ones; the rest equals the last of them and is never stored, since a padded subtree
 * is the same at every place of its level. So time and memory follow the real steps: one hash for each leaf as it comes,
 * at most 2 · height more for a root, and 64 bytes of memory for each leaf. All nodes over real leaves are kept, because the
 * dispute game asks for any of them; a history that is needed for its root alone costs the same.
 */
export class History implements HistorySource {
  /** k: the tree has 2^k leaves. */
  readonly height: number;
  /** levels[h] holds the nodes over the real leaves i · 2^h to (i + 1) · 2^h − 1, packed, for full nodes only. */
  readonly #levels: Uint8Array[][] = [];
  /** padding[h] is the root of a subtree of height h in which every leaf is the last one. */
  #padding: Uint8Array[] = [];
  #count = 0;

  /** @throws {@link HistoryError} `HISTORY_HEIGHT`. */
  constructor(height: number) {
    if (!Number.isInteger(height) || height < 0 || height > MAX_HISTORY_HEIGHT) {
      throw new HistoryError("HISTORY_HEIGHT", "a history has 0 to 26 levels above its leaves", { fields: { height } });
    }
    this.height = height;
  }

  /** Number of real leaves. */
  get count(): number {
    return this.#count;
  }

  /** Number of leaves with the padding: 2^height. */
  get capacity(): number {
    return 2 ** this.height;
  }

  /** Whether no further leaf fits. */
  get full(): boolean {
    return this.#count === this.capacity;
  }

  /**
   * Adds the machine-state hash after the next step.
   *
   * @throws {@link HistoryError} `HISTORY_FULL`: the range overflows and ends here.
   */
  append(leaf: Uint8Array): void {
    if (leaf.length !== HASH) {
      throw new HistoryError("HISTORY_LEAF", "a leaf is a hash of 32 bytes", { fields: { length: leaf.length } });
    }
    if (this.full) {
      throw new HistoryError("HISTORY_FULL", "the range has more steps than its history has leaves", {
        fields: { capacity: this.capacity },
      });
    }
    let node = leaf;
    let position = this.#count;
    for (let level = 0; ; level++) {
      this.#store(level, position, node);
      if (position % 2 === 0) break;
      node = historyInner(this.#load(level, position - 1), node);
      position = (position - 1) / 2;
    }
    this.#count++;
    this.#padding = [];
  }

  /**
   * The history root.
   *
   * @throws {@link HistoryError} `HISTORY_EMPTY` without any leaf.
   */
  root(): Uint8Array {
    return this.node(this.height, 0);
  }

  /**
   * The node over the leaves index · 2^level to (index + 1) · 2^level − 1. Level 0 are the leaves.
   *
   * @throws {@link HistoryError} `HISTORY_EMPTY`, or `HISTORY_NODE` outside the tree.
   */
  node(level: number, index: number): Uint8Array {
    if (this.#count === 0) throw new HistoryError("HISTORY_EMPTY", "a history without steps has no commitment");
    requireNode(this, level, index);
    return this.#node(level, index);
  }

  /** Leaf number `index`: the state after step `index + 1`, or the last one in the padding. */
  leaf(index: number): Uint8Array {
    return this.node(0, index);
  }

  /** The siblings of leaf `index` from the leaf upwards, `height` of them. */
  path(index: number): Uint8Array[] {
    return this.nodePath(0, index, this.height);
  }

  /** The siblings on the way from a node up to its ancestor at level `top`, from below. */
  nodePath(level: number, index: number, top: number): Uint8Array[] {
    this.node(level, index);
    const path: Uint8Array[] = [];
    for (let at = level; at < top; at++) {
      path.push(this.#node(at, index ^ 1));
      index >>>= 1;
    }
    return path;
  }

  /** The siblings of the last leaf: they show that the end state is the last one of the history. */
  lastLeafPath(): Uint8Array[] {
    return this.path(this.capacity - 1);
  }

  #node(level: number, index: number): Uint8Array {
    const width = 2 ** level;
    if ((index + 1) * width <= this.#count) return this.#load(level, index);
    if (index * width >= this.#count) return this.#padded(level);
    return historyInner(this.#node(level - 1, 2 * index), this.#node(level - 1, 2 * index + 1));
  }

  #padded(level: number): Uint8Array {
    const padding = this.#padding;
    if (padding.length === 0) padding.push(this.#load(0, this.#count - 1));
    for (let h = padding.length; h <= level; h++) padding.push(historyInner(padding[h - 1]!, padding[h - 1]!));
    return padding[level]!;
  }

  #store(level: number, index: number, node: Uint8Array): void {
    const segments = (this.#levels[level] ??= []);
    const segment = (segments[Math.floor(index / SEGMENT)] ??= new Uint8Array(this.#segmentBytes(level)));
    segment.set(node, (index % SEGMENT) * HASH);
  }

  #load(level: number, index: number): Uint8Array {
    const start = (index % SEGMENT) * HASH;
    return this.#levels[level]![Math.floor(index / SEGMENT)]!.slice(start, start + HASH);
  }

  #segmentBytes(level: number): number {
    return Math.min(SEGMENT, 2 ** (this.height - level)) * HASH;
  }
}

const innerBuffer = new Uint8Array(1 + 2 * HASH);
innerBuffer[0] = TAG_HISTORY_INNER;

/** H(0x0b ‖ left ‖ right). */
export function historyInner(left: Uint8Array, right: Uint8Array): Uint8Array {
  innerBuffer.set(left, 1);
  innerBuffer.set(right, 1 + HASH);
  return keccak256(innerBuffer);
}

/** The node that `leaf` and its siblings from below give, `leaf` being number `index` of its subtree. */
export function foldHistoryPath(leaf: Uint8Array, index: number, path: readonly Uint8Array[]): Uint8Array {
  let node = leaf;
  for (const sibling of path) {
    node = index % 2 === 0 ? historyInner(node, sibling) : historyInner(sibling, node);
    index = Math.floor(index / 2);
  }
  return node;
}
