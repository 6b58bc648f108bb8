import { equalBytes } from "../crypto/bytes.ts";
import { BLOB, blobToCommitment, versionedHash } from "../crypto/kzg.ts";
import { isTenorError } from "../errors.ts";

/**
 * Whether the bytes are the blob with that versioned hash: the commitment is computed anew.
 *
 * @throws {@link KzgError} `UNAVAILABLE`, never because of what the bytes are.
 */
export function isBlobOf(versioned: Uint8Array, bytes: Uint8Array): boolean {
  if (bytes.length !== BLOB) return false;
  try {
    return equalBytes(versionedHash(blobToCommitment(bytes)), versioned);
  } catch (error) {
    // A field element beyond the field's order: no transaction carries that.
    if (isTenorError(error, "INVALID")) return false;
    throw error;
  }
}
