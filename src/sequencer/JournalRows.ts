import { decodeTransaction } from "../machine/Wire.ts";
import { encodeTransaction } from "../machine/WireEncoding.ts";
import type { JournalBatch, JournalItem, JournalOrder } from "./Journal.ts";
import type { OrderRecord, PlannedBatch, PlannedItem } from "./OrderRecord.ts";
import { encodeSignedOrder } from "./SignedOrder.ts";

/** Between the journal's rows and what the exchange keeps. */

/** The batches of a journal with their items, as they were when it was written. */
export function plansOf(batches: readonly JournalBatch[], items: readonly JournalItem[]): PlannedBatch[] {
  const bySerial = new Map<number, PlannedItem[]>();
  for (const { id, serial, bytes } of items) {
    const item = { id, transaction: decodeTransaction(bytes, 0n, false)! };
    const group = bySerial.get(serial);
    if (group === undefined) bySerial.set(serial, [item]);
    else group.push(item);
  }
  return batches.map(({ serial, messagesRead, l2Time, sealed }) => ({
    serial,
    messagesRead,
    l2Time,
    items: bySerial.get(serial) ?? [],
    status: sealed ? ("sealed" as const) : ("open" as const),
    messagesRoot: new Uint8Array(0),
  }));
}

/** The row of an order. */
export function journalOrder({ id, signed, status }: OrderRecord): JournalOrder {
  return { id, bytes: encodeSignedOrder(signed), status };
}

/** The row of a batch. */
export function journalBatch({ serial, messagesRead, l2Time, status }: PlannedBatch): JournalBatch {
  return { serial, messagesRead, l2Time, sealed: status !== "open" };
}

/** The row of an item: the transaction with absolute times. */
export function journalItem({ id, transaction }: PlannedItem, serial: number): JournalItem {
  return { id, serial, bytes: encodeTransaction(transaction, 0n) };
}

/** By which equal items are found. */
export function itemKey(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
