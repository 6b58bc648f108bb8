import { TenorError } from "../errors.ts";

/** What a replay can run into. */
export type ReplayErrorCode = "ACCOUNT_MISSING" | "NOT_ACCEPTED" | "NOT_CONSERVED";

/** An event that can't be replayed. */
export class ReplayError extends TenorError<ReplayErrorCode> {
  override readonly name = "ReplayError";
}
