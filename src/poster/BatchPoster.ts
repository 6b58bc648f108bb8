import { toHex } from "../crypto/bytes.ts";
import { isTenorError } from "../errors.ts";
import type { L1Block } from "../l1/L1Source.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { DATA_FORCED } from "../machine/Inputs.ts";
import { rootHash } from "../machine/StateTree.ts";
import { SILENT, type Logger } from "../roles/Logger.ts";
import type { Checkpoint } from "../sequencer/DerivedState.ts";
import type { Backlog, BatchFeed, FeedAnswer } from "./BatchFeed.ts";
import { blobUsage, calldataUsage, cancelUsage, gasLimitOf, type Usage } from "./Costs.ts";
import { chooseKind } from "./DataChoice.ts";
import { affordable, covers, isAbove, leastReplacement, nextOffer, type FeeLimit } from "./FeeLadder.ts";
import { PosterError, type PosterErrorCode } from "./PosterError.ts";
import type { PosterAlarm, PosterHealth } from "./PosterHealth.ts";
import type { Attempt, JournalEntry, PosterJournal } from "./PosterJournal.ts";
import type { DataKind, Market, Offer, PosterAccount, PosterL1, PosterView } from "./PosterL1.ts";
import { requireConsistent, type PosterSettings } from "./PosterSettings.ts";
import { dueOf, isUrgent, type WaitReason } from "./PostingSchedule.ts";
import { isAttemptOf, Postings, type NewAttempt, type PosterObserver } from "./Postings.ts";
import { rederive, type CheckedBatch } from "./rederive.ts";

/**
 * Posts sealed batches to L1, one at a time and in order.
 *
 * A round looks at L1, settles what was mined or taken back, and then does one thing for the account's next nonce: sends the batch
 * that is next, sends again what may have been lost, offers more, or takes the nonce for something else. What there is to do
 * follows from L1, the journal and the sequencer, every time anew, so the process may be killed at any line. A batch can't be posted
 * twice, because the inbox takes it for one index only and all that is sent for it has one nonce.
 */

/** What a poster is made of. */
export interface BatchPosterParts {
  readonly config: MachineConfig;
  readonly settings: PosterSettings;
  readonly feed: BatchFeed;
  readonly l1: PosterL1;
  readonly view: PosterView;
  readonly journal: PosterJournal;
  readonly health: PosterHealth;
  readonly logger?: Logger;
  readonly observer?: PosterObserver;
}

/** What one round came to. */
export type PostOutcome =
  /** No batch is sealed for the next index, and nothing is pending. */
  | { readonly kind: "idle" }
  /** A transaction was sent: for a batch, or to take the nonce from one that has become pointless. */
  | { readonly kind: "sent"; readonly purpose: Attempt["purpose"]; readonly index: bigint; readonly nonce: number }
  /** Something is pending, and was left as it is or sent again. */
  | { readonly kind: "pending"; readonly nonce: number }
  /** Somebody else's batch has our index, or L1 reorganised: the sequencer has been told. */
  | { readonly kind: "sequence changed"; readonly index: bigint }
  /** The endpoint is behind what was read before: nothing can be said before it has caught up. */
  | { readonly kind: "view behind" }
  /** The sequencer is not where L1 is: it was told, and is asked again. */
  | { readonly kind: "feed behind" }
  /** The waiting batches were built anew. */
  | { readonly kind: "resealed" }
  /** The next batch waits. */
  | { readonly kind: "waiting"; readonly index: bigint; readonly reason: PostWait };

/** What a round has seen. */
export interface RoundFigures {
  readonly block: number;
  /** Of the block, seconds. */
  readonly time: bigint;
  readonly batchCount: bigint;
  readonly finalizedBatches: bigint;
  /** Nonces that are not confirmed. */
  readonly unconfirmed: number;
  readonly backlog: Backlog;
  /** Of the account, wei. */
  readonly balance: bigint;
  readonly baseFee: bigint;
  readonly blobBaseFee: bigint;
}

/** Why a batch waits. */
export type PostWait =
  WaitReason | "fees" | "balance" | "not the sequencer" | "reverted" | "other kind pending" | "limit";

/** What a round knows. */
interface Round {
  readonly head: L1Block;
  readonly account: PosterAccount;
  readonly market: Market;
  readonly next: CheckedBatch | undefined;
  readonly backlog: Backlog;
}

