import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { confirmMove, planMoves } from "../../../src/game/plan.ts";
import { GameScene, type Claim } from "../../support/game/GameScene.ts";
import type { AssertionCall } from "../../../src/l1/L1Source.ts";
import { USDC, World, type Trader } from "../../support/tenor.ts";
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

describe("Threat 13: a reorganisation of L1 between seeing a parent and asserting on it", () => {
  /** Two transfers of which only the first succeeds, whichever that is. */
  async function postInOrder(world: World, alice: Trader, first: bigint, second: bigint): Promise<void> {
    await world.post(() => [world.transfer(alice, 1, 2, first, 0n), world.transfer(alice, 1, 2, second, 1n)]);
  }

  it("also with the inbox's order changed: the assertion is not taken as another, and its truth of before loses", async () => {
    const world = await World.launch({
      historyHeight: 6n,
      sectionBits: 2n,
      reactionSeconds: 1n,
      censorshipSeconds: 0n,
    });
    const [alice, bob] = [await world.trader("alice"), await world.trader("bob")];
    await alice.bridge.open(alice.address, 100n * USDC);
    await bob.bridge.open(bob.address, 100n * USDC);
    await world.wait(world.parameters.minParentAgeSeconds);
    const reorganise = await world.fork();
    await postInOrder(world, alice, 60n * USDC, 70n * USDC);
    await world.connection.networkHelpers.mine(3);

    // The blocks change after the challenger has read them and before its assertion is mined.
    const signer = world.signers[7]!;
    const chain = world.chain(signer);
    const send = chain.assertState.bind(chain);
    const calls: AssertionCall[] = [];
    chain.assertState = async (call) => {
      calls.push(call);
      if (calls.length === 1) await reorganise(() => postInOrder(world, alice, 70n * USDC, 60n * USDC));
      return await send(call);
    };
    const challenger = world.challenger(signer, { mode: "proposer", chain });
    expect((await challenger.tick()).asserted).to.equal("L1 changed");
    expect((await challenger.tick()).asserted).to.be.an("object");
    const [before, after] = calls as [AssertionCall, AssertionCall];
    expect(before.expectedTarget, "only the order has changed").to.equal(after.expectedTarget);
    expect(before.end.stateRoot).to.not.deep.equal(after.end.stateRoot);

    // Somebody who has not read again insists on what was right before.
    const stubborn = world.chain(world.signers[8]!);
    await stubborn.assertState({ ...before, l1Block: await stubborn.head() });
    let confirmed: unknown;
    for (let round = 0; round < 60 && typeof confirmed !== "object"; round++) {
      const report = await challenger.tick();
      confirmed = report.disputes.some(({ outcome }) => isConfirmation(outcome)) ? {} : report.confirmed;
      await world.wait(200n);
    }
    await challenger.tick();
    expect(challenger.view.latestConfirmed.created.end).to.deep.equal(after.end);
    expect(challenger.view.latestConfirmed.right).to.equal(true);
  });
});

function isConfirmation(outcome: unknown): boolean {
  const moves = typeof outcome === "object" && outcome !== null && "moves" in outcome ? outcome.moves : [];
  return Array.isArray(moves) && moves.includes("confirm");
}
