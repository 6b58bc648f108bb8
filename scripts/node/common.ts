import { Command, InvalidArgumentError, Option } from "commander";
import { collect } from "../cli/layers.ts";

/** What every role takes. */
export interface CommonOptions {
  readonly deployment: string;
  readonly l1: string | undefined;
  readonly statusHost: string;
  readonly statusPort: number;
  /** Milliseconds. */
  readonly poll: number;
  readonly log: string;
  readonly trace: boolean;
}

/** Where a role finds what L1's nodes forget, and what it keeps of its own. */
export interface DataOptions {
  readonly blobs: string | undefined;
  readonly beacon: string | undefined;
  readonly archive: readonly string[];
  readonly checkpoints: string | undefined;
}

/** Who signs. */
export interface KeyOptions {
  readonly signerUrl: string | undefined;
  /** Configuration variable with the private key. */
  readonly key: string;
}

/** Wei of a gwei. */
export const GWEI = 1_000_000_000n;

/** A role's command with the flags that all have. @param port Of health and metrics, unless told otherwise. */
export function roleCommand(role: string, description: string, port: number): Command {
  return new Command(role)
    .description(description)
    .option("--config <file>", "JSON file with flags; the command line and the environment count more")
    .requiredOption("--deployment <file>", "deployment file of the contracts")
    .option("--l1 <url>", "JSON-RPC endpoint of L1; else the configuration variable TENOR_L1_URL")
    .option("--status-host <address>", "where metrics and health are served", "127.0.0.1")
    .option("--status-port <port>", "its port; 0 for any that is free", upTo(65_535), port)
    .option("--poll <milliseconds>", "time between two rounds", whole, 2_000)
    .addOption(logOption())
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}

/** The flag of the log's level. */
export function logOption(): Option {
  const levels = ["error", "warn", "info", "debug"];
  return new Option("--log <level>", "least level that is logged").choices(levels).default("info");
}

/** Adds where blobs are read and what is kept. @param blobs The folder, unless told otherwise. */
export function withData(command: Command, blobs?: string): Command {
  return command
    .option("--blobs <folder>", "folder with blobs of batches", blobs)
    .option("--beacon <url>", "consensus client from which blobs are read that are not in the folder")
    .option("--archive <url>", "archive of blobs, asked after those; may be repeated", collect, [])
    .option("--checkpoints <file>", "SQLite file from which the execution goes on after a restart");
}

/** Adds at which block reading stops. */
export function withLag(command: Command): Command {
  return command.option("--lag <blocks>", "blocks behind the newest one at which reading stops", upTo(200), 0);
}

/** Adds who signs. */
export function withKey(command: Command, variable: string): Command {
  return command
    .option("--signer-url <url>", "process that keeps the key; else TENOR_SIGNER_URL, else the key")
    .option("--key <name>", "configuration variable with the private key", variableName, variable);
}

/** Adds the most that is offered for a gas. */
export function withFeeCap(command: Command): Command {
  return command.option("--fee-cap <gwei>", "most that is ever offered for a gas", whole, 1_000);
}

/** The name of a configuration variable. */
export function variableName(value: string): string {
  // SAFETY: what somebody gives here by mistake is the key itself, which must not be shown.
  if (/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(value)) return value;
  throw new InvalidArgumentError("expected the name of a configuration variable, not the key itself");
}

/** A whole number. */
export function whole(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) throw new InvalidArgumentError("expected a whole number");
  return number;
}

/** A whole number up to a largest one. */
export function upTo(most: number): (value: string) => number {
  return (value) => {
    const number = whole(value);
    if (number > most) throw new InvalidArgumentError(`expected a whole number of at most ${most}`);
    return number;
  };
}
