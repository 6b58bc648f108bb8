import { expect } from "chai";
import { families } from "../scripts/mutation/game/chainStories.ts";
import { record } from "../scripts/mutation/game/corpus.ts";
import { GameJudge } from "../scripts/mutation/game/GameJudge.ts";
import type { Subject } from "../scripts/mutation/Judge.ts";
import { judgeMutants, mutate } from "../scripts/mutation/mutate.ts";
import type { Mutant } from "../scripts/mutation/operators.ts";
import { populationOf } from "../scripts/mutation/population.ts";
import { formatResults, scoreOf } from "../scripts/mutation/report.ts";
import { SUBJECTS } from "../scripts/mutation/subjects.ts";

/** Mutants of each folder; all by default. */
const SAMPLE = Number(process.env.TENOR_MUTANTS ?? Infinity);
const SEED = Number(process.env.TENOR_SEED ?? 1);
/** Least share that what is recorded must kill. docs/mutation.md says what the rest is. */
const TARGETS = { prover: 0.9, machine: 0.9, pricing: 0.83, game: 0.9, rollup: 0.9 } as const;

describe("deep mutation (all 5,400 mutants take some hours on two idle cores)", function () {
  this.timeout(12 * 3_600_000);

  for (const [of, folders] of [
    ["prover", ["prover", "machine"]],
    ["prices", ["pricing"]],
    ["game", ["game", "rollup"]],
  ] as const) {
    for (const folder of folders) {
      it(`what is recorded kills at least ${100 * TARGETS[folder]} % of the mutants of contracts/${folder}`, async () => {
        const only = `contracts/${folder}/`;
        const results = await mutate(SUBJECTS[of], { sample: SAMPLE, seed: SEED, only, onProgress: console.log });
        console.log(formatResults(results));
        expect(scoreOf(results)).to.be.at.least(TARGETS[folder]);
      });
    }
  }
});

describe("mutants of the chain of assertions", () => {
  /** Judged by two short games alone. */
  const subject: Subject<"StateCommitmentChain"> = {
    contracts: ["StateCommitmentChain"],
    scope: /rollup\/StateCommitmentChain\.sol$/,
    start: (processes) => {
      return GameJudge.start(processes, () => record([{ height: 2, sectionBits: 1, stories: families() }]));
    },
  };

  it("are killed by games in which they show, and by no others", async () => {
    const population = populationOf(subject.contracts, (file) => subject.scope.test(file));
    const named = (text: string): Mutant[] =>
      population.mutants.filter(({ operator, original }) => operator === "revert removal" && original.includes(text));
    const chosen = [...named("StakeMismatch"), ...named("FamilyClosed"), ...named("SweepTooEarly")];
    // Throws if the contract without a mutant goes otherwise than it was recorded.
    const results = await judgeMutants(subject, population, chosen, () => undefined);
    // Nothing is swept in these games.
    expect(results.map(({ fate }) => fate)).to.deep.equal(["killed", "killed", "survived"]);
  });
});
