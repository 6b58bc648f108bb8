import { Command } from "commander";

/** What is to be measured. */
export interface GasOptions {
  readonly json?: string;
  readonly nextFork: boolean;
}

/** The command line's grammar. */
export function gasCommand(): Command {
  return new Command("npm run gas --")
    .description(
      "Measures the gas of every L1 operation beside its target and the peers' figures; fails if one misses its target.",
    )
    .option("--json <file>", "write the rows as JSON")
    .option("--next-fork", "measure by the rules of the fork after Osaka, for which there are no targets yet", false)
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}
