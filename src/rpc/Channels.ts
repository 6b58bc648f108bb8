import { RpcError } from "./RpcError.ts";
import type { Session } from "./Session.ts";

/** Who is subscribed to what. */
export class Channels {
  readonly #maxPerSession: number;
  /** By channel: each subscriber with the number of its last notification; 0 until it is told where things stand. */
  readonly #subscribers = new Map<string, Map<Session, number>>();
  readonly #bySession = new Map<Session, Set<string>>();

  constructor(maxPerSession: number) {
    this.#maxPerSession = maxPerSession;
  }

  /** Subscribes a session. @returns The channels that it had not yet. @throws {@link RpcError} `TOO_MANY_SUBSCRIPTIONS`. */
  add(session: Session, channels: readonly string[]): string[] {
    let mine = this.#bySession.get(session);
    if (mine === undefined) {
      this.#bySession.set(session, (mine = new Set<string>()));
      session.onClose(() => this.remove(session, [...(this.#bySession.get(session) ?? [])]));
    }
    const added = [...new Set(channels)].filter((channel) => !mine.has(channel));
    if (mine.size + added.length > this.#maxPerSession) {
      throw new RpcError("TOO_MANY_SUBSCRIPTIONS", "too many subscriptions", { max: this.#maxPerSession });
    }
    for (const channel of added) {
      mine.add(channel);
      const subscribers = this.#subscribers.get(channel);
      if (subscribers === undefined) this.#subscribers.set(channel, new Map([[session, 0]]));
      else subscribers.set(session, 0);
    }
    return added;
  }

  /** Ends subscriptions. */
  remove(session: Session, channels: readonly string[]): void {
    const mine = this.#bySession.get(session);
    for (const channel of channels) {
      mine?.delete(channel);
      const subscribers = this.#subscribers.get(channel);
      subscribers?.delete(session);
      if (subscribers?.size === 0) this.#subscribers.delete(channel);
    }
    if (mine?.size === 0) this.#bySession.delete(session);
  }

  /** Whether anybody is subscribed. */
  has(channel: string): boolean {
    return this.#subscribers.has(channel);
  }

  /** The channels that begin so, without that. */
  *named(prefix: string): Generator<string> {
    for (const channel of this.#subscribers.keys()) {
      if (channel.startsWith(prefix)) yield channel.slice(prefix.length);
    }
  }

  /** Tells one subscriber where things stand, from which on it gets what {@link publish} says; nothing if it has gone. */
  begin(session: Session, channel: string, data: unknown): void {
    const subscribers = this.#subscribers.get(channel);
    if (subscribers?.get(session) !== 0) return;
    subscribers.set(session, data === undefined ? FIRST : FIRST + 1);
    if (data !== undefined) session.notify(notification(channel, FIRST, JSON.stringify(data)));
  }

  /** Tells all subscribers who know where things stand. */
  publish(channel: string, data: unknown): void {
    const subscribers = this.#subscribers.get(channel);
    if (subscribers === undefined) return;
    const text = JSON.stringify(data);
    for (const [session, next] of [...subscribers]) {
      if (next === 0) continue;
      subscribers.set(session, next + 1);
      session.notify(notification(channel, next, text));
    }
  }
}

/** Number of a subscriber's first notification of a channel. */
const FIRST = 1;

function notification(channel: string, sequence: number, data: string): string {
  const name = JSON.stringify(channel);
  return `{"jsonrpc":"2.0","method":"subscription","params":{"channel":${name},"sequence":${sequence},"data":${data}}}`;
}
