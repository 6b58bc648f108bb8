import { expect } from "chai";
import { toHex } from "../../../src/crypto/bytes.ts";
import { baseOf, childrenOf, pathWithin } from "../../../src/history/HistorySource.ts";
import { contextOf, nodeAt, type Position } from "../../../src/game/GameNode.ts";
import type { Child, Move } from "../../../src/game/Move.ts";
import { predecessorOf } from "../../../src/game/plan.ts";
import type { Arena } from "../game/Arena.ts";
import type { Claim } from "../game/GameScene.ts";
import type { Random } from "../random.ts";
import { createdAt, GameModel, type Leaves, type ModelNode } from "./gameModel.ts";

/** A claim, and its leaves for the model. */
interface Side {
  readonly claim: Claim;
  readonly leaves: Leaves;
  asserted: boolean;
}

/** Plays the same moves, possible or not, in the contract and in the model, and compares the two. */
export class ModelPlay {
  readonly counts = { accepted: 0, refused: 0 };
  readonly #arena: Arena;
  readonly #random: Random;
  readonly #model: GameModel;
  readonly #sides: readonly Side[];
  readonly #height: number;

  private constructor(arena: Arena, random: Random, truth: Leaves, sides: readonly Side[]) {
    this.#arena = arena;
    this.#random = random;
    this.#height = arena.scene.height;
    this.#model = new GameModel(truth, arena.scene.sectionBits, arena.challengePeriod);
    this.#sides = sides;
  }

  static async begin(arena: Arena, random: Random, claims: readonly Claim[]): Promise<ModelPlay> {
    const leavesOf = async ({ history }: Claim): Promise<Leaves> => {
      return (await childrenOf(history, history.height, 0, history.height)).map(toHex);
    };
    const sides: Side[] = [];
    for (const claim of claims) sides.push({ claim, leaves: await leavesOf(claim), asserted: false });
    return new ModelPlay(arena, random, await leavesOf(arena.scene.honest), sides);
  }

  get isDecided(): boolean {
    return this.#model.winner !== undefined;
  }

  /** One random action, at the same time as the last one or later. */
  async act(): Promise<void> {
    const random = this.#random;
    if (random.chance(0.7)) this.#arena.now += random.integer(1, this.#arena.challengePeriod / 8);
    const [a, b] = [random.pick(this.#sides), random.pick(this.#sides)];
    const { level, index } = this.#place(a);
    const draw = random.next();
    if (!a.asserted && draw < 0.5) await this.#assert(a);
    else if (draw < 0.3) await this.#open(a, level, index);
    else if (draw < 0.65) await this.#descend(a, b, level, index);
    else if (draw < 0.75) await this.#prove(a, index);
    else if (draw < 0.92) await this.#update(a, level, index);
    else if (draw < 0.95) await this.#recordInputs();
    else await this.#confirm(a);
    if (random.chance(0.5)) await this.#updateAll();
    await this.#compare();
  }

  /** Somewhere in a history: mostly where there is a node, now and then anywhere. */
  #place({ leaves }: Side): { level: number; index: number } {
    const known = [...this.#model.nodes.values()].filter((n) => this.#model.find(leaves, n.level, n.index) === n);
    if (known.length > 0 && this.#random.chance(0.85)) return this.#random.pick(known);
    const level = this.#random.integer(0, this.#height);
    return { level, index: this.#random.integer(0, 2 ** (this.#height - level) - 1) };
  }

  async #assert(side: Side): Promise<void> {
    if (this.isDecided || this.#isDecidedWithoutGame()) return;
    const { scene, now } = this.#arena;
    await this.#arena.assert(scene.world.signers[6 + this.#sides.indexOf(side)]!, side.claim);
    this.#model.assert(side.leaves, now);
    side.asserted = true;
  }

  /** An only child that has had the challenge period to itself takes no sibling: the chain's rule and not the game's. */
  #isDecidedWithoutGame(): boolean {
    const asserted = this.#sides.filter((side) => side.asserted);
    if (asserted.length !== 1) return false;
    const root = this.#model.find(asserted[0]!.leaves, this.#height, 0)!;
    return this.#arena.now - createdAt(root) >= this.#arena.challengePeriod;
  }

  async #open({ claim, leaves }: Side, level: number, index: number): Promise<void> {
    const expected = this.#model.open(this.#model.find(leaves, level, index), this.#arena.now);
    const bits = this.#model.bits(level);
    const children = await childrenOf(claim.history, level, index, bits);
    const isRoot = level === this.#height;
    const move: Move = isRoot
      ? { type: "open root", ...(await this.#arena.scene.nameOf(claim)), children }
      : {
          type: "open",
          position: await this.#position(claim, level, index),
          span: await claim.history.node(level, index),
          children,
        };
    await this.#expect(move, expected);
  }

  async #descend(a: Side, b: Side, level: number, index: number): Promise<void> {
    const bits = this.#model.bits(level);
    const first = await this.#firstDifference(a, b, level, index);
    const child = first !== undefined && this.#random.chance(0.8) ? first : this.#random.integer(0, 2 ** bits - 1);
    const expected = this.#model.descend(a.leaves, b.leaves, level, index, child);
    const sideOf = async ({ history }: Claim): Promise<{ span: Uint8Array; child: Child }> => ({
      span: await history.node(level, index),
      child: await this.#child(history, level, index, child),
    });
    const position = await this.#position(a.claim, level, index);
    const move: Move = { type: "descend", position, index: child, a: await sideOf(a.claim), b: await sideOf(b.claim) };
    await this.#expect(move, expected);
  }

  async #firstDifference(a: Side, b: Side, level: number, index: number): Promise<number | undefined> {
    const bits = this.#model.bits(level);
    const [of, others] = [
      await childrenOf(a.claim.history, level, index, bits),
      await childrenOf(b.claim.history, level, index, bits),
    ];
    const first = of.findIndex((hash, i) => toHex(hash) !== toHex(others[i]!));
    return first < 0 ? undefined : first;
  }

  async #prove({ claim, leaves }: Side, anyIndex: number): Promise<void> {
    const leavesThere = [...this.#model.nodes.values()].filter((n) => n.level === 0);
    const index = leavesThere.length > 0 ? this.#random.pick(leavesThere).index : anyIndex % 2 ** this.#height;
    const expected = this.#model.prove(leaves, index);
    const { testimony } = this.#arena.scene;
    const inputs = this.#arena.view.inputs;
    if (inputs === undefined) return;
    const { pre, input, witness } = await testimony.evidence(index, inputs);
    const predecessor = await predecessorOf({ ...testimony, history: claim.history }, index);
    const position = await this.#position(claim, 0, index);
    const span = await claim.history.node(0, index);
    await this.#expect({ type: "prove", position, span, predecessor, pre, inputs, input, witness }, expected);
  }

  async #update(side: Side, level: number, index: number): Promise<void> {
    const node = this.#model.find(side.leaves, level, index);
    let shown = [...(node?.children.keys() ?? [])].sort((x, y) => x - y);
    // One child too few or too many, now and then.
    if (level > 0 && this.#random.chance(0.2)) {
      const extra = this.#random.integer(0, 2 ** this.#model.bits(level) - 1);
      shown = shown.includes(extra) ? shown.filter((i) => i !== extra) : [...shown, extra].sort((x, y) => x - y);
    }
    const expected = this.#model.update(node, shown, this.#arena.now);
    await this.#expect(await this.#updateMove(side, level, index, shown), expected);
  }

  async #updateMove({ claim }: Side, level: number, index: number, shown: readonly number[]): Promise<Move> {
    const children: Child[] = [];
    for (const child of shown) children.push(await this.#child(claim.history, level, index, child));
    const span = await claim.history.node(level, index);
    return { type: "update", updates: [{ position: await this.#position(claim, level, index), span, children }] };
  }

  async #recordInputs(): Promise<void> {
    await this.#expect({ type: "record inputs", game: this.#arena.scene.parent }, this.#model.recordInputs());
  }

  async #confirm({ claim, leaves }: Side): Promise<void> {
    const expected = this.#model.confirm(this.#model.find(leaves, this.#height, 0), this.#arena.now);
    const name = await this.#arena.scene.nameOf(claim);
    await this.#expect({ type: "confirm", updates: [], ...name }, expected);
  }

  /** The total of every node, children first, in the contract and in the model. */
  async #updateAll(): Promise<void> {
    for (const node of this.#model.bottomUp()) {
      if (node.openedAt === undefined) continue;
      const side = this.#sideOf(node);
      const shown = [...node.children.keys()].sort((x, y) => x - y);
      const expected = this.#model.update(node, shown, this.#arena.now);
      await this.#expect(await this.#updateMove(side, node.level, node.index, shown), expected);
    }
  }

  #sideOf(node: ModelNode): Side {
    return this.#sides.find(({ leaves }) => this.#model.find(leaves, node.level, node.index) === node)!;
  }

