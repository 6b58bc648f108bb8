import { equalBytes, type Hex } from "../crypto/bytes.ts";
import type { HistorySource } from "../history/HistorySource.ts";
import type { GameView } from "../game/GameView.ts";
import type { AssertionName, RecordedMove } from "../game/Move.ts";
import { hashOfMoves, isPaidBack, placesOf, refundClaim } from "../game/MoveRefunds.ts";
import { TRANSACTION_LIMITS } from "../game/transactions.ts";
import type { GameSource, GameWriter } from "../l1/GameSource.ts";
import { isContractError } from "../l1/L1Error.ts";
import type { L1Receipt } from "../l1/L1Source.ts";

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

/** Gas of a claim, and of a move in it beside its calldata: its hashes. */
const CLAIM_GAS = 100_000n;
const MOVE_GAS = 15_000n;
const BYTE_GAS = 40n;

/** Claims what moves have cost, from the last one backwards, as many as fit a transaction. */
export class RefundClaimer {
  readonly #game: GameSource & GameWriter;
  readonly #recipient: Hex | undefined;
  readonly #mostMoves: number;

  constructor(game: GameSource & GameWriter, { recipient, mostMoves = 64 }: RefundOptions = {}) {
    this.#game = game;
    this.#recipient = recipient;
    this.#mostMoves = mostMoves;
  }

  /**
   * Claims some of the moves that the events show as unclaimed. Others are left for further rounds, also of another process: the game
   * keeps the hash of what remains.
   */
  async claim(
    view: GameView,
    history: HistorySource,
    winner: AssertionName,
    unclaimed: readonly RecordedMove[],
  ): Promise<RefundOutcome> {
    const mover = await this.#game.address();
    const head = await this.#game.unclaimedMoves(view.game, mover);
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
    while (count > 1 && this.#game.claimBytes(claim) > TRANSACTION_LIMITS.bytes) {
      count = Math.ceil(count / 2);
      claim = refundClaim(winner, unclaimed, places, count);
    }
    const recipient = this.#recipient ?? mover;
    try {
      const [amount, price] = await Promise.all([this.#game.refundOf(claim, recipient), this.#game.gasPrice()]);
      const gas = CLAIM_GAS + MOVE_GAS * BigInt(count) + BYTE_GAS * BigInt(this.#game.claimBytes(claim));
      const cost = gas * price;
      // A claim that is worth little may stand before one that is worth more, unless the stakes of the losers are used up.
      const usedUp = amount < sum(paid.slice(-count));
      const all = usedUp ? amount : sum(paid);
      const costOfAll = usedUp ? cost : (cost * BigInt(wanted)) / BigInt(count);
      if (all <= costOfAll) return { type: "not worth it", amount: all, cost: costOfAll };
      const receipt = await this.#game.claimRefund(claim, recipient);
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
