import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import { RateLimit } from "../http/RateLimit.ts";
import { networkOf } from "../http/networkOf.ts";
import type { Logger } from "../roles/Logger.ts";
import type { Dispatcher } from "./Dispatcher.ts";
import { RpcError } from "./RpcError.ts";
import type { RpcSettings } from "./RpcSettings.ts";
import { Session } from "./Session.ts";

/** Why a WebSocket was closed, beside the codes of RFC 6455 (1001: the server stops, 1009: a message is too long). */
export const CLOSE_CODES = {
  /** The client does not read what it has asked for or subscribed to. */
  SLOW_CONSUMER: 4008,
  /** The client has not said anything for too long, not even a pong. */
  IDLE: 4009,
  /** The client goes on asking although it is refused. */
  FLOOD: 4029,
} as const;

const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
/** Longest head of a request. */
const MAX_HEADERS = 8_192;
/** Time for a closing handshake before the socket is destroyed: a slow client may still learn why. */
const CLOSE_MILLISECONDS = 10_000;
/** The same when the server stops. */
const STOP_MILLISECONDS = 1_000;

/** Where to listen. */
export interface TransportOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /**
   * The header in which a reverse proxy names the client's address. Only to be given if nothing but that proxy can reach this
   * server, for anybody else could pretend to be anybody.
   */
  readonly clientAddressHeader?: string;
}

/** HTTP POST and WebSockets on one port, with all limits that do not depend on what is asked. */
export class Transport {
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #dispatcher: Dispatcher;
  readonly #settings: RpcSettings;
  readonly #options: TransportOptions;
  readonly #logger: Logger;
  readonly #byAddress: RateLimit;
  /** Open connections by address. */
  readonly #connections = new Map<string, number>();
  #connectionCount = 0;
  readonly #idleTimer: NodeJS.Timeout;
  readonly #lastHeard = new Map<WebSocket, number>();

