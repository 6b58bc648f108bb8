import { equalBytes } from "../crypto/bytes.ts";
import { HttpEndpoint } from "../http/HttpEndpoint.ts";
import type { BatchFeed, FeedAnswer, FeedBatch, PosterStatus } from "./BatchFeed.ts";
import { decodeAnswer, encodeStatus } from "./feedWire.ts";

/** Longest time that the sequencer may take: it may have to build batches anew. */
const TIMEOUT_MILLISECONDS = 30_000;
/** A payload in as many blobs as a transaction has, in hexadecimal digits, and what is around it. */
const MOST_BYTES = 2 * 6 * 126_976 + 4_096;

/** The sequencer's feed in another process. It is not trusted: every batch is executed before it is posted. */
export class HttpBatchFeed implements BatchFeed {
  readonly #endpoint: HttpEndpoint;
  #last: FeedBatch | undefined;

  /** @throws HttpError `URL_MALFORMED`. */
  constructor(url: string, timeoutMilliseconds = TIMEOUT_MILLISECONDS) {
    this.#endpoint = new HttpEndpoint(url, { timeoutMilliseconds, maxBytes: MOST_BYTES });
  }

  /** @throws PosterError `FEED` for an answer that is none; HttpError if there is none. */
  async next(status: PosterStatus): Promise<FeedAnswer> {
    const body = await this.#endpoint.send({ path: "/next", json: encodeStatus(status) });
    const answer = decodeAnswer(new TextDecoder().decode(body));
    return { ...answer, batch: this.#known(answer.batch) };
  }

  /** The same object for the same batch, so that it is not checked twice. */
  #known(batch: FeedBatch | undefined): FeedBatch | undefined {
    const last = this.#last;
    const isSame =
      batch !== undefined &&
      last?.index === batch.index &&
      last.l2Time === batch.l2Time &&
      last.messagesRead === batch.messagesRead &&
      last.before === batch.before &&
      last.after === batch.after &&
      equalBytes(last.payload, batch.payload);
    return (this.#last = isSame ? last : batch);
  }
}
