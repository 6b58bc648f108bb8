import type { Logger } from "../roles/Logger.ts";
import { ask } from "./ask.ts";
import { blobUsage, calldataUsage, cancelUsage, gasLimitOf, type Usage } from "./Costs.ts";
import { affordable, covers, leastReplacement, nextOffer, withReplacementTip, type FeeLimit } from "./FeeLadder.ts";
import type { PosterHealth } from "./PosterHealth.ts";
import type { Attempt, JournalEntry } from "./PosterJournal.ts";
import type { DataKind, Market, Offer, PosterL1 } from "./PosterL1.ts";
import type { PosterSettings } from "./PosterSettings.ts";
import { isUrgent } from "./PostingSchedule.ts";
import type { NewAttempt, Postings } from "./Postings.ts";
import type { PostOutcome, PostWait, Round } from "./PostOutcome.ts";
import type { CheckedBatch } from "./rederive.ts";

/** What it takes to send. */
interface SendingParts {
  readonly l1: PosterL1;
  readonly settings: PosterSettings;
  readonly health: PosterHealth;
  readonly logger: Logger;
}

/** Offers that are made at once while the endpoint refuses each for one that is pending: eighteen eighths are an eightfold price. */
const MOST_OFFERS = 18;

/** Puts transactions under the account's next nonce and sends them. */
export class Sending {
  readonly #postings: Postings;
  readonly #parts: SendingParts;
  /** The kind that pools hold a nonce for. */
  #reserved: { readonly nonce: number; readonly kind: DataKind } | undefined;

  constructor(postings: Postings, parts: SendingParts) {
    this.#postings = postings;
    this.#parts = parts;
  }

  /** The kind that a nonce has to have, because a lost journal has left one of it pending. */
  reservedKind(nonce: number): DataKind | undefined {
    return this.#reserved?.nonce === nonce ? this.#reserved.kind : undefined;
  }

