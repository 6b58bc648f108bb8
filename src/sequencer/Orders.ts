import type { Fill, OrderReference } from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import type { Changes } from "./Changes.ts";
import { OrderBook } from "./OrderBook.ts";
import type { OrderRecord } from "./OrderRecord.ts";
import type { RefusalReason } from "./Refusal.ts";
import { seriesOf, type SignedOrder } from "./SignedOrder.ts";
import type { WithdrawnOrders } from "./WithdrawnOrders.ts";

/** By what an order is found whatever its number. */
type Nonce = Pick<OrderReference, "account" | "nonce">;

/** The orders that were accepted and are not forgotten: those that rest are in the book, the others are kept for replays. */
export class Orders {
  readonly book = new OrderBook<OrderRecord>();
  readonly all = new Map<number, OrderRecord>();
  readonly #byNonce = new Map<string, OrderRecord>();
  /** What signers have taken back. */
  readonly withdrawn: WithdrawnOrders;
  /** Those of them that are not forgotten, in the order in which they were taken back. */
  readonly withdrawnRecords = new Set<OrderRecord>();
  readonly #changes: Changes;
  readonly #logger: Logger;

  constructor(changes: Changes, logger: Logger, withdrawn: WithdrawnOrders) {
    this.withdrawn = withdrawn;
    this.#changes = changes;
    this.#logger = logger;
  }

  /** The last order that was accepted with this nonce. */
  find(nonce: Nonce): OrderRecord | undefined {
    return this.#byNonce.get(nonceKey(nonce));
  }

  /** Keeps an order from now on. */
  keep(record: OrderRecord): void {
    this.all.set(record.id, record);
    this.#byNonce.set(nonceKey(record), record);
    if (!isTakenBack(record)) return;
    this.withdrawnRecords.add(record);
    // Journals have not always had the withdrawals beside the orders.
    if (!this.withdrawn.has(record.signed)) this.#changes.withdrawals.push(this.withdrawn.add(record.signed));
  }

  /** Forgets an order that no batch needs; if it was taken back, it stays so. */
  forget(record: OrderRecord): void {
    this.all.delete(record.id);
    if (this.find(record) === record) this.#byNonce.delete(nonceKey(record));
    this.withdrawnRecords.delete(record);
  }

  /** Notes that an order lives no longer. */
  close(record: OrderRecord, reason: RefusalReason): void {
    record.status = reason;
    if (isTakenBack(record)) {
      record.withdrawnAt = this.withdrawn.now;
      this.withdrawnRecords.add(record);
      this.#changes.withdrawals.push(this.withdrawn.add(record.signed));
    }
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
function isTakenBack({ status }: OrderRecord): boolean {
  return status === "Withdrawn" || status === "MakerProtection";
}

function nonceKey({ account, nonce }: Nonce): string {
  return `${account}:${String(nonce)}`;
}
