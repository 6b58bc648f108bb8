import { isTenorError } from "../../src/errors.ts";
import type { PosterErrorCode } from "../../src/poster/PosterError.ts";

/** What the poster's process ends with; docs/operations.md says what to do about each. */
export const POSTER_EXIT = {
  /** It was told to end. */
  stopped: 0,
  /** Something else than the following. */
  failed: 1,
  /** The command line or a file that it names can't be understood, or settings contradict each other. */
  usage: 2,
  /** Somebody else sends from the account. */
  foreign: 4,
  /** Another process has the journal open. */
  locked: 5,
  /** The journal cannot be used, or is of another account. */
  journal: 6,
} as const;

const CODES: Partial<Record<PosterErrorCode, number>> = {
  FOREIGN_NONCE: POSTER_EXIT.foreign,
  JOURNAL_LOCKED: POSTER_EXIT.locked,
  JOURNAL_FOREIGN: POSTER_EXIT.journal,
  JOURNAL_FAILED: POSTER_EXIT.journal,
  SETTINGS_INVALID: POSTER_EXIT.usage,
};

const NOT_UNDERSTOOD = ["USAGE", "FILE_MALFORMED", "URL_MALFORMED", "KEY_MALFORMED", "VARIABLE_UNSET"];

/** What a failure ends the process with. */
export function exitCodeOf(error: unknown): number {
  if (!isTenorError(error)) return POSTER_EXIT.failed;
  if (NOT_UNDERSTOOD.includes(error.code)) return POSTER_EXIT.usage;
  return CODES[error.code as PosterErrorCode] ?? POSTER_EXIT.failed;
}
