import { SHORTEST_DAY } from "../../src/market/generate.ts";
import { FRAUDS, type Fraud } from "./fraud/claims.ts";
import { Command, InvalidArgumentError, Option } from "commander";

/** What the demo was asked for. */
export interface DemoOptions {
  /** A Deribit trade file to replay; undefined for the generated day. */
  readonly tape: string | undefined;
  /** Prints of the tape at most. */
  readonly limit: number | undefined;
  /** Fills of the generated day, at least; undefined for as many as it has by itself. */
  readonly fills: number | undefined;
  /** Length of the generated day; undefined for 24. */
  readonly hours: number | undefined;
  /** Seed of the generated day, or of the accounts of a tape. */
  readonly seed: bigint;
  /** Steps that the judge re-runs: all, or a number of them spread evenly. */
  readonly judge: number;
  /** What the operator lies about; undefined: it is honest. */
  readonly fraud: Fraud | undefined;
  /** Where the closing table goes as JSON. */
  readonly json: string | undefined;
  /** Level of the operators' structured log on standard error; undefined for none. */
  readonly log: string | undefined;
  /** Whether errors show their stack. */
  readonly trace: boolean;
}

/** Steps of a tape that the judge re-runs unless told otherwise: a month has tens of thousands. */
const TAPE_JUDGE = 2_000;

/** The command line's grammar. */
export function demoCommand(): Command {
  return new Command("npm run demo --")
    .description(
      "Replays a day of option trading through a local L1, rebuilds it from there, and has every step judged.",
    )
    .option("--tape <file>", "replay a Deribit trade CSV instead of the generated day")
    .option("--limit <prints>", "replay at most so many prints of the tape", positive)
    .option("--fills <count>", "fills of the generated day, at least (default: 2000)", positive)
    .option("--hours <count>", "length of the generated day, with its expiry in the middle (default: 24)", hours)
    .addOption(
      new Option("--seed <number>", "seed of the generated day, or of the tape's accounts")
        .argParser(seed)
        .default(1n, "1"),
    )
    .option(
      "--judge <steps>",
      `steps that the Solidity judge re-runs: "all" or a number (default: all; ${TAPE_JUDGE} of a tape)`,
      steps,
    )
    .addOption(
      new Option("--fraud <kind>", "what the operator lies about").choices(["none", ...FRAUDS]).default("balance"),
    )
    .option("--json <file>", "write the closing table as JSON")
    .addOption(
      new Option("--log <level>", "write the operators' log to standard error").choices([
        "error",
        "warn",
        "info",
        "debug",
      ]),
    )
    .option("--trace", "show the stack of an error", false)
    .allowExcessArguments(false);
}

/** Reads the command line; exits with a message if it can't be understood. */
export function parseOptions(argv: readonly string[]): DemoOptions {
  const options = demoCommand()
    .parse([...argv], { from: "user" })
    .opts<{
      tape?: string;
      limit?: number;
      fills?: number;
      hours?: number;
      seed: bigint;
      judge?: number;
      fraud: Fraud | "none";
      json?: string;
      log?: string;
      trace: boolean;
    }>();
  const { tape, limit, fills, hours: length, seed: chosen, judge, fraud, json, log, trace } = options;
  return {
    tape,
    limit,
    fills,
    hours: length,
    seed: chosen,
    judge: judge ?? (tape === undefined ? Infinity : TAPE_JUDGE),
    fraud: fraud === "none" ? undefined : fraud,
    json,
    log,
    trace,
  };
}

function positive(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError("expected a whole number above zero");
  return number;
}

function hours(value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= SHORTEST_DAY && number <= 24) return number;
  throw new InvalidArgumentError(`expected a whole number from ${SHORTEST_DAY} to 24`);
}

function seed(value: string): bigint {
  if (!/^[0-9]+$/.test(value)) throw new InvalidArgumentError("expected a whole number");
  return BigInt(value);
}

function steps(value: string): number {
  return value === "all" ? Infinity : positive(value);
}
