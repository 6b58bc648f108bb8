import type { Batch } from "../machine/Inputs.ts";
import { encodeVarint } from "../machine/Varint.ts";
import {
  decodeTransaction,
  FORM_TAKER_IMMEDIATE,
  FORM_TAKER_WHOLE,
  TX_FILL,
  type Fill,
  type Transaction,
} from "../machine/Wire.ts";
import { DAY } from "../machine/Constants.ts";
import { frameAt } from "../machine/Framing.ts";
import { encodeOrderDeadline, formOf } from "../machine/WireEncoding.ts";

/** Where the bytes of posted batches go. */
export interface PayloadStats {
  readonly batches: number;
  /** Bytes of all payloads. */
  readonly bytes: number;
  readonly fills: number;
  /** Makers' and takers' orders that were posted with their signature. */
  readonly makerOrders: number;
  readonly takerOrders: number;
  /** Bytes by field, over all batches; they add up to `bytes`. */
  readonly fields: Readonly<Record<string, number>>;
}

/** Adds up the bytes of each field over the batches. */
export function payloadStats(batches: Iterable<Batch>): PayloadStats {
  const fields: Record<string, number> = {};
  const add = (field: string, bytes: number): void => {
    fields[field] = (fields[field] ?? 0) + bytes;
  };
  const counts = { batches: 0, bytes: 0, fills: 0, makerOrders: 0, takerOrders: 0 };
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
        counts.makerOrders += Number(!transaction.maker.stored);
        counts.takerOrders += Number(!transaction.taker.stored);
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
export function fillBytes(stats: PayloadStats): number {
  return fieldBytes(stats, "fill: ") + fieldBytes(stats, "maker's order: ") + fieldBytes(stats, "taker's order: ");
}

/** Bytes of all fields whose names begin so. */
export function fieldBytes({ fields }: PayloadStats, prefix: string): number {
  return Object.entries(fields).reduce((sum, [name, bytes]) => (name.startsWith(prefix) ? sum + bytes : sum), 0);
}

type Add = (field: string, bytes: number) => void;

function addFill(fill: Fill, timeBase: bigint, add: Add): void {
  const form = formOf(fill);
  addOrder("maker's", fill.maker, 1, timeBase, add);
  addOrder("taker's", fill.taker, (form & FORM_TAKER_IMMEDIATE) === 0 ? 1 : 0, timeBase, add);
  add("fill: quantity", (form & FORM_TAKER_WHOLE) === 0 ? size(fill.lots) : 0);
}

function addOrder(
  side: string,
  order: Fill["maker"] | Fill["taker"],
  flagBytes: number,
  timeBase: bigint,
  add: Add,
): void {
  if (order.stored) {
    add(`fill: reference to a ${side} stored order`, size(BigInt(order.account)) + size(order.nonce));
    return;
  }
  const isMaker = "market" in order;
  const field = (name: string, bytes: number): void => {
    add(`${side} order: ${name}`, bytes);
  };
  field("account", size(BigInt(order.account)));
  field("nonce", size(order.nonce));
  field("flags and key", flagBytes + (order.keyIndex === 0 ? 0 : 1 + size(BigInt(order.keyEpoch))));
  if (isMaker) {
    field("market", 1);
    field("expiry day", size(BigInt(order.day) - timeBase / DAY));
    field("strike", size(order.strikeSteps));
    field("limit", size(order.limitTicks));
  } else {
    field("slippage", size(order.slippageTicks));
  }
  field("quantity", size(order.lots));
  field("maximum fee", size(order.feeTicks));
  field("deadline", size(encodeOrderDeadline(order.deadline, timeBase)));
  field("signature", order.signature.length);
}

function otherField(transaction: Transaction | undefined): string {
  return transaction === undefined
    ? "malformed items"
    : `other: type 0x${transaction.type.toString(16).padStart(2, "0")}`;
}

function size(value: bigint): number {
  return encodeVarint(value).length;
}
