import { expect } from "chai";
import { Censor, Copier, Liar, STYLES, Updater, type StyleName } from "../../support/game/adversaries.ts";
import type { Actor, Arena } from "../../support/game/Arena.ts";
import { Table } from "../../support/game/exhaustive.ts";
import type { Claim } from "../../support/game/GameScene.ts";
import { HonestParty } from "../../support/game/HonestParty.ts";
import { bound, play, type Cast } from "../../support/game/play.ts";
import { Random } from "../../support/random.ts";

/** δ, seconds. */
const DELAY = 60;
const LAST = 2 ** 26 - 1;

/** Where a liar can part from the truth: the steps of the scene's range, by what they are. */
const PLACES: readonly (readonly [what: string, index: number])[] = [
  ["at index 0", 0],
  ["at a message that is refused", 2],
  ["at a valid transaction", 3],
  ["at a refused transaction", 4],
  ["at a malformed transaction, the framing error", 6],
  ["at the step that ends a batch", 7],
  ["at the first state of the padding", 8],
  ["deep in the padding", 2 ** 25 + 12_345],
  ["at the last index", LAST],
];

interface Match {
  readonly claims: (arena: Arena) => readonly Promise<Claim>[];
  readonly styles: readonly StyleName[];
  /** Seconds after the first liar's assertion at which the honest one comes. */
  readonly honestAfter?: number;
  /** Those who assert nothing. */
  readonly others?: (arena: Arena) => Actor[];
  /** C. */
  readonly censored?: number;
  /** Whether the honest party's moves share transactions; both by default. */
  readonly ways?: readonly boolean[];
}

const TOGETHER = [true];
const ONE_BY_ONE = [false];

