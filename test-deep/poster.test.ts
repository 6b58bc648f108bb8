import { FAULTS, STAGED_FAULTS, STAGES, strikeAt } from "../test/support/poster/faults.ts";
import { sceneOn } from "../test/support/poster/sceneOn.ts";
import { L1_KINDS } from "../test/support/poster/TestL1.ts";
import { describePosterProcess } from "../test/support/poster/processStories.ts";

/** Every fault under the poster, at every stage, with both kinds, on both L1s: seven minutes on two idle cores. */
for (const l1 of L1_KINDS) {
  describe(`Every fault under the poster on ${l1}`, () => {
    const scene = sceneOn(l1);

    for (const fault of FAULTS) {
      if (!fault.on.includes(l1)) continue;
      for (const kinds of fault.kinds) it(`${fault.name} (${kinds})`, () => fault.run(scene(), kinds));
    }

    for (const fault of STAGED_FAULTS) {
      for (const stage of STAGES) {
        for (const kinds of ["calldata", "blob"] as const) {
          it(`${fault.name} while a batch is ${stage} (${kinds})`, () => strikeAt(scene(), kinds, stage, fault));
        }
      }
    }
  });
}

describePosterProcess(true);
