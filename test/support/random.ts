/** A seeded generator of pseudo-random numbers (mulberry32), so that a failure can be repeated. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the values. */
  pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)] as T;
  }
}

/** The seed of a run that isn't given one: always the same, so that a run that failed fails again. */
const DEFAULT_SEED = 20_261_121;

/** The seed of this run: `TENOR_SEED`; else a fresh one in the deep runs, which look for what nobody thought of. Tests print it. */
export function runSeed(): number {
  const given = process.env.TENOR_SEED;
  if (given !== undefined) return Number(given);
  return process.env.TENOR_DEEP === undefined ? DEFAULT_SEED : Date.now() % 2 ** 31;
}
