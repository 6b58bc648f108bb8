import type { Batch } from "../machine/Inputs.ts";
import { encodeVarint } from "../machine/Varint.ts";
import {
  decodeTransaction,
  TX_FILL,
  type OrderReference,
  type Transaction,
  type WireMakerOrder,
  type WireTakerOrder,
} from "../machine/Wire.ts";
import { DAY } from "../machine/Constants.ts";
import { frameAt } from "../machine/Framing.ts";
import { encodeOrderDeadline } from "../machine/WireEncoding.ts";

/** Where the bytes of posted batches go. */
export interface PayloadStats {
  readonly batches: number;
  /** Bytes of all payloads. */
  readonly bytes: number;
  readonly fills: number;
  /** Orders that were posted with their signature. */
  readonly newOrders: number;
  /** Bytes by field, over all batches; they add up to `bytes`. */
  readonly fields: Readonly<Record<string, number>>;
}

/** Adds up the bytes of each field over the batches. */
export function payloadStats(batches: Iterable<Batch>): PayloadStats {
  const fields: Record<string, number> = {};
  const add = (field: string, bytes: number): void => {
    fields[field] = (fields[field] ?? 0) + bytes;
  };
  const counts = { batches: 0, bytes: 0, fills: 0, newOrders: 0 };
  for (const { record, payload } of batches) {
    counts.batches++;
    counts.bytes += payload.length;
    for (let offset = 0; offset < payload.length;) {
      const frame = frameAt(payload, offset);
      if (frame === undefined) {
        add("padding", payload.length - offset);
        break;
      }
      const item = payload.subarray(frame.start, frame.end);
      const transaction = decodeTransaction(item, record.l2Time, false);
      if (transaction?.type === TX_FILL) {
        counts.fills++;
        counts.newOrders += Number(!transaction.maker.stored) + Number(!transaction.taker.stored);
        add("fill: length and type", frame.start - offset + 1);
        addFill(transaction, record.l2Time, add);
      } else {
        add(otherField(transaction), frame.end - offset);
      }
      offset = frame.end;
    }
  }
  return { ...counts, fields };
}

/** Bytes of fills alone, orders included: the share of {@link PayloadStats} that trades cause. */
export function fillBytes({ fields }: PayloadStats): number {
  return Object.entries(fields).reduce(
    (sum, [name, bytes]) => (name.startsWith("fill: ") || name.startsWith("order: ") ? sum + bytes : sum),
    0,
  );
}

type Add = (field: string, bytes: number) => void;

function addFill(fill: Extract<Transaction, { type: typeof TX_FILL }>, timeBase: bigint, add: Add): void {
  for (const order of [fill.maker, fill.taker]) addOrder(order, timeBase, add);
  const whole = !fill.taker.stored && fill.taker.lots === fill.lots;
  add("fill: quantity", whole ? 0 : size(fill.lots));
}

function addOrder(order: WireMakerOrder | WireTakerOrder | OrderReference, timeBase: bigint, add: Add): void {
  if (order.stored) {
    add("fill: reference to a stored order", size(BigInt(order.account)) + size(order.nonce));
    return;
  }
  add("order: account", size(BigInt(order.account)));
  add("order: nonce", size(order.nonce));
  add("order: flags and key", 1 + (order.keyIndex === 0 ? 0 : 1 + size(BigInt(order.keyEpoch))));
  if ("market" in order) {
    add("order: series", 1 + size(BigInt(order.day) - timeBase / DAY) + size(order.strikeSteps));
    add("order: limit", size(order.limitTicks));
  } else {
    add("order: slippage", size(order.slippageTicks));
  }
  add("order: quantity", size(order.lots));
  add("order: maximum fee", size(order.feeTicks));
  add("order: deadline", size(encodeOrderDeadline(order.deadline, timeBase)));
  add("order: signature", order.signature.length);
}

function otherField(transaction: Transaction | undefined): string {
  return transaction === undefined
    ? "malformed items"
    : `other: type 0x${transaction.type.toString(16).padStart(2, "0")}`;
}

function size(value: bigint): number {
  return encodeVarint(value).length;
}
