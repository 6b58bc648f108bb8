import { priceText, amountText } from "./decimals.ts";
import type { DepthLevel } from "../sequencer/OrderBook.ts";
import type { BookChangeWire, BookLevelChangeWire } from "./wire.ts";

/** What one side of a book last looked like: amounts by price. */
type Side = Map<bigint, bigint>;

interface Shown {
  changeId: number;
  bids: Side;
  asks: Side;
}

/** Both sides of a book. */
export interface Depth {
  readonly bids: readonly DepthLevel[];
  readonly asks: readonly DepthLevel[];
}

/** What subscribers of books have been shown, so that they are told what has changed. */
export class BookFeed {
  readonly #shown = new Map<bigint, Shown>();
  #lastId = 0;

  /** Number of the last change of any book that was shown. */
  get lastId(): number {
    return this.#lastId;
  }

  /** The books that are shown to anybody. */
  get series(): Iterable<bigint> {
    return this.#shown.keys();
  }

  /** Forgets a book, which is begun anew when somebody looks again. */
  forget(series: bigint): void {
    this.#shown.delete(series);
  }

  /** Forgets what nobody looks at any more. */
  keepOnly(isWatched: (series: bigint) => boolean): void {
    for (const series of [...this.#shown.keys()]) if (!isWatched(series)) this.#shown.delete(series);
  }

  /** The whole book. INVARIANT: no change waits to be shown, or this one would contain it and it would be told again. */
  snapshot(series: bigint, name: string, depth: Depth, timestamp: number): BookChangeWire {
    let shown = this.#shown.get(series);
    if (shown === undefined) {
      shown = { changeId: ++this.#lastId, bids: sideOf(depth.bids), asks: sideOf(depth.asks) };
      this.#shown.set(series, shown);
    }
    const whole = (side: Side): BookLevelChangeWire[] =>
      [...side].map(([price, amount]) => ["new", priceText(price), amountText(amount)]);
    const [bids, asks] = [whole(shown.bids), whole(shown.asks)];
    return { type: "snapshot", instrument_name: name, timestamp, change_id: shown.changeId, bids, asks };
  }

  /** What has changed since the book was shown last; undefined if nothing has, or nobody looks. */
  change(series: bigint, name: string, depth: Depth, timestamp: number): BookChangeWire | undefined {
    const shown = this.#shown.get(series);
    if (shown === undefined) return undefined;
    const [bids, asks] = [sideOf(depth.bids), sideOf(depth.asks)];
    const changes = [differences(shown.bids, bids), differences(shown.asks, asks)] as const;
    if (changes[0].length + changes[1].length === 0) return undefined;
    const prev = shown.changeId;
    [shown.changeId, shown.bids, shown.asks] = [++this.#lastId, bids, asks];
    const ids = { change_id: shown.changeId, prev_change_id: prev };
    return { type: "change", instrument_name: name, timestamp, ...ids, bids: changes[0], asks: changes[1] };
  }
}

function sideOf(levels: readonly DepthLevel[]): Side {
  return new Map(levels.map(({ price, quantity }) => [price, quantity]));
}

function differences(before: Side, after: Side): BookLevelChangeWire[] {
  const changes: BookLevelChangeWire[] = [];
  for (const price of before.keys()) if (!after.has(price)) changes.push(["delete", priceText(price), "0"]);
  for (const [price, amount] of after) {
    const known = before.get(price);
    if (known === amount) continue;
    changes.push([known === undefined ? "new" : "change", priceText(price), amountText(amount)]);
  }
  return changes;
}
