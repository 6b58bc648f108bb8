import { expect } from "chai";
import type { Update } from "../../src/game/Move.ts";
import { updateOf } from "../../src/game/plan.ts";
import { Table } from "../support/game/exhaustive.ts";
import { Player } from "../support/game/Player.ts";

/** With sections of eight bits a node has 256 children, whose bits are in two words. */
describe("BisectionGame: children in two words", () => {
  it("counts the last child of the first word, and the first and the last one of the second", async () => {
    const arena = await (await Table.set(8, 8)).clear();
    const { scene } = arena;
    const honest = new Player(arena, scene.world.signers[5]!, scene.honest);
    const liars = [127, 128, 254].map((index, i) => {
      return new Player(arena, scene.world.signers[6 + i]!, scene.wrongAt([index], `liar ${i}`));
    });
    await honest.assert();
    for (const liar of liars) await liar.assert();
    await honest.open();
    for (const liar of liars) await liar.open();
    for (const liar of liars) await honest.descend(liar);

    const root = await honest.node();
    expect([...root.linked.keys()]).to.deep.equal([127, 128, 254]);
    const update = updateOf(arena.view, root);
    const without = (at: number): Update => ({ ...update, children: update.children.filter((_, i) => i !== at) });
    // The next one stands in the place of what is left out. In the padding, with padding on both sides, all evidence is the same.
    for (const [at, error] of ["SpanMismatch", "ChildrenMismatch", "ChildrenMismatch"].entries()) {
      const refusal = await arena.send(honest.signer, [{ type: "update", updates: [without(at)] }]);
      expect(refusal, `without child ${at}`).to.equal(error);
    }
    await arena.sendAll(honest.signer, [{ type: "update", updates: [update] }]);
    // Each of them once.
    for (const liar of liars) {
      expect(await arena.send(honest.signer, [await honest.descendMove(liar)])).to.equal("AlreadyDescended");
    }
  });
});
