import { expect } from "chai";
import { FAULTS, STAGED_FAULTS, STAGES, strikeAt } from "./faults.ts";
import { sceneOn } from "./sceneOn.ts";
import { L1_KINDS, type L1Kind } from "./TestL1.ts";

/**
 * Without a fault, and each fault, with L1, kind and stage in turn: those that strike at any stage strike at two, and at each stage strike
 * two. test-deep/poster.test.ts has every combination. All of one L1 in one file, since every other anvil would load KZG's setup again.
 */
export function describeFaults(l1: L1Kind): void {
  const n = L1_KINDS.indexOf(l1);

  describe(`Scenario: the poster, and faults under it, on ${l1}`, () => {
    const scene = sceneOn(l1);

    for (const kinds of ["calldata", "blob"] as const) {
      it(`posts batches as ${kinds}`, async () => {
        const one = scene().poster({ kinds });
        for (let i = 0; i < 3; i++) {
          await scene().trade();
          await scene().settle(one);
        }
        await scene().expectSequence(3, kinds);
        const states = one.steps.map(({ state }) => state);
        expect(states.slice(0, 4)).to.deep.equal(["built", "signed", "sent", "mined"]);
        expect(one.health.reasons).to.deep.equal([]);
        one.close();
      });
    }

    for (const [i, fault] of FAULTS.entries()) {
      if (fault.on[i % fault.on.length] !== l1) continue;
      const hasBlobs = fault.isAboutBlobs === true || (l1 === "simulator" && i % 4 === 0);
      const kinds = hasBlobs ? fault.kinds.at(-1)! : fault.kinds[0]!;
      it(`${fault.name} (${kinds})`, () => fault.run(scene(), kinds));
    }

    for (const [i, fault] of STAGED_FAULTS.entries()) {
      const stage = STAGES[(i + 2 * n) % STAGES.length]!;
      const kinds = l1 === "simulator" && i % 2 === 0 ? "blob" : "calldata";
      it(`${fault.name} while a batch is ${stage} (${kinds})`, () => strikeAt(scene(), kinds, stage, fault));
    }
  });
}
