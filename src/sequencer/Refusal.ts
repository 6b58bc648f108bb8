import type { ResultName } from "../machine/ResultCodes.ts";

/** Why the sequencer says no, or takes back what it had accepted. */

/** A reason of the machine: what its result would be, or was. */
export type MachineReason = Exclude<ResultName, "OK">;

/**
 * Reasons of the sequencer itself:
 *
 * - `NotRepresentable`: the wire has no encoding for a value; `field` names it.
 * - `Duplicate`: this very order has been accepted already.
 * - `RingSlotBusy`: another live order of the account has a nonce that is equal modulo the ring, so one would retire the other.
 * - `FlagsContradict`: the flags allow no fill at all.
 * - `ImmediateUnfilled`: nothing, or nothing more, to trade at once.
 * - `FillOrKillUnfilled`: the first maker in line can't fill the whole order; the machine knows only fills of one maker.
 * - `SeriesClosing`: the expiry instant is so close that the batch might be mined behind it.
 * - `Withdrawn`: the trader cancelled it.
 * - `TooManyWithdrawn`: the account has taken back so many orders that no more of them can be remembered; `until` says when there is room
 *   for another that could rest.
 * - `MakerProtection`: the maker's own limits were hit; its quotes are gone and new ones refused until the time is over or it resets.
 * - `CrossMismatch`: two orders that are to be crossed don't fit each other.
 * - `L1Behind`: so much waits for L1 that nothing but cancellations is accepted.
 */
export const SEQUENCER_REASONS = [
  "NotRepresentable",
  "Duplicate",
  "RingSlotBusy",
  "FlagsContradict",
  "ImmediateUnfilled",
  "FillOrKillUnfilled",
  "SeriesClosing",
  "Withdrawn",
  "TooManyWithdrawn",
  "MakerProtection",
  "CrossMismatch",
  "L1Behind",
] as const;

/** See {@link SEQUENCER_REASONS}. */
export type SequencerReason = (typeof SEQUENCER_REASONS)[number];

/** Any reason. */
export type RefusalReason = MachineReason | SequencerReason;

/** A refusal as a value: it is an ordinary answer, not a failure of the sequencer. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** The field at fault, for `NotRepresentable`. */
  readonly field?: string;
  /** When it is worth another try, for `TooManyWithdrawn`; seconds. */
  readonly until?: bigint;
}

/** Builds a refusal. */
export function refuse(reason: RefusalReason, field?: string): Refusal {
  return field === undefined ? { reason } : { reason, field };
}
