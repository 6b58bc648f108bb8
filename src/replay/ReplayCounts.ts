import type { ExchangeEvent } from "../sequencer/OrderRecord.ts";
import type { ReportOutcome } from "../sequencer/Submission.ts";

/** What a replay has seen so far. */
export interface ReplayCounts {
  readonly orders: number;
  readonly fills: number;
  /** Orders refused at once, or taken out later for a rule other than their own end. */
  readonly rejected: number;
  readonly rejectedBy: Readonly<Record<string, number>>;
  /** Immediate orders that found less than they wanted. */
  readonly unfilled: number;
  readonly expiriesSettled: number;
  /** What the sequencer put into batches besides fills, by type. */
  readonly executed: ReadonlyMap<number, number>;
  /** Reports that the oracle made, and those that were refused, by reason. */
  readonly reports: number;
  readonly refusedReports: Readonly<Record<string, number>>;
  /** How often conservation was checked: after every batch, and between them. */
  readonly checks: number;
  /** The event's time that was reached, seconds. */
  readonly time: bigint;
}

/** Counts what happens in a replay. */
export class ReplayCounter {
  orders = 0;
  unfilled = 0;
  expiriesSettled = 0;
  readonly #rejectedBy = new Map<string, number>();
  readonly #refusedReports = new Map<string, number>();
  readonly #executed = new Map<number, number>();
  #fills = 0;
  #reports = 0;

  /** Takes note of what the exchange tells. */
  note(event: ExchangeEvent): void {
    if (event.kind === "fill") this.#fills++;
    else if (event.kind === "executed") add(this.#executed, event.transaction.type);
    // Quotes run out, and immediate orders end with what they got: both by their own terms.
    else if (event.kind === "closed" && event.reason !== "Expired" && event.reason !== "ImmediateUnfilled") {
      this.reject(event.reason);
    }
  }

  /** Counts an order that was refused. */
  reject(reason: string): void {
    add(this.#rejectedBy, reason);
  }

  /** Counts a report of the oracle. */
  report(outcome: ReportOutcome): void {
    this.#reports++;
    if (!outcome.accepted) add(this.#refusedReports, outcome.refusal.reason);
  }

  /** All of it at a time, in seconds. */
  at(time: bigint, checks: number): ReplayCounts {
    const { orders, unfilled, expiriesSettled } = this;
    return {
      orders,
      fills: this.#fills,
      rejected: [...this.#rejectedBy.values()].reduce((sum, count) => sum + count, 0),
      rejectedBy: sorted(this.#rejectedBy),
      unfilled,
      expiriesSettled,
      executed: this.#executed,
      reports: this.#reports,
      refusedReports: sorted(this.#refusedReports),
      checks,
      time,
    };
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** By reason, the commonest first. */
function sorted(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
