import { Command } from "commander";

/** What is to be measured. */
export interface CoverageOptions {
  readonly src: boolean;
  readonly contracts: boolean;
  readonly missed: boolean;
}

/** The command line's grammar. */
export function coverageCommand(): Command {
  return new Command("npm run coverage --")
    .description("Shows which share of the lines the tests execute, by folder, and fails below the targets.")
    .argument("[files...]", "test files; without any all of them, or those of the contracts")
    .option("--src", "measure TypeScript alone", false)
    .option("--contracts", "measure the contracts alone, which builds them anew, with instruments in them", false)
    .option("--missed", "name the lines that nothing executes", false)
    .option("--trace", "show the stack of an error", false);
}
