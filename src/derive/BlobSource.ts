import type { L1Block } from "../l1/L1Source.ts";

/** Where blobs come from. The network forgets them after about 18 days, so there is more than one kind of source. */
export interface BlobSource {
  /**
   * The 131,072 bytes of the blob with this versioned hash (32 bytes), which a transaction in `block` carries, or undefined if
   * this source does not have it. What is returned has been verified against the hash.
   */
  blob(versionedHash: Uint8Array, block: L1Block): Promise<Uint8Array | undefined>;
}
