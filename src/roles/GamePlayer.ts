import { toHex, type Hex } from "../crypto/bytes.ts";
import type { GameView, ViewNode } from "../game/GameView.ts";
import type { Move } from "../game/Move.ts";
import { confirmMove, planMoves, type Testimony } from "../game/plan.ts";
import { groupMoves, splitConfirm, TRANSACTION_LIMITS, type TransactionLimits } from "../game/transactions.ts";
import type { GameWriter } from "../l1/GameSource.ts";
import { isContractError, L1Error } from "../l1/L1Error.ts";
import type { L1Receipt } from "../l1/L1Source.ts";

/** What became of one game in one round. */
export type PlayOutcome =
  /** Nothing is due: time, or the rivals, bring the game on. */
  | { readonly type: "waiting" }
  | {
      readonly type: "played";
      readonly moves: readonly Move["type"][];
      readonly receipts: readonly L1Receipt[];
      /** Moves beside them that did not get through, other than by a race. */
      readonly refused: readonly RefusedMove[];
    }
  /** Somebody else made one of the moves first. What is left is planned anew in the next round. */
  | { readonly type: "raced" }
  /** The contract, or the endpoint, refuses moves for a reason that does not go away by waiting. */
  | { readonly type: "refused"; readonly refused: readonly RefusedMove[] };

/** A move that the contract or the endpoint refuses. */
export interface RefusedMove {
  readonly move: Move["type"];
  readonly error: L1Error;
}

/** Moves that are planned at once: proofs have to be computed, and are lost if somebody is faster. */
const MOST_PLANNED = 24;
/** Failures of a game's moves in one transaction, one after another, before they are made one by one. */
const MOST_FAILURES = 2;

/** A move that somebody else has made, or that a reorganisation of L1 has taken the ground from. */
const RACED = [
  "AlreadyConfirmed",
  "AlreadyDescended",
  "AlreadyProven",
  "AssertionUnknown",
  "ChildrenMismatch",
  "InputsAlreadyRecorded",
  "InputsMismatch",
  "NodeAlreadyOpen",
  "NodeNotOpen",
  "NodeUnknown",
  "NotRivalled",
];

/**
 * Makes the moves of one side. All that are due go into one transaction, which fails as a whole if somebody was faster with one of
 * them; then the game is read and planned again. A rival that keeps doing that on purpose makes moves for us, but each costs
 * us a failed transaction; so after two failures moves are made one by one, where only those fail that need not be made.
 */
export class GamePlayer {
  readonly #game: GameWriter;
  readonly #limits: TransactionLimits;
  /** Failures one after another, by game. Losing them costs no more than two transactions. */
  readonly #failures = new Map<Hex, number>();

  constructor(game: GameWriter, limits = TRANSACTION_LIMITS) {
    this.#game = game;
    this.#limits = limits;
  }

  /** Makes the moves that are due, as far as one transaction goes. */
  async play(view: GameView, testimony: Testimony): Promise<PlayOutcome> {
    const { moves } = await planMoves(view, testimony, MOST_PLANNED);
    if (moves.length === 0) return { type: "waiting" };
    const id = toHex(view.game);
    const failures = this.#failures.get(id) ?? 0;
    if (failures >= MOST_FAILURES) return await this.#playOneByOne(id, moves);
    const group = groupMoves(moves, (move) => this.#game.callBytes(move), this.#limits)[0]!;
    try {
      const receipt = await this.#game.play(group);
      this.#failures.delete(id);
      return { type: "played", moves: group.map((move) => move.type), receipts: [receipt], refused: [] };
    } catch (error) {
      requireAboutMoves(error);
      this.#failures.set(id, failures + 1);
      return { type: "raced" };
    }
  }

  /**
   * Confirms an assertion that has had its time, as its view says or, since the contract keeps earlier totals, as the contract says.
   * Undefined: not yet.
   *
   * @param wins Whether the time is there by the view.
   */
  async confirm(view: GameView, root: ViewNode, wins: boolean): Promise<PlayOutcome | undefined> {
    const { before, confirm } = splitConfirm(confirmMove(view, root), this.#limits);
    if (!wins && (before.length > 0 || !(await this.#wouldConfirm(confirm)))) return undefined;
    const receipts: L1Receipt[] = [];
    try {
      for (const updates of before) receipts.push(await this.#game.play([{ type: "update", updates }]));
      receipts.push(await this.#game.play([confirm]));
    } catch (error) {
      if (isContractError(error, "TimeTooShort", "ParentNotConfirmed")) return undefined;
      requireAboutMoves(error);
      if (isRace(error)) return { type: "raced" };
      return { type: "refused", refused: [{ move: "confirm", error }] };
    }
    const updates = before.map((): Move["type"] => "update");
    return { type: "played", moves: [...updates, "confirm"], receipts, refused: [] };
  }

  async #wouldConfirm(confirm: Move): Promise<boolean> {
    try {
      await this.#game.wouldPlay([confirm]);
      return true;
    } catch (error) {
      requireAboutMoves(error);
      return false;
    }
  }

  async #playOneByOne(game: Hex, moves: readonly Move[]): Promise<PlayOutcome> {
    const played: Move["type"][] = [];
    const receipts: L1Receipt[] = [];
    const refused: RefusedMove[] = [];
    let raced = false;
    for (const move of moves) {
      try {
        receipts.push(await this.#game.play([move]));
        played.push(move.type);
      } catch (error) {
        requireAboutMoves(error);
        if (isRace(error)) raced = true;
        else refused.push({ move: move.type, error });
      }
    }
    // Together again once nobody is in the way any more.
    if (!raced && refused.length === 0) this.#failures.delete(game);
    if (receipts.length > 0) return { type: "played", moves: played, receipts, refused };
    return refused.length > 0 ? { type: "refused", refused } : { type: "raced" };
  }
}

/** Passes failures on that say nothing about the moves: the endpoint's, the account's. */
function requireAboutMoves(error: unknown): asserts error is L1Error {
  const about = ["REVERTED", "FAILED_ON_CHAIN", "NONCE_USED", "REPLACEMENT_UNDERPRICED", "REQUEST_REFUSED"];
  if (!(error instanceof L1Error) || !about.includes(error.code)) throw error;
}

function isRace(error: L1Error): boolean {
  return isContractError(error, ...RACED) || ["FAILED_ON_CHAIN", "NONCE_USED"].includes(error.code);
}
