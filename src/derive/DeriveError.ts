import { TenorError } from "../errors.ts";

/** What derivation refuses. */
export type DeriveErrorCode =
  /** L1 was reorganised while it was read. Nothing was taken over; the next `sync` starts from the last common block. */
  | "L1_CHANGED"
  /** An event's index is not the next one: the endpoint has left one out, or invented one. */
  | "INDEX_GAP"
  /** A payload is not what the event commits to. */
  | "COMMITMENT_MISMATCH"
  /** A batch says what the inbox never lets through. */
  | "BATCH_IMPOSSIBLE"
  /** The inbox's own counts or roots are not those of its events. */
  | "ROOT_MISMATCH"
  /** No source has a blob of a batch. Nothing was taken over; what else was read is kept for the next `sync`. */
  | "BLOB_UNAVAILABLE"
  /** Data of a kind that this software does not know. */
  | "DATA_KIND_UNKNOWN";

/** L1 does not say the same thing twice. Whoever reads this should ask another endpoint. */
export class DeriveError extends TenorError<DeriveErrorCode> {
  override readonly name = "DeriveError";
}
