import { Command, InvalidArgumentError, Option } from "commander";
import { collect } from "../cli/layers.ts";

/** What the archive was asked for. */
export interface ArchiveOptions {
  readonly deployment: string;
  readonly folder: string;
  readonly rpcUrl?: string;
  readonly beaconUrl?: string;
  readonly from: readonly string[];
  readonly listen?: { readonly host: string; readonly port: number };
  readonly keepDays?: number;
  readonly poll: number;
  readonly once: boolean;
  readonly log: string;
  readonly trace: boolean;
}

/** The command line's grammar. */
export function archiveCommand(): Command {
  return new Command("npm run blob-archive --")
    .description("Follows the inbox, keeps the blobs of every batch in a folder, and serves them to others.")
    .requiredOption("--deployment <file>", "deployment file, with the addresses and the chain id")
    .requiredOption("--folder <path>", "where the blobs are kept; it is made if there is none")
    .option("--rpc-url <url>", "L1 endpoint; default: the configuration variable TENOR_L1_URL")
    .option("--beacon-url <url>", "consensus client; default: the configuration variable TENOR_BEACON_URL")
    .option("--from <url>", "another archive, asked after the consensus client; may be repeated", collect, [])
    .option("--listen <[host:]port>", "serve the folder there; without a host on 127.0.0.1 alone", listenAt)
    .option(
      "--keep-days <days>",
      "delete what is older and belongs to confirmed ranges; default: keep all",
      atLeast(18),
    )
    .option("--poll <seconds>", "time between two looks at L1", atLeast(0), 12)
    .option("--once", "end after one round, with code 3 if blobs are missing", false)
    .addOption(
      new Option("--log <level>", "level of the log").choices(["error", "warn", "info", "debug"]).default("info"),
    )
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text === "" || !(number >= least)) throw new InvalidArgumentError(`expected a number of at least ${least}`);
    return number;
  };
}

function listenAt(text: string): NonNullable<ArchiveOptions["listen"]> {
  const [, host = "127.0.0.1", port] = /^(?:(.+):)?([0-9]{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) throw new InvalidArgumentError("expected [host:]port");
  // An address of IPv6 stands in brackets before a port, and nowhere else.
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
