/** Bytes that segments may take unless the caller says otherwise: the nodes of 2^20 steps, so that a range of an hour or two stays whole. */
const DEFAULT_BUDGET = 2 ** 26;

/** The insides of segments that were used last, of as many histories as share it, up to a number of bytes. */
export class SegmentCache {
  readonly #budget: number;
  /** From the least to the most recently used. */
  readonly #segments = new Map<string, Uint8Array>();
  #bytes = 0;
  #owners = 0;

  /** @param budget Bytes at most; one segment is kept in any case. */
  constructor(budget = DEFAULT_BUDGET) {
    this.#budget = budget;
  }

  /** A name under which one history keeps its segments. */
  register(): number {
    return this.#owners++;
  }

  /** Bytes that the kept segments take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A segment's nodes, if they are still here. */
  get(owner: number, segment: number): Uint8Array | undefined {
    const key = keyOf(owner, segment);
    const nodes = this.#segments.get(key);
    if (nodes === undefined) return undefined;
    this.#segments.delete(key);
    this.#segments.set(key, nodes);
    return nodes;
  }

  /** Keeps a segment's nodes, and lets those go that were not asked for the longest. */
  put(owner: number, segment: number, nodes: Uint8Array): void {
    this.#drop(keyOf(owner, segment));
    for (const oldest of this.#segments.keys()) {
      if (this.#bytes + nodes.length <= this.#budget) break;
      this.#drop(oldest);
    }
    this.#segments.set(keyOf(owner, segment), nodes);
    this.#bytes += nodes.length;
  }

  #drop(key: string): void {
    this.#bytes -= this.#segments.get(key)?.length ?? 0;
    this.#segments.delete(key);
  }
}

function keyOf(owner: number, segment: number): string {
  return `${owner}:${segment}`;
}
