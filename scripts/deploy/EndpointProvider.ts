import type { EIP1193Provider, RequestArguments } from "@nomicfoundation/ignition-core";
import { HttpEndpoint } from "../../src/http/HttpEndpoint.ts";
import { DeployError } from "./DeployError.ts";

/** Longest answer: a contract's code and what an endpoint wraps it in. */
const MAX_ANSWER = 1 << 22;

/** An endpoint's refusal as Ignition looks into it: the endpoint's words, and the data of a revert. */
export class EndpointRefusal extends DeployError {
  readonly data: unknown;

  constructor(method: string, message: string, rpcCode: unknown, data: unknown) {
    super("ENDPOINT_REFUSED", message, { fields: { method, rpcCode } });
    this.data = data;
  }
}

/** JSON-RPC over HTTP as Ignition wants it. Nothing is retried. */
export class EndpointProvider implements EIP1193Provider {
  readonly #endpoint: HttpEndpoint;
  #id = 0;

  /** @throws HttpError `URL_MALFORMED`. */
  constructor(url: string) {
    this.#endpoint = new HttpEndpoint(url, { timeoutMilliseconds: 60_000, maxBytes: MAX_ANSWER });
  }

  /**
   * The result of a request.
   *
   * @throws HttpError, or {@link EndpointRefusal} in the endpoint's words.
   */
  async request({ method, params = [] }: RequestArguments): Promise<unknown> {
    const body = await this.#endpoint.send({ json: { jsonrpc: "2.0", id: ++this.#id, method, params } });
    const { result, error } = JSON.parse(Buffer.from(body).toString("utf8")) as {
      readonly result?: unknown;
      readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly data?: unknown };
    };
    if (error === undefined || error === null) return result ?? null;
    const said = typeof error.message === "string" ? error.message : "the endpoint refuses";
    throw new EndpointRefusal(method, said, error.code, error.data);
  }
}
