import { expect } from "chai";
import { toHex, type Hex } from "../../src/crypto/bytes.ts";
import type { ChallengerReport } from "../../src/roles/Challenger.ts";
import { longestDelay } from "../../src/roles/Deadlines.ts";
import { Adversary, hasConfirmed, playOut } from "../support/game/Adversary.ts";
import { GameScene } from "../support/game/GameScene.ts";

/** Types of all moves that were made, in order. */
function movesOf(reports: readonly ChallengerReport[]): string[] {
  return reports.flatMap(({ disputes }) =>
    disputes.flatMap(({ outcome }) => (typeof outcome === "object" && outcome.type === "played" ? outcome.moves : [])),
  );
}

async function rightId(scene: GameScene): Promise<Hex> {
  return toHex((await scene.nameOf(scene.honest)).id);
}

describe("Scenario: a defender against one liar", () => {
  it("answers a wrong end state at k = 26, wins the game unattended, confirms, and is paid back", async () => {
    const scene = await GameScene.launch();
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(4, "liar"));
    await liar.assert();
    const defender = world.challenger();
    const started = await world.now();
    const reports = await playOut(scene, () => defender, [liar]);
    const moves = movesOf(reports);
    expect(moves).to.include.members(["open root", "open", "descend", "prove", "confirm"]);
    const chain = world.chain(world.signers[0]!);
    const record = await chain.assertionRecord((await scene.nameOf(scene.honest)).id);
    expect(record.isConfirmed).to.equal(true);
    const { challengePeriodSeconds } = world.parameters;
    const times = { challengePeriod: challengePeriodSeconds, historyHeight: 26, sectionBits: 5, reaction: 200n };
    expect((await world.now()) - started).to.be.lessThan(challengePeriodSeconds + longestDelay(times, true));

    const last = await defender.tick();
    expect(last.refunds).to.have.length(1);
    expect(last.refunds[0]).to.include({ type: "claimed", left: 0 });
    expect((await defender.tick()).refunds).to.deep.equal([]);
    expect(toHex(defender.view.latestConfirmed.created.id)).to.equal(await rightId(scene));
  });

  it("wins against a false interior with the right end", async () => {
    const scene = await GameScene.launch({ historyHeight: 6n, sectionBits: 2n });
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, scene.wrongAt([3], "liar"));
    await liar.assert();
    const defender = world.challenger();
    const reports = await playOut(scene, () => defender, [liar]);
    expect(hasConfirmed(reports.at(-1)!)).to.equal(true);
    const steps = reports.flatMap(({ alarms }) => alarms).filter((alarm) => alarm.type === "wrong step");
    expect(steps.map((alarm) => alarm.lie.firstWrong?.step?.index)).to.deep.equal([3]);
  });
});
