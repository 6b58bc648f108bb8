import { RpcError } from "./RpcError.ts";

/** The text of one notification for one client. */
export type Notify = (text: string) => void;

/** What a session is made of. */
export interface SessionParts {
  /** Whether one more request is within the limits. */
  readonly mayAsk: () => boolean;
  /** Sends to the client; absent over HTTP. */
  readonly notify?: Notify;
  /** What the client has sent in `Authorization: Bearer`. */
  readonly token?: string;
}

/** One client for as long as its connection lasts, or for one POST. */
export class Session {
  /** What the client has sent in `Authorization: Bearer`. */
  readonly token: string | undefined;
  /** Numbers of the orders that came through it. */
  readonly placed = new Set<number>();
  readonly #parts: SessionParts;
  readonly #onClose: (() => void)[] = [];
  #isClosed = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.token = parts.token;
  }

  /** Whether it lasts: only then it can be told anything. */
  get isWebSocket(): boolean {
    return this.#parts.notify !== undefined;
  }

  /** Counts a request. @throws {@link RpcError} `TOO_MANY_REQUESTS`. */
  takeRequest(): void {
    if (!this.#parts.mayAsk()) throw new RpcError("TOO_MANY_REQUESTS", "too many requests; ask more slowly");
  }

  /** Tells the client something, unless it has gone. */
  notify(text: string): void {
    if (!this.#isClosed) this.#parts.notify?.(text);
  }

  /** Runs an action once the client has gone. */
  onClose(action: () => void): void {
    this.#onClose.push(action);
  }

  /** The client has gone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const action of this.#onClose) action();
  }
}
