import { Command, InvalidArgumentError } from "commander";
import { NETWORKS } from "../../deploy/networks.ts";
import type { Hex } from "../../src/crypto/bytes.ts";
import { usage } from "../cli/CliError.ts";
import { address } from "../force/transactions.ts";

/** What is to be deployed, where, and by whom. */
export interface DeployOptions {
  /** Name of a network; undefined if only an endpoint is given. */
  readonly network?: string;
  readonly parameters: string;
  readonly journal?: string;
  readonly deployment?: string;
  readonly rpcUrl?: string;
  readonly signerUrl?: string;
  readonly account?: Hex;
  readonly key: string;
  readonly symbol: string;
  /** Gwei. */
  readonly maxFee: number;
  readonly confirmations?: number;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly trace: boolean;
}

const EXAMPLES = `
Nothing is asked: what will be deployed is printed, then deployed. --dry-run ends before the first transaction. Whatever ends the command,
the same command goes on.

Exit codes: 0 deployed and verified, 1 failed, 2 not understood.

  TENOR_DEPLOYER_KEY=0x… npm run deploy -- --network anvil --parameters deploy/parameters/local.json
  npm run deploy -- --network sepolia --parameters sepolia.json --dry-run`;

/** The command line's grammar. */
export function deployCommand(): Command {
  return new Command("npm run deploy --")
    .description("Deploys the contracts, or goes on with a deployment that was interrupted, and verifies them.")
    .option("--network <name>", `one of ${Object.keys(NETWORKS).join(", ")}`, networkName)
    .requiredOption("--parameters <file>", "every choice of the deployment")
    .option("--journal <folder>", "what was done so far; default: deploy/deployments/ and the network's name")
    .option("--deployment <file>", "what all roles read; default: deployment.json in the journal's folder")
    .option("--rpc-url <url>", "endpoint; default: the network's")
    .option("--signer-url <url>", "process that keeps the key; default: the configuration variable TENOR_SIGNER_URL")
    .option("--account <address>", "which account of the signer", address)
    .option("--key <name>", "configuration variable with the deployer's private key", "TENOR_DEPLOYER_KEY")
    .option("--symbol <text>", "what the collateral calls itself", "USDC")
    .option("--max-fee <gwei>", "most that is offered for a gas", positive, 500)
    .option("--confirmations <blocks>", "depth of a transaction that is done; default: 5, or 1 on a local chain", whole)
    .option("--dry-run", "check and print what would be deployed, and send nothing", false)
    .option("--json", "one line of JSON for each thing that happens", false)
    .option("--trace", "show the stack of an error", false)
    .addHelpText("after", EXAMPLES)
    .allowExcessArguments(false);
}

/**
 * Reads the command line; it ends the process if it asks for help.
 *
 * @throws CliError `USAGE`.
 */
export function parseDeploy(argv: readonly string[]): DeployOptions {
  const command = deployCommand()
    .configureOutput({ outputError: () => undefined })
    .exitOverride((error) => {
      if (error.exitCode === 0) process.exit(0);
      throw usage(error.message);
    });
  const options = command.parse([...argv], { from: "user" }).opts<DeployOptions>();
  if (options.network === undefined && options.rpcUrl === undefined) throw usage("name --network or --rpc-url");
  if (options.network === undefined && options.journal === undefined) throw usage("without --network, name --journal");
  return options;
}

function networkName(name: string): string {
  if (name in NETWORKS) return name;
  throw new InvalidArgumentError(`expected one of ${Object.keys(NETWORKS).join(", ")}`);
}

function whole(text: string): number {
  const number = Number(text);
  if (!/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(number)) throw new InvalidArgumentError("expected 1 or more");
  return number;
}

function positive(text: string): number {
  const number = Number(text);
  if (text === "" || !(number > 0 && number <= 1e6)) throw new InvalidArgumentError("expected a number above 0");
  return number;
}
