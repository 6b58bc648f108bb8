import { isTenorError } from "../../src/errors.ts";
import { EXIT } from "../cli/runScript.ts";
import { isNotUnderstood } from "../cli/CliError.ts";

/** What a role's process ends with; docs/running.md says what to do about each. */
export const NODE_EXIT = {
  /** It was told to end. */
  stopped: EXIT.done,
  /** Something else than the following. */
  failed: EXIT.failed,
  /** The command line or a file that it names can't be understood, or settings contradict each other. */
  usage: EXIT.usage,
  /** Somebody else sends from the account. */
  foreign: 4,
  /** Another process has the journal open. */
  locked: 5,
  /** The journal cannot be used, or is of another account. */
  journal: 6,
  /** Started so, it could do no good: another chain or other contracts, the wrong key, no funds, too little time to defend. */
  refused: 7,
  /** The right chain is lost, or an alarm was raised and ends the process. */
  alarm: 8,
} as const;

const CODES: Readonly<Record<string, number>> = {
  SETTINGS_INVALID: NODE_EXIT.usage,
  OPTIONS_INVALID: NODE_EXIT.usage,
  FOREIGN_NONCE: NODE_EXIT.foreign,
  JOURNAL_LOCKED: NODE_EXIT.locked,
  JOURNAL_FOREIGN: NODE_EXIT.journal,
  JOURNAL_FAILED: NODE_EXIT.journal,
  JOURNAL_READ: NODE_EXIT.journal,
  JOURNAL_WRITE: NODE_EXIT.journal,
  JOURNAL_VERSION: NODE_EXIT.journal,
  CHECKPOINT_TOO_LATE: NODE_EXIT.journal,
  WRONG_CHAIN: NODE_EXIT.refused,
  WRONG_KEY: NODE_EXIT.refused,
  NO_FUNDS: NODE_EXIT.refused,
  DEPLOYMENT_MISMATCH: NODE_EXIT.refused,
  CHALLENGE_PERIOD_TOO_SHORT: NODE_EXIT.refused,
  ALARM: NODE_EXIT.alarm,
  WRONG_CONFIRMED: NODE_EXIT.alarm,
  FAMILY_LOST: NODE_EXIT.alarm,
};

/** What a failure ends the process with. */
export function exitCodeOf(error: unknown): number {
  if (!isTenorError(error)) return NODE_EXIT.failed;
  if (isNotUnderstood(error)) return NODE_EXIT.usage;
  return CODES[error.code] ?? NODE_EXIT.failed;
}
