import { BYTES_PER_BLOB, MAX_BLOBS } from "../machine/BlobPayload.ts";
import { blobUsage, calldataUsage, priceOf, type CalldataFloor } from "./Costs.ts";
import type { DataKind, Market } from "./PosterL1.ts";

/** Which of the kinds a poster may use, and what it takes to change. */
export interface ChoiceSettings {
  /** "auto" takes the cheaper one. */
  readonly kinds: DataKind | "auto";
  /** Chains of the OP Stack carry no blobs: there, whatever it costs and however long it is, a payload travels as calldata. */
  readonly hasBlobs: boolean;
  readonly calldataFloor: CalldataFloor;
  /** Longest payload as calldata: nodes relay no transaction above 128 kB. */
  readonly maxCalldata: number;
  /** Percent by which the other kind must be cheaper before it is changed to. */
  readonly switchGain: number;
}

/** What was chosen, with the prices that were compared, wei. */
export interface Choice {
  readonly kind: DataKind;
  readonly calldata: bigint;
  readonly blob: bigint;
}

/** Longest payload of a batch in blobs. */
const MAX_IN_BLOBS = BYTES_PER_BLOB * MAX_BLOBS;

/**
 * Chooses how a payload travels: at the lower total cost, but what was used last keeps being used while the other is not cheaper by
 * `switchGain` percent, since a change has to wait until nothing of the other kind is pending.
 *
 * @param last What the account has used last.
 */
export function chooseKind(
  payload: Uint8Array,
  market: Market,
  settings: ChoiceSettings,
  last: DataKind | undefined,
): Choice {
  const { kinds, calldataFloor, maxCalldata, switchGain } = settings;
  const calldata = priceOf(calldataUsage(payload, calldataFloor), market);
  const blob = priceOf(blobUsage(payload.length), market);
  if (!settings.hasBlobs) return { kind: "calldata", calldata, blob };
  // The inbox takes no blob batch without a byte, and a payload has to fit.
  if (payload.length === 0 || payload.length > MAX_IN_BLOBS) return { kind: "calldata", calldata, blob };
  if (payload.length > maxCalldata) return { kind: "blob", calldata, blob };
  if (kinds !== "auto") return { kind: kinds, calldata, blob };
  const isCheaper = (price: bigint, than: bigint): boolean => price * 100n < than * BigInt(100 - switchGain);
  if (last === "calldata") return { kind: isCheaper(blob, calldata) ? "blob" : "calldata", calldata, blob };
  if (last === "blob") return { kind: isCheaper(calldata, blob) ? "calldata" : "blob", calldata, blob };
  return { kind: blob < calldata ? "blob" : "calldata", calldata, blob };
}
