import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { childrenOf } from "../../../src/history/HistorySource.ts";
import type { GameView, ViewNode } from "../../../src/game/GameView.ts";
import type { Move } from "../../../src/game/Move.ts";
import { partingOf } from "../../../src/game/NodeState.ts";
import { descendMove } from "../../../src/game/plan.ts";
import type { Random } from "../random.ts";
import type { Actor, Arena } from "./Arena.ts";
import type { Claim } from "./GameScene.ts";

/**
 * When a liar makes a move that it could make: so many seconds after it became possible; "last moment": one second before the
 * honest assertion would be confirmed; "never".
 */
type Pace = (random: Random, challengePeriod: number) => number | "last moment" | "never";

/** How a liar moves: when it opens its nodes, and when it brings a pair of its own and anybody's down. */
export interface Style {
  readonly open: Pace;
  readonly descend: Pace;
}

/** The styles of moving, by name. */
export const STYLES = {
  /** Answers instantly, and registers whatever can be registered, also against other liars. */
  eager: { open: () => 0, descend: () => 0 },
  /** Opens instantly, so that its time runs, and registers nothing, which would stop it. */
  quick: { open: () => 0, descend: () => "never" },
  /** Lets others do the work, and opens late. */
  lazy: { open: (random, period) => random.integer(1, Math.floor(period / 3)), descend: () => "never" },
  /** Does nothing until the honest assertion is about to be confirmed, and then one thing. */
  "last moment": { open: () => "last moment", descend: () => "last moment" },
  /** Asserts, and leaves it at that. */
  silent: { open: () => "never", descend: () => "never" },
  /** Opens late and registers at will, so that pairs of liars come into a context at any time. */
  registrar: {
    open: (random, period) => random.integer(0, Math.floor(period / 2)),
    descend: (random, period) => (random.chance(0.5) ? 0 : random.integer(1, period)),
  },
  /** Anything, anytime. */
  erratic: { open: anyPace, descend: anyPace },
} satisfies Record<string, Style>;

export type StyleName = keyof typeof STYLES;

function anyPace(random: Random, period: number): number | "last moment" | "never" {
  const draw = random.next();
  if (draw < 0.25) return 0;
  if (draw < 0.5) return "last moment";
  if (draw < 0.6) return "never";
  return random.integer(1, period);
}

/** What makes a liar. */
export interface LiarManner {
  readonly name: string;
  readonly signer: HardhatEthersSigner;
  readonly claim: Claim;
  readonly style: Style;
  /** Undefined: somebody else asserts the claim, and this one moves for it. */
  readonly assertAt: number | undefined;
  readonly random: Random;
}

/** A move that a liar could make, and when it wants to. */
interface Wish {
  readonly move: () => Promise<Move>;
  readonly due: number | "last moment" | "never";
}

/** Stands by a wrong assertion. */
export class Liar implements Actor {
  readonly name: string;
  readonly claim: Claim;
  readonly signer: HardhatEthersSigner;
  /** A time at which it wants to be there whatever it has to do. */
  alarm: number | undefined;
  readonly #manner: LiarManner;
  readonly #wishes = new Map<string, Wish>();
  #asserted = false;
  #version = -1;

  constructor(manner: LiarManner) {
    this.#manner = manner;
    this.name = manner.name;
    this.claim = manner.claim;
    this.signer = manner.signer;
  }

  get hasAsserted(): boolean {
    return this.#asserted;
  }

