import { expect } from "chai";
import { Liar, STYLES } from "../../support/game/adversaries.ts";
import { Table } from "../../support/game/exhaustive.ts";
import { HonestParty } from "../../support/game/HonestParty.ts";
import { playUntilDecided } from "../../support/game/play.ts";
import { Random } from "../../support/random.ts";

/** δ, seconds. */
const DELAY = 60;

/**
 * One liar has had the game to itself but for another one, who never moves, so its time runs from its assertion on, and since it
 * answers at once it goes on running until the liar's leaf is registered. The honest assertion comes `before` seconds before
 * it would win, and the honest party takes δ for everything.
 */
describe("Threat 8: a challenge between two wrong assertions, and the right one comes late", () => {
  for (const [height, sectionBits] of [
    [4, 1],
    [4, 2],
    [26, 5],
  ] as const) {
    const levels = Math.ceil(height / sectionBits);
    let table: Table;

    before(async () => {
      table = await Table.set(height, sectionBits);
    });

    async function winner(before: number, combined: boolean): Promise<"honest" | "liar"> {
      const arena = await table.clear();
      const { signers } = arena.scene.world;
      const start = arena.now;
      const liar = (i: number, style: "eager" | "silent", assertAt: number, index: number): Promise<Liar> =>
        arena.scene.wrongFrom(index, `liar ${i}`).then((claim) => {
          const random = new Random(i);
          return new Liar({ name: style, signer: signers[6 + i]!, claim, style: STYLES[style], assertAt, random });
        });
      const eager = await liar(0, "eager", start, 5);
      const liars = [eager, await liar(1, "silent", start + 1, 2)];
      const assertAt = start + arena.challengePeriod - before;
      const honest = new HonestParty({ signer: signers[5]!, delay: () => DELAY, combined, assertAt });
      let liarWon = false;
      await playUntilDecided(arena, { honest, liars, bystander: signers[14]! }, async () => {
        const root = await arena.root(eager.claim);
        if (arena.clocks.total(arena.view, root!, arena.now) < arena.challengePeriod) {
          // The liar wakes up for nothing but its own confirmation.
          const next = await arena.earliest(eager.claim);
          if (next !== undefined) eager.alarm = next;
          return false;
        }
        liarWon = true;
        return true;
      });
      if (liarWon) {
        expect(await arena.confirm(signers[14]!, eager.claim)).to.equal(undefined);
        expect(await arena.confirm(signers[14]!, arena.scene.honest)).to.equal("SiblingConfirmed");
        return "liar";
      }
      expect(await arena.confirm(signers[14]!, eager.claim)).to.equal("TimeTooShort");
      expect(await arena.confirm(signers[14]!, arena.scene.honest)).to.equal(undefined);
      return "honest";
    }

    it(`k = ${height}, m = ${sectionBits}: wins at T − (2L + 1)·δ, and at T − (L + 1)·δ if moves are combined`, async () => {
      expect(await winner((2 * levels + 1) * DELAY, false)).to.equal("honest");
      expect(await winner((levels + 1) * DELAY, true)).to.equal("honest");
    });

    it(`k = ${height}, m = ${sectionBits}: may lose when it comes later`, async () => {
      // The liar's time stops when its leaf is registered, and that is when the honest node above it is opened: one reaction
      // for each level, or for two if moves are combined.
      expect(await winner(levels * DELAY, false)).to.equal("liar");
      expect(await winner((levels / 2) * DELAY, true)).to.equal("liar");
    });
  }
});
