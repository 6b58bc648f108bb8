/** The wall clock, which services are given, so that tests and replays can set it. */
export interface Clock {
  /** Seconds since 1970. */
  now(): bigint;
}