/** Seconds without a new attempt after a batch was refused on L1 and nothing explains it; doubled with each. */
const REVERT_PAUSE = 60n;
const MOST_REVERT_DOUBLINGS = 6;

/** See the file's head. One process for each account. */
export class BatchPoster {
  readonly #parts: BatchPosterParts;
  readonly #logger: Logger;
  #postings: Postings | undefined;
  /** Batches on L1 at the last round. */
  #seen: bigint | undefined;
  #figures: RoundFigures | undefined;
  #finalized = 0n;
  #finalizedAt = -1;
  #checked: (CheckedBatch & { readonly from: Checkpoint }) | undefined;
  /** The kind that pools hold a nonce for. */
  #reserved: { readonly nonce: number; readonly kind: DataKind } | undefined;
  #reverts = 0;
  #lastRevert = 0n;

  /** @throws {@link PosterError} `SETTINGS_INVALID`. */
  constructor(parts: BatchPosterParts) {
    requireConsistent(parts.settings);
    this.#parts = parts;
    this.#logger = parts.logger ?? SILENT;
  }

  /** Nonces that are not confirmed. */
  get unconfirmed(): readonly JournalEntry[] {
    return this.#postings?.unconfirmed ?? [];
  }

  /** What the last round has seen that got as far as the sequencer's answer. */
  get figures(): RoundFigures | undefined {
    return this.#figures;
  }

  /**
   * One round; see the file's head.
   *
   * @throws {@link PosterError}; after one that is not fatal the next round starts afresh.
   */
  async post(): Promise<PostOutcome> {
    const { view, l1, health } = this.#parts;
    try {
      const update = await this.#ask(() => view.sync());
      if (update.behind) return { kind: "view behind" };
      const { head } = update;
      const account = await this.#ask(() => l1.account(head.number));
      const postings = await this.#start(account.nonce);
      const news = await this.#ask(() => postings.settle(account.nonce, head, update.reorg !== undefined));
      for (const { state, attempt, receipt } of news) {
        if (state === "mined" && attempt.purpose === "batch") this.#note(attempt, receipt!.succeeded, head);
      }
      const changed = this.#changed(postings, update.reorg?.batch);
      await this.#finalize(head);
      const market = await this.#ask(() => l1.market());
      health.set("endpoint", undefined);
      const answer = await this.#askFeed(head);
      this.#figures = {
        block: head.number,
        time: head.timestamp,
        batchCount: view.log.batchCount,
        finalizedBatches: this.#finalized,
        unconfirmed: postings.unconfirmed.length,
        backlog: answer.backlog,
        balance: account.balance,
        baseFee: market.baseFee,
        blobBaseFee: market.blobBaseFee,
      };
      if (changed !== undefined) return changed;
      if (answer.resealed) return { kind: "resealed" };
      if (!this.#isInStep(answer)) return { kind: "feed behind" };
      const next = answer.batch === undefined ? undefined : this.#check(answer.batch);
      const outcome = await this.#act(postings, { head, account, market, next, backlog: answer.backlog });
      for (const alarm of ["mismatch", "refused"] as const) health.set(alarm, undefined);
      return outcome;
    } catch (error) {
      this.#raise(error);
      throw error;
    }
  }

  async #start(mined: number): Promise<Postings> {
    const { journal, l1, settings, observer = nothing } = this.#parts;
    const { confirmations, adopt } = settings;
    const parts = { journal, l1, logger: this.#logger, observer, confirmations, adopt };
    return (this.#postings ??= await this.#ask(() => Postings.start(parts, mined)));
  }

  /** Whether L1 has something else than what was sent from here. */
  #changed(postings: Postings, firstLost: bigint | undefined): PostOutcome | undefined {
    const { log } = this.#parts.view;
    const { batchCount } = log;
    const before = this.#seen ?? batchCount;
    const first = firstLost !== undefined && firstLost < before ? firstLost : before;
    let isForeign = first < before;
    for (let index = first; index < batchCount; index++) {
      const { record } = log.batch(index);
      if (record.dataKind === DATA_FORCED || !postings.isOurs(index, record)) isForeign = true;
    }
    this.#seen = batchCount;
    if (!isForeign) return undefined;
    this.#logger.warn({ index: first, batchCount }, "sequence changed");
    return { kind: "sequence changed", index: first };
  }

