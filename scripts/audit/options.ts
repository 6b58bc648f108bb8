import { Command } from "commander";

/** The command line's grammar. */
export function snapshotsCommand(): Command {
  return new Command("npm run snapshots --")
    .description(
      "Writes storage layouts, selectors and sizes of the built contracts to test/audit/snapshots, where a test compares them.",
    )
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}
