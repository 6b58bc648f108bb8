import { expect } from "chai";
import { mutateProver } from "../scripts/mutation/proverMutants.ts";
import { formatResults, scoreOf } from "../scripts/mutation/report.ts";

/** Mutants of each folder; all by default. */
const SAMPLE = Number(process.env.TENOR_MUTANTS ?? Infinity);
const SEED = Number(process.env.TENOR_SEED ?? 1);
/** Least share that the recorded steps must kill. docs/mutation.md says what the rest is. */
const TARGET = 0.9;

describe("deep mutation (all 5,400 mutants take some hours on two idle cores)", function () {
  this.timeout(12 * 3_600_000);

  for (const folder of ["prover", "machine", "pricing"]) {
    it(`recorded steps kill nine out of ten mutants of contracts/${folder}`, async () => {
      const only = `contracts/${folder}/`;
      const results = await mutateProver({ sample: SAMPLE, seed: SEED, only, onProgress: console.log });
      console.log(formatResults(results));
      expect(scoreOf(results)).to.be.at.least(TARGET);
    });
  }
});
