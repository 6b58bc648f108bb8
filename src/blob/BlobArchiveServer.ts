import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fromHex } from "../crypto/bytes.ts";
import { networkOf } from "../http/networkOf.ts";
import { SILENT, type Logger } from "../roles/Logger.ts";
import type { ArchiveFolder } from "./ArchiveFolder.ts";
import { RateLimit } from "../http/RateLimit.ts";

/** How blobs are served. */
export interface BlobArchiveServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Connections at a time. Default 64. */
  readonly maxConnections?: number;
  /** Requests of one address a second, on average. Default 20. */
  readonly requestsPerSecond?: number;
  /** Requests of one address at once. Default 100. */
  readonly burst?: number;
  readonly logger?: Logger;
  /** What `/health` says besides the number of blobs. */
  readonly status?: () => Readonly<Record<string, unknown>>;
}

const BLOB_PATH = /^\/blobs\/(0x[0-9a-f]{64})$/;
/** Longest time that headers, a request, and a client that does not read its answer may take. */
const HEADERS_MILLISECONDS = 5_000;
const REQUEST_MILLISECONDS = 10_000;
const IDLE_MILLISECONDS = 30_000;
const MAX_HEADERS = 8_192;

/**
 * Serves the blobs of a folder to anybody: `GET /blobs/0x…` gives the 131,072 bytes, `GET /health` a line of JSON, and there is
 * nothing else.
 *
 * SAFETY: what a client sends never becomes a path: only 32 bytes of hexadecimal digits get through to the folder.
 */
export class BlobArchiveServer {
  readonly #server: Server;
  readonly #folder: ArchiveFolder;
  readonly #options: BlobArchiveServerOptions;
  readonly #limit: RateLimit;
  readonly #logger: Logger;

  private constructor(folder: ArchiveFolder, options: BlobArchiveServerOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#limit = new RateLimit(options.requestsPerSecond ?? 20, options.burst ?? 100);
    this.#logger = options.logger ?? SILENT;
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADERS,
        headersTimeout: HEADERS_MILLISECONDS,
        requestTimeout: REQUEST_MILLISECONDS,
        keepAliveTimeout: HEADERS_MILLISECONDS,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = options.maxConnections ?? 64;
    this.#server.setTimeout(IDLE_MILLISECONDS, (socket) => socket.destroy());
  }

  /** Starts to serve. Fails as the system does if the port is taken. */
  static async start(folder: ArchiveFolder, options: BlobArchiveServerOptions = {}): Promise<BlobArchiveServer> {
    const archive = new BlobArchiveServer(folder, options);
    await new Promise<void>((resolve, reject) => {
      archive.#server.once("error", reject);
      archive.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    return archive;
  }

  /** Where it listens. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops to serve, and breaks off what is under way. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A body is not read; without its connection it goes nowhere.
    if (hasBody(request)) response.setHeader("connection", "close");
    try {
      await this.#route(request, response);
    } catch (error) {
      this.#logger.error({ error: String(error) }, "a blob could not be served");
      if (!response.headersSent) say(response, 500, "the archive can't read its folder");
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#limit.take(networkOf(request.socket.remoteAddress ?? ""))) {
      response.setHeader("retry-after", "1");
      say(response, 429, "too many requests");
      return;
    }
    if (request.method !== "GET") {
      response.setHeader("allow", "GET");
      say(response, 405, "only GET");
      return;
    }
    if (request.url === "/health") {
      sendJson(response, 200, { status: "ok", blobs: await this.#folder.count(), ...this.#options.status?.() });
      return;
    }
    const digits = BLOB_PATH.exec(request.url ?? "")?.[1];
    const blob = digits === undefined ? undefined : await this.#folder.blob(fromHex(digits, 32));
    if (blob === undefined) {
      say(response, 404, "there is no such blob");
      return;
    }
    const headers = { "content-type": "application/octet-stream", "content-length": blob.length };
    // The name says what it is, so that whoever has it has it for good.
    response.writeHead(200, { ...headers, "cache-control": "public, max-age=31536000, immutable" }).end(blob);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

function say(response: ServerResponse, status: number, error: string): void {
  sendJson(response, status, { error });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}
