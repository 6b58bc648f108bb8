import { Command } from "commander";
import { upTo } from "../node/common.ts";

/** What a devnet was asked for. */
export interface DevnetOptions {
  readonly folder: string | undefined;
  readonly l1Port: number;
  readonly rpcPort: number;
  /** Seconds. */
  readonly blockTime: number;
  readonly trace: boolean;
}

/** The command line's grammar. */
export function devnetCommand(): Command {
  return new Command("npm run devnet --")
    .description(
      "A local L1 with everything on it, every role as a process of its own, prices that move and a maker that quotes.",
    )
    .option("--config <file>", "JSON file with flags; the command line and the environment count more")
    .option("--folder <path>", "where its state is kept for the next time; else in a folder that is thrown away")
    .option("--l1-port <port>", "port of L1; 0 for any that is free", upTo(65_535), 8_545)
    .option("--rpc-port <port>", "port of the traders' JSON-RPC; 0 for any that is free", upTo(65_535), 9_472)
    .option("--block-time <seconds>", "time between two blocks of L1", upTo(12), 2)
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}
