import { Health } from "../roles/Health.ts";

/** What is wrong, for as long as it is; docs/operations.md says what to do about each. */
export const POSTER_ALARMS = [
  /** The L1 endpoint fails. */
  "endpoint",
  /** The endpoint shows no new block for long. */
  "stalled",
  /** The sequencer does not answer. */
  "feed",
  /** The sequencer sees another L1 than the endpoint shows, for long. */
  "apart",
  /** L1's fees are above the ceiling: a batch waits for them to fall, or until it becomes urgent. */
  "fees",
  /** A transaction is pending and may not be offered more. */
  "limit",
  /** A transaction has been pending for long. */
  "stuck",
  /** The account cannot pay for the next transaction. */
  "balance",
  /** At the present rate the balance lasts for less than it should. */
  "forecast",
  /** The inbox has refused a batch on L1 though nothing there explains it. */
  "reverted",
  /** A batch does not lead to the sequencer's state, and is not posted. */
  "mismatch",
  /** More batches wait than should. */
  "backlog",
  /** The account is not the inbox's sequencer, or has code. */
  "sequencer",
  /** The endpoint refuses a transaction for a reason of its own. */
  "refused",
  /** The signer does not answer, or does not sign. */
  "signer",
  /** Somebody else posts with this account's key. */
  "foreign",
] as const;

export type PosterAlarm = (typeof POSTER_ALARMS)[number];

/** The poster's alarms. */
export class PosterHealth extends Health<PosterAlarm> {}
