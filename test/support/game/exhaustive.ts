import { expect } from "chai";
import type { TenorParameters } from "../../../src/l1/parameters.ts";
import type { Connection } from "../baseChain.ts";
import { Random } from "../random.ts";
import { Liar, STYLES, type StyleName } from "./adversaries.ts";
import { Arena } from "./Arena.ts";
import { GameScene, type Claim } from "./GameScene.ts";
import { HonestParty } from "./HonestParty.ts";
import { bound, play } from "./play.ts";

/** T, and δ, of the games here, seconds. */
const CHALLENGE_PERIOD = 3600;
const DELAY = 60;

/** One liar, whose history parts from the right one at `index`. */
export interface Case {
  readonly index: number;
  readonly style: StyleName;
  /** Whether the end is wrong as well, and not only a state on the way there. */
  readonly wrongEnd: boolean;
  /** Whether the honest party's moves share transactions. */
  readonly combined: boolean;
}

/** A deployment with histories of 2^height states and sections of 2^sectionBits, for any number of games. */
export class Table {
  readonly scene: GameScene;
  readonly #restore: () => Promise<void>;
  /** The longest that a game took beyond T, by whether moves are combined, seconds. */
  readonly longest = { combined: 0, uncombined: 0 };

  private constructor(scene: GameScene, restore: () => Promise<void>) {
    this.scene = scene;
    this.#restore = restore;
  }

  /** Deploys, on a new chain or on the one given, whose blocks may share a second. */
  static async set(
    height: number,
    sectionBits: number,
    changes: Partial<TenorParameters> = {},
    on?: Connection,
  ): Promise<Table> {
    const options = {
      historyHeight: BigInt(height),
      sectionBits: BigInt(sectionBits),
      challengePeriodSeconds: BigInt(CHALLENGE_PERIOD),
      sharedSeconds: true,
      ...changes,
    };
    const scene = await GameScene.launch(options, on);
    const snapshot = await scene.world.connection.networkHelpers.takeSnapshot();
    return new Table(scene, () => snapshot.restore());
  }

  /** An arena in which nothing has happened yet. */
  async clear(): Promise<Arena> {
    await this.#restore();
    return await Arena.enter(this.scene);
  }

  /** One liar asserts, and the honest party answers as late as it may; the honest assertion is confirmed within the bound. */
  async play(of: Case): Promise<void> {
    const confirmedAfter = await playDuel(await this.clear(), of);
    const kind = of.combined ? "combined" : "uncombined";
    this.longest[kind] = Math.max(this.longest[kind], confirmedAfter - CHALLENGE_PERIOD);
  }
}

/** One game of a case. Gives the seconds from the honest assertion to its confirmation, which are within the bound. */
export async function playDuel(arena: Arena, { index, style, wrongEnd, combined }: Case): Promise<number> {
  const start = arena.now;
  const { scene } = arena;
  const { signers } = scene.world;
  const claim: Claim = wrongEnd ? await scene.wrongFrom(index, "liar") : scene.wrongAt([index], "liar");
  const random = new Random(index);
  const liar = new Liar({ name: style, signer: signers[6]!, claim, style: STYLES[style], assertAt: start, random });
  const assertAt = start + 100;
  const honest = new HonestParty({ signer: signers[5]!, delay: () => DELAY, combined, assertAt });
  const { confirmedAfter } = await play(arena, { honest, liars: [liar], bystander: signers[14]! });
  const most = bound(arena, DELAY, combined);
  expect(confirmedAfter <= most, `confirmed after ${confirmedAfter}, bound ${most}`).to.equal(true);
  return confirmedAfter;
}

/** Levels of a move in the quick runs, by height: bisection, and sections of which the last has what remains. */
const SECTIONS: Readonly<Record<number, readonly number[]>> = { 1: [1], 2: [1], 3: [1], 4: [3] };

/**
 * Every place at which a liar can part from the truth, in histories of 2^k states cut into sections of 2^m, against every style
 * of moving.
 *
 * @param everything Whether each place and style meets every kind of claim and of reaction, and not one in turn.
 */
export function describeEveryDivergence(heights: readonly number[], everything: boolean): void {
  for (const height of heights) {
    const sections = everything ? [1, 2, 3].filter((m) => m <= height) : (SECTIONS[height] ?? [1]);
    for (const sectionBits of sections) {
      it(`k = ${height}, m = ${sectionBits}: every place, every style`, async () => {
        const table = await Table.set(height, sectionBits);
        let games = 0;
        for (let index = 0; index < 2 ** height; index++) {
          for (const [i, style] of (Object.keys(STYLES) as StyleName[]).entries()) {
            for (let turn = 0; turn < 4; turn++) {
              if (!everything && turn !== (index + i) % 4) continue;
              // The end itself is the last state.
              const wrongEnd = turn % 2 === 0 || index === 2 ** height - 1;
              await table.play({ index, style, wrongEnd, combined: turn < 2 });
              games++;
            }
          }
        }
        const { combined, uncombined } = table.longest;
        const levels = Math.ceil(height / sectionBits);
        console.log(
          `      ${games} games; at most ${combined / DELAY} δ beyond T of ${levels + 1}, and uncombined ` +
            `${uncombined / DELAY} δ of ${2 * levels + 1}`,
        );
      });
    }
  }
}
