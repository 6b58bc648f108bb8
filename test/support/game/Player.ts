import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { fromHex } from "../../../src/crypto/bytes.ts";
import { childrenOf } from "../../../src/history/HistorySource.ts";
import { nodeAt, rootPosition } from "../../../src/game/GameNode.ts";
import { childAt, type ViewNode } from "../../../src/game/GameView.ts";
import type { Descend, Move, Update } from "../../../src/game/Move.ts";
import { partingOf } from "../../../src/game/NodeState.ts";
import { confirmMove, descendMove, updateOf } from "../../../src/game/plan.ts";
import type { Arena } from "./Arena.ts";
import type { Claim } from "./GameScene.ts";

/** Somebody with a claim whose moves a story tells one by one. Nodes are named by how many sections they lie below the root. */
export class Player {
  readonly arena: Arena;
  readonly signer: HardhatEthersSigner;
  readonly claim: Claim;

  constructor(arena: Arena, signer: HardhatEthersSigner, claim: Claim) {
    this.arena = arena;
    this.signer = signer;
    this.claim = claim;
  }

  async assert(): Promise<void> {
    await this.arena.assert(this.signer, this.claim);
  }

  /** The node reached from the root by these numbers of children. It must be there. */
  async node(...way: number[]): Promise<ViewNode> {
    let node = (await this.arena.root(this.claim))!;
    const { view } = this.arena;
    for (const index of way) {
      const { position, span } = childAt(node, index, view.bitsOf(node));
      node = view.node(nodeAt(position, span))!;
    }
    return node;
  }

  async openMove(...way: number[]): Promise<Move> {
    const node = await this.node(...way);
    const { position, span } = node;
    const bits = this.arena.view.bitsOf(node);
    const children = await childrenOf(this.claim.history, position.level, position.index, bits);
    if (node.assertion !== undefined) return { type: "open root", ...node.assertion, children };
    return { type: "open", position, span, children };
  }

  /** Opens a node. */
  async open(...way: number[]): Promise<void> {
    await this.arena.sendAll(this.signer, [await this.openMove(...way)]);
  }

  async descendMove(rival: Player, ...way: number[]): Promise<Descend> {
    const [mine, theirs] = [await this.node(...way), await rival.node(...way)];
    return descendMove(this.arena.view, mine, theirs, partingOf(mine, theirs));
  }

  /** Brings a node and the rival's down to where they part. */
  async descend(rival: Player, ...way: number[]): Promise<void> {
    await this.arena.sendAll(this.signer, [await this.descendMove(rival, ...way)]);
  }

  async updateOf(...way: number[]): Promise<Update> {
    return updateOf(this.arena.view, await this.node(...way));
  }

  /** Has the total of a node computed. */
  async update(...way: number[]): Promise<void> {
    await this.arena.sendAll(this.signer, [{ type: "update", updates: [await this.updateOf(...way)] }]);
  }

  /** Has the totals of all nodes of the claim computed, and tries to confirm it. Returns the error's name if it is refused. */
  async confirm(): Promise<string | undefined> {
    return await this.arena.confirm(this.signer, this.claim);
  }

  /** As {@link confirm}, but only the move. */
  async confirmMove(): Promise<Move> {
    return confirmMove(this.arena.view, (await this.arena.root(this.claim))!);
  }

  /** What the contract has of a node. */
  async record(...way: number[]): Promise<{ createdAt: number; openedAt: number; time: number }> {
    const { id } = await this.node(...way);
    const record = await this.arena.scene.game(this.signer).nodeRecord(fromHex(id));
    return {
      createdAt: Number(record.createdAt),
      openedAt: Number(record.openedAt),
      time: Number(record.time),
    };
  }

  /** Id of the claim's root node, also before it is asserted. */
  async rootId(): Promise<Uint8Array> {
    const { parent, height } = this.arena.scene;
    return nodeAt(rootPosition(parent, height), await this.claim.history.node(height, 0));
  }
}
