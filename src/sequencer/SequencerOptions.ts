import type { ExchangeLimits } from "./Exchange.ts";

/** What the sequencer decides by itself. All times in seconds. */
export interface SequencerOptions extends ExchangeLimits {
  /** A batch with anything in it is sealed at this age. */
  readonly maxBatchAge: bigint;
  /** A sealed batch that would be too old for the inbox within this time is built anew. */
  readonly resealMargin: bigint;
  /** Most Settle transactions at one tick. */
  readonly settlementsPerTick: number;
}

/** Production values. */
export const DEFAULT_OPTIONS: SequencerOptions = {
  maxPast: 600n,
  maxFuture: 60n,
  expiryMargin: 900n,
  // Nodes relay no transaction above 128 kB.
  maxPayload: 98_304,
  maxBatchAge: 12n,
  resealMargin: 120n,
  settlementsPerTick: 64,
};
