import type { Fill, OrderReference } from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import type { Changes } from "./Changes.ts";
import { OrderBook } from "./OrderBook.ts";
import type { OrderRecord } from "./OrderRecord.ts";
import type { RefusalReason } from "./Refusal.ts";
import { seriesOf, termsKey, type SignedOrder } from "./SignedOrder.ts";

/** By what an order is found whatever its number. */
type Nonce = Pick<OrderReference, "account" | "nonce">;

/** The orders that were accepted and are not forgotten: those that rest are in the book, the others are kept for replays. */
export class Orders {
  readonly book = new OrderBook<OrderRecord>();
  readonly all = new Map<number, OrderRecord>();
  readonly #byNonce = new Map<string, OrderRecord>();
  /** Orders that their signer has taken back, by what was signed. */
  readonly #takenBack = new Map<string, OrderRecord>();
  readonly #changes: Changes;
  readonly #logger: Logger;

  constructor(changes: Changes, logger: Logger) {
    this.#changes = changes;
    this.#logger = logger;
  }

  /** The last order that was accepted with this nonce. */
  find(nonce: Nonce): OrderRecord | undefined {
    return this.#byNonce.get(nonceKey(nonce));
  }

  /**
   * Whether this very order was taken back. INVARIANT: it does not matter under which of its signer's signatures it comes again, nor
   * what else came under its nonce meanwhile, for the receipt of a withdrawal names nothing but what was signed.
   */
  isTakenBack(signed: SignedOrder): boolean {
    return this.#takenBack.has(termsKey(signed));
  }

  /** Keeps an order from now on. */
  keep(record: OrderRecord): void {
    this.all.set(record.id, record);
    this.#byNonce.set(nonceKey(record), record);
    if (isTakenBack(record)) this.#takenBack.set(termsKey(record.signed), record);
  }

  /** Forgets an order that nothing can bring back. */
  forget(record: OrderRecord): void {
    this.all.delete(record.id);
    if (this.find(record) === record) this.#byNonce.delete(nonceKey(record));
    const terms = termsKey(record.signed);
    if (this.#takenBack.get(terms) === record) this.#takenBack.delete(terms);
  }

  /** Notes that an order lives no longer. */
  close(record: OrderRecord, reason: RefusalReason): void {
    record.status = reason;
    if (isTakenBack(record)) this.#takenBack.set(termsKey(record.signed), record);
    this.#changes.orders.add(record);
    const { id, account, nonce } = record;
    this.#changes.events.push({ kind: "closed", order: id, account, nonce, reason });
    this.#logger.debug({ order: id, account, nonce, reason }, "order closed");
  }

  /** Takes an order out of the book for a reason. */
  remove(record: OrderRecord, reason: RefusalReason): void {
    this.book.remove(record);
    this.close(record, reason);
  }

  /** Sets what is left of an order in the book, which may be nothing. */
  correct(record: OrderRecord, remaining: bigint): void {
    if (remaining === record.remaining) return;
    if (remaining === 0n) {
      this.book.remove(record);
      record.status = "filled";
      this.#changes.orders.add(record);
    }
    record.remaining = remaining;
    this.#changes.events.push({ kind: "corrected", order: record.id });
  }

  /** Notes the item in which two orders took part. */
  noteFill({ maker, taker }: Fill, item: number): void {
    for (const side of [maker, taker]) {
      const record = this.find(side);
      if (record !== undefined) record.lastItem = item;
    }
  }
}

/** An order that comes in. */
export function newRecord(id: number, signed: SignedOrder, remaining: bigint): OrderRecord {
  const { account, nonce, isSell, limitPrice, deadline } = signed.terms;
  return {
    id,
    account,
    nonce,
    series: seriesOf(signed.terms),
    sell: isSell,
    price: limitPrice,
    deadline,
    remaining,
    signed,
    status: "live",
    lastItem: 0,
  };
}

/** Whether an order's signer has taken it back, by itself or by the limits that it has set. */
export function isTakenBack({ status }: OrderRecord): boolean {
  return status === "Withdrawn" || status === "MakerProtection";
}

function nonceKey({ account, nonce }: Nonce): string {
  return `${account}:${String(nonce)}`;
}
