import { equalBytes } from "../crypto/bytes.ts";
import { recoverAddress } from "../crypto/secp256k1.ts";
import { receiptDigest } from "./typedData.ts";

/**
 * What the sequencer signs when it has taken something in, ahead of L1. A receipt is a promise about the sequencer's own doing; what
 * shows that it was broken is in Equivocation.ts. It promises nothing about what others do to the sequence: where somebody
 * forces a batch, or L1 takes back what it had, the sequencer builds anew, and drops what has become invalid.
 *
 * Numbers (`sequence`) are drawn from one counter for orders and fills. They are in the journal before anything is signed, so
 * none is used twice, whatever is killed.
 */

/** The order was taken in with this number; orders of a lower one go before it at the same price. */
export interface OrderReceipt {
  readonly type: "OrderReceipt";
  readonly sequence: bigint;
  /** The EIP-712 digest of the order. */
  readonly order: Uint8Array;
  /** Seconds. */
  readonly time: bigint;
}

/** Under which circumstances the promise of a receipt holds. */
export interface ReceiptContext {
  /** The batch of L1 that is meant. */
  readonly batch: bigint;
  /** What the sequencer knew of L1: the batches and their root, the messages that the batch reads and theirs. */
  readonly batchesOnL1: bigint;
  readonly batchesRoot: Uint8Array;
  readonly messagesRead: bigint;
  readonly messagesRoot: Uint8Array;
  /** Where L1 has the batch later than this, seconds, it may have been built anew. */
  readonly postedBefore: bigint;
  /** Seconds. */
  readonly time: bigint;
}

/** The fill is in that batch of L1, and within it behind all fills of lower numbers. */
export interface FillReceipt extends ReceiptContext {
  readonly type: "FillReceipt";
  readonly sequence: bigint;
  /** Numbers of the two orders, as in their own receipts. */
  readonly makerSequence: bigint;
  readonly takerSequence: bigint;
  readonly maker: number;
  readonly makerNonce: bigint;
  readonly taker: number;
  readonly takerNonce: bigint;
  /** Packed series. */
  readonly series: bigint;
  /** 1e-4 USD per contract. */
  readonly price: bigint;
  /** 1e-6 contract, and the same in lots of the market, as batches have it. */
  readonly quantity: bigint;
  readonly lots: bigint;
}

/**
 * The order was taken out of the book: it has no fill of a higher number than `sequence`, and until `until` no batch behind
 * `batch` fills it. Its signature stays good; a Cancel on L1 is what ends it for everybody.
 */
export interface WithdrawalReceipt extends ReceiptContext {
  readonly type: "WithdrawalReceipt";
  readonly sequence: bigint;
  /** Number of the order, as in its own receipt. */
  readonly orderSequence: bigint;
  /** The EIP-712 digest of the order. */
  readonly order: Uint8Array;
  readonly account: number;
  readonly nonce: bigint;
  /** Seconds. */
  readonly until: bigint;
}

/** Any receipt. */
export type Receipt = OrderReceipt | FillReceipt | WithdrawalReceipt;

/** A receipt with its signature, 64 bytes after EIP-2098. */
export interface SignedReceipt<Kind extends Receipt = Receipt> {
  readonly receipt: Kind;
  readonly signature: Uint8Array;
}

/** What the sequencer signs of a receipt. */
export function digestOfReceipt(domain: Uint8Array, receipt: Receipt): Uint8Array {
  switch (receipt.type) {
    case "OrderReceipt":
      return receiptDigest(domain, receipt.type, [receipt.sequence, receipt.order, receipt.time]);
    case "FillReceipt":
      return receiptDigest(domain, receipt.type, [
        receipt.sequence,
        receipt.makerSequence,
        receipt.maker,
        receipt.makerNonce,
        receipt.takerSequence,
        receipt.taker,
        receipt.takerNonce,
        receipt.series,
        receipt.price,
        receipt.quantity,
        receipt.lots,
        ...contextFields(receipt),
      ]);
    case "WithdrawalReceipt":
      return receiptDigest(domain, receipt.type, [
        receipt.sequence,
        receipt.orderSequence,
        receipt.order,
        receipt.account,
        receipt.nonce,
        receipt.until,
        ...contextFields(receipt),
      ]);
  }
}

/** Whether `signer`, 20 bytes, has signed the receipt. */
export function isSignedBy(domain: Uint8Array, { receipt, signature }: SignedReceipt, signer: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const found = recoverAddress(digestOfReceipt(domain, receipt), signature);
  return found !== undefined && equalBytes(found, signer);
}

function contextFields(context: ReceiptContext): (bigint | Uint8Array)[] {
  const { batch, batchesOnL1, batchesRoot, messagesRead, messagesRoot, postedBefore, time } = context;
  return [batch, batchesOnL1, batchesRoot, messagesRead, messagesRoot, postedBefore, time];
}