  /** What is deep enough not to be taken back; asked once for each block. */
  async #finalize(head: L1Block): Promise<void> {
    const block = head.number - this.#parts.settings.finality;
    if (block < 0 || head.number === this.#finalizedAt) return;
    const count = await this.#ask(() => this.#parts.l1.batchCountAt(block));
    if (count > this.#finalized) this.#finalized = count;
    this.#finalizedAt = head.number;
  }

  async #askFeed({ timestamp }: L1Block): Promise<FeedAnswer> {
    const { feed, health, settings, view } = this.#parts;
    const { batchCount } = view.log;
    const status = { batchCount, finalizedBatches: this.#finalized, l1Time: timestamp };
    const answer = await this.#ask(() => feed.next(status), "FEED");
    health.set("feed", undefined);
    const { batches } = answer.backlog;
    const many = `${batches} sealed batches wait for L1`;
    health.set("backlog", batches > settings.maxBacklog ? many : undefined, answer.backlog);
    return answer;
  }

  /** Whether the sequencer's answer is about the L1 that is seen here. */
  #isInStep({ batchCount, batch }: FeedAnswer): boolean {
    const { log, snapshot } = this.#parts.view;
    if (batchCount !== log.batchCount) return false;
    return batch === undefined || (batch.index === batchCount && batch.before === toHex(rootHash(snapshot.root)));
  }

