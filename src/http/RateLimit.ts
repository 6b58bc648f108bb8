/** Clients that are told apart; beyond that, those that have not asked for longest are forgotten. */
const MOST_CLIENTS = 10_000;

/** What a client has left. */
interface Bucket {
  tokens: number;
  /** Milliseconds of the clock that the limit was given. */
  filledAt: number;
}

/** How often each client may ask: so many times at once, and so many a second on average. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  /** The client that has asked last is at the end. */
  readonly #buckets = new Map<string, Bucket>();

  /** @param now A clock that never goes back, in milliseconds. */
  constructor(perSecond: number, burst: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
  }

  /**
   * Whether this client may ask now; if so, it has asked.
   *
   * @param cost As how many requests it counts.
   */
  take(client: string, cost = 1): boolean {
    const bucket = this.#bucketOf(client);
    if (bucket.tokens < cost) return false;
    bucket.tokens -= cost;
    return true;
  }

  /** Counts what was found out behind the request; the client waits until as much is there again. */
  charge(client: string, cost: number): void {
    this.#bucketOf(client).tokens -= cost;
  }

  #bucketOf(client: string): Bucket {
    const now = this.#now();
    const bucket = this.#buckets.get(client) ?? { tokens: this.#burst, filledAt: now };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + ((now - bucket.filledAt) / 1000) * this.#perSecond);
    bucket.filledAt = now;
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > MOST_CLIENTS) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}
