import { Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_LIMITS } from "../../src/status/attention.ts";
import type { NamedAccount } from "../../src/status/readL1.ts";
import { usage } from "../cli/CliError.ts";
import { collect } from "../cli/layers.ts";
import { whole } from "../node/common.ts";
import { address } from "../node/values.ts";

/** What the status was asked for. */
export interface StatusOptions {
  readonly deployment: string;
  readonly l1: string | undefined;
  readonly account: readonly string[];
  /** Seconds. */
  readonly quiet: number;
  readonly idle: number;
  readonly late: number;
  /** Wei. */
  readonly leastBalance: bigint;
  readonly json: boolean;
  readonly check: boolean;
  readonly trace: boolean;
}

/** The command line's grammar. */
export function statusCommand(): Command {
  return new Command("npm run status --")
    .description("Shows what is posted, asserted, challenged, confirmed and funded, and first what needs attention.")
    .option("--config <file>", "JSON file with flags; the command line and the environment count more")
    .requiredOption("--deployment <file>", "deployment file of the contracts")
    .option("--l1 <url>", "JSON-RPC endpoint of L1; else the configuration variable TENOR_L1_URL")
    .option("--account <name=address>", "account whose balance matters; may be repeated", collect, [])
    .option("--quiet <seconds>", "time without a batch that needs attention", whole, Number(DEFAULT_LIMITS.quiet))
    .option("--idle <seconds>", "time without a move in a game that does", whole, Number(DEFAULT_LIMITS.idle))
    .option("--late <seconds>", "time for which an assertion may be due", whole, Number(DEFAULT_LIMITS.late))
    .addOption(
      new Option("--least-balance <ether>", "what a role's account should have")
        .argParser(ether)
        .default(DEFAULT_LIMITS.leastBalance, "0.1"),
    )
    .option("--json", "print JSON: times in seconds, amounts in wei and 1e-6 USDC, as text", false)
    .option("--check", "end with code 3 if something urgent, or a warning, needs attention", false)
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}

/** Accounts of `name=0x…`. @throws CliError `USAGE`. */
export function accountsOf(texts: readonly string[]): NamedAccount[] {
  return texts.map((text) => {
    const [name, value, ...more] = text.split("=");
    try {
      if (name !== undefined && name !== "" && value !== undefined && more.length === 0) {
        return { name, address: address(value) };
      }
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw usage(error.message, { account: text });
      throw error;
    }
    throw usage("expected name=address", { account: text });
  });
}

const WEI = 18;

function ether(text: string): bigint {
  const [, units, fraction = ""] = /^([0-9]{1,9})(?:\.([0-9]{1,18}))?$/.exec(text) ?? [];
  if (units === undefined) throw new InvalidArgumentError("expected an amount of ether");
  return BigInt(units + fraction.padEnd(WEI, "0"));
}
