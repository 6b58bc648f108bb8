import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { nodeAt } from "../../../src/game/GameNode.ts";
import type { GameView, ViewNode } from "../../../src/game/GameView.ts";
import type { Confirm, Move, Prove } from "../../../src/game/Move.ts";
import { confirmMove, planMoves, type Testimony } from "../../../src/game/plan.ts";
import type { GameClient } from "../../../src/l1/GameClient.ts";
import type { L1Receipt } from "../../../src/l1/L1Source.ts";
import type { Claim, GameScene } from "./GameScene.ts";

/**
 * An honest party, Alice, and a liar, Bob, who have asserted, and who play move by move as far as a test wants it. Bob opens whatever
 * he is asked for, and Alice does the rest.
 */
export class Dispute {
  readonly scene: GameScene;
  readonly lie: Claim;
  readonly alice: HardhatEthersSigner;
  readonly bob: HardhatEthersSigner;
  /** How Alice sends moves; all at once unless a test does it in another way. */
  send: (moves: readonly Move[]) => Promise<unknown> = (moves) => this.honestGame.play(moves);

  private constructor(scene: GameScene, lie: Claim) {
    this.scene = scene;
    this.lie = lie;
    this.alice = scene.world.signers[6]!;
    this.bob = scene.world.signers[7]!;
  }

  /** Both have asserted. */
  static join(scene: GameScene, lie: Claim): Dispute {
    return new Dispute(scene, lie);
  }

  /** Both assert. */
  static async begin(scene: GameScene, lie: Claim): Promise<Dispute> {
    const dispute = Dispute.join(scene, lie);
    await scene.assert(dispute.alice, scene.honest);
    await scene.assert(dispute.bob, lie);
    return dispute;
  }

  get honestGame(): GameClient {
    return this.scene.game(this.alice);
  }

  get liarGame(): GameClient {
    return this.scene.game(this.bob);
  }

  /** What the liar has to say. He has no proofs but those of the honest party, which do not lead to his leaves. */
  get falseTestimony(): Testimony {
    return { ...this.scene.testimony, history: this.lie.history };
  }

  view(): Promise<GameView> {
    return this.scene.view();
  }

  /** All that Alice can do now, but for proofs. */
  async moves(): Promise<{ moves: Move[]; proofs: Prove[] }> {
    const { moves } = await planMoves(await this.view(), this.scene.testimony);
    const proofs = moves.filter((move) => move.type === "prove");
    return { moves: moves.filter((move) => move.type !== "prove"), proofs };
  }

  /** Alice makes all moves that she can, but for proofs. */
  async aliceMoves(): Promise<void> {
    const { moves } = await this.moves();
    if (moves.length > 0) await this.send(moves);
  }

  /** Bob opens the nodes of his that are not open. */
  async bobMoves(): Promise<void> {
    const view = await this.view();
    const draft = await planMoves(view, this.falseTestimony);
    // The plan goes on to nodes that are made by descents, which are left to Alice.
    const openings = draft.moves.filter(
      (move) =>
        move.type === "open root" ||
        (move.type === "open" && view.node(nodeAt(move.position, move.span)) !== undefined),
    );
    if (openings.length > 0) await this.liarGame.play(openings);
  }

  /** Goes on until a leaf waits to be proven. */
  async toProof(): Promise<Prove> {
    for (;;) {
      await this.aliceMoves();
      const { proofs } = await this.moves();
      if (proofs.length > 0) return proofs[0]!;
      await this.bobMoves();
    }
  }

  /** Proves the leaf and lets time pass. Gives the move that confirms Alice's assertion. */
  async toConfirmation(proof: Prove): Promise<Confirm> {
    await this.send([proof]);
    await this.scene.world.wait(this.scene.world.parameters.challengePeriodSeconds);
    return this.confirmation();
  }

  async confirmation(): Promise<Confirm> {
    const view = await this.view();
    return confirmMove(view, await this.root(view, this.scene.honest));
  }

  /** The whole dispute up to Alice's confirmation. */
  async win(): Promise<void> {
    await this.send([await this.toConfirmation(await this.toProof())]);
  }

  /** A claim's assertion in a view. */
  async root(view: GameView, claim: Claim): Promise<ViewNode> {
    return view.root((await this.scene.nameOf(claim)).historyRoot)!;
  }

  /** One move of Alice's alone. */
  play(move: Move): Promise<L1Receipt> {
    return this.honestGame.play([move]);
  }
}
