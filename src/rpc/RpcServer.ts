import { SILENT, type Logger } from "../roles/Logger.ts";
import type { Clock } from "../sequencer/Clock.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import { Dispatcher } from "./Dispatcher.ts";
import { RpcError } from "./RpcError.ts";
import { DEFAULT_RPC_SETTINGS, type RpcSettings } from "./RpcSettings.ts";
import { Transport, type TransportOptions } from "./Transport.ts";

/** What the server is given. */
export interface RpcServerOptions extends TransportOptions {
  readonly sequencer: Sequencer;
  /** The sequencer's. */
  readonly clock: Clock;
  /** Where they are not the production values. */
  readonly settings?: Partial<RpcSettings>;
  readonly logger?: Logger;
}

/** A server that runs. */
export interface RpcServer {
  /** Where it listens: `http:` for POST, the same with `ws:` for WebSockets. */
  readonly url: string;
  /** Stops it; everybody is disconnected. The sequencer goes on. */
  close(): Promise<void>;
}

/** Serves a sequencer to traders: JSON-RPC 2.0 over HTTP and WebSockets (docs/api.md). */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const settings = { ...DEFAULT_RPC_SETTINGS, ...options.settings };
  const { clock, logger = SILENT } = options;
  const call = (method: string): unknown => {
    if (method === "public/test") return { version: "1" };
    if (method === "public/get_time") return Number(clock.now()) * 1_000;
    throw new RpcError("METHOD_NOT_FOUND", "there is no such method", { method });
  };
  const transport = await Transport.listen(new Dispatcher(call, settings, logger), settings, options, logger);
  return { url: transport.url, close: () => transport.close() };
}
