import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { toHex } from "../../../src/crypto/bytes.ts";
import { nodeAt, rootPosition } from "../../../src/game/GameNode.ts";
import type { GameView, ViewNode } from "../../../src/game/GameView.ts";
import type { Move } from "../../../src/game/Move.ts";
import { planMoves } from "../../../src/game/plan.ts";
import type { Actor, Arena } from "./Arena.ts";

/** How an honest party reacts. */
export interface HonestManner {
  readonly signer: HardhatEthersSigner;
  /** Seconds from when a move can first be made until this party makes it. */
  readonly delay: () => number;
  /** Whether moves that the due ones make possible go into the same transaction. */
  readonly combined: boolean;
  /** When it asserts. */
  readonly assertAt: number;
}

/** Plays for the right assertion: makes every move that it needs, each as late as it may. */
export class HonestParty implements Actor {
  readonly name = "honest party";
  readonly signer: HardhatEthersSigner;
  readonly #manner: HonestManner;
  /** When the moves that can be made now will be. */
  readonly #due = new Map<string, number>();
  #plan: readonly Move[] = [];
  #version = -1;
  #asserted = false;

  constructor(manner: HonestManner) {
    this.#manner = manner;
    this.signer = manner.signer;
  }

  async wake(arena: Arena): Promise<number | undefined> {
    if (!this.#asserted) return this.#manner.assertAt;
    await this.#look(arena);
    const next = Math.min(...this.#due.values());
    return next === Infinity ? undefined : Math.max(next, arena.censoredUntil, arena.now);
  }

  async act(arena: Arena): Promise<void> {
    if (!this.#asserted) {
      if (arena.now < this.#manner.assertAt) return;
      await arena.assert(this.signer, arena.scene.honest);
      this.#asserted = true;
    }
    await this.#look(arena);
    const moves = this.#dueMoves(arena);
    if (moves.length === 0 || arena.now < arena.censoredUntil) return;
    for (const watch of arena.watchers) await watch(moves);
    if (arena.now < arena.censoredUntil) return;
    const refusal = this.#manner.combined ? await this.#sendTogether(arena, moves) : "one by one";
    if (refusal !== undefined) await this.#sendOneByOne(arena, moves);
  }

  async #sendTogether(arena: Arena, moves: readonly Move[]): Promise<string | undefined> {
    for (let i = 0; i < moves.length; i += 12) {
      const refusal = await arena.send(this.signer, moves.slice(i, i + 12));
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** Somebody was faster with one of the moves: the others are still needed, and a refusal of one must not hold them up. */
  async #sendOneByOne(arena: Arena, moves: readonly Move[]): Promise<void> {
    for (const move of moves) {
      if (isPossible(arena.view, move)) await arena.sendAll(this.signer, [move]);
    }
  }

  /** Sees what can be done, and resolves to do it in time. */
  async #look(arena: Arena): Promise<void> {
    if (this.#version === arena.version) return;
    this.#version = arena.version;
    this.#plan = (await planMoves(arena.view, arena.scene.testimony)).moves;
    const possible = new Set(this.#plan.filter((move) => isPossible(arena.view, move)).map(keyOf));
    for (const key of this.#due.keys()) if (!possible.has(key)) this.#due.delete(key);
    for (const key of possible) if (!this.#due.has(key)) this.#due.set(key, arena.now + this.#manner.delay());
  }

  /** The moves whose time has come, and, combined, those that they make possible. */
  #dueMoves(arena: Arena): Move[] {
    const draft = arena.view.clone();
    const moves: Move[] = [];
    for (const move of this.#plan) {
      const due = this.#due.get(keyOf(move));
      const isConsequence = due === undefined && this.#manner.combined && isPossible(draft, move);
      if (!isConsequence && (due === undefined || due > arena.now)) continue;
      moves.push(move);
      suppose(draft, move);
    }
    return moves;
  }
}

/** The node that a move is made for. */
function nodeOf(view: GameView, move: Move): ViewNode | undefined {
  if (move.type === "open root") return view.root(move.historyRoot);
  if (move.type === "open" || move.type === "prove") return view.node(nodeAt(move.position, move.span));
  if (move.type === "descend") return view.node(nodeAt(move.position, move.a.span));
  return undefined;
}

/** Whether a move of a plan can be made as things are, and not only after another one. */
export function isPossible(view: GameView, move: Move): boolean {
  const node = nodeOf(view, move);
  switch (move.type) {
    case "record inputs":
      return view.inputs === undefined && view.roots().length > 1;
    case "open root":
    case "open":
      return node?.children === undefined && node !== undefined && view.rivals(node).length > 0;
    case "descend": {
      const rival = view.node(nodeAt(move.position, move.b.span));
      if (node?.children === undefined || rival?.children === undefined) return false;
      return !node.linked.has(move.index) || !rival.linked.has(move.index);
    }
    case "prove":
      return node?.proven === false && view.inputs !== undefined;
    case "update":
    case "confirm":
      return true;
  }
}

/** A move by its kind and what it is about. */
export function keyOf(move: Move): string {
  switch (move.type) {
    case "open root":
      return `open root ${toHex(move.historyRoot)}`;
    case "open":
    case "prove":
      return `${move.type} ${toHex(nodeAt(move.position, move.span))}`;
    case "descend":
      return `descend ${toHex(nodeAt(move.position, move.a.span))} ${toHex(nodeAt(move.position, move.b.span))}`;
    case "record inputs":
    case "update":
    case "confirm":
      return move.type;
  }
}

/** Takes a move into a view as if it had been made. */
function suppose(view: GameView, move: Move): void {
  if (move.type === "open root") {
    view.apply({
      type: "opened",
      node: nodeAt(rootPosition(move.game, view.height), move.historyRoot),
      children: move.children,
    });
  } else if (move.type === "open") {
    view.apply({ type: "opened", node: nodeAt(move.position, move.span), children: move.children });
  } else if (move.type === "descend") {
    const [nodeA, nodeB] = [nodeAt(move.position, move.a.span), nodeAt(move.position, move.b.span)];
    view.apply({ type: "descended", nodeA, nodeB, index: move.index });
  }
}
