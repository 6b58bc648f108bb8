import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server shows. */
export interface StatusPages {
  /** The metrics in Prometheus's text format. */
  metrics(): Promise<string>;
  /** Further pages, by name; each is shown as JSON, large integers as text. */
  readonly json?: Readonly<Record<string, () => unknown>>;
  /** What is wrong; empty if nothing is. */
  reasons(): readonly { readonly alarm: string; readonly reason: string }[];
}

/** Longest time that a request's head may take. */
const HEAD_MILLISECONDS = 5_000;
const MOST_CONNECTIONS = 32;

/** `/metrics`, `/health` and further pages over HTTP; health is 200 while all is well, otherwise 503 with the reasons. */
export class StatusServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens. @param port Zero: any that is free. */
  static async listen(pages: StatusPages, port: number, host = "127.0.0.1"): Promise<StatusServer> {
    const further = new Map(Object.entries(pages.json ?? {}).map(([name, page]) => [`/${name}`, page]));
    const server = createServer(
      { headersTimeout: HEAD_MILLISECONDS, requestTimeout: HEAD_MILLISECONDS },
      (request, response) => {
        request.resume();
        if (request.method !== "GET") return answer(response, 405, "text/plain", "only GET\n");
        const path = request.url?.split("?", 1)[0] ?? "";
        if (path === "/health") {
          const reasons = pages.reasons();
          const body = JSON.stringify({ healthy: reasons.length === 0, reasons });
          return answer(response, reasons.length === 0 ? 200 : 503, "application/json", `${body}\n`);
        }
        const page = further.get(path);
        if (page !== undefined) return answer(response, 200, "application/json", `${toJson(page())}\n`);
        if (path !== "/metrics") {
          const names = ["/metrics", "/health", ...further.keys()].join(", ");
          return answer(response, 404, "text/plain", `there are ${names}\n`);
        }
        pages.metrics().then(
          (text) => answer(response, 200, "text/plain; version=0.0.4", text),
          () => answer(response, 500, "text/plain", "the metrics cannot be written\n"),
        );
      },
    );
    server.maxConnections = MOST_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, host, resolve);
    });
    return new StatusServer(server);
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

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === "bigint" ? String(part) : part));
}
