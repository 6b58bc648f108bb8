import { expect } from "chai";
import { fromHex, type Hex } from "../../src/crypto/bytes.ts";
import type { GameView, ViewNode } from "../../src/game/GameView.ts";
import type { Move } from "../../src/game/Move.ts";
import { partingOf } from "../../src/game/NodeState.ts";
import { confirmMove, descendMove, planMoves } from "../../src/game/plan.ts";
import { childrenOf } from "../../src/history/HistorySource.ts";
import { GameScene, type Claim } from "../support/game/GameScene.ts";
import { expectRefused } from "../support/tenor.ts";

/**
 * What rivals can still do when the right assertion has had its time and nobody has said so yet: put its confirmation off by a
 * transaction for each level, and make siblings that lose their stakes. It keeps winning. (Threats 2, 8a, 10.)
 */
describe("finding: rivals that come when the time is up", () => {
  const openMove = async (view: GameView, node: ViewNode, claim: Claim): Promise<Move> => {
    const { level, index } = node.position;
    const children = await childrenOf(claim.history, level, index, view.bitsOf(node));
    if (node.assertion !== undefined) return { type: "open root", ...node.assertion, children };
    return { type: "open", position: node.position, span: node.span, children };
  };

  const rootOf = async (scene: GameScene, view: GameView, claim: Claim): Promise<ViewNode> =>
    view.root((await scene.nameOf(claim)).historyRoot)!;

  async function dispute(sectionBits: bigint): Promise<{ scene: GameScene; wrong: Claim }> {
    const scene = await GameScene.launch({ historyHeight: 6n, sectionBits });
    const wrong = await scene.wrongFrom(3, "liar");
    await scene.assert(scene.world.signers[2]!, scene.honest);
    await scene.assert(scene.world.signers[3]!, wrong);
    return { scene, wrong };
  }

  const honestPlays = async (scene: GameScene): Promise<void> => {
    const game = scene.game(scene.world.signers[2]!);
    for (;;) {
      const { moves } = await planMoves(await scene.view(), scene.testimony);
      if (moves.length === 0) return;
      await game.play(moves);
    }
  };

  /**
   * The rival keeps its answer back until the confirmation is under way, and goes down by one level in front of it. The totals
   * of the confirmation no longer name every child. Each level puts it off by one block: no new stake, and no way to lose more.
   */
  it("an old rival can put the confirmation off once for each level, and no more", async () => {
    const { scene, wrong } = await dispute(1n);
    const { world } = scene;
    const honest = scene.game(world.signers[2]!);
    const liar = scene.game(world.signers[3]!);
    // The liar opens its root only: the pair below waits.
    const first = await scene.view();
    await liar.play([await openMove(first, await rootOf(scene, first, wrong), wrong)]);
    await honestPlays(scene);
    await world.wait(world.parameters.challengePeriodSeconds);

    let delays = 0;
    for (;;) {
      const view = await scene.view();
      const confirm = confirmMove(view, await rootOf(scene, view, scene.honest));
      await honest.wouldPlay([confirm]);
      // In front of it, in one transaction: the rival's last node is opened, and the pair descends.
      let [a, b] = [await rootOf(scene, view, scene.honest), await rootOf(scene, view, wrong)];
      while (a.linked.size > 0) [a, b] = [[...a.linked.values()][0]!, [...b.linked.values()][0]!];
      if (a.position.level === 0) break;
      const open = await openMove(view, b, wrong);
      const moves: Move[] = [open];
      if (a.children === undefined) moves.unshift(await openMove(view, a, scene.honest));
      const draft = view.clone();
      for (const [node, move] of [[a, moves.length > 1 ? moves[0] : undefined] as const, [b, open] as const]) {
        if (move !== undefined && (move.type === "open" || move.type === "open root")) {
          draft.apply({ type: "opened", node: fromHex(node.id), children: move.children });
        }
      }
      const [da, db] = [draft.node(fromHex(a.id))!, draft.node(fromHex(b.id))!];
      const index = partingOf(da, db);
      moves.push(descendMove(draft, da, db, index));
      draft.apply({ type: "descended", nodeA: fromHex(a.id), nodeB: fromHex(b.id), index });
      // The honest child is opened as well, so that the next confirmation names it.
      const child = da.linked.get(index)!;
      if (child.position.level > 0) moves.push(await openMove(draft, child, scene.honest));
      await liar.play(moves);
      try {
        await honest.play([confirm]);
        break;
      } catch {
        await expectRefused(honest.wouldPlay([confirm]), "ChildrenMismatch");
        delays++;
      }
    }
    expect(delays, "times that the confirmation was put off by one stake").to.equal(scene.height - 1);
    const view = await scene.view();
    await honest.play([confirmMove(view, await rootOf(scene, view, scene.honest))]);
    const { id } = await scene.nameOf(scene.honest);
    expect((await scene.chain(world.signers[2]!).assertionRecord(id)).isConfirmed).to.equal(true);
  });

  /** The chain does not know the totals of a family with rivals, so it takes siblings until one of them is confirmed. */
  it("a sibling that comes after one has reached the challenge period takes nothing from it, and loses its stake", async () => {
    const { scene, wrong } = await dispute(3n);
    const { world } = scene;
    const game = scene.game(world.signers[2]!);
    const first = await scene.view();
    await scene.game(world.signers[3]!).play([await openMove(first, await rootOf(scene, first, wrong), wrong)]);
    await honestPlays(scene);
    await world.wait(world.parameters.challengePeriodSeconds);
    const view = await scene.view();
    const { updates } = confirmMove(view, await rootOf(scene, view, scene.honest));
    await game.play([{ type: "update", updates }]);
    const { historyRoot } = await scene.nameOf(scene.honest);
    const time = await game.contract.timeOf(scene.parent, historyRoot);
    expect(time >= world.parameters.challengePeriodSeconds).to.equal(true);
    const late = await scene.wrongFrom(9, "late");
    await scene.assert(world.signers[5]!, late);
    const last = await scene.view();
    await scene.game(world.signers[5]!).play([await openMove(last, await rootOf(scene, last, late), late)]);
    await honestPlays(scene);
    expect(await game.contract.timeOf(scene.parent, historyRoot)).to.equal(time);
    const now = await scene.view();
    await game.play([confirmMove(now, await rootOf(scene, now, scene.honest))]);
    await expectRefused(scene.chain(world.signers[5]!).withdrawStake(world.signers[5]!.address as Hex), "StakeInUse");
  });
});
