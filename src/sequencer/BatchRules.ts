import { equalBytes } from "../crypto/bytes.ts";
import { BYTES_PER_ITEM, MAX_TENOR, MEDIUM_TENOR, SHORT_TENOR } from "../machine/Constants.ts";
import { DATA_FORCED, type Batch, type BatchRecord } from "../machine/Inputs.ts";
import { dayOf, expiryOf } from "../machine/Positions.ts";
import { expiryTime } from "../machine/Slots.ts";

/** What the machine and the inbox ask of a batch. */

/** What of a batch is compared with L1's. */
export type BuiltBatch = Pick<BatchRecord, "messagesRead" | "l2Time"> & { readonly payload: Uint8Array };

/** The least length of a payload with `length` bytes of items that allows `steps` item steps. */
export function paddedLength(length: number, steps: number): number {
  return steps === 0 ? length : Math.max(length, BYTES_PER_ITEM * (steps - 1) + 1);
}

/** Which strike step a series has at an L1 time: 0 to 2, or 3 beyond the latest tenor. */
export function tenorClass(series: bigint, l1Time: bigint): 0 | 1 | 2 | 3 {
  const tenor = expiryTime(dayOf(expiryOf(series))) - l1Time;
  return tenor <= SHORT_TENOR ? 0 : tenor <= MEDIUM_TENOR ? 1 : tenor <= MAX_TENOR ? 2 : 3;
}

/** Whether L1's batch is one that was built here, however it was posted. */
export function isSameBatch({ record, payload }: Batch, built: BuiltBatch): boolean {
  return (
    record.dataKind !== DATA_FORCED &&
    record.messagesRead === built.messagesRead &&
    record.l2Time === built.l2Time &&
    equalBytes(payload, built.payload)
  );
}
