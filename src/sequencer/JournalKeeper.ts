import type { Logger } from "../roles/Logger.ts";
import type { ExchangeChanges } from "./Changes.ts";
import type { Exchange } from "./Exchange.ts";
import type { Journal, JournalContent, JournalWithdrawal } from "./Journal.ts";
import { journalBatch, journalItem, journalOrder, plansOf } from "./JournalRows.ts";
import type { ExchangeEvent, OrderRecord } from "./OrderRecord.ts";
import { decodeSignedOrder } from "./SignedOrder.ts";

/** Is told what happened. */
export type EventListener = (event: ExchangeEvent) => void;

/** Makes what the exchange has changed durable, and then tells it. */
export class JournalKeeper {
  /** Batches of L1 that are final, and of which nothing is kept. */
  finalizedBatches: bigint;
  readonly #journal: Journal;
  readonly #logger: Logger;
  readonly #listeners = new Set<EventListener>();

  constructor(journal: Journal, finalizedBatches: bigint, logger: Logger, listener: EventListener | undefined) {
    this.#journal = journal;
    this.finalizedBatches = finalizedBatches;
    this.#logger = logger;
    if (listener !== undefined) this.#listeners.add(listener);
  }

  /** Tells one more listener from now on. @returns Ends that. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes what has changed in one piece, and takes out what is no longer needed. */
  commit(exchange: Exchange, deletedOrders: readonly number[] = [], deletedBatches: readonly number[] = []): void {
    const changes = exchange.changes.take();
    if (isEmpty(changes) && deletedOrders.length + deletedBatches.length === 0) return;
    this.#journal.commit({
      nextId: exchange.nextId,
      finalizedBatches: this.finalizedBatches,
      orders: [...changes.orders].map(journalOrder),
      batches: [...changes.batches].map(journalBatch),
      items: changes.items.map(({ item, serial }) => journalItem(item, serial)),
      deletedOrders,
      deletedBatches,
      withdrawals: changes.withdrawals,
      endedWithdrawals: changes.endedWithdrawals,
    });
    this.#tell(changes.events);
  }

  /** Writes all that the exchange holds in place of what was there. */
  replace(exchange: Exchange): void {
    // What has ended goes from the journal with what ends next.
    const { events, withdrawals } = exchange.changes.take();
    const { nextId, orders, batches } = exchange;
    const content = {
      nextId,
      finalizedBatches: this.finalizedBatches,
      orders: [...orders.values()].map(journalOrder),
      batches: batches.map(journalBatch),
      items: batches.flatMap(({ serial, items }) => items.map((item) => journalItem(item, serial))),
    };
    this.#journal.replace(content, withdrawals);
    this.#tell([...events, { kind: "rebuilt" }]);
  }

  #tell(events: readonly ExchangeEvent[]): void {
    for (const event of events) {
      for (const listener of this.#listeners) {
        try {
          listener(event);
        } catch (error) {
          this.#logger.error({ error, kind: event.kind }, "listener failed");
        }
      }
    }
  }
}

/** Puts the withdrawals, orders and batches of a journal into an exchange that has none. */
export function restore(exchange: Exchange, content: JournalContent, withdrawals: Iterable<JournalWithdrawal>): void {
  // First, so that what is known to be taken back is not taken for new.
  for (const withdrawal of withdrawals) exchange.restoreWithdrawal(withdrawal);
  const plans = plansOf(content.batches, content.items);
  const last = new Map<string, number>();
  for (const { items } of plans) {
    for (const { id, transaction } of items) {
      if (!("maker" in transaction)) continue;
      for (const { account, nonce } of [transaction.maker, transaction.taker])
        last.set(`${account}:${String(nonce)}`, id);
    }
  }
  for (const { id, bytes, status } of content.orders) {
    const signed = decodeSignedOrder(bytes);
    const lastItem = last.get(`${signed.terms.account}:${String(signed.terms.nonce)}`) ?? 0;
    exchange.restoreOrder(id, signed, status as OrderRecord["status"], lastItem);
  }
  exchange.batches.push(...plans);
}

function isEmpty({ orders, batches, items, events, withdrawals, endedWithdrawals }: ExchangeChanges): boolean {
  const rows = orders.size + batches.size + items.length + events.length + withdrawals.length;
  return rows === 0 && endedWithdrawals === 0n;
}
