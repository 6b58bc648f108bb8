import { once } from "node:events";
import { WebSocket } from "ws";
import type { RpcSettings } from "../../src/rpc/RpcSettings.ts";
import { rpcHarness, type RpcHarness } from "./rpc.ts";

/** Requests of clients that do not keep to what TenorClient does. */

/** A JSON-RPC answer. */
export interface Answer {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly data: Readonly<Record<string, unknown>> };
}

/** An HTTP answer. */
export interface Posted {
  readonly status: number;
  readonly answer: Answer;
}

/** Posts a text as it is. */
export async function post(h: RpcHarness, body: string, token?: string): Promise<Posted> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(h.server.url, { method: "POST", body, headers });
  const text = await response.text();
  return { status: response.status, answer: (text === "" ? undefined : JSON.parse(text)) as Answer };
}

/** The text of a request. */
export function request(method: string, params: unknown = {}, id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/** Runs something against a server with these settings. */
export async function withServer(settings: Partial<RpcSettings>, run: (h: RpcHarness) => Promise<void>): Promise<void> {
  const h = await rpcHarness({ rpc: { settings } });
  try {
    await run(h);
  } finally {
    await h.stop();
  }
}

/** A WebSocket without a client around it. */
export async function rawSocket(h: RpcHarness): Promise<WebSocket> {
  const socket = new WebSocket(h.server.url.replace("http", "ws"));
  await once(socket, "open");
  return socket;
}

/** The code with which a WebSocket is closed. */
export async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, "close")) as [number];
  return code;
}
