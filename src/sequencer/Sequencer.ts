import { TenorError } from "../errors.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { SignedReport } from "../machine/OracleReports.ts";
import { rootHash } from "../machine/StateTree.ts";
import { TX_CANCEL, TX_CANCEL_ALL, TX_REVOKE_KEY } from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import type { SealedBatch } from "./BatchBuilder.ts";
import { BatchSchedule, earliest, latest } from "./BatchSchedule.ts";
import type { Clock } from "./Clock.ts";
import { DerivedState, type Checkpoint, type L1View } from "./DerivedState.ts";
import { Exchange } from "./Exchange.ts";
import type { Journal } from "./Journal.ts";
import { JournalKeeper, restore, type EventListener } from "./JournalKeeper.ts";
import type { MakerProtection } from "./MakerProtection.ts";
import { Reconciliation } from "./Reconciliation.ts";
import { refuse } from "./Refusal.ts";
import type { SequencerOptions } from "./SequencerOptions.ts";
import type { Outcome, OutcomeOf, ReportOutcome, Submission, TransactionOutcome } from "./Submission.ts";

/**
 * The sequencer: takes what traders sign, executes it ahead of L1, and makes batches of it.
 *
 * Nothing is answered before the journal has it. After a kill, and whenever L1 ordered things differently (a batch that
 * somebody forced, a reorg, a second poster), the same procedure applies: start from the state that L1 determines, drop from the
 * journal what L1 contains, and execute the rest again in its old order. What has become invalid is dropped with a
 * reason; everything else keeps its place.
 */

/** Failures of the sequencer: `HALTED` for good, until it is started again; the others at the start. */
export type SequencerErrorCode = "HALTED" | "OPTIONS_INVALID" | "CHECKPOINT_TOO_LATE";

/** The sequencer can't go on, or was set up wrongly. */
export class SequencerError extends TenorError<SequencerErrorCode> {
  override readonly name = "SequencerError";
}

/** What the sequencer is given. */
export interface SequencerServices {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly logger: Logger;
  /** Gets what happened, after it has become durable. */
  readonly listener?: EventListener;
}

/** Sealed batches that L1 does not have. */
export interface WaitingBatches {
  readonly batches: number;
  /** Of payload. */
  readonly bytes: number;
}

interface Waiting {
  readonly submission: Submission;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** See the file's head. Not safe to share between processes; the journal's lock sees to it. */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #services: SequencerServices;
  readonly #exchange: Exchange;
  readonly #keeper: JournalKeeper;
  readonly #schedule: BatchSchedule;
  readonly #reconciliation: Reconciliation;
  #l1: L1View;
  #halted = false;
  /** Since when L1 has taken none of the sealed batches that wait, seconds; undefined while none waits. */
  #waitingSince: bigint | undefined;
  #waiting: Waiting[] = [];