  /**
   * Builds, signs and sends a transaction for the account's next nonce, at a higher price while the endpoint refuses it for
   * one that is pending.
   *
   * @param next Undefined: nothing but the use of the nonce.
   * @param index The batch, or the one that is cancelled.
   */
  async offer(round: Round, kind: DataKind, next: CheckedBatch | undefined, index: bigint): Promise<PostOutcome> {
    const { account, market, head } = round;
    const { l1, settings, health } = this.#parts;
    const { nonce, balance } = account;
    const usage = usageOf(kind, next, settings);
    const gasLimit = gasLimitOf(usage);
    const urgent = next !== undefined && isUrgent(next.batch.l2Time, head.timestamp, settings);
    const most = withReplacementTip(urgent ? settings.feeCap : settings.feeCeiling, settings.tipCap);
    const limit = affordable(kind, balance, gasLimit, usage.blobGas, most);
    // Another kind's fees say nothing about this one's: both pay for gas and blobs alike.
    let previous = highestOffer(this.#postings.open(nonce));
    for (let made = 1; ; made++) {
      const offer = nextOffer(kind, previous, market, limit);
      const refusal = this.#refusalOf(kind, previous, offer, market, limit, most);
      if (offer === undefined || refusal !== undefined) return { kind: "waiting", index, reason: refusal ?? "limit" };
      const content: NewAttempt = { ...contentOf(next, index), gasLimit, offer };
      const attempt = await this.#postings.build(nonce, kind, content);
      const request = { kind, nonce, gasLimit, batch: next?.batch };
      const signed = await this.#postings.signed(nonce, attempt, await ask(() => l1.sign(request, offer), "SIGNER"));
      const answer = await ask(() => l1.send(signed.raw!), "SEND_REFUSED");
      health.set("refused", undefined);
      switch (answer) {
        case "known":
        case "accepted": {
          // Known is this very transaction, by its hash: the endpoint has passed it on to a node that had it from another one.
          await this.#postings.sent(nonce, signed, head.timestamp);
          for (const alarm of ["limit", "balance"] as const) health.set(alarm, undefined);
          return { kind: "sent", purpose: content.purpose, index, nonce };
        }
        case "underpriced":
          // Whoever refuses them all gets to see no more than these until the transaction is due to be replaced.
          if (made === MOST_OFFERS) return { kind: "pending", nonce };
          previous = offer;
          continue;
        case "nonce used":
          // By what, the next round sees: it may be this transaction, which a node has mined that the endpoint asked first.
          return { kind: "pending", nonce };
        case "no funds":
          health.set("balance", "the account cannot pay for the next transaction", { balance });
          return { kind: "waiting", index, reason: "balance" };
        case "other kind pending":
          return this.#changeKind(round, kind, index);
      }
    }
  }

  /** Sends the very same transaction again. */
  async resend(round: Round, { nonce, kind }: JournalEntry, last: Attempt, raw: Uint8Array): Promise<PostOutcome> {
    const { head, account } = round;
    const answer = await ask(() => this.#parts.l1.send(raw), "SEND_REFUSED");
    const { health } = this.#parts;
    if (answer === "other kind pending") return this.#changeKind(round, kind, last.index);
    health.set("balance", answer === "no funds" ? "the account cannot pay for its transaction" : undefined, {
      balance: account.balance,
    });
    if (answer === "accepted" || answer === "known") await this.#postings.sent(nonce, last, head.timestamp);
    // Refused for something that pays as much: that may be the transaction itself, or what outbids it next time.
    else if (answer === "underpriced")
      await this.#postings.sent(nonce, last, last.state === "sent" ? last.lastSent : head.timestamp);
    return { kind: "pending", nonce };
  }

  /** Raises the alarm that says why nothing is offered, if so. */
  #refusalOf(
    kind: DataKind,
    previous: Offer | undefined,
    offer: Offer | undefined,
    market: Market,
    limit: FeeLimit,
    most: FeeLimit,
  ): PostWait | undefined {
    const { health } = this.#parts;
    const isPoor =
      limit.maxFeePerGas < most.maxFeePerGas || (kind === "blob" && limit.maxFeePerBlobGas < most.maxFeePerBlobGas);
    // A first offer may be below the market as long as the account could pay for more.
    const falls = offer !== undefined && isPoor && !covers(kind, offer, market);
    if ((offer === undefined && isPoor) || falls) {
      health.set("balance", "the account cannot pay for the next transaction", { ...limit });
      return "balance";
    }
    if (offer !== undefined) return undefined;
    const least = leastReplacement(kind, previous ?? { ...most });
    health.set("limit", "a pending transaction cannot be replaced within the limit of fees", { ...least });
    return "limit";
  }

  /** What a lost journal has left pending is of the other kind, which decides until it is mined. */
  #changeKind({ account }: Round, kind: DataKind, index: bigint): PostOutcome {
    const { nonce } = account;
    const entry = this.#postings.open(nonce);
    // INVARIANT: a nonce has one kind. It is changed only where no endpoint has taken anything of the first.
    if (entry?.attempts.every(({ state }) => state !== "sent") === true) {
      this.#parts.logger.warn({ nonce, kind }, "a transaction of the other kind is pending");
      this.#postings.forget(nonce);
      this.#reserved = { nonce, kind: kind === "blob" ? "calldata" : "blob" };
    }
    return { kind: "waiting", index, reason: "other kind pending" };
  }
}

function contentOf(next: CheckedBatch | undefined, index: bigint): Omit<NewAttempt, "gasLimit" | "offer"> {
  if (next === undefined) {
    const none = { messagesRead: 0n, l2Time: 0n, commitment: new Uint8Array(32), length: 0, fills: 0 };
    return { purpose: "cancel", index, ...none };
  }
  const { batch, commitment, fills } = next;
  const { messagesRead, l2Time, payload } = batch;
  return { purpose: "batch", index: batch.index, messagesRead, l2Time, commitment, length: payload.length, fills };
}

function usageOf(kind: DataKind, next: CheckedBatch | undefined, { calldataFloor }: PosterSettings): Usage {
  if (next === undefined) return cancelUsage(kind);
  const { payload } = next.batch;
  return kind === "blob" ? blobUsage(payload.length) : calldataUsage(payload, calldataFloor);
}

/** The highest offer of all attempts, part by part; undefined if nothing was signed. */
function highestOffer(entry: JournalEntry | undefined): Offer | undefined {
  const offers = entry?.attempts.filter(({ state }) => state !== "built").map(({ offer }) => offer) ?? [];
  if (offers.length === 0) return undefined;
  const highest = (part: keyof Offer): bigint => offers.reduce((most, offer) => later(most, offer[part]), 0n);
  return {
    maxFeePerGas: highest("maxFeePerGas"),
    maxPriorityFeePerGas: highest("maxPriorityFeePerGas"),
    maxFeePerBlobGas: highest("maxFeePerBlobGas"),
  };
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
