import { Command } from "commander";

/** What is to be done with the hash. */
export interface ProverHashOptions {
  readonly write: boolean;
}

/** The command line's grammar. */
export function proverHashCommand(): Command {
  return new Command("npm run prover-hash --")
    .description("Compiles the fault proof from source and compares its hash with the build's and the committed one.")
    .option("--write", "commit to what was built: writes deploy/code-hashes.json", false)
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}
