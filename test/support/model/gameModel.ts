/**
 * The dispute game, told again: histories are lists of leaves, a base is the list of all leaves to the left, a node keeps every
 * opening time of a parent that it was ever linked to, and everything is computed anew from these lists. It knows no hash and
 * shares nothing with the contract, which keeps two times for each context and lowers them.
 */

/** Largest total. */
export const MODEL_PROVEN = 2 ** 40 - 1;

/** A node of the model. */
export interface ModelNode {
  readonly level: number;
  readonly index: number;
  /** All leaves to the left of it, as its own side has them. */
  readonly base: string;
  /** Its leaves. */
  readonly span: string;
  /** When the parents that it is linked to were opened; when it was asserted, if it is a root. */
  readonly births: number[];
  openedAt: number | undefined;
  readonly children: Map<number, ModelNode>;
  /** Largest total that was ever computed. A root's is without its own time. */
  time: number;
}

/** A claimed history: its leaves, as strings of one length. */
export type Leaves = readonly string[];

export class GameModel {
  readonly nodes = new Map<string, ModelNode>();
  winner: ModelNode | undefined;
  inputsRecorded = false;
  readonly #height: number;
  readonly #sectionBits: number;
  readonly #challengePeriod: number;
  readonly #truth: Leaves;

  /** @param truth The right history. */
  constructor(truth: Leaves, sectionBits: number, challengePeriod: number) {
    this.#height = Math.log2(truth.length);
    this.#sectionBits = sectionBits;
    this.#challengePeriod = challengePeriod;
    this.#truth = truth;
  }

  bits(level: number): number {
    return Math.min(level, this.#sectionBits);
  }

  /** The node of a history at a place, if it is one. */
  find(leaves: Leaves, level: number, index: number, base = baseOf(leaves, level, index)): ModelNode | undefined {
    return this.nodes.get(key(level, index, base, spanOf(leaves, level, index)));
  }

  assert(leaves: Leaves, now: number): void {
    this.#add(this.#height, 0, "", spanOf(leaves, this.#height, 0), now);
  }

  recordInputs(): boolean {
    const possible = !this.inputsRecorded && this.#roots().length > 1;
    this.inputsRecorded ||= possible;
    return possible;
  }

  open(node: ModelNode | undefined, now: number): boolean {
    if (node === undefined || node.openedAt !== undefined || node.level === 0) return false;
    if (this.rivals(node).length === 0) return false;
    node.openedAt = now;
    return true;
  }

  /**
   * Two nodes with the leaves that two histories have at a place are brought down to a child. Before the place both have what the
   * first history has there, whatever the second one has: a node is what it says, and a third history may have both.
   */
  descend(a: Leaves, b: Leaves, level: number, index: number, child: number): boolean {
    const base = baseOf(a, level, index);
    const [nodeA, nodeB] = [this.find(a, level, index, base), this.find(b, level, index, base)];
    if (nodeA?.openedAt === undefined || nodeB?.openedAt === undefined) return false;
    const below = level - this.bits(level);
    const place = index * 2 ** this.bits(level) + child;
    if (nodeA.children.has(child) && nodeB.children.has(child)) return false;
    const [start, end] = [index * 2 ** level, place * 2 ** below];
    if (a.slice(start, end).join() !== b.slice(start, end).join()) return false;
    if (spanOf(a, below, place) === spanOf(b, below, place)) return false;
    const baseBelow = baseOf(a, below, place);
    for (const [node, leaves] of [
      [nodeA, a],
      [nodeB, b],
    ] as const) {
      if (node.children.has(child)) continue;
      node.children.set(child, this.#add(below, place, baseBelow, spanOf(leaves, below, place), node.openedAt!));
    }
    // Each total is at least the own time that a node ever had.
    for (const node of this.nodes.values()) node.time = Math.max(node.time, this.#timeOfItsOwn(node));
    return true;
  }

  prove(leaves: Leaves, index: number): boolean {
    const node = this.find(leaves, 0, index);
    if (node === undefined || !this.inputsRecorded || node.time === MODEL_PROVEN) return false;
    const before = index === 0 || leaves[index - 1] === this.#truth[index - 1];
    if (!before || leaves[index] !== this.#truth[index]) return false;
    node.time = MODEL_PROVEN;
    return true;
  }

  /** @param shown The numbers of the children that the update shows. */
  update(node: ModelNode | undefined, shown: readonly number[], now: number): boolean {
    if (node === undefined) return false;
    // An assertion comes into the game when it is opened; until then there is nothing to compute.
    if (node.openedAt === undefined) return node.level < this.#height;
    if (shown.length !== node.children.size || !shown.every((index) => node.children.has(index))) return false;
    const children = Math.min(now - node.openedAt, ...[...node.children.values()].map(({ time }) => time));
    node.time = Math.max(node.time, this.#timeOfItsOwn(node) + children);
    return true;
  }

  confirm(node: ModelNode | undefined, now: number): boolean {
    if (node === undefined || this.winner !== undefined) return false;
    const next = Math.min(now, ...this.rivals(node).map(createdAt));
    if (Math.max(0, next - createdAt(node)) + node.time < this.#challengePeriod) return false;
    this.winner = node;
    return true;
  }

  rivals({ level, index, base, span }: ModelNode): ModelNode[] {
    return [...this.nodes.values()].filter(
      (other) => other.level === level && other.index === index && other.base === base && other.span !== span,
    );
  }

  /** Nodes in an order in which children come before their parents. */
  bottomUp(): ModelNode[] {
    return [...this.nodes.values()].sort((a, b) => a.level - b.level);
  }

  #roots(): ModelNode[] {
    return [...this.nodes.values()].filter(({ level }) => level === this.#height);
  }

  /** Until the next rival; only the earliest has any. Not for roots, whose own time is the chain's affair. */
  #timeOfItsOwn(node: ModelNode): number {
    if (node.level === this.#height) return 0;
    return Math.max(0, Math.min(...this.rivals(node).map(createdAt)) - createdAt(node));
  }

  #add(level: number, index: number, base: string, span: string, birth: number): ModelNode {
    const name = key(level, index, base, span);
    let node = this.nodes.get(name);
    if (node === undefined) {
      node = { level, index, base, span, births: [], openedAt: undefined, children: new Map(), time: 0 };
      this.nodes.set(name, node);
    }
    node.births.push(birth);
    return node;
  }
}

/** A node is as old as the first of the openings that brought it into the game. */
export function createdAt({ births }: ModelNode): number {
  return Math.min(...births);
}

function baseOf(leaves: Leaves, level: number, index: number): string {
  return leaves.slice(0, index * 2 ** level).join();
}

function spanOf(leaves: Leaves, level: number, index: number): string {
  return leaves.slice(index * 2 ** level, (index + 1) * 2 ** level).join();
}

function key(level: number, index: number, base: string, span: string): string {
  return `${level}/${index}/${base}/${span}`;
}
