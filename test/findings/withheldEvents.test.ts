import { expect } from "chai";
import { planMoves } from "../../src/game/plan.ts";
import type { ChainClient } from "../../src/l1/ChainClient.ts";
import type { GameClient } from "../../src/l1/GameClient.ts";
import type { ChallengerReport } from "../../src/roles/ChallengerReport.ts";
import { Adversary } from "../support/game/Adversary.ts";
import { GameScene } from "../support/game/GameScene.ts";
import { failure } from "../support/failure.ts";

/** An endpoint whose index of logs leaves some out, while all else that it says is true: one behind a balancer may. */
class Withheld {
  /** Which events are left out for now. */
  isHidden: (event: { readonly type: string; readonly [field: string]: unknown }) => boolean = () => false;

  over<T extends ChainClient | GameClient>(client: T): T {
    return new Proxy(client, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        const call = (value as (...args: unknown[]) => unknown).bind(target);
        if (name !== "chainEvents" && name !== "gameEvents") return call;
        return async (...args: unknown[]) => {
          const events = (await call(...args)) as { readonly type: string }[];
          return events.filter((event) => !this.isHidden(event));
        };
      },
    });
  }
}

/**
 * Events of assertions and of games have no numbers, and nothing compared them with what the contracts count. One assertion that an endpoint left
 * out once was never seen again: a watchtower was silent and healthy for the whole challenge period, and a proposer took the wrong chain for
 * undisputed. A rival's opening that was left out had a defender wait while the rival's time ran. (Threat 29.)
 */
describe("finding: an endpoint leaves out an event of the chain or of a game", () => {
  let scene: GameScene;
  let liar: Adversary;
  let withheld: Withheld;

  beforeEach(async () => {
    scene = await GameScene.launch({ historyHeight: 6n, sectionBits: 2n });
    liar = new Adversary(scene, scene.world.signers[8]!, await scene.wrongFrom(4, "liar"));
    withheld = new Withheld();
  });

  function challenger(mode: "watchtower" | "defender"): { tick(): Promise<ChallengerReport> } {
    const { world } = scene;
    const signer = world.signers[7]!;
    const clients = { chain: withheld.over(world.chain(signer)), game: withheld.over(world.game(signer)) };
    return world.challenger(signer, { mode, ...clients });
  }

  /** The liar opens its root, and leaves it to others to go down. */
  async function openRoot(): Promise<void> {
    const { moves } = await planMoves(await scene.view(), { ...scene.testimony, history: liar.claim.history });
    await scene.game(liar.signer).play(moves.filter(({ type }) => type === "open root"));
  }

  it("is caught by the count of children, and the wrong assertion is told of as soon as the endpoint shows it", async () => {
    const watchtower = challenger("watchtower");
    await watchtower.tick();
    withheld.isHidden = (event) => event.type === "created";
    await liar.assert();
    expect((await failure(() => watchtower.tick())).code).to.equal("EVENTS_WITHHELD");
    await scene.world.wait(12n);
    expect((await failure(() => watchtower.tick())).code).to.equal("EVENTS_WITHHELD");
    withheld.isHidden = () => false;
    await scene.world.wait(12n);
    const { alarms } = await watchtower.tick();
    expect(alarms.map(({ type }) => type)).to.deep.equal(["wrong assertion"]);
  });

  it("is caught by the parent's mark when it is a confirmation", async () => {
    const { world } = scene;
    const watchtower = challenger("watchtower");
    await scene.assert(world.signers[9]!, scene.honest);
    await watchtower.tick();
    await world.wait(world.parameters.challengePeriodSeconds);
    const { parent, endStateHash, historyRoot } = { parent: scene.parent, ...(await scene.nameOf(scene.honest)) };
    withheld.isHidden = (event) => event.type === "confirmed";
    await scene.chain(world.signers[9]!).confirm(parent, endStateHash, historyRoot);
    expect((await failure(() => watchtower.tick())).code).to.equal("EVENTS_WITHHELD");
    withheld.isHidden = () => false;
    await world.wait(12n);
    expect((await watchtower.tick()).alarms).to.deep.equal([]);
  });

  it("is caught by the rival's record when it is an opening, and the defender descends as soon as it sees it", async () => {
    const defender = challenger("defender");
    await liar.assert();
    await defender.tick();
    await defender.tick();
    withheld.isHidden = (event) => event.type === "opened";
    await openRoot();
    expect((await failure(() => defender.tick())).code).to.equal("EVENTS_WITHHELD");
    withheld.isHidden = () => false;
    await scene.world.wait(12n);
    const { disputes } = await defender.tick();
    expect(disputes[0]!.outcome).to.deep.include({ type: "played", moves: ["descend", "open"] });
  });

  it("does not keep a defender from its game for good when it is an opening that a descent follows", async () => {
    const defender = challenger("defender");
    await liar.assert();
    await defender.tick();
    await defender.tick();
    withheld.isHidden = (event) => event.type === "opened";
    await liar.move();
    expect((await failure(() => defender.tick())).code).to.equal("EVENTS_INCONSISTENT");
    withheld.isHidden = () => false;
    await scene.world.wait(12n);
    const { disputes } = await defender.tick();
    expect(disputes[0]!.outcome).to.deep.include({ type: "played" });
  });
});
