import { Command } from "commander";
import { whole } from "../node/common.ts";

/** Which mutants are tried. */
export interface MutationCommandOptions {
  readonly sample: number;
  readonly seed: number;
  readonly only?: string;
  readonly json?: string;
}

/** The command line's grammar. */
export function mutationCommand(): Command {
  return new Command("npm run mutation --")
    .description(
      "Changes the machine and its prover on L1 in one place at a time, and counts how many of the changes recorded steps notice.",
    )
    .option("--sample <mutants>", "how many are tried", whole, 200)
    .option("--seed <number>", "seed by which they are drawn", whole, 1)
    .option("--only <text>", "of files alone whose name holds that")
    .option("--json <file>", "write the rows as JSON")
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}
