import { RpcError } from "./RpcError.ts";

/** The text of one notification for one client. */
export type Notify = (text: string) => void;

/** What a session is made of. */
export interface SessionParts {
  /** Whether something that counts as so many requests is within the limits. */
  readonly mayAsk: (cost: number) => boolean;
  /** Counts what an answer has cost beyond that. Default: nothing. */
  readonly charge?: (cost: number) => void;
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

  /** Counts a request, or something that costs as much as several. Whether it is within the limits. */
  mayAsk(cost = 1): boolean {
    return this.#parts.mayAsk(cost);
  }

  /** The same for what is answered with an error. @throws {@link RpcError} `TOO_MANY_REQUESTS`. */
  takeRequest(cost = 1): void {
    if (!this.mayAsk(cost)) throw new RpcError("TOO_MANY_REQUESTS", "too many requests; ask more slowly");
  }

  /** Counts what an answer has cost beyond its request; the client's next requests wait for it. */
  charge(cost: number): void {
    this.#parts.charge?.(cost);
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