  #check(batch: NonNullable<FeedAnswer["batch"]>): CheckedBatch {
    const { config, settings, view } = this.#parts;
    const { snapshot: from, log } = view;
    const known = this.#checked;
    if (known !== undefined && known.from.root === from.root && known.batch === batch) return known;
    const checked = rederive(config, settings, batch, from, log);
    this.#checked = { ...checked, from };
    return checked;
  }

  async #act(postings: Postings, round: Round): Promise<PostOutcome> {
    const { account, next } = round;
    const entry = postings.open(account.nonce);
    const last = entry?.attempts.at(-1);
    const { health } = this.#parts;
    if (entry === undefined || last === undefined) {
      for (const alarm of ["stuck", "limit"] as const) health.set(alarm, undefined);
      return next === undefined ? { kind: "idle" } : this.#begin(postings, round, next);
    }
    const isSame = next !== undefined && isAttemptOf(last, next.batch, next.commitment);
    if (last.purpose === "cancel" || isSame) return this.#keep(postings, round, entry, last);
    // Mined now it would only fail: another batch has its index, or it was built anew.
    const isDue = next !== undefined && "due" in this.#due(round, next);
    return this.#offer(postings, round, entry.kind, isDue ? next : undefined, last.index);
  }

  /** Sends a batch for a nonce that nothing was sent for. */
  async #begin(postings: Postings, round: Round, next: CheckedBatch): Promise<PostOutcome> {
    const { account, market, head } = round;
    const { settings, health, journal } = this.#parts;
    const { index, payload, l2Time } = next.batch;
    const wait = (reason: PostWait): PostOutcome => ({ kind: "waiting", index, reason });
    health.set("sequencer", account.maySend ? undefined : "the inbox takes no batch from this account");
    if (!account.maySend) return wait("not the sequencer");
    const due = this.#due(round, next);
    if ("wait" in due) return wait(due.wait);
    if (this.#isPausing(head)) return wait("reverted");
    const urgent = isUrgent(l2Time, head.timestamp, settings);
    const choice = chooseKind(payload, market, settings, journal.lastKind());
    // What is pending there from a lost journal decides.
    const kind = this.#reserved?.nonce === account.nonce ? this.#reserved.kind : choice.kind;
    const isDear = isAbove(kind, market, settings.feeCeiling);
    health.set("fees", isDear ? "L1's fees are above the ceiling" : undefined, { ...market });
    if (isDear && !urgent) return wait("fees");
    this.#logger.debug({ index, due: due.due, ...choice, kind }, "batch is due");
    return this.#offer(postings, round, kind, next, index);
  }

  /** Sees a pending transaction through: it is sent again, offered more for, or left alone. */
  async #keep(postings: Postings, round: Round, entry: JournalEntry, last: Attempt): Promise<PostOutcome> {
    const { market, head } = round;
    const { settings, health } = this.#parts;
    const { nonce, kind } = entry;
    const pending: PostOutcome = { kind: "pending", nonce };
    if (last.raw === undefined) return this.#offerMore(postings, round, entry, last);
    if (last.state !== "sent") return this.#send(postings, round, entry, last, last.raw);
    const waited = head.timestamp - last.firstSent;
    const since =
      head.timestamp - entry.attempts.reduce((first, { firstSent }) => earlier(first, firstSent), last.firstSent);
    health.set(
      "stuck",
      since >= settings.stuckAfter ? `transaction ${nonce} is pending for ${since} seconds` : undefined,
    );
    const urgent = last.purpose === "batch" && isUrgent(last.l2Time, head.timestamp, settings);
    const after = urgent ? settings.replaceUrgentAfter : settings.replaceAfter;
    if (waited < after) return pending;
    const isLeftBehind = !covers(kind, last.offer, market);
    if (isLeftBehind || waited >= 2n * after) {
      const outcome = await this.#offerMore(postings, round, entry, last);
      if (outcome.kind !== "waiting") return outcome;
    }
    return head.timestamp - last.lastSent >= after ? this.#send(postings, round, entry, last, last.raw) : pending;
  }

  #offerMore(postings: Postings, round: Round, { kind }: JournalEntry, last: Attempt): Promise<PostOutcome> {
    return this.#offer(postings, round, kind, last.purpose === "batch" ? round.next : undefined, last.index);
  }

  /**
   * Builds, signs and sends a transaction for the account's next nonce, at a higher price while the endpoint refuses it for
   * one that is pending.
   *
   * @param next Undefined: nothing but the use of the nonce.
   * @param index The batch, or the one that is cancelled.
   */
  async #offer(
    postings: Postings,
    round: Round,
    kind: DataKind,
    next: CheckedBatch | undefined,
    index: bigint,
  ): Promise<PostOutcome> {
    const { account, market, head } = round;
    const { l1, settings, health } = this.#parts;
    const { nonce, balance } = account;
    const usage = usageOf(kind, next, settings);
    const gasLimit = gasLimitOf(usage);
    const urgent = next !== undefined && isUrgent(next.batch.l2Time, head.timestamp, settings);
    const most = urgent ? settings.feeCap : settings.feeCeiling;
    const limit = affordable(kind, balance, gasLimit, usage.blobGas, most);
    // Another kind's fees say nothing about this one's: both pay for gas and blobs alike.
    let previous = highestOffer(postings.open(nonce));
    const isUnused = postings.isUnused(nonce);
    for (;;) {
      const offer = nextOffer(kind, previous, market, limit);
      const refusal = this.#refusalOf(kind, previous, offer, market, limit, most);
      if (offer === undefined || refusal !== undefined) return { kind: "waiting", index, reason: refusal ?? "limit" };
      const content: NewAttempt = { ...contentOf(next, index), gasLimit, offer };
      const attempt = await postings.build(nonce, kind, content);
      const request = { kind, nonce, gasLimit, batch: next?.batch };
      const signed = await postings.signed(nonce, attempt, await this.#ask(() => l1.sign(request, offer)));
      const answer = await this.#ask(() => l1.send(signed.raw!), "SEND_REFUSED");
      health.set("refused", undefined);
      switch (answer) {
        case "known":
        case "accepted": {
          // The very same bytes, for the same batch at the same price: only the account's key can make them.
          if (answer === "known" && isUnused) postings.requireFirst(nonce, signed.hash!);
          await postings.sent(nonce, signed, head.timestamp);
          for (const alarm of ["limit", "balance"] as const) health.set(alarm, undefined);
          return { kind: "sent", purpose: content.purpose, index, nonce };
        }
        case "underpriced":
          previous = offer;
          continue;
        case "nonce used":
          if (isUnused) postings.requireFirst(nonce, signed.hash!);
          return { kind: "pending", nonce };
        case "no funds":
          health.set("balance", "the account cannot pay for the next transaction", { balance });
          return { kind: "waiting", index, reason: "balance" };
        case "other kind pending":
          return this.#changeKind(postings, round, kind, index);
      }
    }
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
  #changeKind(postings: Postings, { account }: Round, kind: DataKind, index: bigint): PostOutcome {
    const { nonce } = account;
    const entry = postings.open(nonce);
    // INVARIANT: a nonce has one kind. It is changed only where no endpoint has taken anything of the first.
    if (entry?.attempts.every(({ state }) => state !== "sent") === true) {
      this.#logger.warn({ nonce, kind }, "a transaction of the other kind is pending");
      postings.forget(nonce);
      this.#reserved = { nonce, kind: kind === "blob" ? "calldata" : "blob" };
    }
    return { kind: "waiting", index, reason: "other kind pending" };
  }

  async #send(
    postings: Postings,
    { head, account }: Round,
    { nonce }: JournalEntry,
    last: Attempt,
    raw: Uint8Array,
  ): Promise<PostOutcome> {
    const answer = await this.#ask(() => this.#parts.l1.send(raw), "SEND_REFUSED");
    const { health } = this.#parts;
    health.set("balance", answer === "no funds" ? "the account cannot pay for its transaction" : undefined, {
      balance: account.balance,
    });
    if (answer === "accepted" || answer === "known") await postings.sent(nonce, last, head.timestamp);
    // Refused for something that pays as much: that may be the transaction itself, or what outbids it next time.
    else if (answer === "underpriced")
      await postings.sent(nonce, last, last.state === "sent" ? last.lastSent : head.timestamp);
    return { kind: "pending", nonce };
  }

  #due({ head, account, backlog }: Round, { batch }: CheckedBatch): ReturnType<typeof dueOf> {
    const { messagesRead, l2Time, payload } = batch;
    const { messageCount } = this.#parts.view.log;
    return dueOf(
      { messagesRead, l2Time, length: payload.length, hasFollower: backlog.batches > 1 },
      { time: head.timestamp, messageCount, availableBytes: account.availableBytes },
      this.#parts.settings,
    );
  }

  /** Takes notice of a batch that was mined. */
  #note({ index, messagesRead, l2Time }: Attempt, succeeded: boolean, { timestamp }: L1Block): void {
    const { health, settings, view } = this.#parts;
    if (succeeded) {
      this.#reverts = 0;
      health.set("reverted", undefined);
      return;
    }
    // A forced batch or a reorganisation explains it, and so does a time that has run out.
    const isExplained = view.log.batchCount !== index || timestamp > l2Time + settings.maxPast;
    if (isExplained) return;
    this.#reverts++;
    this.#lastRevert = timestamp;
    health.set("reverted", "the inbox has refused a batch", { index, messagesRead, l2Time });
  }

  #isPausing({ timestamp }: L1Block): boolean {
    if (this.#reverts === 0) return false;
    const pause = REVERT_PAUSE << BigInt(Math.min(this.#reverts, MOST_REVERT_DOUBLINGS) - 1);
    return timestamp < this.#lastRevert + pause;
  }

  #raise(error: unknown): void {
    const code = isTenorError(error) ? (error.code as PosterErrorCode) : undefined;
    const alarm = code === undefined ? undefined : ALARMS[code];
    if (alarm !== undefined && error instanceof Error) this.#parts.health.set(alarm, error.message, { err: error });
  }

  async #ask<T>(request: () => Promise<T>, code: PosterErrorCode = "ENDPOINT"): Promise<T> {
    try {
      return await request();
    } catch (cause) {
      if (cause instanceof PosterError) throw cause;
      const isSilent = isTenorError(cause, "UNAVAILABLE");
      const effective = code === "SEND_REFUSED" && isSilent ? "ENDPOINT" : code;
      throw new PosterError(effective, MESSAGES[effective] ?? "L1 endpoint failed", { cause });
    }
  }
}

const ALARMS: Partial<Record<PosterErrorCode, PosterAlarm>> = {
  ENDPOINT: "endpoint",
  FEED: "feed",
  SEND_REFUSED: "refused",
  DERIVATION_MISMATCH: "mismatch",
  FOREIGN_NONCE: "foreign",
};

const MESSAGES: Partial<Record<PosterErrorCode, string>> = {
  FEED: "the sequencer does not answer as it should",
  SEND_REFUSED: "the endpoint refuses a transaction",
};

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

function earlier(a: bigint, b: bigint): bigint {
  return b > 0n && b < a ? b : a;
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function nothing(): void {
  // Nobody listens.
}
