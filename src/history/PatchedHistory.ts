import { historyInner } from "./History.ts";
import { requireNode, type HistorySource } from "./HistorySource.ts";

/** From leaf `index` to the end, the leaves of another history of the same height, at their own places. */
export interface Tail {
  readonly index: number;
  readonly source: HistorySource;
}

/**
 * Somebody else's claim: a history in which some leaves were replaced, also in the padding, and all leaves from some index
 * on if there is a tail (`History` with one leaf is the constant one). Subtrees that nothing touches are taken from where
 * they come from, so a claim over 2^26 leaves costs 26 hashes for each replaced leaf.
 */
export class PatchedHistory implements HistorySource {
  readonly height: number;
  readonly #base: HistorySource;
  readonly #overrides: ReadonlyMap<number, Uint8Array>;
  readonly #places: readonly number[];
  readonly #tail: Tail | undefined;
  readonly #known = new Map<string, Promise<Uint8Array>>();

  constructor(base: HistorySource, overrides: ReadonlyMap<number, Uint8Array>, tail?: Tail) {
    this.height = base.height;
    this.#base = base;
    this.#overrides = overrides;
    this.#places = [...overrides.keys()].sort((a, b) => a - b);
    this.#tail = tail;
    for (const place of this.#places) requireNode(base, 0, place);
  }

  async node(level: number, index: number): Promise<Uint8Array> {
    requireNode(this, level, index);
    const first = index * 2 ** level;
    const end = first + 2 ** level;
    const cut = this.#tail?.index ?? Infinity;
    if (!this.#touched(first, end)) {
      if (end <= cut) return await this.#base.node(level, index);
      if (first >= cut) return await this.#tail!.source.node(level, index);
    }
    if (level === 0) return this.#overrides.get(index)!;
    const key = `${level}:${index}`;
    let node = this.#known.get(key);
    if (node === undefined) this.#known.set(key, (node = this.#inner(level, index)));
    return await node;
  }

  async #inner(level: number, index: number): Promise<Uint8Array> {
    const left = await this.node(level - 1, 2 * index);
    return historyInner(left, await this.node(level - 1, 2 * index + 1));
  }

  /** Whether a leaf of [first, end) was replaced. */
  #touched(first: number, end: number): boolean {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#places[middle]! < first) low = middle + 1;
      else high = middle;
    }
    return low < this.#places.length && this.#places[low]! < end;
  }
}
