import { BYTES_PER_BLOB, chargedBytes, MAX_BLOBS } from "../machine/BlobPayload.ts";
import { DATA_BLOBS, DATA_CALLDATA } from "../machine/Inputs.ts";
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
  /** Most bytes that the inbox's rate allows at once. */
  readonly burstBytes: bigint;
}

/** What the inbox's rate has left, and whether the batch should wait for more. */
export interface RateSituation {
  readonly availableBytes: bigint;
  /** Whether the batch is urgent, or another one waits behind it. */
  readonly isPressing: boolean;
}

/** What was chosen, with the prices that were compared, wei. */
export interface Choice {
  readonly kind: DataKind;
  readonly calldata: bigint;
  readonly blob: bigint;
}

/** Longest payload of a batch in blobs. */
const MAX_IN_BLOBS = BYTES_PER_BLOB * MAX_BLOBS;

/** Bytes that the inbox's rate is charged for a payload of `length` bytes. */
export function chargeOf(kind: DataKind, length: number): number {
  return chargedBytes(kind === "blob" ? DATA_BLOBS : DATA_CALLDATA, length);
}

/**
 * Chooses how a payload travels: at the lower total cost, but what was used last keeps being used while the other is not cheaper by
 * `switchGain` percent, since a change has to wait until nothing of the other kind is pending. The inbox's rate is charged for whole
 * blobs; where it has no room for them, and a batch is pressing, calldata is dearer but goes at once.
 *
 * @param last What the account has used last.
 */
export function chooseKind(
  payload: Uint8Array,
  market: Market,
  settings: ChoiceSettings,
  last: DataKind | undefined,
  { availableBytes, isPressing }: RateSituation,
): Choice {
  const { kinds, calldataFloor, maxCalldata, switchGain, burstBytes } = settings;
  const calldata = priceOf(calldataUsage(payload, calldataFloor), market);
  const blob = priceOf(blobUsage(payload.length), market);
  if (!settings.hasBlobs) return { kind: "calldata", calldata, blob };
  // The inbox takes no blob batch without a byte, and a payload has to fit.
  if (payload.length === 0 || payload.length > MAX_IN_BLOBS) return { kind: "calldata", calldata, blob };
  if (payload.length > maxCalldata) return { kind: "blob", calldata, blob };
  const charge = BigInt(chargeOf("blob", payload.length));
  if (charge > burstBytes) return { kind: "calldata", calldata, blob };
  if (kinds !== "auto") return { kind: kinds, calldata, blob };
  if (isPressing && charge > availableBytes) return { kind: "calldata", calldata, blob };
  const isCheaper = (price: bigint, than: bigint): boolean => price * 100n < than * BigInt(100 - switchGain);
  if (last === "calldata") return { kind: isCheaper(blob, calldata) ? "blob" : "calldata", calldata, blob };
  if (last === "blob") return { kind: isCheaper(calldata, blob) ? "calldata" : "blob", calldata, blob };
  return { kind: blob < calldata ? "blob" : "calldata", calldata, blob };
}
