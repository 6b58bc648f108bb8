import { Counter, Gauge, Registry } from "prom-client";
import type { ExchangeEvent } from "../sequencer/OrderRecord.ts";
import type { WaitingBatches } from "../sequencer/Sequencer.ts";
import type { ReportOutcome } from "../sequencer/Submission.ts";
import type { ChallengerReport } from "./ChallengerReport.ts";
import type { Health } from "./Health.ts";
import type { AnchorReport, PriceReport } from "./KeeperReport.ts";

/** What can be wrong with a role; docs/running.md says what to do about each. */
export const NODE_ALARMS = [
  /** The L1 endpoint fails. */
  "endpoint",
  /** The endpoint shows no new block for long. */
  "stalled",
  /** A wrong assertion is not decided. */
  "dispute",
  /** The account cannot send: no ether, or a transaction that stays pending. */
  "sending",
  /** So much waits for L1 that nothing but cancellations is taken. */
  "waiting",
  /** The oracle's reports do not come. */
  "reports",
  /** A market's price feed is silent, can't be read, or is not what was listed. */
  "feed",
  /** An expiry that somebody depends on has no settlement price when it should. */
  "price",
] as const;

/** See {@link NODE_ALARMS}. */
export type NodeAlarm = (typeof NODE_ALARMS)[number];

/** The metrics of all roles but the poster for Prometheus; docs/running.md lists them. */
export class NodeMetrics {
  readonly registry = new Registry();
  readonly #rounds = this.#counter("rounds_total", "rounds, by what they came to", ["outcome"]);
  readonly #block = this.#gauge("l1_block", "newest block of L1 that was read");
  readonly #batches = this.#gauge("l1_batches", "batches on L1");
  readonly #messages = this.#gauge("l1_messages", "messages on L1");
  readonly #alarm = this.#gauge("alarm", "1 while the alarm is raised", ["alarm"]);
  readonly #alarms = this.#counter("alarms_total", "alarms raised about assertions and games", ["type"]);
  readonly #games = this.#gauge("games", "games that are not decided");
  readonly #transactions = this.#counter("transactions_total", "transactions mined, by what they did", ["what"]);
  readonly #fills = this.#counter("fills_total", "fills that were executed");
  readonly #executed = this.#counter("executed_total", "other transactions of L2 that were executed");
  readonly #closed = this.#counter("closed_total", "orders that ended without being filled, by reason", ["reason"]);
  readonly #reports = this.#counter("reports_total", "reports of the oracle, by what became of them", ["outcome"]);
  readonly #waitingBatches = this.#gauge("waiting_batches", "sealed batches that are not on L1");
  readonly #waitingBytes = this.#gauge("waiting_bytes", "their bytes of payload");
  readonly #anchorAge = this.#gauge("anchor_age_seconds", "age of a market's last relayed price", ["market"]);
  readonly #unpriced = this.#gauge("unpriced_expiries", "expiries that are over, are held and have no price");

  /** Takes notice of what is wrong. */
  alarms(health: Health<NodeAlarm>): void {
    for (const alarm of NODE_ALARMS) this.#alarm.set({ alarm }, health.has(alarm) ? 1 : 0);
  }

  /** Takes notice of a round. */
  round(
    outcome: string,
    l1: { readonly block: number | undefined; readonly batches: bigint; readonly messages: bigint },
    health: Health<NodeAlarm>,
  ): void {
    this.#rounds.inc({ outcome });
    this.alarms(health);
    if (l1.block !== undefined) this.#block.set(l1.block);
    this.#batches.set(Number(l1.batches));
    this.#messages.set(Number(l1.messages));
  }

  /** Takes notice of what a challenger's round did. */
  challenged({ alarms, disputes, refunds, asserted, confirmed }: ChallengerReport): void {
    for (const { type } of alarms) this.#alarms.inc({ type });
    this.#games.set(disputes.length);
    const played = disputes.filter(({ outcome }) => typeof outcome === "object" && outcome.type === "played");
    this.#transactions.inc({ what: "play" }, played.length);
    this.#transactions.inc({ what: "claim" }, refunds.filter(({ type }) => type === "claimed").length);
    this.#transactions.inc({ what: "assert" }, typeof asserted === "object" ? 1 : 0);
    this.#transactions.inc({ what: "confirm" }, typeof confirmed === "object" ? 1 : 0);
  }

  /** Takes notice of what the sequencer's traders are told. */
  traded(event: ExchangeEvent): void {
    if (event.kind === "fill") this.#fills.inc();
    else if (event.kind === "executed") this.#executed.inc();
    else if (event.kind === "closed") this.#closed.inc({ reason: event.reason });
  }

  /** Takes notice of a report of the oracle. */
  reported(outcome: ReportOutcome): void {
    this.#reports.inc({ outcome: outcome.accepted ? "accepted" : outcome.refusal.reason });
  }

  /** Takes notice of what waits for L1. */
  waiting({ batches, bytes }: WaitingBatches): void {
    this.#waitingBatches.set(batches);
    this.#waitingBytes.set(bytes);
  }

  /** Takes notice of what a keeper has relayed. */
  relayed({ markets }: AnchorReport): void {
    for (const { market, age, outcome } of markets ?? []) {
      if (age !== undefined) this.#anchorAge.set({ market }, Number(age));
      if (typeof outcome === "object") this.#transactions.inc({ what: "relay" });
    }
  }

  /** Takes notice of what a keeper has fixed. */
  fixed({ expiries }: PriceReport): void {
    if (expiries === undefined) return;
    const fixed = expiries.filter(({ outcome }) => typeof outcome === "object").length;
    const waiting = expiries.filter(({ outcome }) => outcome === "waiting for a batch").length;
    this.#transactions.inc({ what: "fix" }, fixed);
    this.#unpriced.set(expiries.length - fixed - waiting);
  }

  #counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ name: `tenor_node_${name}`, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ name: `tenor_node_${name}`, help, labelNames: [...labelNames], registers: [this.registry] });
  }
}
