import type { JournalWithdrawal } from "./Journal.ts";
import type { ExchangeEvent, OrderRecord, PlannedBatch, PlannedItem } from "./OrderRecord.ts";

/** What has changed in the exchange. */
export interface ExchangeChanges {
  readonly orders: ReadonlySet<OrderRecord>;
  readonly batches: ReadonlySet<PlannedBatch>;
  readonly items: readonly { readonly item: PlannedItem; readonly serial: number }[];
  readonly events: readonly ExchangeEvent[];
  /** Orders that were taken back. */
  readonly withdrawals: readonly JournalWithdrawal[];
  /** Withdrawals that end by then are forgotten; seconds, 0 if there are none. */
  readonly endedWithdrawals: bigint;
}

/** Collects what changes until the journal takes it. */
export class Changes implements ExchangeChanges {
  orders = new Set<OrderRecord>();
  batches = new Set<PlannedBatch>();
  items: { readonly item: PlannedItem; readonly serial: number }[] = [];
  events: ExchangeEvent[] = [];
  withdrawals: JournalWithdrawal[] = [];
  endedWithdrawals = 0n;

  /** Hands over what has changed. */
  take(): ExchangeChanges {
    const { orders, batches, items, events, withdrawals, endedWithdrawals } = this;
    this.drop();
    this.withdrawals = [];
    this.endedWithdrawals = 0n;
    return { orders, batches, items, events, withdrawals, endedWithdrawals };
  }

  /** Forgets what has changed. INVARIANT: not what was taken back, which stays so whatever becomes of the batches. */
  drop(): void {
    this.orders = new Set();
    this.batches = new Set();
    this.items = [];
    this.events = [];
  }
}
