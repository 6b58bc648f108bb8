import type { ExchangeEvent, OrderRecord, PlannedBatch, PlannedItem } from "./OrderRecord.ts";

/** What has changed in the exchange. */
export interface ExchangeChanges {
  readonly orders: ReadonlySet<OrderRecord>;
  readonly batches: ReadonlySet<PlannedBatch>;
  readonly items: readonly { readonly item: PlannedItem; readonly serial: number }[];
  readonly events: readonly ExchangeEvent[];
}

/** Collects what changes until the journal takes it. */
export class Changes implements ExchangeChanges {
  orders = new Set<OrderRecord>();
  batches = new Set<PlannedBatch>();
  items: { readonly item: PlannedItem; readonly serial: number }[] = [];
  events: ExchangeEvent[] = [];

  /** Hands over what has changed. */
  take(): ExchangeChanges {
    const { orders, batches, items, events } = this;
    this.drop();
    return { orders, batches, items, events };
  }

  /** Forgets what has changed. */
  drop(): void {
    this.orders = new Set();
    this.batches = new Set();
    this.items = [];
    this.events = [];
  }
}
