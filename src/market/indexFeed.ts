import { expiryKey, type ExpiryEvent, expirySeconds, type IndexEvent } from "./types.ts";

/** A round is due at the latest so many seconds after the one before. */
const HEARTBEAT_SECONDS = 3_600;
/** A round is due when the index is 1/200, or 0.5 %, away from the last round. */
const DEVIATION_DIVISOR = 200n;
/** An expiry is announced so many seconds after its instant. */
const EXPIRY_DELAY_SECONDS = 61;

interface MarketState {
  /** The last round. */
  time: number;
  price: bigint;
  /** The last index seen, which need not have made a round. */
  latest: bigint;
}

interface DueExpiry {
  readonly market: number;
  readonly expiryDay: number;
  readonly due: number;
}

/**
 * Turns index observations into the rounds of a price feed that behaves as Chainlink's do: a round when the index moved
 * by 0.5 %, and in any case every hour, with the last known index where nothing better was seen. It also announces each
 * expiry it was told of, 61 s late and only after a round that is later than the expiry, so that the settlement price
 * can be fixed at once.
 */
export class IndexFeed {
  readonly #markets = new Map<number, MarketState>();
  readonly #expiries = new Map<string, DueExpiry>();

  /** Makes sure that an expiry is announced when it is due. */
  watch(market: number, expiryDay: number): void {
    const key = expiryKey({ market, expiryDay });
    if (this.#expiries.has(key)) return;
    this.#expiries.set(key, { market, expiryDay, due: expirySeconds(expiryDay) + EXPIRY_DELAY_SECONDS });
  }

  /** Notes the market's index at `time`, in seconds, after whatever fell due before. Time never goes back. */
  *observe(time: number, market: number, price: bigint): Generator<IndexEvent | ExpiryEvent> {
    yield* this.advance(time);
    const state = this.#markets.get(market);
    if (state) state.latest = price;
    if (!state || deviates(state.price, price)) yield this.#round(time, market, price);
  }

  /** Everything that falls due up to and including `time`, in order. */
  *advance(time: number): Generator<IndexEvent | ExpiryEvent> {
    for (;;) {
      const heartbeat = earliest(this.#markets, ([, state]) => state.time + HEARTBEAT_SECONDS);
      const expiry = earliest(this.#expiries, ([, { due }]) => due);
      if (Math.min(heartbeat?.at ?? Infinity, expiry?.at ?? Infinity) > time) return;
      if (heartbeat && heartbeat.at < (expiry?.at ?? Infinity)) {
        const [market, state] = heartbeat.item;
        yield this.#round(heartbeat.at, market, state.latest);
      } else if (expiry) {
        yield* this.#announce(...expiry.item);
      }
    }
  }

  *#announce(key: string, { market, expiryDay, due }: DueExpiry): Generator<IndexEvent | ExpiryEvent> {
    this.#expiries.delete(key);
    const state = this.#markets.get(market);
    if (state && state.time <= expirySeconds(expiryDay)) yield this.#round(due, market, state.latest);
    yield { kind: "expiry", time: due, market, expiryDay };
  }

  #round(time: number, market: number, price: bigint): IndexEvent {
    this.#markets.set(market, { time, price, latest: price });
    return { kind: "index", time, market, price };
  }
}

function deviates(from: bigint, to: bigint): boolean {
  const change = to > from ? to - from : from - to;
  return change * DEVIATION_DIVISOR >= from;
}

function earliest<K, V>(map: Map<K, V>, when: (item: [K, V]) => number): { item: [K, V]; at: number } | undefined {
  let first: { item: [K, V]; at: number } | undefined;
  for (const item of map) {
    const at = when(item);
    if (!first || at < first.at) first = { item, at };
  }
  return first;
}
