import { Command } from "commander";
import { NETWORKS } from "../../deploy/networks.ts";
import { usage } from "../cli/CliError.ts";

/** What is to be compared. */
export interface VerifyOptions {
  readonly deployment: string;
  readonly parameters?: string;
  readonly network?: string;
  readonly rpcUrl?: string;
  readonly json: boolean;
  readonly trace: boolean;
}

/** The command line's grammar. */
export function verifyCommand(): Command {
  return new Command("npm run verify --")
    .description("Compares the contracts of a deployment with the source, and what they hold with the files.")
    .requiredOption("--deployment <file>", "deployment file, with the addresses and the chain id")
    .option("--parameters <file>", "file of parameters; without it, what only it says is shown and not compared")
    .option("--network <name>", `whose endpoint is asked: one of ${Object.keys(NETWORKS).join(", ")}`)
    .option("--rpc-url <url>", "endpoint; default: the network's, else the configuration variable TENOR_L1_URL")
    .option("--json", "one line of JSON for each check", false)
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}

/**
 * Reads the command line; it ends the process if it asks for help.
 *
 * @throws CliError `USAGE`.
 */
export function parseVerify(argv: readonly string[]): VerifyOptions {
  return verifyCommand()
    .configureOutput({ outputError: () => undefined })
    .exitOverride((error) => {
      if (error.exitCode === 0) process.exit(0);
      throw usage(error.message);
    })
    .parse([...argv], { from: "user" })
    .opts<VerifyOptions>();
}
