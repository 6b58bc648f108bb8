import { toHex } from "../crypto/bytes.ts";
import { BLOB } from "../crypto/kzg.ts";
import type { BlobSource } from "../derive/BlobSource.ts";
import { HttpEndpoint, HttpError } from "../http/HttpEndpoint.ts";
import type { L1Block } from "../l1/L1Source.ts";
import { BlobSourceError, wrongBlob } from "./BlobSourceError.ts";
import { isBlobOf } from "./verifyBlob.ts";

/** Somebody's archive: a {@link BlobArchiveServer}, or any server with the blobs at `/blobs/0x…`. Nothing it says is believed. */
export class HttpBlobArchive implements BlobSource {
  readonly #endpoint: HttpEndpoint;

  /**
   * @param url May contain credentials; no error shows more of it than the host.
   * @param timeoutMilliseconds Longest time that an answer may take.
   * @throws {@link HttpError} `URL_MALFORMED`.
   */
  constructor(url: string, timeoutMilliseconds = 20_000) {
    this.#endpoint = new HttpEndpoint(url, { timeoutMilliseconds, maxBytes: BLOB });
  }

  /** @throws {@link BlobSourceError} */
  async blob(hash: Uint8Array, _block: L1Block): Promise<Uint8Array | undefined> {
    let blob: Uint8Array;
    try {
      blob = await this.#endpoint.send({ path: `/blobs/${toHex(hash)}`, accept: "application/octet-stream" });
    } catch (cause) {
      if (!(cause instanceof HttpError)) throw cause;
      if (cause.code === "STATUS" && cause.fields.status === 404) return undefined;
      if (cause.code === "TOO_LARGE") throw wrongBlob(this.#endpoint.host, hash);
      throw new BlobSourceError("SOURCE_UNAVAILABLE", "the archive does not answer", {
        fields: { source: this.#endpoint.host, reason: cause.code, ...cause.fields },
        cause,
      });
    }
    if (isBlobOf(hash, blob)) return blob;
    throw wrongBlob(this.#endpoint.host, hash);
  }
}
