import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A JSON-RPC call as it passes by. */
export interface PassingCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A JSON-RPC answer: a result or an error. */
export interface PassingAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** What becomes of a call: an answer, a connection that breaks off, one that never ends, or an HTTP status. */
export type Interference = PassingAnswer | "drop" | "hang" | number;

/** Decides about a call; `forward` asks the endpoint behind. */
export type Interfere = (call: PassingCall, forward: () => Promise<PassingAnswer>) => Promise<Interference>;

/** A proxy before an L1 endpoint that does to its calls what an endpoint may do. */
export class FaultyEndpoint {
  /** What is done to calls; at first nothing. */
  interfere: Interfere = (_call, forward) => forward();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: string): Promise<FaultyEndpoint> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const body = Buffer.concat(parts).toString();
        const { id, method, params } = JSON.parse(body) as PassingCall & { id: number };
        const forward = async (): Promise<PassingAnswer> => {
          const answer = await fetch(target, { method: "POST", body, headers: { "content-type": "application/json" } });
          return (await answer.json()) as PassingAnswer;
        };
        void endpoint.interfere({ method, params }, forward).then((outcome) => {
          if (outcome === "hang") return;
          if (outcome === "drop") return request.socket.destroy();
          if (typeof outcome === "number") return response.writeHead(outcome).end();
          const { result, error } = outcome;
          const answer = error === undefined ? { result: result ?? null } : { error };
          response.writeHead(200, { "content-type": "application/json" });
          return response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
        });
      });
    });
    const endpoint = new FaultyEndpoint(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Does something to the next `times` calls of a method. */
  once(method: string, what: Interfere, times = 1): void {
    let left = times;
    this.interfere = (call, forward) => {
      if (call.method !== method || left === 0) return forward();
      left--;
      return what(call, forward);
    };
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
