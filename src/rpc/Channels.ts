import { RpcError } from "./RpcError.ts";
import type { Session } from "./Session.ts";

/** Whether a subscriber may still hear a channel. */
export type MayHear = () => boolean;

interface Subscription {
  /** Number of the last notification; 0 until the subscriber is told where things stand. */
  next: number;
  readonly mayHear: MayHear;
}

/** Who is subscribed to what. */
export class Channels {
  readonly #maxPerSession: number;
  /** By channel. */
  readonly #subscribers = new Map<string, Map<Session, Subscription>>();
  readonly #bySession = new Map<Session, Set<string>>();

  constructor(maxPerSession: number) {
    this.#maxPerSession = maxPerSession;
  }

  /**
   * Subscribes a session.
   *
   * @param channels With what is asked before each notification; once it says no, the subscription has ended.
   * @returns The channels that it had not yet.
   * @throws {@link RpcError} `TOO_MANY_SUBSCRIPTIONS`.
   */
  add(session: Session, channels: ReadonlyMap<string, MayHear>): string[] {
    let mine = this.#bySession.get(session);
    if (mine === undefined) {
      this.#bySession.set(session, (mine = new Set<string>()));
      session.onClose(() => this.remove(session, [...(this.#bySession.get(session) ?? [])]));
    }
    const added = [...channels.keys()].filter((channel) => !mine.has(channel));
    if (mine.size + added.length > this.#maxPerSession) {
      throw new RpcError("TOO_MANY_SUBSCRIPTIONS", "too many subscriptions", { max: this.#maxPerSession });
    }
    for (const [channel, mayHear] of channels) {
      mine.add(channel);
      let subscribers = this.#subscribers.get(channel);
      if (subscribers === undefined) this.#subscribers.set(channel, (subscribers = new Map<Session, Subscription>()));
      // Who subscribes again does so under the login that it has now.
      subscribers.set(session, { next: subscribers.get(session)?.next ?? 0, mayHear });
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
    const subscription = this.#subscribers.get(channel)?.get(session);
    if (subscription?.next !== 0 || !this.#mayHear(session, channel, subscription)) return;
    subscription.next = data === undefined ? FIRST : FIRST + 1;
    if (data !== undefined) session.notify(notification(channel, FIRST, JSON.stringify(data)));
  }

  /** Tells all subscribers who know where things stand. */
  publish(channel: string, data: unknown): void {
    const subscribers = this.#subscribers.get(channel);
    if (subscribers === undefined) return;
    const text = JSON.stringify(data);
    for (const [session, subscription] of [...subscribers]) {
      if (subscription.next === 0 || !this.#mayHear(session, channel, subscription)) continue;
      session.notify(notification(channel, subscription.next++, text));
    }
  }

  /** SAFETY: asked behind every change and right before anything is told, for what gave the right may be gone since. */
  #mayHear(session: Session, channel: string, { mayHear }: Subscription): boolean {
    if (mayHear()) return true;
    this.remove(session, [channel]);
    return false;
  }
}

/** Number of a subscriber's first notification of a channel. */
const FIRST = 1;

function notification(channel: string, sequence: number, data: string): string {
  const name = JSON.stringify(channel);
  return `{"jsonrpc":"2.0","method":"subscription","params":{"channel":${name},"sequence":${sequence},"data":${data}}}`;
}
