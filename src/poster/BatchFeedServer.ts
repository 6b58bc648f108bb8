import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "../roles/Logger.ts";
import type { BatchFeed } from "./BatchFeed.ts";
import { decodeStatus, encodeAnswer } from "./feedWire.ts";
import { PosterError } from "./PosterError.ts";

/** Longest question. */
const MOST_BYTES = 4_096;
const HEAD_MILLISECONDS = 5_000;
/** One poster asks, one question at a time; a second one by mistake may ask too. */
const MOST_CONNECTIONS = 8;
/** Questions that wait for an answer or are being answered; a connection may send many at once. */
const MOST_QUESTIONS = 4;

/**
 * A sequencer's feed over HTTP, for a poster on the same machine: `POST /next`. It has no authentication, so it listens on the
 * loopback interface; whoever can ask reads what will be public, and changes nothing. A page in a browser on that machine can't ask:
 * browsers name its origin, and send JSON only after a question that is refused here.
 */
export class BatchFeedServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens. @param port Zero: any that is free. */
  static async listen(feed: BatchFeed, logger: Logger, port: number, host = "127.0.0.1"): Promise<BatchFeedServer> {
    // Questions are answered one after another: two that follow L1 at once would see two versions of it.
    let queue: Promise<unknown> = Promise.resolve();
    let questions = 0;
    const options = { headersTimeout: HEAD_MILLISECONDS, requestTimeout: 2 * HEAD_MILLISECONDS };
    const server = createServer(options, (request, response) => {
      const refusal = refusalOf(request);
      if (refusal !== undefined) {
        request.resume();
        return answer(response, refusal);
      }
      const answered = bodyOf(request).then(async (text) => {
        const status = decodeStatus(text);
        if (questions === MOST_QUESTIONS) return answer(response, 429);
        questions++;
        const next = queue.then(() => feed.next(status)).finally(() => questions--);
        queue = next.catch(() => undefined);
        answer(response, 200, encodeAnswer(await next));
      });
      answered.catch((error: unknown) => {
        const isQuestion = error instanceof PosterError && error.code === "FEED";
        logger.error({ err: error }, isQuestion ? "a question that is none" : "the feed cannot answer");
        answer(response, isQuestion ? 400 : 503);
      });
    });
    server.maxConnections = MOST_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, host, resolve);
    });
    return new BatchFeedServer(server);
  }

  /** Where it listens. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  /** Stops listening and ends what is open. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

function answer(response: ServerResponse, status: number, text = ""): void {
  if (!response.headersSent) response.writeHead(status, { "content-type": "application/json" }).end(text);
}

/** The status with which something else than a poster's question is refused. */
function refusalOf({ method, url, headers }: IncomingMessage): number | undefined {
  if (method !== "POST" || url !== "/next") return 404;
  if (headers.origin !== undefined) return 403;
  const [type] = (headers["content-type"] ?? "").split(";", 1);
  return type!.trim().toLowerCase() === "application/json" ? undefined : 415;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > MOST_BYTES) throw new PosterError("FEED", "the question is too long", { fields: { length } });
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString("utf8");
}
