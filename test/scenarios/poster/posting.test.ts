import { expect } from "chai";
import { PosterScene } from "../../support/poster/PosterScene.ts";

for (const kind of ["simulator", "anvil"] as const) {
  describe(`Scenario: the poster on ${kind}`, () => {
    let scene: PosterScene;

    before(async () => {
      scene = await PosterScene.launch(kind);
    });

    after(async () => {
      await scene.stop();
    });

    beforeEach(async () => {
      await scene.reset();
    });

    for (const kinds of ["calldata", "blob"] as const) {
      it(`posts batches as ${kinds}`, async () => {
        const one = scene.poster({ kinds });
        for (let i = 0; i < 3; i++) {
          await scene.trade();
          await scene.settle(one);
        }
        await scene.expectSequence(3, kinds);
        const states = one.steps.map(({ state }) => state);
        expect(states.slice(0, 4)).to.deep.equal(["built", "signed", "sent", "mined"]);
        expect(one.health.reasons).to.deep.equal([]);
        one.close();
      });
    }
  });
}
