import { toHex, type Hex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import type { StepContext } from "../machine/InputLog.ts";
import { own, PROVEN, type Rivals } from "./GameClock.ts";
import { baseBelow, contextOf, nodeId, rootPosition, sectionBits, siblingsOf, type Position } from "./GameNode.ts";
import type { AssertionName, Child } from "./Move.ts";

/** What the view of a game refuses. */
export type GameViewErrorCode =
  /** The endpoint's events do not fit together. */
  "EVENTS_INCONSISTENT";

/** The game cannot be followed. */
export class GameViewError extends TenorError<GameViewErrorCode> {
  override readonly name = "GameViewError";
}

/** A node of a game as L1 has it. */
export interface ViewNode {
  readonly id: Hex;
  readonly position: Position;
  /** Hash of the position, which rivals have in common. */
  readonly context: Hex;
  readonly span: Uint8Array;
  /** What it is called by, if it is an assertion. */
  readonly assertion: AssertionName | undefined;
  /** Undefined: it is not open. */
  readonly children: readonly Uint8Array[] | undefined;
  /** The children that are nodes, by number. */
  readonly linked: ReadonlyMap<number, ViewNode>;
  readonly proven: boolean;
  /** The assertion is confirmed. */
  readonly confirmed: boolean;
  /** What its clock counts from: of an assertion when it was made, of others when their parent was opened. */
  readonly createdAt: bigint;
  /** When the node first was there; of all but assertions later than its creation. */
  readonly knownAt: bigint;
  /** Zero: it is not open. */
  readonly openedAt: bigint;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface MutableNode extends Mutable<Omit<ViewNode, "linked">> {
  linked: Map<number, MutableNode>;
}

/** What happens in a game, whether L1 says so or a plan supposes it. */
export type GameChange =
  | { readonly type: "asserted"; readonly name: AssertionName }
  | { readonly type: "confirmed"; readonly historyRoot: Uint8Array }
  | { readonly type: "inputs"; readonly inputs: StepContext }
  | { readonly type: "opened"; readonly node: Uint8Array; readonly children: readonly Uint8Array[] }
  | { readonly type: "descended"; readonly nodeA: Uint8Array; readonly nodeB: Uint8Array; readonly index: number }
  | { readonly type: "proven"; readonly node: Uint8Array };

/**
 * One game: which nodes there are, which are open since when, and which children of theirs are nodes. All of it follows from events, so
 * a challenger that was killed has it again after one reading.
 */
export class GameView {
  /** Id of the assertion whose children the game is about. */
  readonly game: Uint8Array;
  readonly height: number;
  /** m. */
  readonly sectionBits: number;
  readonly #nodes = new Map<Hex, MutableNode>();
  /** Nodes by context. */
  readonly #contexts = new Map<Hex, MutableNode[]>();
  /** Of the assertions. */
  readonly #rootContext: Uint8Array;
  #inputs: StepContext | undefined;

  constructor(game: Uint8Array, height: number, m: number) {
    this.game = game;
    this.height = height;
    this.sectionBits = m;
    this.#rootContext = contextOf(rootPosition(game, height));
  }

  /** Inputs recorded for proofs; undefined if there are none. */
  get inputs(): StepContext | undefined {
    return this.#inputs;
  }

  /** Number of nodes. */
  get size(): number {
    return this.#nodes.size;
  }

  /** All nodes. */
  nodes(): Iterable<ViewNode> {
    return this.#nodes.values();
  }

  /** A node by its id. */
  node(id: Uint8Array): ViewNode | undefined {
    return this.#nodes.get(toHex(id));
  }

  /** The root of this history, if it was asserted. */
  root(historyRoot: Uint8Array): ViewNode | undefined {
    return this.node(this.#rootId(historyRoot));
  }

  /** All assertions of the game. */
  roots(): readonly ViewNode[] {
    return this.#contexts.get(toHex(this.#rootContext)) ?? [];
  }

  /** The other nodes of a node's context. */
  rivals(node: ViewNode): readonly ViewNode[] {
    const all = this.#contexts.get(node.context) ?? [];
    return all.filter((other) => other.id !== node.id);
  }

  /** Levels that a move goes down from a node. */
  bitsOf(node: ViewNode): number {
    return sectionBits(node.position.level, this.sectionBits);
  }

  /** Whether a node has any rival. */
  isRivalled(node: ViewNode): boolean {
    return (this.#contexts.get(node.context)?.length ?? 0) > 1;
  }

  /**
   * A node's total at a time, with the totals of all nodes below it computed anew: what the contract has after an update of
   * all of them, or less, because it keeps what was larger at an earlier update.
   */
  total(node: ViewNode, now: bigint, known = new Map<Hex, bigint>()): bigint {
    const before = known.get(node.id);
    if (before !== undefined) return before;
    if (node.proven) return PROVEN;
    let time = 0n;
    if (node.children !== undefined) {
      time = now - node.openedAt;
      for (const child of node.linked.values()) {
        const total = this.total(child, now, known);
        if (total < time) time = total;
      }
    }
    time += this.#ownTime(node, now);
    known.set(node.id, time);
    return time;
  }

  /**
   * Takes a change in that came at `time`, in seconds. One that is there already changes nothing.
   *
   * @throws {@link GameViewError} if it is about a node that is not there.
   */
  apply(change: GameChange, time = 0n): void {
    switch (change.type) {
      case "asserted":
        this.#add(rootPosition(this.game, this.height), change.name.historyRoot, change.name, time, time);
        break;
      case "confirmed":
        this.#require(this.#rootId(change.historyRoot)).confirmed = true;
        break;
      case "inputs":
        this.#inputs = change.inputs;
        break;
      case "opened":
        Object.assign(this.#require(change.node), { children: change.children, openedAt: time });
        break;
      case "descended":
        this.#descend(this.#require(change.nodeA), this.#require(change.nodeB), change.index, time);
        break;
      case "proven":
        this.#require(change.node).proven = true;
        break;
    }
  }

  /** A view of its own, on which a plan can try what follows from its moves. */
  clone(): GameView {
    const copy = new GameView(this.game, this.height, this.sectionBits);
    copy.#inputs = this.#inputs;
    for (const node of this.#nodes.values()) copy.#insert({ ...node, linked: new Map() });
    for (const node of this.#nodes.values()) {
      const { linked } = copy.#nodes.get(node.id)!;
      for (const [index, child] of node.linked) linked.set(index, copy.#nodes.get(child.id)!);
    }
    return copy;
  }

  #rootId(historyRoot: Uint8Array): Uint8Array {
    return nodeId(this.#rootContext, historyRoot);
  }

  #ownTime(node: ViewNode, now: bigint): bigint {
    const times = (this.#contexts.get(node.context) ?? []).map(({ createdAt }) => createdAt);
    if (times.length < 2) return now - node.createdAt;
    const [first, second] = times.sort((a, b) => Number(a - b));
    const rivals: Rivals = { first: first!, second: second! };
    return own(rivals, node.createdAt);
  }

  #descend(a: MutableNode, b: MutableNode, index: number, time: bigint): void {
    for (const node of [a, b]) {
      if (node.children === undefined) {
        throw new GameViewError("EVENTS_INCONSISTENT", "a node has children without being open", {
          fields: { node: node.id, index },
        });
      }
      const child = childAt(node, index, this.bitsOf(node));
      node.linked.set(index, this.#add(child.position, child.span, undefined, node.openedAt, time));
    }
  }

  #add(
    position: Position,
    span: Uint8Array,
    assertion: AssertionName | undefined,
    createdAt: bigint,
    knownAt: bigint,
  ): MutableNode {
    const context = contextOf(position);
    const id = toHex(nodeId(context, span));
    const known = this.#nodes.get(id);
    if (known !== undefined) {
      if (createdAt < known.createdAt) known.createdAt = createdAt;
      return known;
    }
    return this.#insert({
      id,
      position,
      context: toHex(context),
      span,
      assertion,
      children: undefined,
      linked: new Map(),
      proven: false,
      confirmed: false,
      createdAt,
      knownAt,
      openedAt: 0n,
    });
  }

  #insert(node: MutableNode): MutableNode {
    this.#nodes.set(node.id, node);
    const rivals = this.#contexts.get(node.context);
    if (rivals === undefined) this.#contexts.set(node.context, [node]);
    else rivals.push(node);
    return node;
  }

  #require(id: Uint8Array): MutableNode {
    const node = this.#nodes.get(toHex(id));
    if (node !== undefined) return node;
    throw new GameViewError("EVENTS_INCONSISTENT", "an event is about a node that is not there", { fields: { id } });
  }
}

/** Child number `index` of an open node, `bits` levels below it. */
export function childAt(
  node: Pick<ViewNode, "position" | "children">,
  index: number,
  bits: number,
): Child & { readonly position: Position } {
  const { children } = node;
  if (children === undefined || index >= children.length) {
    throw new GameViewError("EVENTS_INCONSISTENT", "a node has no such child", { fields: { index } });
  }
  const siblings = siblingsOf(children, index);
  const { game, level, index: place, base } = node.position;
  const position = {
    game,
    level: level - bits,
    index: place * 2 ** bits + index,
    base: baseBelow(base, bits, index, siblings),
  };
  return { span: children[index]!, siblings, position };
}
