import { toHex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import type { TransactionLimits } from "../game/transactions.ts";
import type { GameSource, GameWriter } from "../l1/GameSource.ts";
import { L1Error } from "../l1/L1Error.ts";
import type { ChainSource, ChainWriter, L1Block } from "../l1/L1Source.ts";
import { AlarmBoard, LogSink, type AlarmSink } from "./Alarm.ts";
import type { AssertionView } from "./AssertionView.ts";
import { hasActed, hasRaced, type ChallengerReport, type DisputeReport } from "./ChallengerReport.ts";
import { checkDisputeTimes, DeadlineError, type DisputeTimes } from "../game/Deadlines.ts";
import { countStates, DisputeJudge, findDisputes, type Dispute, type DisputeContext } from "./Disputes.ts";
import type { Follower } from "./Follower.ts";
import { GamePlayer, type PlayOutcome } from "./GamePlayer.ts";
import { GameWatch } from "./GameWatch.ts";
import { SILENT, type Logger } from "./Logger.ts";
import { Proposer, ProposerError } from "./Proposer.ts";
import { RefundClaimer, type RefundOptions } from "./RefundClaimer.ts";
import { testimonyOf } from "./Testimony.ts";
import { SYSTEM_TIMER, type Timer } from "./Timer.ts";

/** When the challenger gives up instead of going on. */
export type ChallengerErrorCode =
  /** An alarm was raised, and the challenger was told to end at the first one. */
  "ALARM";

/** The challenger has ended. */
export class ChallengerError extends TenorError<ChallengerErrorCode> {
  override readonly name = "ChallengerError";
}

/**
 * What a challenger does, each mode being able to do what the one before does.
 *
 * | mode         | needs             | does                                                                                      |
 * | ------------ | ----------------- | ----------------------------------------------------------------------------------------- |
 * | `watchtower` | an endpoint       | judges every assertion and every game, and raises alarms                                  |
 * | `defender`   | a key and a stake | answers wrong assertions, plays and wins their games, confirms, claims what moves have cost |
 * | `proposer`   | a key and a stake | also asserts and confirms what nobody disputes                                            |
 */
export type ChallengerMode = "watchtower" | "defender" | "proposer";

/** Times that an operator answers for. Seconds. */
export interface ChallengerTimes {
  /** δ: the longest from a rival's move to the answer's being mined, executing the range included. */
  readonly reaction: bigint;
  /** C: for how long an adversary can keep everybody's transactions out of L1, in all. */
  readonly censorship: bigint;
  /** What is left for noticing a wrong assertion, and for people to act. */
  readonly margin: bigint;
}

/** What a challenger works with. */
export interface ChallengerOptions {
  readonly mode: ChallengerMode;
  readonly times: ChallengerTimes;
  readonly follower: Follower;
  /** For a watchtower a client without a key will do. */
  readonly chain: ChainSource & ChainWriter;
  /** For a watchtower a client without a key will do. */
  readonly game: GameSource & GameWriter;
  /** The block of the deployment, or an earlier one. */
  readonly startBlock: number;
  /** Where alarms go besides the log. */
  readonly sinks?: readonly AlarmSink[];
  /** Ends a run with an error once an alarm was raised and delivered. */
  readonly endOnAlarm?: boolean;
  readonly refunds?: RefundOptions;
  /** What one transaction may take. */
  readonly limits?: TransactionLimits;
  readonly logger?: Logger;
  readonly timer?: Timer;
  /** Told of every round of a run: what it did, or how it failed. */
  readonly observer?: (round: ChallengerReport | { readonly failure: unknown }) => void;
}

/**
 * Keeps assertions right. Everything that it goes by is read from L1, every round anew as far as it changed, so a challenger that is
 * killed at any line goes on wherever it is started; what it remembers besides, such as which alarms were raised, can be lost.
 */
export class Challenger {
  readonly view: AssertionView;
  readonly #options: ChallengerOptions;
  readonly #logger: Logger;
  readonly #proposer: Proposer;
  readonly #games: GameWatch;
  readonly #alarms: AlarmBoard;
  readonly #context: DisputeContext;
  readonly #judge: DisputeJudge;
  readonly #player: GamePlayer;
  readonly #claimer: RefundClaimer;
  /** L1's time at which a pending transaction was first seen. */
  #pendingSince: bigint | undefined;

  constructor(options: ChallengerOptions) {
    const { follower, chain, game, startBlock, logger = SILENT, sinks = [], refunds } = options;
    this.#options = options;
    this.#logger = logger;
    this.#proposer = new Proposer({ follower, chain, startBlock, logger });
    this.view = this.#proposer.view;
    this.#games = new GameWatch(game, follower, startBlock);
    this.#alarms = new AlarmBoard([new LogSink(logger), ...sinks]);
    this.#context = {
      assertions: this.view,
      games: this.#games,
      alarms: this.#alarms,
    };
    this.#judge = new DisputeJudge(this.#context);
    this.#player = new GamePlayer(game, options.limits);
    this.#claimer = new RefundClaimer({ ...this.#context, game, follower, logger }, refunds);
  }

  /**
   * Whether the deployment's challenge period is long enough for this operator's times.
   *
   * @throws {@link DeadlineError} if it is not.
   */
  async check(): Promise<void> {
    const { censorship, margin } = this.#options.times;
    checkDisputeTimes(await this.#disputeTimes(), censorship, margin);
  }

  /**
   * One round: reads L1, judges, raises alarms, makes the moves of at most one transaction for each game, confirms, claims, reports.
   *
   * @throws {@link ProposerError} if the right chain is lost; {@link ChallengerError} on an alarm, if so configured; else what
   * derivation and L1 throw. The next round starts afresh.
   */
  async tick(): Promise<ChallengerReport> {
    const { endOnAlarm = false } = this.#options;
    let report: Omit<ChallengerReport, "alarms"> | undefined;
    let failure: unknown;
    try {
      report = await this.#round();
    } catch (error) {
      failure = error;
      this.#raiseFailure(error);
    }
    await this.#alarms.deliver();
    if (failure instanceof ProposerError) throw failure;
    // Nothing is lost by a round that failed: the next one reports what this one has raised.
    if (report === undefined && !endOnAlarm) throw failure;
    const alarms = this.#alarms.take();
    if (endOnAlarm && alarms.length > 0) {
      throw new ChallengerError("ALARM", "an alarm was raised", {
        fields: { alarms },
        ...(report === undefined ? { cause: failure } : {}),
      });
    }
    if (report === undefined) throw failure;
    return { ...report, alarms };
  }

  /**
   * Checks the deployment's times, then makes rounds until `signal` is aborted. A failed round is logged. The next one comes after the
   * interval, or at once if this one got something done, or lost a race for the first time, since what is left is then to be
   * planned anew. A lost chain, or an alarm if so configured, ends the loop.
   */
  async run(intervalMilliseconds: number, signal: AbortSignal): Promise<void> {
    const timer = this.#options.timer ?? SYSTEM_TIMER;
    let checked = false;
    let raced = false;
    while (!signal.aborted) {
      let again = false;
      try {
        if (!checked) await this.check();
        checked = true;
        const report = await this.tick();
        this.#options.observer?.(report);
        const racedBefore = raced;
        raced = hasRaced(report);
        again = hasActed(report) || (raced && !racedBefore);
      } catch (error) {
        const ends = [ProposerError, ChallengerError, DeadlineError].some((type) => error instanceof type);
        if (ends) throw error;
        this.#logger.error({ err: error }, "the round failed");
        this.#options.observer?.({ failure: error });
      }
      if (!again) await timer.sleep(intervalMilliseconds, signal);
    }
  }

  async #round(): Promise<Omit<ChallengerReport, "alarms">> {
    const { mode, chain } = this.#options;
    const { head, behind, wrong } = await this.#proposer.observe();
    this.#judge.note(wrong);
    if (!behind) await this.#games.update(head);
    const disputes = this.view.latestConfirmed.right ? await findDisputes(this.#context) : [];
    await this.#judge.judge(disputes, await this.#disputeTimes(), head);
    this.#proposer.requireNotLost();
    // Behind the alarms, which whoever leaves out an event must not keep back.
    if (!behind) for (const { parent, view } of disputes) await this.#games.requireWhole(parent, view, head);

    const idle = { head, wrong, disputes: disputes.map(watched), refunds: [] };
    const waiting = behind ? "endpoint behind" : mode === "watchtower" ? "not needed" : undefined;
    if (waiting !== undefined) {
      return { ...idle, confirmed: waiting, asserted: waiting };
    }
    if (await chain.hasPending()) {
      // It may be a move, and would fail if it were made twice.
      this.#waitForPending(head);
      const pending = "transaction pending";
      return { ...idle, confirmed: pending, asserted: pending };
    }
    this.#pendingSince = undefined;
    const played: DisputeReport[] = [];
    for (const dispute of disputes) played.push({ ...watched(dispute), outcome: await this.#defend(dispute, head) });
    const confirmed = await this.#confirmUndisputed(disputes, head);
    const unanswered = disputes.some(({ right }) => right === undefined);
    const asserted = unanswered || mode === "proposer" ? await this.#proposer.assert(head) : "not needed";
    const refunds = await this.#claimer.claimAll(head);
    return { head, wrong, disputes: played, refunds, confirmed, asserted };
  }

  /** A transaction that is stuck, perhaps for its fee, keeps every move back: people must know. */
  #waitForPending(head: L1Block): void {
    const since = (this.#pendingSince ??= head.timestamp);
    this.#logger.warn({ head, since }, "a transaction of this account is pending");
    if (head.timestamp - since <= this.#options.times.reaction) return;
    this.#alarms.raise(`pending ${since}`, { type: "cannot send", reason: "transaction pending" });
  }

  #raiseFailure(error: unknown): void {
    if (error instanceof ProposerError) {
      this.#alarms.raise("lost", { type: "chain lost", error: error.code, fields: error.fields });
    } else if (error instanceof L1Error && error.code === "FUNDS") {
      this.#alarms.raise("funds", { type: "cannot send", reason: "no funds" });
    }
  }

  /** Confirms the right side of a dispute if it has had its time, else makes its moves. */
  async #defend(dispute: Dispute, head: L1Block): Promise<DisputeReport["outcome"]> {
    const { parent, right, view, game } = dispute;
    if (right === undefined) return "answering";
    try {
      const outcome =
        (parent.confirmed ? await this.#confirm(dispute, head) : undefined) ?? (await this.#play(dispute));
      if (outcome.type !== "waiting")
        this.#logger.info({ game, states: watched(dispute).states, ...outcome }, "played");
      for (const { move, error } of "refused" in outcome ? outcome.refused : []) {
        const name = typeof error.fields.error === "string" ? error.fields.error : error.code;
        this.#alarms.raise(`refused ${game} ${move} ${name}`, { type: "move refused", game, move, error: name });
      }
      return outcome;
    } catch (error) {
      if (!isOneGames(error)) throw error;
      this.#logger.error({ err: error, game, nodes: view.size }, "a game could not be played");
      return { type: "failed", error };
    }
  }

  /** First, because moves of others can only lower what a total comes to anew. */
  async #confirm({ view, right }: Dispute, head: L1Block): Promise<PlayOutcome | undefined> {
    const { challengePeriod } = await this.view.parameters();
    const root = view.root(right!.created.historyRoot)!;
    if (head.timestamp - root.createdAt < challengePeriod || !view.isRivalled(root)) return undefined;
    return await this.#player.confirm(view, root, view.total(root, head.timestamp) >= challengePeriod);
  }

  async #play({ parent, view }: Dispute): Promise<PlayOutcome> {
    return await this.#player.play(view, await testimonyOf(this.view, this.#options.follower, parent));
  }

  /** What nobody disputes is the proposer's to confirm, and a defender's only if a dispute waits behind it. */
  async #confirmUndisputed(disputes: readonly Dispute[], head: L1Block): Promise<ChallengerReport["confirmed"]> {
    const next = disputes.some(({ game }) => game === toHex(this.view.latestConfirmed.created.id));
    if (next || (this.#options.mode === "defender" && disputes.length === 0)) return "not needed";
    return await this.#proposer.confirm(head);
  }

  async #disputeTimes(): Promise<DisputeTimes> {
    const { challengePeriod, historyHeight } = await this.view.parameters();
    const { sectionBits } = await this.#games.parameters();
    return { challengePeriod, historyHeight, sectionBits, reaction: this.#options.times.reaction };
  }
}

function watched({ game, right, view }: Dispute): DisputeReport {
  const root = right && view.root(right.created.historyRoot);
  return { game, states: root && countStates(view, root), outcome: "watched" };
}

/** Whether a failure concerns one game, so that the others are still played. */
function isOneGames(error: unknown): boolean {
  if (error instanceof L1Error) return error.code === "REVERTED" || error.code === "REQUEST_REFUSED";
  return error instanceof TenorError;
}
