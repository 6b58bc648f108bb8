import { TenorError } from "../errors.ts";

/** Failures of the poster. After those that are not fatal the next round starts from L1 and the journal again. */
export type PosterErrorCode =
  /** The endpoint failed; `cause` has its error. */
  | "ENDPOINT"
  /** The endpoint refuses a transaction for a reason of its own. */
  | "SEND_REFUSED"
  /** The signer does not answer, or does not sign. */
  | "SIGNER"
  /** The sequencer does not answer, or not what it should. */
  | "FEED"
  /** Executing the batch on the state of L1 doesn't give the sequencer's state. It must not be posted. */
  | "DERIVATION_MISMATCH"
  /** Fatal: a transaction of the account is on L1 that is not of this journal. Somebody else posts with this key. */
  | "FOREIGN_NONCE"
  /** Fatal: another process has the journal open. */
  | "JOURNAL_LOCKED"
  /** Fatal: the journal is of another account or deployment. */
  | "JOURNAL_FOREIGN"
  /** Fatal: the journal cannot be read or written. */
  | "JOURNAL_FAILED"
  /** Fatal: settings contradict each other. */
  | "SETTINGS_INVALID";

/** See {@link PosterErrorCode}. */
export class PosterError extends TenorError<PosterErrorCode> {
  override readonly name = "PosterError";
}

const FATAL: ReadonlySet<string> = new Set<PosterErrorCode>([
  "FOREIGN_NONCE",
  "JOURNAL_LOCKED",
  "JOURNAL_FOREIGN",
  "JOURNAL_FAILED",
  "SETTINGS_INVALID",
]);

/** Whether the poster has to stop, because going on could only do harm. */
export function isFatal(error: unknown): boolean {
  return error instanceof PosterError && FATAL.has(error.code);
}
