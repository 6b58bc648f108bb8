import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import { GameView } from "../game/GameView.ts";
import type { AssertionName, RecordedMove } from "../game/Move.ts";
import { unclaimedMoves, type RefundEvent } from "../game/MoveRefunds.ts";
import type { GameEvent, GameParameters, GameSource } from "../l1/GameSource.ts";
import type { EventPlace, L1Block } from "../l1/L1Source.ts";
import { machineStateHash } from "../machine/MachineState.ts";
import type { JudgedAssertion } from "./AssertionView.ts";
import type { Follower } from "./Follower.ts";

/** What following the games refuses. */
export type GameWatchErrorCode =
  /** L1 was reorganised while it was read; the next update starts from the common block. */
  | "L1_CHANGED"
  /** A node is open, and no event told of it; the next update reads the game's events again. */
  | "EVENTS_WITHHELD";

/** The games cannot be followed for now. */
export class GameWatchError extends TenorError<GameWatchErrorCode> {
  override readonly name = "GameWatchError";
}

/** A view with what has gone into it. */
interface CachedView {
  readonly view: GameView;
  readonly roots: Set<Hex>;
  events: number;
}

/**
 * All games as L1 has them. It keeps the events alone: a view is made of them when somebody asks, and goes on from there, until a
 * reorganisation of L1 drops events and with them every view.
 */
export class GameWatch {
  readonly #game: GameSource;
  readonly #startBlock: number;
  #parameters: GameParameters | undefined;
  #events = new Map<Hex, GameEvent[]>();
  #nextBlock: number;
  readonly #views = new Map<Hex, CachedView>();
  /** Times of blocks, by number. */
  readonly #times = new Map<number, bigint>();
  /** Counts reorganisations, so that an update notices one that comes while it works. */
  #generation = 0;

  /** @param startBlock The block of the game's deployment, or an earlier one. */
  constructor(game: GameSource, follower: Follower, startBlock: number) {
    this.#game = game;
    this.#startBlock = startBlock;
    this.#nextBlock = startBlock;
    follower.onReorg(({ commonBlock }) => this.#goBack(commonBlock));
  }

  /** The game's parameters, read once. */
  async parameters(): Promise<GameParameters> {
    return (this.#parameters ??= await this.#game.gameParameters());
  }

  /** Reads the games up to `head`, to which the follower has just gone. */
  async update(head: L1Block): Promise<void> {
    if (this.#nextBlock > head.number) return;
    const generation = this.#generation;
    const events = await this.#game.gameEvents(this.#nextBlock, head.number);
    const standing = await this.#game.block(head.number);
    if (standing?.hash !== head.hash || generation !== this.#generation) {
      throw new GameWatchError("L1_CHANGED", "L1 was reorganised while it was read", { fields: { head } });
    }
    for (const event of events) {
      const game = toHex(event.game);
      const known = this.#events.get(game);
      if (known === undefined) this.#events.set(game, [event]);
      else known.push(event);
    }
    this.#nextBlock = head.number + 1;
  }

  /** The game about the children of an assertion, whose children these are in their order. */
  async view(parent: JudgedAssertion, children: readonly JudgedAssertion[], historyHeight: number): Promise<GameView> {
    const id = toHex(parent.created.id);
    const { sectionBits } = await this.parameters();
    let cached = this.#views.get(id);
    if (cached === undefined) {
      const view = new GameView(parent.created.id, historyHeight, sectionBits);
      this.#views.set(id, (cached = { view, roots: new Set(), events: 0 }));
    }
    const { view, roots } = cached;
    // Times first, so that nothing is half done if the endpoint fails.
    const events = this.#events.get(id) ?? [];
    const added = events.slice(cached.events);
    await this.#readTimes([...children.map(({ created }) => created), ...added]);
    for (const { created } of children) {
      if (roots.has(toHex(created.id))) continue;
      view.apply({ type: "asserted", name: nameOf(created) }, this.#timeOf(created));
      roots.add(toHex(created.id));
    }
    try {
      for (const event of added) {
        if (event.type !== "recorded" && event.type !== "refunded") view.apply(event, this.#timeOf(event));
      }
    } catch (error) {
      // What is missing would be missed for ever.
      this.#goBack(parent.created.blockNumber - 1);
      throw error;
    }
    cached.events = events.length;
    for (const { confirmed, created } of children) {
      if (confirmed) view.apply({ type: "confirmed", historyRoot: created.historyRoot });
    }
    return view;
  }

  /**
   * Holds a view against what the game stores of its nodes. Of all events one that is left out goes unnoticed: a rival's opening, after which
   * the rival's time runs and this side believes that it has to wait; any other has a move refused that is overdue.
   *
   * @param view As {@link view} has given it for `parent` at `head`.
   * @throws {@link GameWatchError} `EVENTS_WITHHELD`.
   */
  async requireWhole(parent: JudgedAssertion, view: GameView, head: L1Block): Promise<void> {
    for (const node of view.nodes()) {
      if (node.children !== undefined || node.position.level === 0 || !view.isRivalled(node)) continue;
      const { openedAt } = await this.#game.nodeRecord(fromHex(node.id, 32), head.number);
      if (openedAt === 0n) continue;
      this.#goBack(parent.created.blockNumber - 1);
      throw new GameWatchError("EVENTS_WITHHELD", "a node of a game is open, and no event told of it", {
        fields: { game: parent.created.id, node: node.id, openedAt, block: head.number },
      });
    }
  }

  /** The moves that an account has made and not claimed, in every game in which there are any. */
  unclaimed(mover: Hex): ReadonlyMap<Hex, readonly RecordedMove[]> {
    const games = new Map<Hex, readonly RecordedMove[]>();
    for (const [game, events] of this.#events) {
      const own: RefundEvent[] = events.filter(
        (event) => (event.type === "recorded" || event.type === "refunded") && isSame(event.mover, mover),
      ) as RefundEvent[];
      const moves = unclaimedMoves(own);
      if (moves.length > 0) games.set(game, moves);
    }
    return games;
  }

  async #readTimes(places: readonly Pick<EventPlace, "blockNumber" | "blockHash">[]): Promise<void> {
    for (const { blockNumber, blockHash } of places) {
      if (this.#times.has(blockNumber)) continue;
      const block = await this.#game.block(blockNumber);
      if (block?.hash !== blockHash) {
        throw new GameWatchError("L1_CHANGED", "L1 was reorganised while it was read", { fields: { blockNumber } });
      }
      this.#times.set(blockNumber, block.timestamp);
    }
  }

  #timeOf({ blockNumber }: Pick<EventPlace, "blockNumber">): bigint {
    return this.#times.get(blockNumber)!;
  }

  #goBack(commonBlock: number): void {
    this.#generation++;
    this.#views.clear();
    if (commonBlock + 1 >= this.#nextBlock) return;
    this.#nextBlock = Math.max(commonBlock + 1, this.#startBlock);
    for (const block of this.#times.keys()) if (block > commonBlock) this.#times.delete(block);
    const kept = [...this.#events].map(([game, events]): [Hex, GameEvent[]] => [
      game,
      events.filter((event) => event.blockNumber <= commonBlock),
    ]);
    this.#events = new Map(kept);
  }
}

/** What an assertion is called by in its game. */
export function nameOf({ parent, end, historyRoot }: JudgedAssertion["created"]): AssertionName {
  return { game: parent, endStateHash: machineStateHash(end), historyRoot };
}

function isSame(a: Hex, b: Hex): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
