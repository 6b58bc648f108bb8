import { expect } from "chai";
import { mutate } from "../scripts/mutation/mutate.ts";
import { formatResults, scoreOf } from "../scripts/mutation/report.ts";
import { SUBJECTS } from "../scripts/mutation/subjects.ts";

/** Mutants of each folder; all by default. */
const SAMPLE = Number(process.env.TENOR_MUTANTS ?? Infinity);
const SEED = Number(process.env.TENOR_SEED ?? 1);
/** Least share that what is recorded must kill. docs/mutation.md says what the rest is. */
const TARGET = 0.9;

describe("deep mutation (all 5,400 mutants take some hours on two idle cores)", function () {
  this.timeout(12 * 3_600_000);

  for (const [of, folders] of [
    ["prover", ["prover", "machine", "pricing"]],
    ["game", ["game", "rollup"]],
  ] as const) {
    for (const folder of folders) {
      it(`what is recorded kills nine out of ten mutants of contracts/${folder}`, async () => {
        const only = `contracts/${folder}/`;
        const results = await mutate(SUBJECTS[of], { sample: SAMPLE, seed: SEED, only, onProgress: console.log });
        console.log(formatResults(results));
        expect(scoreOf(results)).to.be.at.least(TARGET);
      });
    }
  }
});
