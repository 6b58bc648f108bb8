import { Counter, Gauge, Registry } from "prom-client";
import type { RoundFigures } from "./BatchPoster.ts";
import { POSTER_ALARMS, type PosterHealth } from "./PosterHealth.ts";
import type { JournalStep } from "./Postings.ts";
import { costOf } from "./Costs.ts";

/** What is shown of a round. */
type ShownFigures = RoundFigures & { readonly hoursLeft: number | undefined };

const ETHER = 1e18;

/** The poster's metrics for Prometheus; docs/operations.md lists them. */
export class PosterMetrics {
  readonly registry = new Registry();
  readonly #transactions = this.#counter("transactions_total", "transactions mined", ["kind", "purpose", "result"]);
  readonly #attempts = this.#counter("attempts_total", "transactions signed, replacements included", ["kind"]);
  readonly #takenBack = this.#counter("taken_back_total", "mined transactions that L1 took back");
  readonly #fills = this.#counter("fills_total", "fills in the batches that were mined");
  readonly #bytes = this.#counter("payload_bytes_total", "bytes of payload that were mined", ["kind"]);
  readonly #spent = this.#counter("spent_ether_total", "what mined transactions have cost", ["part"]);
  readonly #rounds = this.#counter("rounds_total", "rounds, by what they came to", ["outcome"]);
  readonly #block = this.#gauge("l1_block", "newest block of L1 that was read");
  readonly #batches = this.#gauge("l1_batches", "batches on L1");
  readonly #finalized = this.#gauge("l1_batches_finalized", "batches deep enough not to be taken back");
  readonly #unconfirmed = this.#gauge("unconfirmed_transactions", "nonces that are not confirmed");
  readonly #waitingBatches = this.#gauge("backlog_batches", "sealed batches that are not on L1");
  readonly #waitingBytes = this.#gauge("backlog_bytes", "their bytes of payload");
  readonly #balance = this.#gauge("balance_ether", "balance of the account");
  readonly #hoursLeft = this.#gauge("balance_hours", "hours that the balance lasts at the rate of the last day");
  readonly #baseFee = this.#gauge("l1_base_fee_wei", "base fee of L1's next block");
  readonly #blobBaseFee = this.#gauge("l1_blob_base_fee_wei", "blob base fee of L1's next block");
  readonly #alarm = this.#gauge("alarm", "1 while the alarm is raised", ["alarm"]);

  /** Takes notice of a transaction's step. */
  step({ state, kind, attempt, receipt }: JournalStep): void {
    if (state === "signed") this.#attempts.inc({ kind });
    if (state === "taken back") this.#takenBack.inc();
    if (state !== "mined" || receipt === undefined) return;
    const { execution, blobs } = costOf(receipt);
    this.#spent.inc({ part: "execution" }, Number(execution) / ETHER);
    this.#spent.inc({ part: "blobs" }, Number(blobs) / ETHER);
    this.#transactions.inc({ kind, purpose: attempt.purpose, result: receipt.succeeded ? "ok" : "failed" });
    if (!receipt.succeeded || attempt.purpose !== "batch") return;
    this.#fills.inc(attempt.fills);
    this.#bytes.inc({ kind }, attempt.length);
  }

  /** Takes notice of a round. */
  round(outcome: string, figures: ShownFigures | undefined, health: PosterHealth): void {
    this.#rounds.inc({ outcome });
    for (const alarm of POSTER_ALARMS) this.#alarm.set({ alarm }, health.has(alarm) ? 1 : 0);
    if (figures === undefined) return;
    this.#block.set(figures.block);
    this.#batches.set(Number(figures.batchCount));
    this.#finalized.set(Number(figures.finalizedBatches));
    this.#unconfirmed.set(figures.unconfirmed);
    this.#waitingBatches.set(figures.backlog.batches);
    this.#waitingBytes.set(figures.backlog.bytes);
    this.#balance.set(Number(figures.balance) / ETHER);
    this.#hoursLeft.set(figures.hoursLeft ?? Infinity);
    this.#baseFee.set(Number(figures.baseFee));
    this.#blobBaseFee.set(Number(figures.blobBaseFee));
  }

  #counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ name: `tenor_poster_${name}`, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ name: `tenor_poster_${name}`, help, labelNames: [...labelNames], registers: [this.registry] });
  }
}
