import { equalBytes } from "../crypto/bytes.ts";
import type { L1Block } from "../l1/L1Source.ts";
import { DATA_CALLDATA, type BatchRecord } from "../machine/Inputs.ts";
import type { Logger } from "../roles/Logger.ts";
import { PosterError } from "./PosterError.ts";
import type { Attempt, JournalEntry, PosterJournal } from "./PosterJournal.ts";
import type { DataKind, PosterL1, PostReceipt, SignedPost } from "./PosterL1.ts";

/** A step of a transaction's life, told after the journal has it. */
export interface JournalStep {
  readonly state: "built" | "signed" | "sent" | "mined" | "confirmed" | "taken back";
  readonly nonce: number;
  readonly kind: DataKind;
  readonly attempt: Attempt;
  readonly receipt: PostReceipt | undefined;
}

/** Gets what happened; the poster goes on when it is done with it. */
export type PosterObserver = (step: JournalStep) => void | Promise<void>;

/** What a new transaction says. */
export type NewAttempt = Omit<Attempt, "number" | "state" | "hash" | "raw" | "firstSent" | "lastSent">;

/** What the postings are made of. */
export interface PostingsParts {
  readonly journal: PosterJournal;
  readonly l1: PosterL1;
  readonly logger: Logger;
  readonly observer: PosterObserver;
  /** Blocks on top of a transaction's own after which it is final. */
  readonly confirmations: number;
  /** Whether to accept what the account has sent until now, though the journal does not know it. */
  readonly adopt: boolean;
}

/**
 * The account's nonces, of which this is the only owner: what was sent for each, and what became of it.
 *
 * INVARIANT: something is only sent for the first nonce that is not mined, so nonces have no gap, and of all that was sent
 * for one at most one is mined.
 */
export class Postings {
  readonly #parts: PostingsParts;
  /** Not confirmed, ascending by nonce. */
  #entries: JournalEntry[];
  /** The first nonce that neither the journal nor anybody before it has used. */
  #nextNew: number;
  /** Unknown transactions below this nonce may be of an earlier process whose journal is lost. */
  #tolerated: number;

  private constructor(parts: PostingsParts, entries: JournalEntry[], nextNew: number, tolerated: number) {
    this.#parts = parts;
    this.#entries = entries;
    this.#nextNew = nextNew;
    this.#tolerated = tolerated;
  }

  /** Takes over what the journal has. @param mined Number of the account's transactions that have been mined. */
  static async start(parts: PostingsParts, mined: number): Promise<Postings> {
    const { journal, l1, adopt } = parts;
    const entries: JournalEntry[] = [];
    for (const entry of journal.load()) {
      // What was never signed is nowhere, and may be another batch by now.
      const attempts = entry.attempts.filter(({ state }) => state !== "built");
      for (const { number, state } of entry.attempts) if (state === "built") journal.dropAttempt(entry.nonce, number);
      if (attempts.length === 0 && entry.state === "open") journal.drop(entry.nonce);
      else entries.push({ ...entry, attempts });
    }
    const highest = journal.highestNonce();
    if (highest !== undefined && !adopt) return new Postings(parts, entries, highest + 1, 0);
    const tolerated = Math.max(await l1.pendingNonce(), mined + 1);
    return new Postings(parts, entries, Math.max(mined, (highest ?? -1) + 1), tolerated);
  }

  /** What is not mined under that nonce. */
  open(nonce: number): JournalEntry | undefined {
    return this.#entries.find((entry) => entry.nonce === nonce && entry.state === "open");
  }

  /** All that is not confirmed. */
  get unconfirmed(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** Whether a batch on L1 is one that was sent from here. */
  isOurs(index: bigint, record: BatchRecord): boolean {
    return this.#entries.some(({ attempts }) =>
      attempts.some(
        (attempt) =>
          attempt.purpose === "batch" &&
          attempt.index === index &&
          attempt.length === record.length &&
          attempt.l2Time === record.l2Time &&
          attempt.messagesRead === record.messagesRead &&
          (record.dataKind !== DATA_CALLDATA || equalBytes(attempt.commitment, record.commitment)),
      ),
    );
  }

