import { toHex } from "../crypto/bytes.ts";
import { isTenorError } from "../errors.ts";
import type { L1Block } from "../l1/L1Source.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { DATA_FORCED } from "../machine/Inputs.ts";
import { rootHash } from "../machine/StateTree.ts";
import { SILENT, type Logger } from "../roles/Logger.ts";
import type { Checkpoint } from "../sequencer/DerivedState.ts";
import { ask } from "./ask.ts";
import type { Backlog, BatchFeed, FeedAnswer } from "./BatchFeed.ts";
import { chargeOf, chooseKind } from "./DataChoice.ts";
import { covers, isAbove, withTipCap } from "./FeeLadder.ts";
import type { PosterErrorCode } from "./PosterError.ts";
import type { PosterAlarm, PosterHealth } from "./PosterHealth.ts";
import type { Attempt, JournalEntry, PosterJournal } from "./PosterJournal.ts";
import type { DataKind, PosterL1, PosterView } from "./PosterL1.ts";
import { requireConsistent, type PosterSettings } from "./PosterSettings.ts";
import { dueOf, isUrgent } from "./PostingSchedule.ts";
import { isAttemptOf, mayReplaceAt, Postings, type PosterObserver } from "./Postings.ts";
import type { PostOutcome, PostWait, Round } from "./PostOutcome.ts";
import { rederive, type CheckedBatch } from "./rederive.ts";
import { Sending } from "./Sending.ts";

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
  /** In what the sequencer sees another L1 than this endpoint shows; undefined if in nothing. */
  readonly apart: string | undefined;
  /** Of the account, wei. */
  readonly balance: bigint;
  readonly baseFee: bigint;
  readonly blobBaseFee: bigint;
}

/** What begins with the first round. */
interface Started {
  readonly postings: Postings;
  readonly sending: Sending;
}

/** Seconds without a new attempt after a batch was refused on L1 and nothing explains it; doubled with each. */
const REVERT_PAUSE = 60n;
const MOST_REVERT_DOUBLINGS = 6;

