import { CommanderError } from "commander";
import { isTenorError, TenorError } from "../../src/errors.ts";

/** What a command refuses. */
export type CliErrorCode =
  /** The command line, or a file that it names, can't be understood. */
  | "USAGE"
  /** The configuration file is none. */
  | "CONFIG_MALFORMED"
  /** The configuration file has a key that there is no flag for. */
  | "CONFIG_UNKNOWN"
  /** There is a private key in the configuration file. */
  | "KEY_IN_CONFIG"
  /** A process that was started has ended before it was ready. */
  | "PROCESS_ENDED"
  /** A configuration variable that is needed has no value. */
  | "VARIABLE_UNSET"
  /** The endpoint serves another chain, or there is no contract where one should be. */
  | "WRONG_CHAIN"
  /** A transaction of the account is not mined yet, and may be the same one. */
  | "PENDING_TRANSACTION"
  /** The same transaction is enqueued and not read. */
  | "ALREADY_ENQUEUED";

/** See {@link CliErrorCode}. */
export class CliError extends TenorError<CliErrorCode> {
  override readonly name = "CliError";
}

const NOT_UNDERSTOOD: ReadonlySet<string> = new Set([
  "USAGE",
  "CONFIG_MALFORMED",
  "CONFIG_UNKNOWN",
  "KEY_IN_CONFIG",
  "FILE_MALFORMED",
  "URL_MALFORMED",
  "KEY_MALFORMED",
  "VARIABLE_UNSET",
]);

/** Whether the command line or a file that it names can't be understood. */
export function isNotUnderstood(error: unknown): boolean {
  return isTenorError(error) && NOT_UNDERSTOOD.has(error.code);
}

/** A failure to understand what was asked. */
export function usage(message: string, fields: Readonly<Record<string, unknown>> = {}): CliError {
  return new CliError("USAGE", message, { fields });
}

/** What is wrong with a command line, from what the parser threw; undefined if it has only shown its help. @throws What is none of its errors. */
export function misuse(error: unknown): CliError | undefined {
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode === 0) return undefined;
  // SAFETY: the parser quotes what it was given, and that may be a key by mistake.
  return usage(error.message.replace(/^error: /, "").replace(/(0x)?[0-9a-fA-F]{64}/g, "…"));
}
