import { equalBytes } from "../crypto/bytes.ts";
import { History, historyInner } from "./History.ts";
import { HistoryError, requireNode, type HistorySource } from "./HistorySource.ts";
import { SegmentCache } from "./SegmentCache.ts";

/**
 * Runs the machine again: the machine-state hashes after the steps `first` to `first + count − 1` of the range, counted from
 * zero, packed one behind the other.
 */
export type RunAgain = (first: number, count: number) => Promise<Uint8Array>;

/** How a history is kept. */
export interface SegmentOptions {
  /** Steps of a segment are 2^segmentLevel; smaller means less to run again and more to keep. */
  readonly segmentLevel?: number;
  /** Shared by histories that shall share a budget. */
  readonly cache?: SegmentCache;
}

/**
 * 2^10 steps: 64 bytes of roots for each thousand steps, 4 MB for a full range, while one segment runs again in about the time
 * that the steps from the nearest snapshot take anyway.
 */
const SEGMENT_LEVEL = 10;

const HASH = 32;

/** Takes the leaves of a range one after the other; see {@link SegmentedHistory}. */
export class SegmentedHistoryBuilder {
  readonly height: number;
  readonly #level: number;
  readonly #cache: SegmentCache;
  readonly #owner: number;
  readonly #upper: History;
  /** A segment's tree in heap order: the root is number 1, the children of i are 2i and 2i + 1. */
  #nodes: Uint8Array;
  #last: Uint8Array;
  #count = 0;

  /** @throws {@link HistoryError} `HISTORY_HEIGHT`. */
  constructor(height: number, { segmentLevel = SEGMENT_LEVEL, cache = new SegmentCache() }: SegmentOptions = {}) {
    // For its check of the height.
    this.height = new History(height).height;
    this.#level = Math.min(segmentLevel, height);
    this.#upper = new History(height - this.#level);
    this.#cache = cache;
    this.#owner = cache.register();
    this.#last = this.#nodes = emptySegment(this.#level);
  }