  async #expect(move: Move, possible: boolean): Promise<void> {
    const refusal = await this.#arena.send(this.#arena.scene.world.signers[5]!, [move]);
    expect(refusal === undefined, `${move.type}: ${refusal ?? "taken"}`).to.equal(possible);
    this.counts[possible ? "accepted" : "refused"]++;
  }

  /**
   * Every node of the model as the contract has it, and its context. A root's total in the contract is without its own time, which
   * the chain adds, and so is the model's. A node that is not open has its own time, which the contract notes when it is
   * registered. The root of an assertion that was not opened is not stored.
   */
  async #compare(): Promise<void> {
    const { contract } = this.#arena.scene.game(this.#arena.scene.world.signers[5]!);
    for (const node of this.#model.nodes.values()) {
      const isRoot = node.level === this.#height;
      if (isRoot && node.openedAt === undefined) continue;
      const { claim } = this.#sideOf(node);
      const position = await this.#position(claim, node.level, node.index);
      const stored = await contract.nodeOf(nodeAt(position, await claim.history.node(node.level, node.index)));
      let children = 0n;
      for (const index of node.children.keys()) children |= 1n << BigInt(index);
      expect(stored.createdAt, "createdAt").to.equal(createdAt(node));
      expect(stored.openedAt, "openedAt").to.equal(node.openedAt ?? 0);
      expect(stored.time, "time").to.equal(node.time);
      expect(stored.children, "children").to.equal(children);
      if (isRoot) continue;
      const births = [node, ...this.#model.rivals(node)].map(createdAt).sort((x, y) => x - y);
      const rivals = await contract.rivalsOf(contextOf(position));
      expect([rivals.first, rivals.second], "rivals").to.deep.equal(births.slice(0, 2).map(BigInt));
    }
  }

  async #position({ history }: Claim, level: number, index: number): Promise<Position> {
    return { game: this.#arena.scene.parent, level, index, base: await baseOf(history, level, index) };
  }

  async #child(history: Claim["history"], level: number, index: number, child: number): Promise<Child> {
    const bits = this.#model.bits(level);
    const place = index * 2 ** bits + child;
    return {
      span: await history.node(level - bits, place),
      siblings: await pathWithin(history, level - bits, place, level),
    };
  }
}
