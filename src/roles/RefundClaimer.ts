import { equalBytes, type Hex } from "../crypto/bytes.ts";
import type { HistorySource } from "../history/HistorySource.ts";
import type { GameView } from "../game/GameView.ts";
import type { AssertionName, RecordedMove } from "../game/Move.ts";
import { hashOfMoves, isPaidBack, placesOf, refundClaim } from "../game/MoveRefunds.ts";
import { TRANSACTION_LIMITS } from "../game/transactions.ts";
import type { GameSource, GameWriter } from "../l1/GameSource.ts";
import { isContractError } from "../l1/L1Error.ts";
import type { L1Block, L1Receipt } from "../l1/L1Source.ts";
import type { AssertionView } from "./AssertionView.ts";
import type { Follower } from "./Follower.ts";
import { nameOf, type GameWatch } from "./GameWatch.ts";
import type { Logger } from "./Logger.ts";
import { testimonyOf } from "./Testimony.ts";

/** What became of the refunds of one game in one round. */
export type RefundOutcome =
  | {
      readonly type: "claimed";
      readonly moves: number;
      /** Moves that are still to be claimed. */
      readonly left: number;
      readonly amount: bigint;
      readonly receipt: L1Receipt;
    }
  /** The claims would cost more than they are paid. */
  | { readonly type: "not worth it"; readonly amount: bigint; readonly cost: bigint }
  /** The events that were read are not all, or moves were claimed by another process: read again. */
  | { readonly type: "out of step" };

/** How refunds are claimed. */
export interface RefundOptions {
  /** Where refunds go. Default: the account that made the moves. */
  readonly recipient?: Hex;
  /** Moves in one claim. Default 64. */
  readonly mostMoves?: number;
}

/** What claims are made from. */
export interface RefundContext {
  readonly game: GameSource & GameWriter;
  readonly assertions: AssertionView;
  readonly games: GameWatch;
  readonly follower: Follower;
  readonly logger: Logger;
}

/** Seconds after which claims that were not worth their cost are looked at again, as the price of gas may have fallen. */
const AGAIN = 3600n;
/**
 * Challenge periods after an assertion was made for which refunds are looked for: from one after its confirmation on, the stakes that
 * pay them may be gone, and a range of long ago is dear to execute again.
 */
const PERIODS = 3n;

/** Gas of a claim, and of a move in it beside its calldata: its hashes. */
const CLAIM_GAS = 100_000n;
const MOVE_GAS = 15_000n;
const BYTE_GAS = 40n;

/** Claims what moves of games that were won have cost, from the last one backwards, as many at once as fit a transaction. */
export class RefundClaimer {
  readonly #context: RefundContext;
  readonly #recipient: Hex | undefined;
  readonly #mostMoves: number;
  /** When claims were last found not to be worth their cost, by game. */
  readonly #notWorth = new Map<Hex, bigint>();

  constructor(context: RefundContext, { recipient, mostMoves = 64 }: RefundOptions = {}) {
    this.#context = context;
    this.#recipient = recipient;
    this.#mostMoves = mostMoves;
  }

  /** One claim in each game in which this account has moves to claim. */
  async claimAll(head: L1Block): Promise<readonly RefundOutcome[]> {
    const { assertions, games, game, follower, logger } = this.#context;
    const { historyHeight, challengePeriod } = await assertions.parameters();
    const outcomes: RefundOutcome[] = [];
    for (const [id, moves] of games.unclaimed(await game.address())) {
      const parent = assertions.has(id) ? assertions.get(id) : undefined;
      const right = parent?.right === true ? assertions.rightChild(parent) : undefined;
      if (parent === undefined || right?.confirmed !== true) continue;
      if (head.timestamp < (this.#notWorth.get(id) ?? 0n) + AGAIN) continue;
      const view = await games.view(parent, assertions.children(parent), historyHeight);
      const { createdAt } = view.root(right.created.historyRoot)!;
      if (head.timestamp > createdAt + PERIODS * challengePeriod) continue;
      const { history } = await testimonyOf(assertions, follower, parent);
      const outcome = await this.#claim(view, history, nameOf(right.created), moves);
      if (outcome.type === "not worth it") this.#notWorth.set(id, head.timestamp);
      if (outcome.type === "claimed") logger.info({ game: id, ...outcome }, "refunds claimed");
      if (outcome.type !== "claimed" || outcome.left === 0) assertions.forget(parent);
      outcomes.push(outcome);
    }
    return outcomes;
  }

  /**
   * Claims some of the moves that the events show as unclaimed. Others are left for further rounds, also of another process: the game
   * keeps the hash of what remains.
   */
  async #claim(
    view: GameView,
    history: HistorySource,
    winner: AssertionName,
    unclaimed: readonly RecordedMove[],
  ): Promise<RefundOutcome> {
    const { game } = this.#context;
    const mover = await game.address();
    const head = await game.unclaimedMoves(view.game, mover);
    if (!equalBytes(head, hashOfMoves(unclaimed))) return { type: "out of step" };
    const places = await placesOf(view, history, unclaimed);
    const paid = unclaimed.map((move, i) => (isPaidBack(view, move, places[i]) ? move.amount : 0n));
    // What comes before the first move that is paid need never be claimed.
    const wanted =
      unclaimed.length -
      Math.max(
        0,
        paid.findIndex((amount) => amount > 0n),
      );
    let count = Math.min(this.#mostMoves, wanted);
    let claim = refundClaim(winner, unclaimed, places, count);
    while (count > 1 && game.claimBytes(claim) > TRANSACTION_LIMITS.bytes) {
      count = Math.ceil(count / 2);
      claim = refundClaim(winner, unclaimed, places, count);
    }
    const recipient = this.#recipient ?? mover;
    try {
      const [amount, price] = await Promise.all([game.refundOf(claim, recipient), game.gasPrice()]);
      const gas = CLAIM_GAS + MOVE_GAS * BigInt(count) + BYTE_GAS * BigInt(game.claimBytes(claim));
      const cost = gas * price;
      // A claim that is worth little may stand before one that is worth more, unless the stakes of the losers are used up.
      const usedUp = amount < sum(paid.slice(-count));
      const all = usedUp ? amount : sum(paid);
      const costOfAll = usedUp ? cost : (cost * BigInt(wanted)) / BigInt(count);
      if (all <= costOfAll) return { type: "not worth it", amount: all, cost: costOfAll };
      const receipt = await game.claimRefund(claim, recipient);
      return { type: "claimed", moves: count, left: wanted - count, amount, receipt };
    } catch (error) {
      if (isContractError(error, "MovesMismatch", "NothingToRefund", "NotConfirmed")) return { type: "out of step" };
      throw error;
    }
  }
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
