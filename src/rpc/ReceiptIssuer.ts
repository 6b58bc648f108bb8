import { addressOf, sign } from "../crypto/secp256k1.ts";
import { orderDigest } from "../machine/TypedData.ts";
import type { Clock } from "../sequencer/Clock.ts";
import type { FillReport, OrderRecord, PlannedBatch } from "../sequencer/OrderRecord.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import { WITHDRAWAL_PROMISE } from "../sequencer/WithdrawnOrders.ts";
import { digestOfReceipt, type Receipt, type ReceiptContext, type SignedReceipt } from "./Receipt.ts";

/** Fills whose receipt is kept for the other side of the trade, and for whoever asks a moment later. */
const KEPT_RECEIPTS = 10_000;
/** Seconds that the clocks of L1 and of the sequencer may be apart. */
const CLOCK_SKEW = 60n;

/** Signs receipts of what a sequencer has made durable. */
export class ReceiptIssuer {
  /** The address whose signature receipts carry. */
  readonly signer: Uint8Array;
  readonly #sequencer: Sequencer;
  readonly #clock: Clock;
  readonly #key: Uint8Array;
  /** By the number of the fill: one receipt each, for a second one could differ in its circumstances. */
  readonly #fills = new Map<number, SignedReceipt>();

  /** @param key The receipts' own private key, 32 bytes. */
  constructor(sequencer: Sequencer, clock: Clock, key: Uint8Array) {
    this.#sequencer = sequencer;
    this.#clock = clock;
    this.#key = key;
    this.signer = addressOf(key);
  }

  /** That an order was taken in. */
  ofOrder(order: OrderRecord): SignedReceipt {
    return this.#sign({
      type: "OrderReceipt",
      sequence: BigInt(order.id),
      order: this.#digestOf(order),
      time: this.#clock.now(),
    });
  }

  /** That a fill is in a batch; undefined if it was dropped, or its batch or orders are final and forgotten. */
  ofFill(fill: FillReport): SignedReceipt | undefined {
    const known = this.#fills.get(fill.item);
    if (known !== undefined) return known;
    const { exchange } = this.#sequencer;
    const [maker, taker] = [exchange.orders.get(fill.maker), exchange.orders.get(fill.taker)];
    // From the end, where a fill of just now is.
    const batch = exchange.batches.findLast(({ items }) => items.findLast(({ id }) => id === fill.item) !== undefined);
    if (batch === undefined || maker === undefined || taker === undefined) return undefined;
    const receipt = this.#sign({
      type: "FillReceipt",
      sequence: BigInt(fill.item),
      makerSequence: BigInt(maker.id),
      maker: maker.account,
      makerNonce: maker.nonce,
      takerSequence: BigInt(taker.id),
      taker: taker.account,
      takerNonce: taker.nonce,
      series: fill.series,
      price: fill.price,
      quantity: fill.quantity,
      lots: fill.quantity / exchange.market(fill.series).lot,
      ...this.#contextOf(batch),
    });
    this.#fills.set(fill.item, receipt);
    if (this.#fills.size > KEPT_RECEIPTS) this.#fills.delete(this.#fills.keys().next().value!);
    return receipt;
  }

  /** That an order was taken out of the book just now; undefined if no batch is open. */
  ofWithdrawal(order: OrderRecord): SignedReceipt | undefined {
    const { exchange } = this.#sequencer;
    const batch = exchange.batches.at(-1);
    if (batch === undefined) return undefined;
    const context = this.#contextOf(batch);
    // In an empty batch nothing is planned yet, so the promise holds for it already, however late it comes.
    const isEmpty = batch.status === "open" && batch.items.length === 0 && context.batch > 0n;
    return this.#sign({
      type: "WithdrawalReceipt",
      sequence: BigInt(exchange.nextId - 1),
      orderSequence: BigInt(order.id),
      order: this.#digestOf(order),
      account: order.account,
      nonce: order.nonce,
      // SAFETY: it is remembered from then on, however long the journal has taken.
      until: (order.withdrawnAt ?? this.#clock.now()) + WITHDRAWAL_PROMISE,
      ...context,
      batch: isEmpty ? context.batch - 1n : context.batch,
    });
  }

  #contextOf(batch: PlannedBatch): ReceiptContext {
    const { l1, batchCount, keepsBatchesUntil } = this.#sequencer;
    const { batchesRoot } = l1.context(0n, batchCount, 0n);
    const { messagesRead, messagesRoot, l2Time } = batch;
    // A batch that L1 has already keeps its time whatever happens to those behind it.
    const postedBefore = (keepsBatchesUntil ?? l2Time) - CLOCK_SKEW;
    const index = batch.index ?? batch.built?.index ?? this.#sequencer.exchange.builder.before.cursor.batch;
    return {
      batch: index,
      batchesOnL1: batchCount,
      batchesRoot,
      messagesRead,
      messagesRoot,
      postedBefore,
      time: this.#clock.now(),
    };
  }

  #digestOf({ signed }: OrderRecord): Uint8Array {
    const { domain } = this.#sequencer.exchange.config;
    return orderDigest(domain, signed.terms, signed.keyIndex, signed.keyEpoch);
  }

  #sign(receipt: Receipt): SignedReceipt {
    const digest = digestOfReceipt(this.#sequencer.exchange.config.domain, receipt);
    return { receipt, signature: sign(digest, this.#key) };
  }
}
