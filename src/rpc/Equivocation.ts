import { equalBytes } from "../crypto/bytes.ts";
import { recoverAddress } from "../crypto/secp256k1.ts";
import { frameAt } from "../machine/Framing.ts";
import { DATA_FORCED } from "../machine/Inputs.ts";
import { orderDigest } from "../machine/TypedData.ts";
import { decodeTransaction, TX_FILL, type Fill, type OrderReference, type WireOrder } from "../machine/Wire.ts";
import type { L1View } from "../sequencer/DerivedState.ts";
import type { SignedOrder } from "../sequencer/SignedOrder.ts";
import {
  isSignedBy,
  type FillReceipt,
  type Receipt,
  type ReceiptContext,
  type SignedReceipt,
  type WithdrawalReceipt,
} from "./Receipt.ts";

/**
 * Whether a sequencer has broken its word, as anybody can find out who has its receipts: from two of them alone, or from one and
 * L1. An honest sequencer is never convicted, whatever traders, L1 or forced messages do to it; where its promise does not
 * hold (see {@link Receipt}), nothing is found.
 */

/** What is shown. */
export type Equivocation =
  /** One number was given to two orders or fills. */
  | "SEQUENCE_REUSED"
  /** An order was filled after it had been taken out of the book. */
  | "FILLED_AFTER_WITHDRAWAL"
  /** L1 has the batch, and the fill is not in it. */
  | "FILL_MISSING"
  /** L1 has two fills of one batch in the other order. */
  | "ORDER_REVERSED";

/** Whose receipts they are. */
export interface ReceiptAuthority {
  /** The EIP-712 domain separator. */
  readonly domain: Uint8Array;
  /** The address of the receipts' key. */
  readonly signer: Uint8Array;
}

/** The order that a withdrawal's receipt names. It comes from the accuser, so nothing of it is believed. */
export interface AccusedOrder {
  readonly order: SignedOrder;
  /** The address of the account's owner, or of the session key that the order names, as anybody derives it from L1. */
  readonly signer: Uint8Array;
}

/** How two receipts of one signer contradict each other, if they do; receipts that are not the signer's show nothing. */
export function contradictionOf(
  { domain, signer }: ReceiptAuthority,
  a: SignedReceipt,
  b: SignedReceipt,
): Equivocation | undefined {
  if (!isSignedBy(domain, a, signer) || !isSignedBy(domain, b, signer)) return undefined;
  if (isSequenceReused(a.receipt, b.receipt)) return "SEQUENCE_REUSED";
  const isBroken = isFilledAfter(a.receipt, b.receipt) || isFilledAfter(b.receipt, a.receipt);
  return isBroken ? "FILLED_AFTER_WITHDRAWAL" : undefined;
}

/** Whether L1 contradicts the receipt of a fill. */
export function fillContradiction(
  { domain, signer }: ReceiptAuthority,
  l1: L1View,
  signed: SignedReceipt<FillReceipt>,
): Equivocation | undefined {
  const { receipt } = signed;
  if (!isSignedBy(domain, signed, signer) || !holds(l1, receipt, receipt.batch)) return undefined;
  return fillsOf(l1, receipt.batch).some((fill) => isFillOf(fill, receipt)) ? undefined : "FILL_MISSING";
}

/** Whether L1 has two fills, both of one batch, in the other order than their numbers. */
export function orderContradiction(
  { domain, signer }: ReceiptAuthority,
  l1: L1View,
  a: SignedReceipt<FillReceipt>,
  b: SignedReceipt<FillReceipt>,
): Equivocation | undefined {
  if (a.receipt.sequence > b.receipt.sequence) return orderContradiction({ domain, signer }, l1, b, a);
  const [first, second] = [a.receipt, b.receipt];
  if (first.batch !== second.batch || !holds(l1, first, first.batch) || !holds(l1, second, second.batch)) {
    return undefined;
  }
  if (!isSignedBy(domain, a, signer) || !isSignedBy(domain, b, signer)) return undefined;
  const fills = fillsOf(l1, first.batch);
  const [earliest, latest] = [
    fills.findIndex((fill) => isFillOf(fill, first)),
    fills.findLastIndex((fill) => isFillOf(fill, second)),
  ];
  return earliest !== -1 && latest !== -1 && latest < earliest ? "ORDER_REVERSED" : undefined;
}

/**
 * Whether L1 has filled an order that its sequencer had taken out of the book.
 *
 * @param accused The order that the receipt names: batches have only its signature, or its nonce.
 */
