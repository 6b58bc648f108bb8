import { expect } from "chai";
import { Random, runSeed } from "../random.ts";
import { PatchedHistory } from "../../../src/history/PatchedHistory.ts";
import { Censor, Copier, Liar, STYLES, Updater, type StyleName } from "./adversaries.ts";
import type { Actor, Arena } from "./Arena.ts";
import { Table } from "./exhaustive.ts";
import { falseState, type Claim, type GameScene } from "./GameScene.ts";
import { HonestParty } from "./HonestParty.ts";
import { bound, play } from "./play.ts";

/** Heights of histories and bits of sections that games are played with; the last one is nearly what production has. */
const SHAPES = [
  [3, 1],
  [4, 1],
  [4, 2],
  [4, 3],
  [6, 2],
  [26, 5],
] as const;

/** As many as the simulated L1 has accounts to spare for. */
const MOST_LIARS = 8;

/** Random games, all of them won by the honest party. */
class RandomGames {
  readonly #tables = new Map<string, Table>();
  /** The largest part of what the bound allows beyond T that a game took. */
  largestShare = 0;

  /** One game, of a seed of its own. */
  async play(seed: number): Promise<void> {
    const random = new Random(seed);
    const table = await this.#table(random.pick(SHAPES));
    this.largestShare = Math.max(this.largestShare, await playRandomGame(await table.clear(), random));
  }

  async #table([height, sectionBits]: readonly [number, number]): Promise<Table> {
    const key = `${height} ${sectionBits}`;
    let table = this.#tables.get(key);
    if (table === undefined) this.#tables.set(key, (table = await Table.set(height, sectionBits)));
    return table;
  }
}

/** A random game, won by the honest party. Gives the part of what the bound allows beyond T that it took. */
export async function playRandomGame(arena: Arena, random: Random): Promise<number> {
  const period = arena.challengePeriod;
  const delay = random.integer(1, 60);
  const combined = random.chance(0.7);
  const start = arena.now;
  const { scene } = arena;
  const { signers } = scene.world;

  const others: Actor[] = [];
  if (random.chance(0.3)) others.push(new Updater(signers[15]!));
  if (random.chance(0.2)) others.push(new Copier(arena, signers[16]!, random.integer(1, 4)));
  const budget = random.chance(0.25) ? random.integer(1, 600) : 0;
  if (budget > 0) others.push(new Censor(arena, budget, () => random.integer(1, budget)));

  // The honest assertion comes early enough after the first wrong one, or before it.
  const latest = period - budget - (2 * arena.levels + 1) * delay;
  const honestAt = start + (random.chance(0.5) ? 0 : random.integer(0, latest));
  const full = random.chance(0.7);
  const honest = new HonestParty({
    signer: signers[5]!,
    delay: () => (full ? delay : random.integer(0, delay)),
    combined,
    assertAt: honestAt,
  });
  const liars = await randomLiars(arena, random, start);
  if (random.chance(0.2)) {
    // Somebody who knows the truth and moves for it when it suits him.
    others.push(
      new Liar({
        name: "insider",
        signer: signers[17]!,
        claim: scene.honest,
        style: STYLES[random.pick<StyleName>(["eager", "lazy", "erratic"])],
        assertAt: undefined,
        random,
      }),
    );
  }
  const { confirmedAfter } = await play(arena, { honest, liars, others, bystander: signers[14]! });
  const most = bound(arena, delay, combined, budget);
  expect(confirmedAfter <= most, `confirmed after ${confirmedAfter}, bound ${most}`).to.equal(true);
  return (confirmedAfter - period) / (most - period);
}

/** So many games of one printed seed; the one that fails says which its own is. */
export function describeRandomGames(count: number): void {
  const seed = runSeed();

  it(`the honest party wins ${count} games within the bound (TENOR_SEED=${seed})`, async () => {
    const seeds = new Random(seed);
    const games = new RandomGames();
    for (let i = 0; i < count; i++) {
      const own = seeds.integer(0, 2 ** 31);
      try {
        await games.play(own);
        if ((i + 1) % 100 === 0) console.log(`      ${i + 1} of ${count} games`);
      } catch (error) {
        console.log(`      game ${i} has seed ${own}`);
        throw error;
      }
    }
    console.log(`      at most ${Math.round(games.largestShare * 100)} % of the delay that the bound allows`);
  });
}

/** Liars of all kinds, who assert between now and the end; the first one while the honest assertion can't have won alone yet. */
async function randomLiars(arena: Arena, random: Random, start: number): Promise<Liar[]> {
  const { scene, challengePeriod } = arena;
  const count = random.integer(1, MOST_LIARS);
  const liars: Liar[] = [];
  for (let i = 0; i < count; i++) {
    const name = `liar ${i}`;
    const liarBefore = liars[random.integer(0, i)];
    const claim =
      liarBefore !== undefined && random.chance(0.4)
        ? variantOf(liarBefore.claim, random, name)
        : await randomClaim(scene, random, name);
    const early = random.chance(0.5) ? 0 : random.integer(0, challengePeriod - 1);
    const assertAt = start + (i > 0 && random.chance(0.1) ? challengePeriod + random.integer(0, 300) : early);
    const style = STYLES[random.pick(Object.keys(STYLES) as StyleName[])];
    liars.push(new Liar({ name, signer: scene.world.signers[6 + i]!, claim, style, assertAt, random }));
  }
  return liars;
}

/** A wrong claim: wrong from some state on, or somewhere in between, or in half of the states. */
async function randomClaim(scene: GameScene, random: Random, label: string): Promise<Claim> {
  const draw = random.next();
  if (draw < 0.4) return await scene.wrongFrom(randomIndex(scene, random), label);
  const last = 2 ** scene.height - 1;
  const most = Math.min(last, 64);
  const places = Array.from({ length: most }, (_, i) => i).filter(() => random.chance(draw < 0.7 ? 0.15 : 0.5));
  const index = Math.min(randomIndex(scene, random), last - 1);
  return scene.wrongAt(places.length === 0 ? [index] : places, label);
}

/** What somebody else claims up to some state, and wrong from there to before the end: liars who share nodes and part late. */
function variantOf({ end, history }: Claim, random: Random, label: string): Claim {
  const last = 2 ** history.height - 1;
  const place = random.integer(0, Math.min(last, 32) - 1);
  const overrides = new Map([[place, falseState(label, place)]]);
  return { end, history: new PatchedHistory(history, overrides) };
}

/** A place in the history: often one of a real step or near the end of them. */
function randomIndex(scene: GameScene, random: Random): number {
  const last = 2 ** scene.height - 1;
  return random.chance(0.7) ? random.integer(0, Math.min(last, scene.realSteps + 2)) : random.integer(0, last);
}