describe("A game of 2^26 states: one honest party, who reacts as late as it may, against", () => {
  let table: Table;

  before(async () => {
    table = await Table.set(26, 5);
  });

  /** Plays the match. */
  async function expectHonestWins(match: Match): Promise<void> {
    const { claims, styles, honestAfter = 100, others, censored = 0, ways = [true, false] } = match;
    for (const combined of ways) {
      const arena = await table.clear();
      const { signers } = arena.scene.world;
      const start = arena.now;
      const liars: Liar[] = [];
      for (const claim of claims(arena)) {
        const i = liars.length;
        const style = STYLES[styles[i % styles.length]!];
        const random = new Random(i + 1);
        const name = `liar ${i}`;
        liars.push(new Liar({ name, signer: signers[6 + i]!, claim: await claim, style, assertAt: start, random }));
      }
      const assertAt = start + honestAfter;
      const honest = new HonestParty({ signer: signers[5]!, delay: () => DELAY, combined, assertAt });
      const cast: Cast = { honest, liars, others: others?.(arena) ?? [], bystander: signers[14]! };
      const { confirmedAfter } = await play(arena, cast);
      const most = bound(arena, DELAY, combined, censored);
      expect(confirmedAfter <= most, `confirmed after ${confirmedAfter}, bound ${most}`).to.equal(true);
    }
  }

  const wrongFrom =
    (...indices: number[]) =>
    ({ scene }: Arena): Promise<Claim>[] =>
      indices.map((index, i) => scene.wrongFrom(index, `liar ${i}`));
  const wrongAt =
    (...indices: number[]) =>
    ({ scene }: Arena): Promise<Claim>[] =>
      indices.map((index, i) => Promise.resolve(scene.wrongAt([index], `liar ${i}`)));

  for (const [what, index] of PLACES) {
    it(`threat 5: a liar who parts ${what} and has a wrong end`, async () => {
      await expectHonestWins({ claims: wrongFrom(index), styles: ["eager"], ways: TOGETHER });
    });
    if (index === LAST) continue;
    it(`threat 6: a liar whose end is right and who is wrong ${what} alone`, async () => {
      await expectHonestWins({ claims: wrongAt(index), styles: ["last moment"], ways: ONE_BY_ONE });
    });
  }

  for (const style of Object.keys(STYLES) as StyleName[]) {
    it(`threat 7: a liar whose way of moving is: ${style}`, async () => {
      await expectHonestWins({ claims: wrongFrom(5), styles: [style], ways: ONE_BY_ONE });
    });
  }

  it("threat 7: a rival that comes in the last second of the time that the honest one has alone", async () => {
    const arena = await table.clear();
    const { signers } = arena.scene.world;
    const start = arena.now;
    const liar = new Liar({
      name: "liar",
      signer: signers[6]!,
      claim: await arena.scene.wrongFrom(5, "liar"),
      style: STYLES["last moment"],
      assertAt: start + arena.challengePeriod - 1,
      random: new Random(1),
    });
    const honest = new HonestParty({ signer: signers[5]!, delay: () => DELAY, combined: true, assertAt: start });
    const { confirmedAfter } = await play(arena, { honest, liars: [liar], bystander: signers[14]! });
    expect(confirmedAfter <= bound(arena, DELAY, true)).to.equal(true);
  });

  it("threat 7: five liars at once, each with a way of its own, who part at different places", async () => {
    await expectHonestWins({
      claims: wrongFrom(0, 3, 7, 2 ** 20, LAST),
      styles: ["eager", "lazy", "last moment", "registrar", "silent"],
    });
  });

  it("threat 7: liars who also fight each other, since their lies part later than they part from the truth", async () => {
    // The second and third share the first one's lie and part from it afterwards.
    const claims = ({ scene }: Arena): Promise<Claim>[] =>
      [[4], [4, 6], [4, 9], [2, 4]].map((places) => Promise.resolve(scene.wrongAt(places, "one lie")));
    await expectHonestWins({ claims, styles: ["registrar", "eager", "lazy", "erratic"] });
  });

  it("threat 10: one who sees every transaction of the honest party's and makes all its moves first", async () => {
    const others = (arena: Arena): Actor[] => [new Copier(arena, arena.scene.world.signers[16]!, Infinity)];
    await expectHonestWins({ claims: wrongFrom(5, 2), styles: ["eager", "lazy"], others });
  });

  it("threat 10: one who makes only the first move of each transaction, so that the rest of it fails", async () => {
    const others = (arena: Arena): Actor[] => [new Copier(arena, arena.scene.world.signers[16]!, 1)];
    await expectHonestWins({ claims: wrongFrom(5, 2, 1), styles: ["eager", "lazy"], others });
  });

  it("threat 7: one who keeps the honest party out for 10 minutes, all at once", async () => {
    const others = (arena: Arena): Actor[] => [new Censor(arena, 600, () => 600)];
    await expectHonestWins({ claims: wrongFrom(5), styles: ["lazy"], others, censored: 600 });
  });

  it("threat 7: one who keeps each transaction out for a while, 10 minutes in all", async () => {
    const others = (arena: Arena): Actor[] => [new Censor(arena, 600, () => 100)];
    await expectHonestWins({ claims: wrongFrom(5, 7), styles: ["eager", "registrar"], others, censored: 600 });
  });

  it("threat 7: one who moves for the truth when it suits him", async () => {
    const others = ({ scene }: Arena): Actor[] => [
      new Liar({
        name: "insider",
        signer: scene.world.signers[17]!,
        claim: scene.honest,
        style: STYLES.erratic,
        assertAt: undefined,
        random: new Random(3),
      }),
    ];
    await expectHonestWins({ claims: wrongFrom(5, 7), styles: ["registrar"], others });
  });

  it("threat 2: liars whose totals are noted at every instant, before anything can take from them", async () => {
    const others = (arena: Arena): Actor[] => [new Updater(arena.scene.world.signers[15]!)];
    await expectHonestWins({ claims: wrongFrom(5, 7, 7), styles: ["registrar", "lazy", "eager"], others });
  });
});