  /** Number of real leaves so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds the machine-state hash after the next step.
   *
   * @throws {@link HistoryError} `HISTORY_FULL` or `HISTORY_LEAF`.
   */
  append(leaf: Uint8Array): void {
    if (leaf.length !== HASH) {
      throw new HistoryError("HISTORY_LEAF", "a leaf is a hash of 32 bytes", { fields: { length: leaf.length } });
    }
    if (this.#count === 2 ** this.height) {
      throw new HistoryError("HISTORY_FULL", "the range has more steps than its history has leaves", {
        fields: { capacity: this.#count },
      });
    }
    const size = 2 ** this.#level;
    this.#nodes.set(leaf, (size + (this.#count % size)) * HASH);
    this.#count++;
    if (this.#count % size === 0) this.#close();
  }

  /**
   * Ends the range. The builder is not used any more.
   *
   * @throws {@link HistoryError} `HISTORY_EMPTY` without any leaf.
   */
  finish(runAgain: RunAgain): SegmentedHistory {
    if (this.#count === 0) throw new HistoryError("HISTORY_EMPTY", "a history without steps has no commitment");
    const size = 2 ** this.#level;
    const rest = this.#count % size;
    if (rest > 0) {
      pad(this.#nodes, rest);
      this.#close();
    }
    const segments = Math.ceil(this.#count / size);
    const last = this.#last;
    const padding = paddingOf(last.slice(-HASH), this.height);
    // The history above repeats its last leaf, which is a padded segment from here on.
    if (!this.#upper.full) this.#upper.append(padding[this.#level]!);
    const capacity = 2 ** (this.height - this.#level);
    const lastLeafPath = Array.from({ length: this.#level }, (_, level) =>
      // The last leaf of a segment in which nothing else is left to its right.
      segments === capacity ? heapNode(last, this.#level - level, 2 ** (this.#level - level) - 2) : padding[level]!,
    );
    lastLeafPath.push(...this.#upper.path(capacity - 1));
    return new SegmentedHistory({
      height: this.height,
      count: this.#count,
      level: this.#level,
      upper: this.#upper,
      padding,
      lastLeafPath,
      cache: this.#cache,
      owner: this.#owner,
      runAgain,
    });
  }

  #close(): void {
    const segment = this.#upper.count;
    hashUp(this.#nodes, this.#level);
    this.#upper.append(heapNode(this.#nodes, 0, 0));
    this.#cache.put(this.#owner, segment, this.#nodes);
    this.#last = this.#nodes;
    this.#nodes = emptySegment(this.#level);
  }
}

interface Parts {
  readonly height: number;
  readonly count: number;
  readonly level: number;
  readonly upper: History;
  readonly padding: readonly Uint8Array[];
  readonly lastLeafPath: readonly Uint8Array[];
  readonly cache: SegmentCache;
  readonly owner: number;
  readonly runAgain: RunAgain;
}

/**
 * A finished history of up to 2^26 steps that keeps the nodes from the level of its segments upwards, and those inside the
 * segments that were used last. Others are computed again when somebody asks, by running the machine over the segment,
 * and compared with the kept root, so that what it answers always belongs to the root that it has given. The padding is a
 * closed form.
 */
export class SegmentedHistory implements HistorySource {
  readonly height: number;
  /** Number of real leaves. */
  readonly count: number;
  readonly #parts: Parts;
  /** Segments that are being computed. */
  readonly #running = new Map<number, Promise<Uint8Array>>();

  /** Made by {@link SegmentedHistoryBuilder}. */
  constructor(parts: Parts) {
    this.height = parts.height;
    this.count = parts.count;
    this.#parts = parts;
  }

  /** The history root. */
  root(): Uint8Array {
    return this.#parts.upper.root();
  }

  /** The siblings of the last leaf: they show that the end state is the last one of the history. */
  lastLeafPath(): readonly Uint8Array[] {
    return this.#parts.lastLeafPath;
  }

  /**
   * The node over the leaves index · 2^level to (index + 1) · 2^level − 1.
   *
   * @throws {@link HistoryError} `HISTORY_NODE` outside the tree; as a rejection `HISTORY_CHANGED`, and what the run throws.
   */
  node(level: number, index: number): Uint8Array | Promise<Uint8Array> {
    requireNode(this, level, index);
    const { level: segmentLevel, upper, padding, cache, owner } = this.#parts;
    if (level >= segmentLevel) return upper.node(level - segmentLevel, index);
    if (index * 2 ** level >= this.count) return padding[level]!.slice();
    const width = 2 ** (segmentLevel - level);
    const segment = Math.floor(index / width);
    const known = cache.get(owner, segment);
    if (known !== undefined) return heapNode(known, segmentLevel - level, index % width);
    return this.#compute(segment).then((nodes) => heapNode(nodes, segmentLevel - level, index % width));
  }

  #compute(segment: number): Promise<Uint8Array> {
    const running = this.#running.get(segment);
    if (running !== undefined) return running;
    const job = this.#runSegment(segment).finally(() => this.#running.delete(segment));
    this.#running.set(segment, job);
    return job;
  }

  async #runSegment(segment: number): Promise<Uint8Array> {
    const { level, upper, cache, owner, runAgain } = this.#parts;
    const size = 2 ** level;
    const count = Math.min(size, this.count - segment * size);
    const leaves = await runAgain(segment * size, count);
    const nodes = emptySegment(level);
    nodes.set(leaves, size * HASH);
    pad(nodes, count);
    hashUp(nodes, level);
    // INVARIANT: every answer folds to the root that was given out, whatever has become of the inputs.
    if (leaves.length !== count * HASH || !equalBytes(heapNode(nodes, 0, 0), upper.leaf(segment))) {
      throw new HistoryError("HISTORY_CHANGED", "the steps are no longer those of this history: run the range again", {
        fields: { first: segment * size, count },
      });
    }
    cache.put(owner, segment, nodes);
    return nodes;
  }
}

/** Room for the tree over 2^level leaves in heap order. */
function emptySegment(level: number): Uint8Array {
  return new Uint8Array(2 ** (level + 1) * HASH);
}

/** Node number `index` of those `depth` below the root. */
function heapNode(nodes: Uint8Array, depth: number, index: number): Uint8Array {
  const start = (2 ** depth + index) * HASH;
  return nodes.slice(start, start + HASH);
}

/** Repeats the last of `count` leaves up to the end. */
function pad(nodes: Uint8Array, count: number): void {
  const size = nodes.length / HASH / 2;
  const last = nodes.slice((size + count - 1) * HASH, (size + count) * HASH);
  for (let i = size + count; i < 2 * size; i++) nodes.set(last, i * HASH);
}

/** Computes all inner nodes from the leaves. */
function hashUp(nodes: Uint8Array, level: number): void {
  for (let i = 2 ** level - 1; i > 0; i--) {
    const left = nodes.subarray(2 * i * HASH, (2 * i + 1) * HASH);
    const right = nodes.subarray((2 * i + 1) * HASH, (2 * i + 2) * HASH);
    nodes.set(historyInner(left, right), i * HASH);
  }
}

/** Roots of the subtrees of every height in which all leaves are `leaf`. */
function paddingOf(leaf: Uint8Array, height: number): Uint8Array[] {
  const padding = [leaf];
  for (let level = 1; level <= height; level++) padding.push(historyInner(padding[level - 1]!, padding[level - 1]!));
  return padding;
}