export function withdrawalContradiction(
  { domain, signer }: ReceiptAuthority,
  l1: L1View,
  signed: SignedReceipt<WithdrawalReceipt>,
  accused: AccusedOrder,
): Equivocation | undefined {
  const { receipt } = signed;
  if (!isSignedBy(domain, signed, signer) || !isOrderOf(domain, receipt, accused)) return undefined;
  for (let batch = receipt.batchesOnL1; batch < l1.batchCount; batch++) {
    // What was planned when the order left the book lies in batches up to the receipt's. Once that one is there in time, nothing of it is
    // built anew, and whatever comes later was planned later.
    if (!holds(l1, receipt, batch < receipt.batch ? batch : receipt.batch)) return undefined;
    if (l1.batch(batch).record.l2Time > receipt.until) return undefined;
    for (const { maker, taker } of fillsOf(l1, batch)) {
      const side = [maker, taker].find(({ account, nonce }) => account === receipt.account && nonce === receipt.nonce);
      if (side === undefined) continue;
      // Another order has taken the nonce: from here on references mean that one.
      if (!isOrNamesOrder(side, accused.order)) return undefined;
      if (batch > receipt.batch) return "FILLED_AFTER_WITHDRAWAL";
    }
  }
  return undefined;
}

/**
 * Whether the promise of a receipt holds up to a batch: L1 has what the sequencer had seen of it, nobody has forced a batch since,
 * and the batch is there in time, or was there already.
 */
function holds(l1: L1View, receipt: ReceiptContext, batch: bigint): boolean {
  const { batchesOnL1, messagesRead } = receipt;
  if (l1.batchCount <= batch || l1.batchCount < batchesOnL1 || l1.messageCount < messagesRead) return false;
  const { batchesRoot, messagesRoot } = l1.context(0n, batchesOnL1, messagesRead);
  if (!equalBytes(batchesRoot, receipt.batchesRoot) || !equalBytes(messagesRoot, receipt.messagesRoot)) return false;
  for (let index = batchesOnL1; index <= batch; index++) {
    if (l1.batch(index).record.dataKind === DATA_FORCED) return false;
  }
  return batch < batchesOnL1 || l1.batch(batch).record.l1Time <= receipt.postedBefore;
}

function isSequenceReused(a: Receipt, b: Receipt): boolean {
  if (a.type === "WithdrawalReceipt" || b.type === "WithdrawalReceipt" || a.sequence !== b.sequence) return false;
  if (a.type === "OrderReceipt") return b.type !== "OrderReceipt" || !equalBytes(a.order, b.order);
  if (b.type === "OrderReceipt") return true;
  const subject = (receipt: FillReceipt): string =>
    [receipt.makerSequence, receipt.takerSequence, receipt.series, receipt.price, receipt.quantity].join();
  return subject(a) !== subject(b);
}

function isFilledAfter(withdrawal: Receipt, fill: Receipt): boolean {
  if (withdrawal.type !== "WithdrawalReceipt" || fill.type !== "FillReceipt") return false;
  if (fill.sequence <= withdrawal.sequence) return false;
  return fill.makerSequence === withdrawal.orderSequence || fill.takerSequence === withdrawal.orderSequence;
}

/** The fills of a batch, in their order. */
function fillsOf(l1: L1View, index: bigint): Fill[] {
  const { payload, record } = l1.batch(index);
  const fills: Fill[] = [];
  for (let offset = 0; offset < payload.length;) {
    const frame = frameAt(payload, offset);
    if (frame === undefined) break;
    const transaction = decodeTransaction(payload.subarray(frame.start, frame.end), record.l2Time, false);
    if (transaction?.type === TX_FILL) fills.push(transaction);
    offset = frame.end;
  }
  return fills;
}

function isFillOf({ maker, taker, lots }: Fill, receipt: FillReceipt): boolean {
  return (
    maker.account === receipt.maker &&
    maker.nonce === receipt.makerNonce &&
    taker.account === receipt.taker &&
    taker.nonce === receipt.takerNonce &&
    lots === receipt.lots
  );
}

/**
 * Whether an order is the one that a receipt names. SAFETY: batches show a signature alone, so that one is compared with the terms of
 * the receipt by its signer; otherwise the signature of any other order of the same nonce would convict.
 */
function isOrderOf(domain: Uint8Array, receipt: WithdrawalReceipt, { order, signer }: AccusedOrder): boolean {
  const digest = orderDigest(domain, order.terms, order.keyIndex, order.keyEpoch);
  if (!equalBytes(digest, receipt.order) || order.signature.length !== 64) return false;
  const found = recoverAddress(digest, order.signature);
  return found !== undefined && equalBytes(found, signer);
}

/** Whether one side of a fill is the order itself, or refers to what the state holds under its nonce. */
function isOrNamesOrder(side: WireOrder | OrderReference, order: SignedOrder): boolean {
  return side.stored || equalBytes(side.signature, order.signature);
}