  /**
   * Takes over what has been mined, and what L1 has taken back.
   *
   * @param mined Number of the account's transactions that have been mined at `head`.
   * @param reorganised Whether blocks were replaced since the last call.
   * @returns The receipts that are new, with what they are of.
   * @throws {@link PosterError} `FOREIGN_NONCE`.
   */
  async settle(mined: number, head: L1Block, reorganised: boolean): Promise<JournalStep[]> {
    await this.#requireOwn(mined, head);
    const news: JournalStep[] = [];
    for (const entry of [...this.#entries]) {
      if (entry.nonce >= mined) {
        if (entry.state === "mined") await this.#takeBack(entry);
        continue;
      }
      const { receipt } = entry;
      const isDeep = receipt !== undefined && head.number - receipt.blockNumber >= this.#parts.confirmations;
      if (receipt !== undefined && !reorganised && !isDeep) continue;
      const found = await this.#receiptOf(entry);
      if (found === undefined) {
        if (entry.state === "mined") await this.#takeBack(entry);
        else await this.#explain(entry, head);
      } else if (found.blockHash !== receipt?.blockHash) {
        news.push(await this.#mined(entry, found));
      } else if (isDeep) {
        news.push(await this.#confirm(entry));
      }
    }
    return news;
  }

  /** Puts a transaction down before it is signed. */
  async build(nonce: number, kind: DataKind, content: NewAttempt): Promise<Attempt> {
    const entry = this.open(nonce) ?? { nonce, kind, state: "open", attempts: [], receipt: undefined };
    // What an earlier round did not get signed is nowhere.
    for (const { number, state } of entry.attempts)
      if (state === "built") this.#parts.journal.dropAttempt(nonce, number);
    const kept = entry.attempts.filter(({ state }) => state !== "built");
    const number = Math.max(0, ...entry.attempts.map((one) => one.number)) + 1;
    const attempt: Attempt = {
      ...content,
      number,
      state: "built",
      hash: undefined,
      raw: undefined,
      firstSent: 0n,
      lastSent: 0n,
    };
    this.#nextNew = Math.max(this.#nextNew, nonce + 1);
    this.#put({ ...entry, attempts: [...kept, attempt] }, attempt);
    await this.#tell("built", nonce, kind, attempt);
    return attempt;
  }

  /** Puts the signed bytes down before they are sent. */
  signed(nonce: number, attempt: Attempt, { hash, raw }: SignedPost): Promise<Attempt> {
    return this.#change(nonce, { ...attempt, state: "signed", hash, raw }, "signed");
  }

  /** Notes that an endpoint has the transaction. @param time L1's time, seconds. */
  sent(nonce: number, attempt: Attempt, time: bigint): Promise<Attempt> {
    const firstSent = attempt.state === "sent" ? attempt.firstSent : time;
    return this.#change(nonce, { ...attempt, state: "sent", firstSent, lastSent: time }, "sent");
  }

  /** Forgets a nonce of which no endpoint has taken anything, so that the other kind can be sent. */
  forget(nonce: number): void {
    this.#parts.journal.drop(nonce);
    this.#entries = this.#entries.filter((entry) => entry.nonce !== nonce);
  }

  async #change(nonce: number, attempt: Attempt, state: "signed" | "sent"): Promise<Attempt> {
    const entry = this.#entries.find((one) => one.nonce === nonce)!;
    const attempts = entry.attempts.map((one) => (one.number === attempt.number ? attempt : one));
    this.#put({ ...entry, attempts }, attempt);
    await this.#tell(state, nonce, entry.kind, attempt);
    return attempt;
  }

  #mined(entry: JournalEntry, receipt: PostReceipt): Promise<JournalStep> {
    const changed: JournalEntry = { ...entry, state: "mined", receipt };
    this.#put(changed);
    return this.#tell("mined", entry.nonce, entry.kind, attemptOf(changed), receipt);
  }

  #confirm(entry: JournalEntry): Promise<JournalStep> {
    this.#parts.journal.put({ ...entry, state: "confirmed" });
    this.#entries = this.#entries.filter(({ nonce }) => nonce !== entry.nonce);
    return this.#tell("confirmed", entry.nonce, entry.kind, attemptOf(entry), entry.receipt);
  }

