import { DEFAULT_LIMITS } from "../../../src/status/attention.ts";
import { OverviewKeeper } from "../../../src/page/OverviewKeeper.ts";
import { Adversary } from "../game/Adversary.ts";
import { GameScene } from "../game/GameScene.ts";

/** A dispute that goes on, and a node that shows it. */
export interface DisputeScene {
  readonly scene: GameScene;
  readonly keeper: OverviewKeeper;
  readonly liars: readonly Adversary[];
}

/** What the markets of scenes are called. */
export const CURRENCIES = new Map([
  [1, "BTC"],
  [2, "ETH"],
]);

/** A node without a key beside a scene. */
export function keeperOf({ world }: GameScene): OverviewKeeper {
  const client = world.client();
  const { deployment } = world;
  const accounts = [{ name: "defender", address: world.signers[7]!.address as `0x${string}` }];
  const follower = world.follower();
  return new OverviewKeeper({ client, deployment, follower, accounts, currencies: CURRENCIES, limits: DEFAULT_LIMITS });
}

/**
 * An honest defender against two liars, in the middle of it: histories of 2^6 states, sections of 2^2. The first liar parts from the
 * honest history at step 4, the second at step 40. Nobody has proven anything yet.
 */
export async function disputeScene(): Promise<DisputeScene> {
  const scene = await GameScene.launch({ historyHeight: 6n, sectionBits: 2n });
  const { world } = scene;
  const liars = [
    new Adversary(scene, world.signers[8]!, await scene.wrongFrom(4, "liar")),
    new Adversary(scene, world.signers[9]!, scene.wrongAt([40], "other liar")),
  ];
  const defender = world.challenger();
  for (const liar of liars) {
    await liar.assert();
    await world.wait(60n);
  }
  for (let round = 0; round < 3; round++) {
    await defender.tick();
    await world.wait(45n);
    await liars[round % 2]!.move();
    await world.wait(30n);
  }
  return { scene, keeper: keeperOf(scene), liars };
}
