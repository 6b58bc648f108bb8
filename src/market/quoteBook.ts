import { type OrderEvent, seriesKey, type Side } from "./types.ts";

/** A maker's order that rests. */
export interface Quote {
  readonly order: OrderEvent;
  /** What is left of it, 1e-6 contract. */
  left: bigint;
}

/** What a taker took from one quote, at the quote's price. */
export interface QuoteFill {
  readonly quote: Quote;
  readonly quantity: bigint;
}

/** The resting orders of the generated day, with price-time priority, so that makers know what is left of theirs. */
export class QuoteBook {
  readonly #quotes = new Map<string, Quote[]>();

  /** Rests an order behind those of its price. */
  post(order: OrderEvent): void {
    const quotes = this.#side(order, order.side);
    const worse = quotes.findIndex(({ order: other }) => isBetter(order.side, order.limitPrice, other.limitPrice));
    quotes.splice(worse < 0 ? quotes.length : worse, 0, { order, left: order.quantity });
  }

  /** The quotes of a side of a series that are alive at `time`, the best first. */
  live(at: Pick<OrderEvent, "series">, side: Side, time: number): readonly Quote[] {
    const quotes = this.#side(at, side);
    const live = quotes.filter(({ order, left }) => left > 0n && order.expiresAt > time);
    quotes.splice(0, quotes.length, ...live);
    return live;
  }

  /** Fills an immediate order as far as its limit and the book allow. */
  take(order: OrderEvent): QuoteFill[] {
    const fills: QuoteFill[] = [];
    let left = order.quantity;
    for (const quote of this.live(order, order.side === "buy" ? "sell" : "buy", order.time)) {
      if (left === 0n || isBetter(order.side, quote.order.limitPrice, order.limitPrice)) break;
      const quantity = left < quote.left ? left : quote.left;
      quote.left -= quantity;
      left -= quantity;
      fills.push({ quote, quantity });
    }
    return fills;
  }

  #side({ series }: Pick<OrderEvent, "series">, side: Side): Quote[] {
    const key = `${seriesKey(series)} ${side}`;
    const quotes = this.#quotes.get(key) ?? [];
    this.#quotes.set(key, quotes);
    return quotes;
  }
}

/** True where an owner of an order of this side offers more with `a` than with `b`. */
function isBetter(side: Side, a: bigint, b: bigint): boolean {
  return side === "buy" ? a > b : a < b;
}