  async #takeBack(entry: JournalEntry): Promise<void> {
    const attempt = attemptOf(entry);
    this.#parts.logger.warn({ nonce: entry.nonce, index: attempt.index }, "L1 has taken a transaction back");
    // It may be in nobody's pool any more, so it is sent again at once.
    const signed: Attempt = { ...attempt, state: "signed" };
    const attempts = [...entry.attempts.filter(({ number }) => number !== attempt.number), signed];
    this.#put({ ...entry, state: "open", receipt: undefined, attempts }, signed);
    await this.#tell("taken back", entry.nonce, entry.kind, attempt);
  }

  async #receiptOf({ attempts }: JournalEntry): Promise<PostReceipt | undefined> {
    for (const { hash } of attempts.toReversed()) {
      const receipt = hash === undefined ? undefined : await this.#parts.l1.receipt(hash);
      if (receipt !== undefined) return receipt;
    }
    return undefined;
  }

  /** A nonce is used and no receipt is there: the endpoint may be late with it, or somebody else has used the nonce. */
  async #explain(entry: JournalEntry, head: L1Block): Promise<void> {
    const { nonce, attempts } = entry;
    const user = await this.#userOf(nonce, head);
    if (attempts.some(({ hash }) => hash === user)) return;
    this.#requireTolerated(nonce, user);
    this.forget(nonce);
  }

  async #requireOwn(mined: number, head: L1Block): Promise<void> {
    for (; this.#nextNew < mined; this.#nextNew++) {
      if (this.#nextNew < this.#tolerated) continue;
      this.#requireTolerated(this.#nextNew, await this.#userOf(this.#nextNew, head));
    }
  }

  async #userOf(nonce: number, head: L1Block): Promise<string> {
    const user = await this.#parts.l1.userOfNonce(nonce, head.number);
    if (user !== undefined) return user;
    throw new PosterError("ENDPOINT", "the endpoint says that a nonce is used, and not by what", { fields: { nonce } });
  }

  #requireTolerated(nonce: number, transactionHash: string): void {
    if (nonce < this.#tolerated) {
      this.#parts.logger.warn({ nonce, transactionHash }, "the nonce has an earlier process's transaction");
      return;
    }
    throw new PosterError("FOREIGN_NONCE", "somebody else sends from this account: one poster must stop", {
      fields: { nonce, transactionHash },
    });
  }

  #put(entry: JournalEntry, attempt?: Attempt): void {
    this.#parts.journal.put(entry, attempt);
    const others = this.#entries.filter(({ nonce }) => nonce !== entry.nonce);
    this.#entries = [...others, entry].sort((a, b) => a.nonce - b.nonce);
  }

  async #tell(
    state: JournalStep["state"],
    nonce: number,
    kind: DataKind,
    attempt: Attempt,
    receipt?: PostReceipt,
  ): Promise<JournalStep> {
    const step: JournalStep = { state, nonce, kind, attempt, receipt };
    const { purpose, index, number, hash } = attempt;
    this.#parts.logger.info({ nonce, kind, purpose, index, number, hash, gasUsed: receipt?.gasUsed }, `batch ${state}`);
    await this.#parts.observer(step);
    return step;
  }
}

/** The attempt that was mined, or the last one. */
function attemptOf({ attempts, receipt }: JournalEntry): Attempt {
  return attempts.find(({ hash }) => hash === receipt?.hash) ?? attempts.at(-1)!;
}

/**
 * From when on what is pending under a nonce may be replaced by something else than a dearer copy of itself, L1's time in seconds: at once
 * the first time, `interval` after it was sent the second time, and then after twice as long each time.
 */
export function mayReplaceAt({ attempts }: JournalEntry, interval: bigint): bigint {
  const changes = attempts.filter(
    (one, i) => i > 0 && !isAttemptOf(one, attempts[i - 1]!, attempts[i - 1]!.commitment),
  );
  if (changes.length === 0) return 0n;
  return (attempts.at(-1)?.firstSent ?? 0n) + (interval << BigInt(changes.length - 1));
}

/** Whether an attempt is of this batch. */
export function isAttemptOf(
  attempt: Attempt,
  batch: { readonly index: bigint; readonly messagesRead: bigint; readonly l2Time: bigint },
  commitment: Uint8Array,
): boolean {
  return (
    attempt.purpose === "batch" &&
    attempt.index === batch.index &&
    attempt.messagesRead === batch.messagesRead &&
    attempt.l2Time === batch.l2Time &&
    equalBytes(attempt.commitment, commitment)
  );
}
