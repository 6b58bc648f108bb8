import { toHex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";

/** What the sequencer must still know after it was killed: everything that L1 doesn't have for good. */

/** An accepted order. */
export interface JournalOrder {
  readonly id: number;
  /** `encodeSignedOrder`. */
  readonly bytes: Uint8Array;
  /** `live`, `filled`, or why it was closed. */
  readonly status: string;
}

/** A batch that was opened. */
export interface JournalBatch {
  /** Ascending in the order of the batches. */
  readonly serial: number;
  readonly messagesRead: bigint;
  /** Seconds. */
  readonly l2Time: bigint;
  readonly sealed: boolean;
}

/** A transaction that was executed in a batch. */
export interface JournalItem {
  /** Ascending in the order of execution. */
  readonly id: number;
  /** The batch. */
  readonly serial: number;
  /** The transaction with absolute times: encoded as in a batch of L2 time 0. */
  readonly bytes: Uint8Array;
}

/** An order that its signer has taken back: nothing is left of it but what refuses it. */
export interface JournalWithdrawal {
  /** From then on it is refused no more; seconds. */
  readonly until: bigint;
  /** `termsDigest`, 32 bytes. */
  readonly digest: Uint8Array;
  readonly account: number;
}

/** All that a journal holds, but for the withdrawals. */
export interface JournalContent {
  /** The next number for an order, an item or a batch. */
  readonly nextId: number;
  /** Batches of L1 that are final, and of which nothing is kept here. */
  readonly finalizedBatches: bigint;
  readonly orders: readonly JournalOrder[];
  readonly batches: readonly JournalBatch[];
  readonly items: readonly JournalItem[];
}

/** What one commit changes: rows with a known number are replaced. */
export interface JournalChanges extends JournalContent {
  readonly deletedOrders: readonly number[];
  /** Batches that go with their items. */
  readonly deletedBatches: readonly number[];
  /** New ones. */
  readonly withdrawals: readonly JournalWithdrawal[];
  /** Withdrawals of which `until` is not above this go; seconds. */
  readonly endedWithdrawals: bigint;
}

/** Failures of a journal. */
export type JournalErrorCode = "JOURNAL_WRITE" | "JOURNAL_READ" | "JOURNAL_VERSION";

/** The journal cannot be relied upon any more: whoever gets this stops acknowledging. */
export class JournalError extends TenorError<JournalErrorCode> {
  override readonly name = "JournalError";
}

/** A durable store with one writer. */
export interface Journal {
  /** All that was committed, but for the withdrawals. */
  load(): JournalContent;
  /** The withdrawals, by their end and digest. There may be millions: read them to the end before anything else is done. */
  withdrawals(): Iterable<JournalWithdrawal>;
  /** Makes the changes all together; they survive any kill when this returns. */
  commit(changes: JournalChanges): void;
  /**
   * Puts `content` in place of everything but the withdrawals, and adds to those, all together: L1 can take back batches, not what
   * signers have said.
   */
  replace(content: JournalContent, withdrawals: readonly JournalWithdrawal[]): void;
  close(): void;
}

/** The content of a new journal. */
export const EMPTY_JOURNAL: JournalContent = { nextId: 1, finalizedBatches: 0n, orders: [], batches: [], items: [] };

/** A journal that lasts as long as the process: for tests and simulations. */
export class MemoryJournal implements Journal {
  #nextId = EMPTY_JOURNAL.nextId;
  #finalizedBatches = 0n;
  #orders = new Map<number, JournalOrder>();
  #batches = new Map<number, JournalBatch>();
  #items = new Map<number, JournalItem>();
  /** By end and digest, as text that sorts like them. */
  #withdrawals = new Map<string, JournalWithdrawal>();

  load(): JournalContent {
    const byId = (a: { id: number }, b: { id: number }): number => a.id - b.id;
    return {
      nextId: this.#nextId,
      finalizedBatches: this.#finalizedBatches,
      orders: [...this.#orders.values()].sort(byId),
      batches: [...this.#batches.values()].sort((a, b) => a.serial - b.serial),
      items: [...this.#items.values()].sort(byId),
    };
  }

  *withdrawals(): Generator<JournalWithdrawal> {
    for (const key of [...this.#withdrawals.keys()].sort()) yield this.#withdrawals.get(key)!;
  }

  commit(changes: JournalChanges): void {
    this.#nextId = changes.nextId;
    this.#finalizedBatches = changes.finalizedBatches;
    for (const order of changes.orders) this.#orders.set(order.id, order);
    for (const batch of changes.batches) this.#batches.set(batch.serial, batch);
    for (const item of changes.items) this.#items.set(item.id, item);
    for (const id of changes.deletedOrders) this.#orders.delete(id);
    for (const row of changes.withdrawals) this.#withdrawals.set(withdrawalKey(row), row);
    if (changes.endedWithdrawals > 0n) {
      for (const [key, { until }] of this.#withdrawals) {
        if (until <= changes.endedWithdrawals) this.#withdrawals.delete(key);
      }
    }
    if (changes.deletedBatches.length === 0) return;
    const gone = new Set(changes.deletedBatches);
    for (const serial of gone) this.#batches.delete(serial);
    for (const item of [...this.#items.values()]) if (gone.has(item.serial)) this.#items.delete(item.id);
  }

  replace(content: JournalContent, withdrawals: readonly JournalWithdrawal[]): void {
    this.#orders.clear();
    this.#batches.clear();
    this.#items.clear();
    this.commit({ ...content, deletedOrders: [], deletedBatches: [], withdrawals, endedWithdrawals: 0n });
  }

  close(): void {
    // Nothing to release.
  }
}

function withdrawalKey({ until, digest }: JournalWithdrawal): string {
  return until.toString().padStart(20, "0") + toHex(digest);
}
