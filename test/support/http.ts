import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server of a test, on a free port of the loopback interface. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Method and path of every request so far, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Starts a server that answers as `listener` says. */
export async function serve(listener: RequestListener): Promise<TestServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What a JSON-RPC server refuses a request with. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }

  toJSON(): unknown {
    return { code: this.code, message: this.message };
  }
}

/** Starts a JSON-RPC server. A {@link Refusal} that `answer` throws becomes the error of the answer. */
export function serveRpc(
  answer: (method: string, params: readonly unknown[], request: IncomingMessage) => unknown,
): Promise<TestServer> {
  return serve((request, response) => {
    void bodyOf(request).then((body) => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      void Promise.resolve()
        .then(() => answer(method, params, request))
        .then(
          (result) => sendJson(response, { jsonrpc: "2.0", id, result }),
          (error: unknown) => sendJson(response, { jsonrpc: "2.0", id, error }),
        );
    });
  });
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const part of request) body += String(part);
  return body;
}