  async wake(arena: Arena): Promise<number | undefined> {
    if (this.#isWaiting()) return this.#manner.assertAt;
    await this.#look(arena);
    let next = this.alarm !== undefined && this.alarm > arena.now ? this.alarm : Infinity;
    let waitsForLastMoment = false;
    for (const { due } of this.#wishes.values()) {
      if (due === "last moment") waitsForLastMoment = true;
      else if (due !== "never") next = Math.min(next, due);
    }
    if (waitsForLastMoment) next = Math.min(next, (await lastMoment(arena)) ?? Infinity);
    return next === Infinity ? undefined : Math.max(next, arena.now);
  }

  async act(arena: Arena): Promise<void> {
    if (this.#isWaiting()) {
      if (arena.now < this.#manner.assertAt!) return;
      await arena.assert(this.signer, this.claim);
      this.#asserted = true;
    }
    await this.#look(arena);
    const isLast = arena.now === (await lastMoment(arena));
    for (const [key, { move, due }] of [...this.#wishes]) {
      if (due === "never" || (due === "last moment" ? !isLast : due > arena.now)) continue;
      this.#wishes.delete(key);
      await arena.sendAll(this.signer, [await move()]);
      // What the move has made possible, or somebody's move impossible, is seen first.
      return await this.act(arena);
    }
  }

  #isWaiting(): boolean {
    return !this.#asserted && this.#manner.assertAt !== undefined;
  }

  /** Finds what it could do. */
  async #look(arena: Arena): Promise<void> {
    if (this.#version === arena.version) return;
    this.#version = arena.version;
    const { view } = arena;
    const root = await arena.root(this.claim);
    const possible = new Set<string>();
    const visit = (node: ViewNode): void => {
      if (node.position.level === 0 || view.rivals(node).length === 0) return;
      if (node.children === undefined) {
        this.#wish(arena, possible, `open ${node.id}`, "open", () => this.#open(view, node));
        return;
      }
      for (const rival of view.rivals(node)) {
        if (rival.children === undefined) continue;
        const index = partingOf(node, rival);
        if (node.linked.has(index) && rival.linked.has(index)) continue;
        const descend = (): Promise<Move> => Promise.resolve(descendMove(view, node, rival, index));
        this.#wish(arena, possible, `descend ${node.id} ${rival.id}`, "descend", descend);
      }
      node.linked.forEach(visit);
    };
    if (root !== undefined) visit(root);
    for (const key of this.#wishes.keys()) if (!possible.has(key)) this.#wishes.delete(key);
  }

  #wish(arena: Arena, possible: Set<string>, key: string, kind: keyof Style, move: () => Promise<Move>): void {
    possible.add(key);
    if (this.#wishes.has(key)) return;
    const pace = this.#manner.style[kind](this.#manner.random, arena.challengePeriod);
    this.#wishes.set(key, { move, due: typeof pace === "number" ? arena.now + pace : pace });
  }

  async #open(view: GameView, node: ViewNode): Promise<Move> {
    const { position, span } = node;
    const children = await childrenOf(this.claim.history, position.level, position.index, view.bitsOf(node));
    if (node.assertion !== undefined) return { type: "open root", ...node.assertion, children };
    return { type: "open", position, span, children };
  }
}

/** The second before the one in which the honest assertion can be confirmed. */
async function lastMoment(arena: Arena): Promise<number | undefined> {
  const earliest = await arena.earliest(arena.scene.honest);
  return earliest === undefined || earliest <= arena.now ? undefined : earliest - 1;
}

/** Sees the honest party's transactions before they are mined and makes the first of their moves itself. */
export class Copier implements Actor {
  readonly name = "copier";
  readonly #signer: HardhatEthersSigner;
  readonly #most: number;
  #copied = 0;

  /** @param most Number of moves of a transaction that are copied. */
  constructor(arena: Arena, signer: HardhatEthersSigner, most: number) {
    this.#signer = signer;
    this.#most = most;
    arena.watchers.push(async (moves) => {
      const copied = moves.slice(0, this.#most);
      this.#copied += copied.length;
      await arena.sendAll(this.#signer, copied);
    });
  }

  get copied(): number {
    return this.#copied;
  }

  wake(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  act(): Promise<void> {
    return Promise.resolve();
  }
}

/** Keeps the honest party's transactions out whenever it wants to send some, for a while, as long as the budget lasts. */
export class Censor implements Actor {
  readonly name = "censor";
  readonly budget: number;
  #left: number;

  /**
   * @param budget C, seconds in all.
   * @param piece Seconds for which one transaction is kept out.
   */
  constructor(arena: Arena, budget: number, piece: () => number) {
    this.budget = budget;
    this.#left = budget;
    arena.watchers.push(() => {
      const seconds = Math.min(this.#left, piece());
      this.#left -= seconds;
      if (seconds > 0) arena.censoredUntil = arena.now + seconds;
      return Promise.resolve();
    });
  }

  wake(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  act(): Promise<void> {
    return Promise.resolve();
  }
}

/** Has everybody's totals computed whenever something happens, before they can fall. */
export class Updater implements Actor {
  readonly name = "updater";
  readonly #signer: HardhatEthersSigner;
  #updatedAt = 0;

  constructor(signer: HardhatEthersSigner) {
    this.#signer = signer;
  }

  wake(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async act(arena: Arena): Promise<void> {
    if (this.#updatedAt === arena.now) return;
    this.#updatedAt = arena.now;
    await arena.updateAll(this.#signer);
  }
}
