import { expect } from "chai";
import { confirmMove, planMoves } from "../../src/game/plan.ts";
import { childrenOf } from "../../src/history/HistorySource.ts";
import { GameScene } from "../support/game/GameScene.ts";

/**
 * A confirmation was paid back with all of its updates, also with those that change nothing or belong to another game. Who confirms
 * could so burn the escrow at no cost to itself, up to the gas of a transaction, before those who made the moves have
 * claimed theirs. Only updates that raise a total of the game count now, with their calldata. (Threat 16.)
 */
describe("finding: a confirmation was paid for updates that nobody needs", () => {
  it("pays for the loop around 400 useless updates, and not for what they cost", async () => {
    const scene = await GameScene.launch({ historyHeight: 6n, sectionBits: 3n });
    const { world } = scene;
    const wrong = await scene.wrongFrom(3, "liar");
    await scene.assert(world.signers[2]!, scene.honest);
    await scene.assert(world.signers[3]!, wrong);
    const liar = scene.game(world.signers[3]!);
    const name = await scene.nameOf(wrong);
    const children = await childrenOf(wrong.history, scene.height, 0, scene.sectionBits);
    await liar.play([{ type: "open root", ...name, children }]);
    const honest = scene.game(world.signers[2]!);
    for (let turn = 0; turn < 2; turn++) {
      await honest.play((await planMoves(await scene.view(), scene.testimony)).moves).catch(() => undefined);
    }
    await world.wait(world.parameters.challengePeriodSeconds);

    const view = await scene.view();
    const { historyRoot } = await scene.nameOf(scene.honest);
    const confirm = confirmMove(view, view.root(historyRoot)!);
    const recordedBy = async (updates: typeof confirm.updates): Promise<bigint> => {
      const undo = await world.fork();
      const receipt = await liar.play([{ ...confirm, updates }]);
      const events = await liar.gameEvents(receipt.blockNumber, receipt.blockNumber);
      const block = await world.connection.ethers.provider.getBlock(receipt.blockNumber);
      await undo();
      const record = events.find((event) => event.type === "recorded");
      return record!.move.amount / block!.baseFeePerGas!;
    };
    const needed = await recordedBy(confirm.updates);
    const useless = Array.from({ length: 200 }, () => confirm.updates).flat();
    const padded = await recordedBy([...confirm.updates, ...useless]);
    expect(padded < 2n * needed, `${padded} gas paid back instead of ${needed}`).to.equal(true);
  });
});
