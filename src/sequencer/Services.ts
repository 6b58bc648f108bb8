/** What a service of the node gets from outside, so that tests can give it something else. */

/** The wall clock. */
export interface Clock {
  /** Seconds since 1970. */
  now(): bigint;
}

/** A structured log; a pino logger is one. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The system's clock. */
export const systemClock: Clock = { now: () => BigInt(Math.floor(Date.now() / 1000)) };
