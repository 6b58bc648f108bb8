import { Command, Option } from "commander";
import { whole } from "../node/common.ts";
import type { SUBJECTS } from "./subjects.ts";

/** Which mutants are tried. */
export interface MutationCommandOptions {
  readonly of: keyof typeof SUBJECTS;
  readonly sample: number;
  readonly seed: number;
  readonly only?: string;
  readonly json?: string;
}

/** The command line's grammar. */
export function mutationCommand(): Command {
  return new Command("npm run mutation --")
    .description(
      "Changes contracts in one place at a time, and counts how many of the changes are noticed by what was recorded of them.",
    )
    .addOption(
      new Option(
        "--of <contracts>",
        "the machine with its prover, judged by steps; the prices, by values; or the dispute game, by games",
      )
        .choices(["prover", "prices", "game"] satisfies (keyof typeof SUBJECTS)[])
        .default("prover"),
    )
    .option("--sample <mutants>", "how many are tried", whole, 200)
    .option("--seed <number>", "seed by which they are drawn", whole, 1)
    .option("--only <text>", "of files alone whose name holds that")
    .option("--json <file>", "write the rows as JSON")
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}
