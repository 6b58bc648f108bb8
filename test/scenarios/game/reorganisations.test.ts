import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { confirmMove, planMoves } from "../../../src/game/plan.ts";
import { GameScene, type Claim } from "../../support/game/GameScene.ts";
import { childrenOf } from "../../../src/history/HistorySource.ts";

/** Blocks of L1 are taken back in the middle of a game; who reads it again knows what to do. */
describe("Threat 13: a reorganisation of L1 in the middle of a game", () => {
  let scene: GameScene;
  let honest: HardhatEthersSigner;
  let liar: HardhatEthersSigner;
  let wrong: Claim;

  beforeEach(async () => {
    scene = await GameScene.launch({ historyHeight: 4n, sectionBits: 2n, challengePeriodSeconds: 3600n });
    [honest, liar] = [scene.world.signers[5]!, scene.world.signers[6]!];
    wrong = await scene.wrongFrom(5, "liar");
  });

  const plan = async () => (await planMoves(await scene.view(), scene.testimony)).moves;

  /** The honest party does all that is needed, reading the game anew each time. Returns how many transactions it took. */
  async function defend(): Promise<number> {
    let transactions = 0;
    for (let moves = await plan(); moves.length > 0; moves = await plan()) {
      await scene.game(honest).play(moves);
      transactions++;
    }
    return transactions;
  }

  async function openWrong(): Promise<void> {
    const name = await scene.nameOf(wrong);
    await scene.game(liar).play([{ type: "open root", ...name, children: await childrenOf(wrong.history, 4, 0, 2) }]);
  }

  /** The honest root, which must be confirmed. */
  async function confirm(): Promise<void> {
    const view = await scene.view();
    await scene.game(honest).play([confirmMove(view, view.root(await scene.honest.history.node(4, 0))!)]);
  }

  it("between two moves: those that are gone are made again", async () => {
    await scene.assert(honest, scene.honest);
    await scene.assert(liar, wrong);
    await openWrong();
    const before = (await plan()).map(({ type }) => type);
    const revert = await scene.world.fork();
    expect(await defend()).to.equal(1);
    await revert();
    expect((await plan()).map(({ type }) => type)).to.deep.equal(before);
    expect(await defend()).to.equal(1);
    expect(await plan()).to.deep.equal([]);
    await scene.world.wait(3700n);
    await confirm();
  });

  it("in which the liar's assertion comes first, and the honest one second", async () => {
    const revert = await scene.world.fork();
    await scene.assert(honest, scene.honest);
    await scene.assert(liar, wrong);
    await defend();
    await revert(async () => {
      await scene.assert(liar, wrong);
      await openWrong().catch(() => undefined);
      await scene.assert(honest, scene.honest);
    });
    await defend();
    await openWrong();
    await defend();
    await scene.world.wait(3700n);
    await confirm();
  });

  it("in which the liar's assertion vanishes: there is no game, and nothing to do", async () => {
    await scene.assert(honest, scene.honest);
    const revert = await scene.world.fork();
    await scene.assert(liar, wrong);
    await openWrong();
    await defend();
    await revert();
    expect(await plan()).to.deep.equal([]);
    await scene.world.wait(3600n);
    await confirm();
  });

  it("after a confirmation: it is made again", async () => {
    await scene.assert(honest, scene.honest);
    await scene.assert(liar, wrong);
    await defend();
    await scene.world.wait(3700n);
    const revert = await scene.world.fork();
    await confirm();
    await revert();
    const { id } = await scene.nameOf(scene.honest);
    expect((await scene.chain(honest).assertionRecord(id)).isConfirmed).to.equal(false);
    await confirm();
    expect((await scene.chain(honest).assertionRecord(id)).isConfirmed).to.equal(true);
  });
});
