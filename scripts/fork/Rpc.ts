import { Agent, request } from "node:http";
import { ForkError } from "./ForkError.ts";

/** JSON-RPC to a node on this machine, over one connection that stays open: rounds are replayed by the ten thousand. */
export class Rpc {
  readonly url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #id = 0;

  constructor(url: string) {
    this.url = url;
  }

  /**
   * The result of a call.
   *
   * @throws {@link ForkError} `RPC_FAILED` with the method.
   */
  async send(method: string, params: readonly unknown[] = []): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++this.#id, method, params });
    const answer = await this.#post(body).catch((cause: unknown) => {
      throw new ForkError("RPC_FAILED", "the node does not answer", { cause, fields: { url: this.url, method } });
    });
    const { result, error } = JSON.parse(answer) as { result?: unknown; error?: unknown };
    if (error !== undefined) {
      const said = JSON.stringify(error).slice(0, 500);
      throw new ForkError("RPC_FAILED", "the node refuses a call", { fields: { url: this.url, method, said } });
    }
    return result;
  }

  /** Closes the connection. */
  close(): void {
    this.#agent.destroy();
  }

  #post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const call = request(this.url, { method: "POST", agent: this.#agent, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (text += part));
        response.on("end", () => resolve(text));
        response.on("error", reject);
      });
      call.on("error", reject);
      call.end(body);
    });
  }
}
