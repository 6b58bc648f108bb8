import { TenorError } from "../errors.ts";

/** What the generator refuses. */
export type RandomErrorCode = "BOUND" | "EMPTY";

/** A draw that has no answer. */
export class RandomError extends TenorError<RandomErrorCode> {
  override readonly name = "RandomError";
}

const MASK_64 = (1n << 64n) - 1n;

/**
 * A small seeded generator (SplitMix64: Steele, Lea and Flood, 2014), so that equal seeds give equal
 * flows. It is for simulations and tests only: nothing secret may come from it.
 */
export class Random {
  #state: bigint;

  /** @param seed any integer; only its low 64 bits count. */
  constructor(seed: bigint | number) {
    this.#state = BigInt.asUintN(64, BigInt(seed));
  }

  /** The next 64 random bits. */
  next(): bigint {
    this.#state = (this.#state + 0x9e3779b97f4a7c15n) & MASK_64;
    let z = this.#state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    return z ^ (z >> 31n);
  }

  /**
   * A uniform integer of [0, bound), without modulo bias.
   *
   * @throws {@link RandomError} `BOUND` if `bound` is not in [1, 2^64].
   */
  bigint(bound: bigint): bigint {
    if (bound < 1n || bound > MASK_64 + 1n)
      throw new RandomError("BOUND", "bound is not in [1, 2^64]", { fields: { bound } });
    const limit = MASK_64 + 1n - ((MASK_64 + 1n) % bound);
    for (;;) {
      const bits = this.next();
      if (bits < limit) return bits % bound;
    }
  }

  /**
   * A uniform integer of [0, bound).
   *
   * @throws {@link RandomError} `BOUND` if `bound` is not an integer of [1, 2^53].
   */
  uint(bound: number): number {
    if (!Number.isInteger(bound) || bound > 2 ** 53)
      throw new RandomError("BOUND", "bound is not an integer of [1, 2^53]", { fields: { bound } });
    return Number(this.bigint(BigInt(bound)));
  }

  /** A uniform number of [0, 1), with 53 bits. */
  float(): number {
    return Number(this.next() >> 11n) / 2 ** 53;
  }

  /** True with the given probability. */
  bool(probability: number): boolean {
    return this.float() < probability;
  }

  /**
   * A uniform choice.
   *
   * @throws {@link RandomError} `EMPTY` if there is nothing to choose from.
   */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RandomError("EMPTY", "there is nothing to pick from");
    return items[this.uint(items.length)]!;
  }

  /** A standard normal number (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return radius * Math.cos(2 * Math.PI * this.float());
  }

  /** An exponentially distributed number with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.float());
  }
}
