import { Command, Option } from "commander";
import { marketData } from "../cli/marketData.ts";
import { whole } from "../node/common.ts";

/** What is to be measured. */
export interface BenchOptions {
  readonly json?: string;
  readonly tape: string;
  /** Prints of the tape. */
  readonly limit: number;
  readonly full: boolean;
  readonly small: boolean;
  readonly onlyHistory: boolean;
  readonly onlyTape: boolean;
}

/** A month of option trades. */
const TAPE = marketData("trades", "deribit_option_trades_2019-04.csv");

/** The command line's grammar. */
export function benchCommand(): Command {
  return new Command("npm run bench --")
    .description(
      "Measures steps a second, histories, bytes per fill and memory, beside the targets. Machines differ: read the ratios.",
    )
    .option("--json <file>", "write the figures as JSON")
    .option("--tape <file>", "trade file for the bytes", TAPE)
    .addOption(
      new Option("--limit <prints>", "prints of the tape at most").argParser(whole).default(Infinity, "all of them"),
    )
    .addOption(
      new Option("--full", "measure the history of a million steps too, in ten minutes and three gigabytes")
        .conflicts("small")
        .default(false),
    )
    .option("--small", "measure little of everything, in seconds: that it works, not how fast", false)
    .option("--only-history", "measure histories alone", false)
    .option("--only-tape", "measure the bytes of the tape alone", false)
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}