  private constructor(dispatcher: Dispatcher, settings: RpcSettings, options: TransportOptions, logger: Logger) {
    this.#dispatcher = dispatcher;
    this.#settings = settings;
    this.#options = options;
    this.#logger = logger;
    this.#byAddress = new RateLimit(settings.addressRequestsPerSecond, settings.addressBurst);
    // `closeTimeout` is younger than the type declarations.
    const socketOptions = {
      noServer: true,
      // SAFETY: by itself the library answers all pings of a client that reads none of the answers, and keeps them.
      autoPong: false,
      maxPayload: settings.maxBodyBytes,
      closeTimeout: CLOSE_MILLISECONDS,
    };
    this.#sockets = new WebSocketServer(socketOptions);
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADERS,
        headersTimeout: settings.requestMilliseconds,
        requestTimeout: settings.requestMilliseconds,
        connectionsCheckingInterval: settings.requestMilliseconds / 2,
        keepAliveTimeout: settings.requestMilliseconds,
      },
      (request, response) => void this.#post(request, response),
    );
    // Those beyond the named limits are still told so, up to twice as many; then connections are not even accepted.
    this.#server.maxConnections = 2 * settings.maxConnections;
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    // Behind the input that waits: where this process was held up, its clients have not been silent.
    const look = (): NodeJS.Immediate => setImmediate(() => this.#closeIdle());
    this.#idleTimer = setInterval(look, settings.idleMilliseconds / 4);
  }

  /** Listens. Fails as the system does if the port is taken. */
  static async listen(
    dispatcher: Dispatcher,
    settings: RpcSettings,
    options: TransportOptions,
    logger: Logger,
  ): Promise<Transport> {
    const transport = new Transport(dispatcher, settings, options, logger);
    try {
      await new Promise<void>((resolve, reject) => {
        transport.#server.once("error", reject);
        transport.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
      });
    } catch (error) {
      clearInterval(transport.#idleTimer);
      throw error;
    }
    return transport;
  }

  /** Where it listens; the same for WebSockets with `ws:`. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  /** Stops listening, says good-bye to everybody and ends what is open. */
  async close(): Promise<void> {
    clearInterval(this.#idleTimer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const gone = [...this.#sockets.clients].map(
      (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
    );
    for (const socket of this.#sockets.clients) socket.close(GOING_AWAY, "the server stops");
    const lastCall = setTimeout(() => {
      for (const socket of this.#sockets.clients) socket.terminate();
    }, STOP_MILLISECONDS);
    await Promise.all(gone);
    clearTimeout(lastCall);
    this.#server.closeAllConnections();
    await closed;
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = this.#addressOf(request);
    if (!this.#admit(address, request.socket)) return refuse(response, 503, tooManyConnections());
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return refuse(response, 405, new RpcError("INVALID_REQUEST", "only POST, or a WebSocket"));
    }
    try {
      const text = await bodyOf(request, this.#settings.maxBodyBytes);
      const session = new Session({
        mayAsk: (cost) => this.#byAddress.take(address, cost),
        charge: (cost) => this.#byAddress.charge(address, cost),
        ...tokenOf(request),
      });
      const { text: answer, isFlood } = await this.#dispatcher.answer(text, session);
      session.close();
      this.#limitReading(response);
      if (answer === undefined) response.writeHead(204).end();
      else send(response, isFlood ? 429 : 200, answer);
    } catch (error) {
      if (error instanceof RpcError) return refuse(response, 413, error);
      // The client broke off while it sent its request.
      this.#logger.debug({ err: error }, "a request was broken off");
      response.destroy();
    }
  }

  /** A client that does not read its answer in time loses its connection: until then the answer waits here. */
  #limitReading(response: ServerResponse): void {
    const timer = setTimeout(() => response.destroy(), this.#settings.requestMilliseconds);
    response.once("close", () => clearTimeout(timer));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = this.#addressOf(request);
    if (!this.#admit(address, request.socket)) {
      const body = errorText(tooManyConnections());
      socket.end(
        `HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      );
      return;
    }
    // Until the handshake is over nobody else listens, and an error without a listener would end the process.
    socket.on("error", () => socket.destroy());
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#talk(webSocket, address));
  }

  #talk(socket: WebSocket, address: string): void {
    const { connectionRequestsPerSecond, connectionBurst, maxRefusedInARow } = this.#settings;
    const limit = new RateLimit(connectionRequestsPerSecond, connectionBurst);
    let refused = 0;
    const session = new Session({
      mayAsk: (cost) => {
        const may = limit.take("", cost) && this.#byAddress.take(address, cost);
        refused = may ? 0 : refused + 1;
        return may;
      },
      charge: (cost) => {
        limit.charge("", cost);
        this.#byAddress.charge(address, cost);
      },
      notify: (text) => this.#send(socket, text),
    });
    const isHeard = (): boolean => {
      this.#lastHeard.set(socket, performance.now());
      if (socket.readyState !== socket.OPEN) return false;
      if (refused > maxRefusedInARow) socket.close(CLOSE_CODES.FLOOD, "too many requests");
      return refused <= maxRefusedInARow;
    };
    isHeard();
    socket.on("pong", isHeard);
    socket.on("ping", (data) => {
      if (isHeard() && session.mayAsk()) this.#sendIfRead(socket, data.length, () => socket.pong(data));
    });
    socket.on("message", (data: RawData, isBinary: boolean) => {
      if (!isHeard()) return;
      if (isBinary) return socket.close(UNSUPPORTED_DATA, "only text");
      // SAFETY: messages come as one Buffer, for the server's `binaryType` is the default.
      void this.#dispatcher.answer((data as Buffer).toString("utf8"), session).then(({ text }) => {
        if (text !== undefined) this.#send(socket, text);
      });
    });
    // The close event follows; ws has chosen the code.
    socket.on("error", (error) => this.#logger.debug({ err: error, address }, "a WebSocket failed"));
    socket.on("close", () => {
      this.#lastHeard.delete(socket);
      session.close();
    });
  }

  #send(socket: WebSocket, text: string): void {
    this.#sendIfRead(socket, text.length, () => socket.send(text));
  }

  /** Sends unless the client is too slow; then it is dropped, for what is left out now would be missing. */
  #sendIfRead(socket: WebSocket, length: number, send: () => void): void {
    if (socket.readyState !== socket.OPEN) return;
    const buffered = socket.bufferedAmount;
    // One answer that is long by itself says nothing about who reads it.
    if (buffered > 0 && buffered + length > this.#settings.maxBufferedBytes) {
      this.#logger.info({ buffered }, "a client that does not read is dropped");
      return socket.close(CLOSE_CODES.SLOW_CONSUMER, "the client does not read");
    }
    send();
  }

  #closeIdle(): void {
    const { idleMilliseconds } = this.#settings;
    const now = performance.now();
    for (const [socket, heard] of this.#lastHeard) {
      if (now - heard > idleMilliseconds) socket.close(CLOSE_CODES.IDLE, "nothing was heard of the client");
      else if (now - heard > idleMilliseconds / 2 && socket.readyState === socket.OPEN) socket.ping();
    }
  }

  /** Counts a connection with its first request; whether it is within the limits. */
  #admit(address: string, socket: Socket & { isCounted?: boolean }): boolean {
    if (socket.isCounted === true) return true;
    const { maxConnections, maxConnectionsPerAddress } = this.#settings;
    const open = this.#connections.get(address) ?? 0;
    if (this.#connectionCount >= maxConnections || open >= maxConnectionsPerAddress) return false;
    socket.isCounted = true;
    this.#connectionCount++;
    this.#connections.set(address, open + 1);
    socket.once("close", () => {
      this.#connectionCount--;
      const left = this.#connections.get(address)! - 1;
      if (left === 0) this.#connections.delete(address);
      else this.#connections.set(address, left);
    });
    return true;
  }

  /** Who asks: an address, or of IPv6 the network that one customer has. */
  #addressOf(request: IncomingMessage): string {
    const { clientAddressHeader } = this.#options;
    const named = clientAddressHeader === undefined ? undefined : request.headers[clientAddressHeader.toLowerCase()];
    // Where a proxy adds to what the client has sent, its own entry is the last.
    const entry = typeof named === "string" ? named.split(",").at(-1)!.trim() : undefined;
    return networkOf(entry ?? request.socket.remoteAddress ?? "");
  }
}

function tooManyConnections(): RpcError {
  return new RpcError("TOO_MANY_CONNECTIONS", "too many connections");
}

function tokenOf(request: IncomingMessage): { token?: string } {
  const token = /^Bearer ([0-9a-f]{64})$/.exec(request.headers.authorization ?? "")?.[1];
  return token === undefined ? {} : { token };
}

async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > maxBytes) throw new RpcError("BODY_TOO_LARGE", "the body is too long", { max: maxBytes });
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts, length).toString("utf8");
}

/** Refuses for good: what is left of the request is not read. */
function refuse(response: ServerResponse, status: number, error: RpcError): void {
  response.setHeader("connection", "close");
  send(response, status, errorText(error));
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(text);
}

function errorText(error: RpcError): string {
  return JSON.stringify({ jsonrpc: "2.0", id: null, error: error.toWire() });
}
