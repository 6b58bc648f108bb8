/** The two earliest creation times among the nodes of one context, seconds; zero: there is none. */
export interface Rivals {
  readonly first: bigint;
  readonly second: bigint;
}

/** Total of a proven leaf. */
export const PROVEN = 2n ** 40n - 1n;

/** A context without nodes. */
export const NO_RIVALS: Rivals = { first: 0n, second: 0n };

/** The context after a node came into it at `time`. */
export function insert({ first, second }: Rivals, time: bigint): Rivals {
  if (first === 0n) return { first: time, second };
  if (time < first) return { first: time, second: first };
  if (second === 0n || time < second) return { first, second: time };
  return { first, second };
}

/**
 * The context after a node of it turned out to be older: created at `to` and not at `from`, which is later. Two values are
 * enough, whatever the number of rivals: of the others only the earliest counts, and a time only ever falls.
 */
export function lower({ first, second }: Rivals, from: bigint, to: bigint): Rivals {
  // It is the first already, or one of several with that time, of which another one stays as the second.
  if (from === first) return { first: to, second };
  if (to < first) return { first: to, second: first };
  if (to < second) return { first, second: to };
  return { first, second };
}

/** The context after a node that was created at `from`, zero if it comes into it now, is created at `to`, which is earlier. */
export function move(rivals: Rivals, from: bigint, to: bigint): Rivals {
  return from === 0n ? insert(rivals, to) : lower(rivals, from, to);
}

/**
 * Time of its own of a node created at `createdAt` in a context of two nodes or more: of the earliest one until the
 * second-earliest, of every other none. Equal times cancel.
 */
export function own({ first, second }: Rivals, createdAt: bigint): bigint {
  return createdAt === first ? second - first : 0n;
}
