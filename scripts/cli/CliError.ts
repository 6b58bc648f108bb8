import { TenorError } from "../../src/errors.ts";

/** What a command refuses. */
export type CliErrorCode =
  /** The command line, or a file that it names, can't be understood. */
  | "USAGE"
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

/** A failure to understand what was asked. */
export function usage(message: string, fields: Readonly<Record<string, unknown>> = {}): CliError {
  return new CliError("USAGE", message, { fields });
}
