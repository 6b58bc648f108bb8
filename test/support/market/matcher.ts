import { expiryKey, type MarketEvent, type OrderEvent, seriesKey, traderKey } from "../../../src/market/types.ts";

/** A trade of the reference book. */
export interface Trade {
  readonly taker: OrderEvent;
  readonly maker: OrderEvent;
  readonly quantity: bigint;
}

/** What the reference book did, and what it held against the exchange's rules on the way. */
export interface Replay {
  readonly trades: Trade[];
  /** Immediate orders that found less than they asked for. */
  readonly unfilled: OrderEvent[];
  /** What still rested at the end, 1e-6 contract. */
  readonly resting: bigint;
  readonly maxPositions: number;
  readonly maxExpiries: number;
}

/**
 * The simplest book of price-time priority: it scans all resting orders of the series for each immediate one. Orders
 * that rest never meet each other here; `crossed` tells whether they should have.
 */
export function replay(
  events: Iterable<MarketEvent>,
  accept: (taker: OrderEvent, maker: OrderEvent, quantity: bigint) => boolean = () => true,
): Replay & { crossed: number } {
  const book = new Map<string, { order: OrderEvent; left: bigint }[]>();
  const positions = new Map<string, Map<string, { expiry: string; quantity: bigint }>>();
  const trades: Trade[] = [];
  const unfilled: OrderEvent[] = [];
  let [crossed, maxPositions, maxExpiries] = [0, 0, 0];

  const move = (order: OrderEvent, quantity: bigint): void => {
    const held = positions.get(traderKey(order.trader)) ?? new Map<string, { expiry: string; quantity: bigint }>();
    positions.set(traderKey(order.trader), held);
    const key = seriesKey(order.series);
    const after = (held.get(key)?.quantity ?? 0n) + (order.side === "buy" ? quantity : -quantity);
    if (after === 0n) held.delete(key);
    else held.set(key, { expiry: expiryKey(order.series), quantity: after });
    maxPositions = Math.max(maxPositions, held.size);
    maxExpiries = Math.max(maxExpiries, new Set([...held.values()].map(({ expiry }) => expiry)).size);
  };

  for (const event of events) {
    if (event.kind === "expiry") {
      for (const held of positions.values())
        for (const [key, { expiry }] of held) if (expiry === expiryKey(event)) held.delete(key);
    }
    if (event.kind !== "order") continue;
    const key = seriesKey(event.series);
    const alive = (book.get(key) ?? []).filter(({ order, left }) => left > 0n && order.expiresAt > event.time);
    book.set(key, alive);
    const matching = alive.filter(
      ({ order }) =>
        order.side !== event.side &&
        (event.side === "buy" ? order.limitPrice <= event.limitPrice : order.limitPrice >= event.limitPrice),
    );
    if (!event.immediate) {
      if (matching.length > 0) crossed += 1;
      alive.push({ order: event, left: event.quantity });
      continue;
    }
    const sign = event.side === "buy" ? 1 : -1;
    matching.sort((a, b) => sign * Number(a.order.limitPrice - b.order.limitPrice));
    let left = event.quantity;
    for (const maker of matching) {
      const quantity = left < maker.left ? left : maker.left;
      if (quantity === 0n || !accept(event, maker.order, quantity)) break;
      maker.left -= quantity;
      left -= quantity;
      trades.push({ taker: event, maker: maker.order, quantity });
      move(event, quantity);
      move(maker.order, quantity);
    }
    if (left > 0n) unfilled.push(event);
  }
  const resting = [...book.values()].flat().reduce((sum, { left }) => sum + left, 0n);
  return { trades, unfilled, resting, maxPositions, maxExpiries, crossed };
}

/** How often each text occurs. */
export function tally(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