  /**
   * Starts from L1 and the journal.
   *
   * @param config With a memory for signers (`withRecoverCache`), or every signature is recovered at each execution.
   * @param start A state from which L1 is followed: genesis, or a snapshot no later than what the journal holds as final.
   */
  constructor(
    config: MachineConfig,
    options: SequencerOptions,
    services: SequencerServices,
    start: Checkpoint,
    l1: L1View,
  ) {
    if (
      options.maxPayload < 4096 ||
      options.expiryMargin < options.maxPast ||
      options.resealMargin >= options.maxPast ||
      options.maxWithdrawnOrders < 1
    ) {
      throw new SequencerError("OPTIONS_INVALID", "options contradict each other", { fields: { ...options } });
    }
    this.#options = options;
    this.#services = services;
    this.#l1 = l1;
    const { clock, journal, logger, listener } = services;
    const content = journal.load();
    if (start.cursor.batch > content.finalizedBatches) {
      throw new SequencerError("CHECKPOINT_TOO_LATE", "journal may hold items of batches before the checkpoint", {
        fields: { checkpoint: start.cursor.batch, finalizedBatches: content.finalizedBatches },
      });
    }
    const derived = new DerivedState(config, start, l1);
    while (derived.current.cursor.batch < content.finalizedBatches) derived.run(l1);
    const exchange = new Exchange(config, options, derived.current, l1, logger, content.nextId);
    exchange.setTime(clock.now());
    restore(exchange, content, journal.withdrawals());
    this.#exchange = exchange;
    this.#keeper = new JournalKeeper(journal, content.finalizedBatches, logger, listener);
    const schedule = (this.#schedule = new BatchSchedule(options, clock, derived, exchange));
    const parts = { options, clock, logger, derived, exchange, schedule, keeper: this.#keeper };
    this.#reconciliation = new Reconciliation(parts);
    this.#reconciliation.follow(l1, true);
  }

  /** Hash of the state after everything that was acknowledged. */
  get stateRoot(): Uint8Array {
    return rootHash(this.#exchange.builder.machine.state.root);
  }

  /** The soft state and the book: for reading. */
  get exchange(): Exchange {
    return this.#exchange;
  }

  /** The limits that makers have set themselves. They are not in the journal: after a restart whoever keeps them sets them again. */
  get protection(): MakerProtection {
    const { protection } = this.#exchange;
    protection.now = this.#services.clock.now();
    return protection;
  }

  /**
   * Tells a listener what happens from now on, after it has become durable. It is called in the midst of a change, so it must not
   * call back.
   *
   * @returns Ends that.
   */
  listen(listener: EventListener): () => void {
    return this.#keeper.listen(listener);
  }

  /**
   * Takes submissions in their order and answers when all of it is durable: one commit of the journal for all of them.
   *
   * @throws {@link SequencerError} `HALTED` if something failed, now or before; nothing was acknowledged then.
   */
  submitMany(submissions: readonly Submission[]): Outcome[] {
    return this.#change(() => {
      this.#schedule.prepare(this.#l1);
      this.#noteWaiting();
      const isBehind = this.isL1Behind;
      return submissions.map((submission) =>
        isBehind && !isCancellation(submission)
          ? { accepted: false, refusal: refuse("L1Behind") }
          : place(this.#exchange, submission),
      );
    });
  }

  /** Takes one submission; those of the same turn of the event loop share a commit. */
  async submit<Kind extends Submission["kind"]>(
    submission: Extract<Submission, { readonly kind: Kind }>,
  ): Promise<OutcomeOf<Kind>> {
    return new Promise<OutcomeOf<Kind>>((resolve, reject) => {
      // INVARIANT: the answer is of the submission's kind.
      this.#waiting.push({ submission, resolve: resolve as (outcome: Outcome) => void, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  /**
   * Takes reports that the oracle has made. They need not be durable: after a restart the oracle sends the next.
   *
   * @returns For each, accepted if the machine would take it now; it goes into a batch when a transaction needs it.
   */
  submitReports(reports: readonly SignedReport[]): ReportOutcome[] {
    return this.#change(() => {
      this.#schedule.prepare(this.#l1);
      return this.#exchange
        .takeReports(reports, this.#services.clock.now())
        .map((refusal) => (refusal === undefined ? { accepted: true } : { accepted: false, refusal }));
    });
  }

  /** Moves the collected fees to the fee account. */
  collectFees(): TransactionOutcome {
    return this.#change(() => {
      this.#schedule.prepare(this.#l1);
      return this.#exchange.collectFees();
    });
  }

  /** To be called about once a second: settles and liquidates what is due, and seals the open batch when it is old enough. */
  tick(): void {
    this.#change(() => {
      this.#schedule.prepare(this.#l1);
      this.#noteWaiting();
      if (!this.isL1Behind) this.#exchange.work(this.#options.settlementsPerTick);
      if (this.#schedule.isDue(this.#l1)) this.#exchange.sealBatch();
      this.#reconciliation.forgetWithdrawn();
    });
  }

  /** Seals the open batch now if there is anything in it. */
  seal(): SealedBatch | undefined {
    return this.#change(() => {
      const { open } = this.#exchange;
      return open === undefined || !this.#schedule.hasContent(open) ? undefined : this.#exchange.sealBatch();
    });
  }

  /** The batch that is to become number `index` of L1, if it is sealed. */
  sealedBatch(index: bigint): SealedBatch | undefined {
    this.#requireRunning();
    return this.#exchange.batches.find((batch) => batch.status === "sealed" && batch.built?.index === index)?.built;
  }

  /** The time from which on a batch that waits for L1 may have to be built anew, and may lose what has expired by then; seconds. */
  get keepsBatchesUntil(): bigint | undefined {
    const first = this.#exchange.batches.find(({ status }) => status !== "included");
    return first === undefined ? undefined : first.l2Time + this.#options.maxPast - this.#options.resealMargin;
  }

  /** What waits for L1. */
  get waiting(): WaitingBatches {
    const sealed = this.#exchange.batches.filter(({ status }) => status === "sealed");
    return { batches: sealed.length, bytes: sealed.reduce((sum, { built }) => sum + (built?.payload.length ?? 0), 0) };
  }

  /** What L1 has, as far as it has been followed: for reading. */
  get l1(): L1View {
    return this.#l1;
  }

  /** Batches on L1 as far as it has been followed. */
  get batchCount(): bigint {
    return this.#l1.batchCount;
  }

  /**
   * Follows L1.
   *
   * @param finalizedBatches Number of batches that L1 can't take back; what only they need is forgotten.
   */
  sync(l1: L1View, finalizedBatches = this.#keeper.finalizedBatches): void {
    this.#change(() => {
      const before = this.waiting.batches;
      this.#l1 = l1;
      this.#reconciliation.follow(l1, false);
      if (this.waiting.batches < before) this.#waitingSince = undefined;
      if (finalizedBatches > this.#keeper.finalizedBatches) this.#reconciliation.finalize(finalizedBatches);
    });
  }

  /**
   * Builds the batches that wait for L1 anew if the first of them is too old, or will be before it can be mined: times on
   * the wire are relative to the new L2 time, and what has expired by then is dropped.
   *
   * @param l1Time Time of the latest L1 block, seconds: where the clocks disagree, the later one counts, but L1's no further ahead of
   * this process's than `maxFuture`. What is built at a time that L1 never sees would drop orders and be taken by no inbox.
   * @returns Whether it was necessary.
   */
  resealStale(l1Time = 0n): boolean {
    this.#requireRunning();
    const clock = this.#services.clock.now();
    // SAFETY: L2 time never goes back, so one block of a wrong time must not move it beyond what the inbox takes.
    const now = latest(clock, earliest(l1Time, clock + this.#options.maxFuture));
    const first = this.#exchange.batches.find((batch) => batch.status === "sealed");
    if (first === undefined || !this.#schedule.isStale(first.l2Time, now)) return false;
    this.#services.logger.warn({ index: first.built?.index, l2Time: first.l2Time, now }, "batches waited too long");
    this.#change(() => {
      const waiting = this.#exchange.batches.filter((batch) => batch.status !== "included");
      this.#reconciliation.rebuild(this.#l1, waiting, now);
    });
    return true;
  }

  /** Whether more waits for L1, or for longer, than may, so that nothing but cancellations is taken. */
  get isL1Behind(): boolean {
    const { maxWaitingBatches, maxWaitingBytes, maxWaitingAge } = this.#options;
    const { batches, bytes } = this.waiting;
    const age =
      batches === 0 || this.#waitingSince === undefined ? 0n : this.#services.clock.now() - this.#waitingSince;
    return batches >= maxWaitingBatches || bytes >= maxWaitingBytes || age >= maxWaitingAge;
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const outcomes = this.submitMany(waiting.map(({ submission }) => submission));
      waiting.forEach(({ resolve }, i) => resolve(outcomes[i]!));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  /** Changes the exchange and commits: all of it, or none of it is ever shown. */
  #change<T>(action: () => T): T {
    this.#requireRunning();
    try {
      this.#exchange.setTime(this.#services.clock.now());
      const result = action();
      this.#keeper.commit(this.#exchange);
      return result;
    } catch (cause) {
      // SAFETY: memory may be ahead of the journal, or half changed, so nothing of it may be shown or posted.
      this.#halted = true;
      this.#services.logger.error({ cause }, "sequencer halted");
      throw new SequencerError("HALTED", "sequencer failed; restart to recover", { cause });
    }
  }

  /** Notes since when anything waits for L1, as seen by whatever asks for work: each submission, and the tick. */
  #noteWaiting(): void {
    const waits = this.#exchange.batches.some(({ status }) => status === "sealed");
    this.#waitingSince = waits ? (this.#waitingSince ?? this.#services.clock.now()) : undefined;
  }

  #requireRunning(): void {
    if (this.#halted) throw new SequencerError("HALTED", "sequencer failed; restart to recover");
  }
}

function place(exchange: Exchange, submission: Submission): Outcome {
  switch (submission.kind) {
    case "order":
      return exchange.placeOrder(submission.order);
    case "transaction":
      return exchange.placeTransaction(submission.transaction);
    case "withdraw":
      return exchange.withdrawOrders(submission.account, submission.orders);
    case "cross":
      return exchange.crossOrders(submission.maker, submission.taker);
  }
}

/** Whether a submission only takes back what was allowed before. */
function isCancellation(submission: Submission): boolean {
  if (submission.kind === "withdraw") return true;
  if (submission.kind !== "transaction") return false;
  const { type } = submission.transaction;
  return type === TX_CANCEL || type === TX_CANCEL_ALL || type === TX_REVOKE_KEY;
}
