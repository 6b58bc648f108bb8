import { FLOOR_TODAY } from "./Costs.ts";
import type { ChoiceSettings } from "./DataChoice.ts";
import type { FeeLimit } from "./FeeLadder.ts";
import { PosterError } from "./PosterError.ts";
import type { ScheduleSettings } from "./PostingSchedule.ts";

/** What an operator decides. Times in seconds of L1, fees in wei. */
export interface PosterSettings extends ScheduleSettings, ChoiceSettings {
  /** Above these fees a batch waits until it is urgent. */
  readonly feeCeiling: FeeLimit;
  /** Above these nothing is ever offered. */
  readonly feeCap: FeeLimit;
  /** Most of a suggested tip that is believed; replacements go up to eight times as much, since each must tip more than the last. */
  readonly tipCap: bigint;
  /**
   * A pending transaction that the fees have left behind is replaced after this time, and any other after twice as long. One that is of
   * another batch than the next is replaced at once, but the next time after this time, and then after twice as long each time.
   */
  readonly replaceAfter: bigint;
  /** The same for an urgent one. */
  readonly replaceUrgentAfter: bigint;
  /** A transaction that is pending for so long raises an alarm. */
  readonly stuckAfter: bigint;
  /** Blocks on top of a transaction's own after which it is not sent again should L1 take it back, but made anew. */
  readonly confirmations: number;
  /** Blocks on top of a batch after which the metrics count it as final: L1 must never take back as many. */
  readonly finality: number;
  /** More sealed batches than this raise an alarm. */
  readonly maxBacklog: number;
  /** The balance should last for so many hours. */
  readonly minHours: number;
  /** Whether to go on from transactions of the account that the journal does not know. */
  readonly adopt: boolean;
}

const GWEI = 1_000_000_000n;

/** Production values; `maxPast`, `maxFuture` and `burstBytes` are the inbox's, `resealMargin` is the sequencer's. */
export const DEFAULT_POSTER_SETTINGS: PosterSettings = {
  maxPast: 600n,
  maxFuture: 60n,
  resealMargin: 120n,
  urgentWithin: 180n,
  postBytes: 0,
  postAge: 0n,
  kinds: "auto",
  hasBlobs: true,
  calldataFloor: FLOOR_TODAY,
  maxCalldata: 122_880,
  switchGain: 15,
  burstBytes: 786_432n,
  feeCeiling: feeLimit(100n * GWEI, 100n * GWEI),
  feeCap: feeLimit(1_000n * GWEI, 1_000n * GWEI),
  tipCap: 5n * GWEI,
  replaceAfter: 36n,
  replaceUrgentAfter: 12n,
  stuckAfter: 300n,
  confirmations: 32,
  finality: 96,
  maxBacklog: 16,
  minHours: 48,
  adopt: false,
};

/** A limit of the fee for a gas, tip included, and of that for a blob gas. */
export function feeLimit(maxFeePerGas: bigint, maxFeePerBlobGas: bigint): FeeLimit {
  return { maxFeePerGas, maxPriorityFeePerGas: maxFeePerGas, maxFeePerBlobGas };
}

/** @throws {@link PosterError} `SETTINGS_INVALID` if settings contradict each other. */
export function requireConsistent(settings: PosterSettings): void {
  const { feeCeiling, feeCap, tipCap, maxPast, resealMargin, urgentWithin } = settings;
  const { confirmations, finality, switchGain } = settings;
  const faults: string[] = [];
  if (settings.kinds === "blob" && !settings.hasBlobs) faults.push("kinds is blob, and the chain has none");
  if (feeCeiling.maxFeePerGas > feeCap.maxFeePerGas) faults.push("feeCeiling above feeCap");
  if (feeCeiling.maxFeePerBlobGas > feeCap.maxFeePerBlobGas) faults.push("blob feeCeiling above feeCap");
  // Each replacement has to tip more than the one before.
  if (tipCap < 1n) faults.push("tipCap below 1");
  if (resealMargin + urgentWithin > maxPast) faults.push("resealMargin and urgentWithin exceed maxPast");
  if (!Number.isSafeInteger(confirmations) || confirmations < 1) faults.push("confirmations below 1");
  if (!Number.isSafeInteger(finality) || finality < confirmations) faults.push("finality below confirmations");
  if (!(switchGain >= 0 && switchGain < 100)) faults.push("switchGain is not a percentage below 100");
  if (faults.length > 0) {
    throw new PosterError("SETTINGS_INVALID", "settings contradict each other", { fields: { faults } });
  }
}
