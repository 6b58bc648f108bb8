import { toHex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";

/** Why a source gives no blob, though it may have it. */
export type BlobSourceErrorCode =
  /** The server did not answer, not in time, or with a failure of its own. */
  | "SOURCE_UNAVAILABLE"
  /** The server's answer is not what its interface says. */
  | "ANSWER_MALFORMED"
  /** The source has given other bytes than those with the hash. */
  | "WRONG_BLOB"
  /** No source has given the blob, and at least one has failed: `fields.failures`. */
  | "NO_SOURCE"
  /** The folder can't be read or written. */
  | "FOLDER_UNUSABLE"
  /** The archive's own file of what it has read is damaged. */
  | "CURSOR_MALFORMED";

/** See {@link BlobSourceErrorCode}. */
export class BlobSourceError extends TenorError<BlobSourceErrorCode> {
  override readonly name = "BlobSourceError";
}

/** The failure of a source that has given other bytes than were asked for. */
export function wrongBlob(source: string, hash: Uint8Array): BlobSourceError {
  return new BlobSourceError("WRONG_BLOB", "a source gives other bytes than those that were asked for", {
    fields: { source, versionedHash: toHex(hash) },
  });
}
