import { PatchedHistory } from "../../../src/history/PatchedHistory.ts";
import type { Arena } from "../game/Arena.ts";
import { Table } from "../game/exhaustive.ts";
import { falseState, type Claim, type GameScene } from "../game/GameScene.ts";
import { ModelPlay } from "./modelPlay.ts";
import { Random, runSeed } from "../random.ts";
import { expect } from "chai";

/** Moves of each game. */
const ACTIONS = 80;

/** A claim in which each state is right, or one of two wrong ones, so that claims share nodes of all kinds. */
async function randomClaim(scene: GameScene, random: Random): Promise<Claim> {
  const last = 2 ** scene.height - 1;
  const base = random.chance(0.5) ? scene.honest : await scene.wrongFrom(last, "one end");
  const overrides = new Map<number, Uint8Array>();
  for (let index = 0; index < last; index++) {
    if (random.chance(0.25)) overrides.set(index, falseState(random.pick(["x", "y"]), index));
  }
  return { end: base.end, history: new PatchedHistory(base.history, overrides) };
}

/** A random game of five claims, the right one among them, of which the contract and the model take and refuse the same moves. */
export async function playModelGame(arena: Arena, random: Random, actions = ACTIONS): Promise<ModelPlay> {
  const { scene } = arena;
  const claims: Claim[] = [scene.honest];
  const roots = new Set<string>([String(await scene.honest.history.node(scene.height, 0))]);
  while (claims.length < 5) {
    const claim = await randomClaim(scene, random);
    const root = String(await claim.history.node(scene.height, 0));
    if (!roots.has(root)) claims.push(claim);
    roots.add(root);
  }
  const play = await ModelPlay.begin(arena, random, claims);
  for (let action = 0; action < actions && !play.isDecided; action++) await play.act();
  return play;
}

/** So many random games for each of some shapes, of one printed seed. */
export function describeModelGames(games: number): void {
  const seed = runSeed();

  for (const [height, sectionBits] of [
    [2, 1],
    [3, 1],
    [3, 2],
    [4, 3],
  ] as const) {
    it(`agree on ${games} random games, k = ${height}, m = ${sectionBits} (TENOR_SEED=${seed})`, async () => {
      const random = new Random(seed + height * 10 + sectionBits);
      const table = await Table.set(height, sectionBits);
      const total = { accepted: 0, refused: 0, decided: 0 };
      for (let game = 0; game < games; game++) {
        const play = await playModelGame(await table.clear(), random);
        total.accepted += play.counts.accepted;
        total.refused += play.counts.refused;
        if (play.isDecided) total.decided++;
      }
      console.log(`      ${total.accepted} moves taken, ${total.refused} refused, ${total.decided} games decided`);
      expect(total.accepted > 0 && total.refused > 0).to.equal(true);
    });
  }
}
