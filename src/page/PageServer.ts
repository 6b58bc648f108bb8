import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RateLimit } from "../http/RateLimit.ts";

/** What the server shows. */
export interface PageContent {
  /** The overview as JSON; undefined before the first. */
  readonly json: string | undefined;
  /** Why it may be out of date; undefined if it is not. */
  readonly problem: string | undefined;
}

/** Where and how it is served. */
export interface PageServerOptions {
  /** An address of the loopback interface. Default 127.0.0.1. */
  readonly host?: "127.0.0.1" | "::1";
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Requests a second, on average, and at once: browsers ask every few seconds. Default 20 and 100. */
  readonly requestsPerSecond?: number;
  readonly burst?: number;
}

/** Longest time that headers, a request, and a client that does not read its answer may take. */
const HEADERS_MILLISECONDS = 5_000;
const REQUEST_MILLISECONDS = 10_000;
const IDLE_MILLISECONDS = 30_000;
const MAX_HEADERS = 8_192;
const MOST_CONNECTIONS = 32;

/** Names of the loopback interface, with any port: it may be at another one behind a tunnel. */
const HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?$/;

const FILES = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.css": ["page.css", "text/css; charset=utf-8"],
  "/page.js": ["page.js", "text/javascript; charset=utf-8"],
  "/icon.svg": ["icon.svg", "image/svg+xml"],
} as const;

/**
 * Nothing but the page's own files and questions to its own server. Trusted types forbid the script every way by which text becomes
 * HTML, so that what somebody has written to L1 stays text whatever the script does.
 */
const SECURITY_HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** Serves the page and `GET /api/overview` on the loopback interface; there is nothing else, and nothing can be sent to it. */
export class PageServer {
  readonly #server: Server;
  readonly #content: PageContent;
  readonly #files: ReadonlyMap<string, { readonly body: Buffer; readonly type: string }>;
  readonly #limit: RateLimit;

  private constructor(content: PageContent, options: PageServerOptions) {
    this.#content = content;
    this.#limit = new RateLimit(options.requestsPerSecond ?? 20, options.burst ?? 100);
    this.#files = new Map(
      Object.entries(FILES).map(([path, [name, type]]) => {
        return [path, { body: readFileSync(new URL(`static/${name}`, import.meta.url)), type }];
      }),
    );
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADERS,
        headersTimeout: HEADERS_MILLISECONDS,
        requestTimeout: REQUEST_MILLISECONDS,
        keepAliveTimeout: HEADERS_MILLISECONDS,
      },
      (request, response) => this.#answer(request, response),
    );
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.setTimeout(IDLE_MILLISECONDS, (socket) => socket.destroy());
  }

  /** Listens. Fails as the system does if the port is taken. */
  static async listen(content: PageContent, options: PageServerOptions = {}): Promise<PageServer> {
    const page = new PageServer(content, options);
    await new Promise<void>((resolve, reject) => {
      page.#server.once("error", reject);
      page.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    return page;
  }

  /** Where it listens. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  /** Stops listening and ends what is open. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    // A body is not read; without its connection it goes nowhere.
    if (hasBody(request)) {
      response.setHeader("connection", "close");
      return say(response, 413, "requests have no body here");
    }
    // SAFETY: a name of somebody else's that resolves to this machine would let that site's script read the answers.
    if (!HOST.test(request.headers.host ?? "")) return say(response, 421, "ask for 127.0.0.1, [::1] or localhost");
    if (!this.#limit.take("")) {
      response.setHeader("retry-after", "1");
      return say(response, 429, "too many requests");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return say(response, 405, "only GET and HEAD");
    }
    if (request.url === "/api/overview") return this.#overview(response);
    // SAFETY: what a client sends never becomes a path; it names one of a few files that were read at the start.
    const file = this.#files.get(request.url ?? "");
    if (file === undefined) return say(response, 404, "there is no such page");
    send(response, 200, file.type, file.body);
  }

  #overview(response: ServerResponse): void {
    const { json, problem } = this.#content;
    if (json === undefined) return say(response, 503, problem ?? "the node still reads L1");
    // The overview is an object already, and large; it is not taken apart to be put together again.
    const body = `{"overview":${json}${problem === undefined ? "" : `,"problem":${JSON.stringify(problem)}`}}`;
    send(response, 200, "application/json", body);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

function say(response: ServerResponse, status: number, error: string): void {
  send(response, status, "application/json", JSON.stringify({ error }));
}

/** Node leaves out the body of an answer to HEAD. */
function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
}
