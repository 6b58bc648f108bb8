import { Table, type Case } from "../../../test/support/game/exhaustive.ts";
import { connect } from "../../../test/support/baseChain.ts";
import type { TenorParameters } from "../../../src/l1/parameters.ts";
import type { RecordedGame } from "./pieces.ts";
import { latestBlock, recordSince, type Recording } from "./recording.ts";
import { disputes, duels, modelGames, randomGames } from "./gameStories.ts";
import { families, ranges, stakes } from "./chainStories.ts";
import { Stage, type Story } from "./Stage.ts";

/** Games, and what was done before each of them. */
export interface Corpus {
  readonly setUp: Recording;
  readonly games: readonly (RecordedGame & { readonly baseFees: readonly bigint[] })[];
}

/** A deployment, and what is played on it. */
export interface Shape {
  readonly height: number;
  readonly sectionBits: number;
  readonly changes?: Partial<TenorParameters>;
  readonly stories: readonly Story[];
}

const DUELS = [
  { index: 5, style: "eager", wrongEnd: true, combined: true },
  { index: 12, style: "quick", wrongEnd: false, combined: false },
  { index: 0, style: "last moment", wrongEnd: false, combined: true },
] as const satisfies readonly Case[];

/** Sections of one bit, of several, of a last one that is shorter, and of so many children that two words hold them. */
const SHAPES: readonly Shape[] = [
  {
    ...{ height: 4, sectionBits: 2, changes: { stakeWei: 10n ** 16n } },
    stories: [...disputes([4, 9]), ...duels(DUELS), ...randomGames(4, 3)],
  },
  {
    ...{ height: 3, sectionBits: 1 },
    stories: [...families(), ...ranges(), ...stakes(), ...modelGames(31, 3), ...randomGames(11, 2)],
  },
  { height: 3, sectionBits: 2, stories: modelGames(32, 2) },
  // The last child in the first word, and the first one in the second.
  { height: 10, sectionBits: 8, stories: [...disputes([900, 130]), ...disputes([510, 512])] },
  { height: 26, sectionBits: 5, stories: disputes([3, 70_000]) },
];

/** Plays everything on a simulated L1. */
export function recordAll(): Promise<Corpus> {
  return record(SHAPES);
}

/** Plays on deployments beside each other. */
export async function record(shapes: readonly Shape[]): Promise<Corpus> {
  const connection = await connect({ allowBlocksWithSameTimestamp: true });
  const relay = await connection.ethers.deployContract("Relay");
  const games: Corpus["games"][number][] = [];
  for (const { height, sectionBits, changes, stories } of shapes) {
    const table = await Table.set(height, sectionBits, changes, connection);
    const { game, chain } = table.scene.world.deployment.addresses;
    for (const story of stories) {
      const { name, baseFees = [] } = story;
      const stage = new Stage(await table.clear(), relay);
      const before = await latestBlock(connection);
      await story.play(stage);
      const recording = await recordSince(connection, before, await latestBlock(connection));
      games.push({ name: `k = ${height}, m = ${sectionBits}: ${name}`, place: { game, chain }, recording, baseFees });
    }
    // The next deployment begins where this one began.
    await table.clear();
  }
  return { setUp: await recordSince(connection, 0, await latestBlock(connection)), games };
}
