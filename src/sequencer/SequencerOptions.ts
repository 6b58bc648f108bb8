import type { BatchLimits } from "./BatchBuilder.ts";
import type { RoutineOptions } from "./Routines.ts";

/** How the sequencer makes batches. */
export interface ExchangeLimits extends BatchLimits, RoutineOptions {
  /**
   * Seconds before an expiry instant at which its series stop trading: `maxPast`, so that a batch that is mined as late as the
   * inbox allows is still before the instant, and room for a batch that has to be sealed anew.
   */
  readonly expiryMargin: bigint;
  /** A batch with anything in it is sealed at this age, seconds. */
  readonly maxBatchAge: bigint;
  /** Orders that an account may have taken back and that are remembered, before it may have no more orders that rest. */
  readonly maxWithdrawnOrders: number;
}

/** What the sequencer decides by itself. All times in seconds. */
export interface SequencerOptions extends ExchangeLimits {
  /** A sealed batch that would be too old for the inbox within this time is built anew. */
  readonly resealMargin: bigint;
  /**
   * Sealed batches that may wait for L1, and their bytes, before nothing but cancellations is accepted: what is acknowledged
   * beyond that would be on L1 too late to be worth anything.
   */
  readonly maxWaitingBatches: number;
  readonly maxWaitingBytes: number;
  /** Age at which they may wait while L1 takes none of them, before the same happens. */
  readonly maxWaitingAge: bigint;
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
  maxWithdrawnOrders: 32_768,
  resealMargin: 120n,
  maxWaitingBatches: 64,
  maxWaitingBytes: 4_194_304,
  maxWaitingAge: 1_800n,
  settlementsPerTick: 64,
  spotAge: 20n,
  curveAge: 600n,
  heartbeat: 60n,
  liquidationsPerTurn: 256,
};