/** See the file's head. One process for each account. */
export class BatchPoster {
  readonly #parts: BatchPosterParts;
  readonly #logger: Logger;
  #started: Started | undefined;
  /** Batches on L1 at the last round. */
  #seen: bigint | undefined;
  #figures: RoundFigures | undefined;
  #finalized = 0n;
  #finalizedAt = -1;
  #checked: (CheckedBatch & { readonly from: Checkpoint }) | undefined;
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
    return this.#started?.postings.unconfirmed ?? [];
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
      const update = await ask(() => view.sync());
      if (update.behind) {
        health.set("endpoint", "the endpoint is behind what was read before");
        return { kind: "view behind" };
      }
      const { head } = update;
      const account = await ask(() => l1.account(head.number));
      const { postings, sending } = await this.#start(account.nonce);
      const news = await ask(() => postings.settle(account.nonce, head, update.reorg !== undefined));
      for (const { state, attempt, receipt } of news) {
        if (state === "mined" && attempt.purpose === "batch") this.#note(attempt, receipt!.succeeded, head);
      }
      const changed = this.#changed(postings, update.reorg?.batch);
      await this.#finalize(head);
      const market = withTipCap(await ask(() => l1.market()), this.#parts.settings.tipCap);
      health.set("endpoint", undefined);
      const answer = await this.#askFeed();
      this.#figures = {
        block: head.number,
        time: head.timestamp,
        batchCount: view.log.batchCount,
        finalizedBatches: this.#finalized,
        unconfirmed: postings.unconfirmed.length,
        backlog: answer.backlog,
        apart: this.#differenceOf(answer, head),
        balance: account.balance,
        baseFee: market.baseFee,
        blobBaseFee: market.blobBaseFee,
      };
      if (changed !== undefined) return changed;
      if (answer.resealed) return { kind: "resealed" };
      if (!this.#isInStep(answer)) return { kind: "feed behind" };
      const { batch } = answer;
      // The sequencer's endpoint may be ahead of this one. What cannot be executed here yet is neither posted nor cancelled.
      if (batch !== undefined && batch.messagesRead > view.log.messageCount) {
        return { kind: "waiting", index: batch.index, reason: "messages missing" };
      }
      const next = batch === undefined ? undefined : this.#check(batch);
      const outcome = await this.#act(postings, sending, { head, account, market, next, backlog: answer.backlog });
      for (const alarm of ["mismatch", "refused", "signer"] as const) health.set(alarm, undefined);
      return outcome;
    } catch (error) {
      this.#raise(error);
      throw error;
    }
  }

  async #start(mined: number): Promise<Started> {
    if (this.#started !== undefined) return this.#started;
    const { journal, l1, settings, health, observer = nothing } = this.#parts;
    const logger = this.#logger;
    const { confirmations, adopt } = settings;
    const parts = { journal, l1, logger, observer, confirmations, adopt };
    const postings = await ask(() => Postings.start(parts, mined));
    return (this.#started = { postings, sending: new Sending(postings, { l1, settings, health, logger }) });
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

  /** What is deep enough not to be taken back, for the metrics; asked once for each block. */
  async #finalize(head: L1Block): Promise<void> {
    const block = head.number - this.#parts.settings.finality;
    if (block < 0 || head.number === this.#finalizedAt) return;
    const count = await ask(() => this.#parts.l1.batchCountAt(block));
    if (count > this.#finalized) this.#finalized = count;
    this.#finalizedAt = head.number;
  }

  async #askFeed(): Promise<FeedAnswer> {
    const { feed, health, settings, view } = this.#parts;
    const { batchCount } = view.log;
    const answer = await ask(() => feed.next({ batchCount }), "FEED");
    health.set("feed", undefined);
    const { batches } = answer.backlog;
    const many = `${batches} sealed batches wait for L1`;
    health.set("backlog", batches > settings.maxBacklog ? many : undefined, answer.backlog);
    return answer;
  }

  /** In what the sequencer sees another L1 than is seen here; for a round or two, while a block is new, it may. */
  #differenceOf({ batchCount, l1Time, batch }: FeedAnswer, { timestamp }: L1Block): string | undefined {
    const { settings, view } = this.#parts;
    const apart = l1Time > timestamp ? l1Time - timestamp : timestamp - l1Time;
    if (apart > settings.maxFuture) return `L1's time, by ${apart} seconds`;
    if (batchCount !== view.log.batchCount) return "the number of batches";
    return batch !== undefined && batch.messagesRead > view.log.messageCount ? "the number of messages" : undefined;
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

  async #act(postings: Postings, sending: Sending, round: Round): Promise<PostOutcome> {
    const { account, head, next } = round;
    const entry = postings.open(account.nonce);
    const last = entry?.attempts.at(-1);
    const { health } = this.#parts;
    if (entry === undefined || last === undefined) {
      for (const alarm of ["stuck", "limit"] as const) health.set(alarm, undefined);
      if (next !== undefined) return this.#begin(sending, round, next);
      health.set("fees", undefined);
      return { kind: "idle" };
    }
    const isSame = next !== undefined && isAttemptOf(last, next.batch, next.commitment);
    if (last.purpose === "cancel" || isSame) return this.#keep(sending, round, entry, last);
    // SAFETY: each replacement costs a step of the ladder, so a feed that shows one batch and then another again is not followed.
    if (head.timestamp < mayReplaceAt(entry, this.#parts.settings.replaceAfter)) {
      return { kind: "pending", nonce: entry.nonce };
    }
    // Mined now it would only fail: another batch has its index, or it was built anew.
    const isDue = next !== undefined && "due" in this.#due(round, next, entry.kind);
    return sending.offer(round, entry.kind, isDue ? next : undefined, last.index);
  }

  /** Sends a batch for a nonce that nothing was sent for. */
  async #begin(sending: Sending, round: Round, next: CheckedBatch): Promise<PostOutcome> {
    const { account, market, head } = round;
    const { settings, health, journal } = this.#parts;
    const { index, payload, l2Time } = next.batch;
    const wait = (reason: PostWait): PostOutcome => ({ kind: "waiting", index, reason });
    health.set("sequencer", account.maySend ? undefined : "the inbox takes no batch from this account");
    if (!account.maySend) return wait("not the sequencer");
    const urgent = isUrgent(l2Time, head.timestamp, settings);
    const rate = { availableBytes: account.availableBytes, isPressing: urgent || round.backlog.batches > 1 };
    const choice = chooseKind(payload, market, settings, journal.lastKind(), rate);
    // What is pending there from a lost journal decides.
    const kind = sending.reservedKind(account.nonce) ?? choice.kind;
    const due = this.#due(round, next, kind);
    if ("wait" in due) return wait(due.wait);
    if (this.#isPausing(head)) return wait("reverted");
    const isDear = isAbove(kind, market, settings.feeCeiling);
    health.set("fees", isDear ? "L1's fees are above the ceiling" : undefined, { ...market });
    if (isDear && !urgent) return wait("fees");
    this.#logger.debug({ index, due: due.due, ...choice, kind }, "batch is due");
    return sending.offer(round, kind, next, index);
  }

  /** Sees a pending transaction through: it is sent again, offered more for, or left alone. */
  async #keep(sending: Sending, round: Round, entry: JournalEntry, last: Attempt): Promise<PostOutcome> {
    const { market, head } = round;
    const { settings, health } = this.#parts;
    const { nonce, kind } = entry;
    const pending: PostOutcome = { kind: "pending", nonce };
    if (last.raw === undefined) return this.#offerMore(sending, round, entry, last);
    if (last.state !== "sent") return sending.resend(round, entry, last, last.raw);
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
      const outcome = await this.#offerMore(sending, round, entry, last);
      if (outcome.kind !== "waiting") return outcome;
    }
    return head.timestamp - last.lastSent >= after ? sending.resend(round, entry, last, last.raw) : pending;
  }

  #offerMore(sending: Sending, round: Round, { kind }: JournalEntry, last: Attempt): Promise<PostOutcome> {
    return sending.offer(round, kind, last.purpose === "batch" ? round.next : undefined, last.index);
  }

  #due({ head, account, backlog }: Round, { batch }: CheckedBatch, kind: DataKind): ReturnType<typeof dueOf> {
    const { l2Time, payload } = batch;
    return dueOf(
      {
        ...{ l2Time, length: payload.length, hasFollower: backlog.batches > 1 },
        chargedBytes: chargeOf(kind, payload.length),
      },
      { time: head.timestamp, availableBytes: account.availableBytes },
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
}

const ALARMS: Partial<Record<PosterErrorCode, PosterAlarm>> = {
  ENDPOINT: "endpoint",
  FEED: "feed",
  SIGNER: "signer",
  SEND_REFUSED: "refused",
  DERIVATION_MISMATCH: "mismatch",
  FOREIGN_NONCE: "foreign",
};

function earlier(a: bigint, b: bigint): bigint {
  return b > 0n && b < a ? b : a;
}

function nothing(): void {
  // Nobody listens.
}
