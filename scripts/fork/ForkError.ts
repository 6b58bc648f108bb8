import { TenorError } from "../../src/errors.ts";

/** What can go wrong before the suites run on a fork. */
export type ForkErrorCode =
  "ANVIL_MISSING" | "ANVIL_STOPPED" | "COMPILER_REFUSED" | "RPC_FAILED" | "NOT_ON_CHAIN" | "SETTING_MALFORMED";

/** The base chain could not be set up, reached or forked. */
export class ForkError extends TenorError<ForkErrorCode> {
  override readonly name = "ForkError";
}
