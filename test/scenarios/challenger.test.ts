import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { stateOf } from "../../src/game/NodeState.ts";
import { updateOf } from "../../src/game/plan.ts";
import type { ViewNode } from "../../src/game/GameView.ts";
import { fromHex } from "../../src/crypto/bytes.ts";
import { answerBy, longestDelay } from "../../src/game/Deadlines.ts";
import { Adversary, movesOf, playOut } from "../support/game/Adversary.ts";
import { GameScene } from "../support/game/GameScene.ts";

/** Few levels, where their number does not matter. */
const SMALL = { historyHeight: 6n, sectionBits: 2n };

describe("Scenario: a defender and liars", () => {
  it("answers a wrong end state at k = 26, wins the game unattended, confirms, and is paid back", async () => {
    const scene = await GameScene.launch();
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(4, "liar"));
    await liar.assert();
    const defender = world.challenger();
    const started = await world.now();
    const reports = await playOut(scene, () => defender, [liar]);
    expect(movesOf(reports)).to.include.members(["open root", "open", "descend", "prove", "confirm"]);
    expect(await scene.isRightConfirmed()).to.equal(true);
    const { challengePeriodSeconds: challengePeriod } = world.parameters;
    const times = { challengePeriod, historyHeight: 26, sectionBits: 5, reaction: 200n };
    expect((await world.now()) - started).to.be.lessThan(challengePeriod + longestDelay(times, true));

    const { refunds } = await defender.tick();
    expect(refunds).to.have.length(1);
    expect(refunds[0]).to.include({ type: "claimed", left: 0 });
    expect((await defender.tick()).refunds).to.deep.equal([]);
  });

  it("wins against a false interior with the right end, at the first, a middle and the last place", async () => {
    const scene = await GameScene.launch(SMALL);
    const { world } = scene;
    const places = [0, 3, 2 ** scene.height - 2];
    const liars = places.map(
      (place, i) => new Adversary(scene, world.signers[8 + i]!, scene.wrongAt([place], `liar ${i}`)),
    );
    for (const liar of liars) await liar.assert();
    const defender = world.challenger();
    const reports = await playOut(scene, () => defender, liars);
    const steps = reports.flatMap(({ alarms }) => alarms).filter((alarm) => alarm.type === "wrong step");
    expect(steps.map((alarm) => alarm.lie.firstWrong?.step?.index).sort((a, b) => a! - b!)).to.deep.equal(places);
  });

  it("wins although it joins at the last moment that is sure", async () => {
    const scene = await GameScene.launch(SMALL);
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(4, "liar"));
    const { blockNumber } = await liar.assert();
    const { timestamp } = (await world.chain(world.signers[0]!).block(blockNumber))!;
    const { challengePeriodSeconds: challengePeriod } = world.parameters;
    const times = { challengePeriod, historyHeight: 6, sectionBits: 2, reaction: 200n };
    await world.wait(answerBy(timestamp, times) - (await world.now()) - 1n);
    const defender = world.challenger();
    await playOut(scene, () => defender, [liar]);
    expect(await scene.isRightConfirmed()).to.equal(true);
  });

  it("plays no game about children of a wrong assertion, but raises an alarm about each", async () => {
    const scene = await GameScene.launch(SMALL);
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(4, "liar"));
    await liar.assert();
    await scene.assert(world.signers[9]!, scene.honest);
    await world.post();
    await world.wait(world.parameters.minParentAgeSeconds);
    const [first, second] = await Promise.all([liar.child("one child"), liar.child("another child")]);
    await first(world.signers[8]!);
    await second(world.signers[10]!);
    const defender = world.challenger();
    const report = await defender.tick();
    expect(report.disputes.map(({ game }) => game)).to.deep.equal([toHex(scene.parent)]);
    const lies = report.alarms.flatMap((alarm) => (alarm.type === "wrong assertion" ? [alarm] : []));
    expect(lies).to.have.length(3);
    expect(lies.filter(({ lie }) => lie.parent === toHex(scene.parent))).to.have.length(1);
    const below = lies.filter(({ lie }) => lie.parent !== toHex(scene.parent));
    for (const alarm of below) {
      expect(alarm).to.deep.include({ answerBy: undefined });
      expect(alarm.lie).to.deep.include({ expected: undefined, firstWrong: undefined });
    }
    const events = await world.game(world.signers[0]!).gameEvents(0, report.head.number);
    expect(events.filter(({ game }) => toHex(game) !== toHex(scene.parent))).to.deep.equal([]);
  });

  it("splits what does not fit one transaction, also the totals before a confirmation", async () => {
    const scene = await GameScene.launch(SMALL);
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(4, "liar"));
    await liar.assert();
    const defender = world.challenger(undefined, { limits: { gas: 2 ** 24, bytes: 1_000 } });
    const reports = await playOut(scene, () => defender, [liar]);
    for (const { disputes } of reports) {
      for (const { outcome } of disputes) {
        if (typeof outcome === "object" && outcome.type === "played" && !outcome.moves.includes("confirm")) {
          expect(outcome.moves).to.have.length(1);
        }
      }
    }
    expect(movesOf(reports).slice(-2)).to.deep.equal(["update", "confirm"]);
    expect(await scene.isRightConfirmed()).to.equal(true);
  });

  it("knows the totals of all nodes as the contract computes them", async () => {
    const scene = await GameScene.launch(SMALL);
    const { world } = scene;
    const liars = [
      new Adversary(scene, world.signers[8]!, await scene.wrongFrom(4, "liar")),
      new Adversary(scene, world.signers[9]!, scene.wrongAt([5, 20], "other")),
    ];
    for (const liar of liars) {
      await liar.assert();
      await world.wait(70n);
    }
    const defender = world.challenger();
    const game = world.game(world.signers[0]!);
    const states = new Set<string>();
    let [same, more] = [0, 0];
    for (let round = 0; round < 8; round++) {
      await defender.tick();
      await world.wait(50n);
      await liars[round % 2]!.move();
      const view = await scene.view();
      // The game has no record of a root that nobody has opened.
      const nodes = [...new Set(view.roots().flatMap(below))]
        .filter((node) => node.assertion === undefined || node.children !== undefined)
        .sort((a, b) => a.position.level - b.position.level);
      const receipt = await game.play([{ type: "update", updates: nodes.map((node) => updateOf(view, node)) }]);
      const { timestamp } = (await game.block(receipt.blockNumber))!;
      for (const node of nodes) {
        states.add(stateOf(view, node));
        // The chain counts a root's own time.
        const own = node.assertion === undefined ? 0n : view.total({ ...node, children: undefined }, timestamp);
        const { time } = await game.nodeRecord(fromHex(node.id));
        const computed = view.total(node, timestamp) - own;
        // What was computed earlier is kept if it was more.
        if (time === computed || node.proven) same++;
        else expect(time > computed, `${node.id} has ${time} and not ${computed}`).to.equal(true);
        if (time > computed) more++;
      }
    }
    expect(same).to.be.greaterThan(50);
    expect(more).to.be.lessThan(same / 5);
    expect([...states]).to.include.members(["open", "parted", "proven", "rivalled"]);
  });
});

/** A node and all below it. */
function below(node: ViewNode): ViewNode[] {
  return [node, ...[...node.linked.values()].flatMap(below)];
}
