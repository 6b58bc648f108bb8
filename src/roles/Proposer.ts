import { toHex, type Hex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import { isContractError } from "../l1/L1Error.ts";
import type { AssertionCall, ChainSource, ChainWriter, L1Block, L1Receipt } from "../l1/L1Source.ts";
import { machineStateHash } from "../machine/MachineState.ts";
import { AssertionView, type ExpectedAssertion, type JudgedAssertion, type WrongAssertion } from "./AssertionView.ts";
import type { Follower } from "./Follower.ts";
import { SILENT, type Logger } from "./Logger.ts";
import { SYSTEM_TIMER, type Timer } from "./Timer.ts";

/** When the proposer gives up instead of waiting. */
export type ProposerErrorCode =
  /** A wrong assertion is confirmed. Nothing that this node asserts can be confirmed any more, and people must act. */
  | "WRONG_CONFIRMED"
  /** A wrong assertion had the challenge period to itself, so the right one is no longer taken. */
  | "FAMILY_LOST";

/** The chain has gone where this node cannot follow. */
export class ProposerError extends TenorError<ProposerErrorCode> {
  override readonly name = "ProposerError";
}

/** Why nothing was asserted, or nothing confirmed. */
export type Waiting =
  /** The endpoint is behind what was read before. */
  | "endpoint behind"
  /** A transaction of this account is not mined yet, perhaps one of an earlier process. */
  | "transaction pending"
  /** The inbox does not have the range's batches yet. */
  | "inbox not at target"
  /** The parent is younger than the minimum. */
  | "parent too young"
  /** Somebody was faster with the same transaction. */
  | "raced"
  /** L1 was reorganised between reading and sending. */
  | "L1 changed"
  /** The challenge period is not over. */
  | "challenge period"
  /** There is nothing unconfirmed. */
  | "nothing to confirm"
  /** The assertion has rivals, and the game has not decided. */
  | "rivals";

/** What L1 was found to have. */
export interface Observation {
  readonly head: L1Block;
  /** The endpoint is behind what was read before. */
  readonly behind: boolean;
  /** Wrong assertions seen for the first time. */
  readonly wrong: readonly WrongAssertion[];
}

/** What one round did. */
export interface ProposerReport {
  readonly head: L1Block;
  /** Wrong assertions seen for the first time. */
  readonly wrong: readonly WrongAssertion[];
  readonly confirmed: { readonly id: Hex; readonly receipt: L1Receipt } | Waiting;
  readonly asserted: { readonly id: Hex; readonly overflow: boolean; readonly receipt: L1Receipt } | Waiting;
}

/** What a proposer works with. */
export interface ProposerOptions {
  readonly follower: Follower;
  readonly chain: ChainSource & ChainWriter;
  /** The block of the chain's deployment, or an earlier one. */
  readonly startBlock: number;
  readonly logger?: Logger;
  readonly timer?: Timer;
}

/**
 * Asserts what its own follower computes, and confirms it. It keeps nothing: a proposer that is killed at any moment and
 * started elsewhere reads from L1 what there is and goes on.
 */
export class Proposer {
  readonly view: AssertionView;
  readonly #options: ProposerOptions;
  readonly #logger: Logger;

  constructor(options: ProposerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    this.view = new AssertionView(options.chain, options.follower, options.startBlock);
  }

  /**
   * One round: reads L1, judges what is new, confirms at most one assertion and makes at most one.
   *
   * @throws {@link ProposerError} if the right chain is lost; else what derivation and L1 throw. The next round starts afresh.
   */
  async tick(): Promise<ProposerReport> {
    const { head, behind, wrong } = await this.observe();
    for (const report of wrong) this.#logger.error(report, "a wrong assertion was made");
    this.requireNotLost();
    if (behind) return { head, wrong, confirmed: "endpoint behind", asserted: "endpoint behind" };
    if (await this.#options.chain.hasPending()) {
      // Sent again, it would fail as a duplicate at best. If it is stuck for its fee, people must see this line.
      this.#logger.warn({ head }, "a transaction of this account is pending");
      return { head, wrong, confirmed: "transaction pending", asserted: "transaction pending" };
    }
    return { head, wrong, confirmed: await this.confirm(head), asserted: await this.assert(head) };
  }

  /** Reads L1 and judges what is new; sends nothing. */
  async observe(): Promise<Observation> {
    const { head, behind } = await this.#options.follower.sync();
    return { head, behind, wrong: await this.view.update(head) };
  }

  /** Rounds until `signal` is aborted. A failed round is logged and followed by the next; a lost chain ends the loop. */
  async run(intervalMilliseconds: number, signal: AbortSignal): Promise<void> {
    const timer = this.#options.timer ?? SYSTEM_TIMER;
    while (!signal.aborted) {
      let acted = false;
      try {
        const report = await this.tick();
        acted = typeof report.asserted === "object" || typeof report.confirmed === "object";
      } catch (error) {
        if (error instanceof ProposerError) throw error;
        this.#logger.error({ err: error }, "the round failed");
      }
      if (!acted) await timer.sleep(intervalMilliseconds, signal);
    }
  }

  /** Confirms the next assertion of the right chain, if its time has come and nobody disputes it. */
  async confirm(head: L1Block): Promise<ProposerReport["confirmed"]> {
    const parent = this.view.latestConfirmed;
    const next = this.view.rightChild(parent);
    if (next === undefined) return "nothing to confirm";
    const { chain } = this.#options;
    const { id, historyRoot, parent: parentId } = next.created;
    const [family, record] = await Promise.all([chain.assertionRecord(parentId), chain.assertionRecord(id)]);
    const { challengePeriod } = await this.view.parameters();
    const rivals = family.childCount > 1;
    if (!rivals && head.timestamp - record.createdAt < challengePeriod) return "challenge period";
    try {
      const receipt = await chain.confirm(parentId, endHashOf(next), historyRoot);
      this.#logger.info({ id: toHex(id), ...receipt }, "confirmed");
      return { id: toHex(id), receipt };
    } catch (error) {
      if (isContractError(error, "AlreadyConfirmed")) return "raced";
      if (isContractError(error, "TimeTooShort")) return rivals ? "rivals" : "challenge period";
      if (isContractError(error, "AssertionUnknown", "ParentNotConfirmed")) return "L1 changed";
      throw error;
    }
  }

  /**
   * Makes the next assertion of the right chain, if its inputs are there.
   *
   * @throws {@link ProposerError} `FAMILY_LOST`.
   */
  async assert(head: L1Block): Promise<ProposerReport["asserted"]> {
    const { follower, chain } = this.#options;
    const parent = this.view.tip;
    const { id: parentId, childTarget } = parent.created;
    if (follower.log.batchCount < childTarget) return "inbox not at target";
    const record = await chain.assertionRecord(parentId);
    const { minParentAge } = await this.view.parameters();
    const young = head.timestamp - record.createdAt < minParentAge;
    if (record.childCount === 0 && !record.isOverflow && young) return "parent too young";
    const expected = await this.view.expectedChild(parent);
    try {
      const receipt = await chain.assertState(assertionCall(parentId, expected, head));
      const { overflow } = expected;
      const id = toHex(expected.id);
      this.#logger.info({ id, parent: toHex(parentId), target: expected.target, overflow, ...receipt }, "asserted");
      return { id, overflow, receipt };
    } catch (error) {
      if (isContractError(error, "AssertionExists")) return "raced";
      if (isContractError(error, "ParentTooYoung")) return "parent too young";
      const changed = ["L1BlockMismatch", "TargetMismatch", "AssertionUnknown", "RangeIncomplete", "StakeMismatch"];
      if (isContractError(error, ...changed)) return "L1 changed";
      if (isContractError(error, "FamilyClosed")) {
        throw new ProposerError("FAMILY_LOST", "a wrong assertion had the challenge period to itself", {
          fields: { parent: parentId, expected: expected.id },
          cause: error,
        });
      }
      throw error;
    }
  }

  /** @throws {@link ProposerError} `WRONG_CONFIRMED`. */
  requireNotLost(): void {
    const { created, right } = this.view.latestConfirmed;
    if (right) return;
    throw new ProposerError("WRONG_CONFIRMED", "a wrong assertion is confirmed", {
      fields: { id: created.id, endStateHash: endHashOf(this.view.latestConfirmed), historyRoot: created.historyRoot },
    });
  }
}

function assertionCall(parent: Uint8Array, expected: ExpectedAssertion, l1Block: L1Block): AssertionCall {
  return {
    parent,
    end: expected.end,
    historyRoot: expected.historyRoot,
    lastLeafPath: expected.lastLeafPath,
    expectedTarget: expected.target,
    l1Block,
  };
}

function endHashOf(assertion: JudgedAssertion): Uint8Array {
  return machineStateHash(assertion.created.end);
}
