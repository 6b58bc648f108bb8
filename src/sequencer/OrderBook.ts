import { RING } from "../machine/Constants.ts";
import { dayOf, expiryOf } from "../machine/Positions.ts";
import { TenorError } from "../errors.ts";

/**
 * The book: for each series two queues in price-time priority. Pure: no clock, no I/O. What an order may trade at is decided
 * here; whether the trade is good is the machine's judgement.
 */

/** What the book needs to know of an order. The caller's object is kept, and its `remaining` is the book's to change. */
export interface BookOrder {
  /** Order of arrival: the lower goes first at equal prices. */
  readonly id: number;
  readonly account: number;
  readonly nonce: bigint;
  /** Packed series. */
  readonly series: bigint;
  readonly sell: boolean;
  /** Limit, 1e-4 USD per contract. */
  readonly price: bigint;
  /** Last second at which it may fill. */
  readonly deadline: bigint;
  /** 1e-6 contract, still to be filled. */
  remaining: bigint;
}

/** What the book refuses: misuse by its owner. */
export type OrderBookErrorCode = "BOOK_CROSSED" | "BOOK_DUPLICATE" | "BOOK_UNKNOWN_ORDER" | "BOOK_QUANTITY";

/** Misuse of the book. */
export class OrderBookError extends TenorError<OrderBookErrorCode> {
  override readonly name = "OrderBookError";
}

/** Quantity at one price. */
export interface DepthLevel {
  /** 1e-4 USD per contract. */
  readonly price: bigint;
  /** 1e-6 contract. */
  readonly quantity: bigint;
  readonly orders: number;
}

interface Level<Order> {
  readonly price: bigint;
  /** By id. A Map keeps the order of insertion and deletes in constant time. */
  readonly queue: Map<number, Order>;
}

/** Levels from the worst price to the best, so that the best is popped from the end. */
type Side<Order> = Level<Order>[];

interface SeriesBook<Order> {
  readonly bids: Side<Order>;
  readonly asks: Side<Order>;
}

/** The resting orders of all series. */
export class OrderBook<Order extends BookOrder = BookOrder> {
  readonly #series = new Map<bigint, SeriesBook<Order>>();
  /** account → (nonce mod ring) → order: one live order for each slot of an account's ring. */
  readonly #accounts = new Map<number, Map<number, Order>>();
  #size = 0;

  /** Number of resting orders. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds an order behind those of its price.
   *
   * @throws {@link OrderBookError} `BOOK_CROSSED` if it could trade with the other side, `BOOK_DUPLICATE` if the account has
   * a live order in that slot of its ring, `BOOK_QUANTITY` if nothing of it is left.
   */
  add(order: Order): void {
    const fields = { id: order.id, account: order.account, nonce: order.nonce };
    if (order.remaining <= 0n) throw new OrderBookError("BOOK_QUANTITY", "order has nothing left", { fields });
    if (this.inSlot(order.account, order.nonce) !== undefined) {
      throw new OrderBookError("BOOK_DUPLICATE", "slot of the ring has a live order", { fields });
    }
    if (this.firstAgainst(order) !== undefined) {
      throw new OrderBookError("BOOK_CROSSED", "order would trade at once", { fields });
    }
    let book = this.#series.get(order.series);
    if (book === undefined) this.#series.set(order.series, (book = { bids: [], asks: [] }));
    const side = order.sell ? book.asks : book.bids;
    const index = findLevel(side, order.price, order.sell);
    let level = side[index];
    if (level?.price !== order.price) side.splice(index, 0, (level = { price: order.price, queue: new Map() }));
    level.queue.set(order.id, order);
    let slots = this.#accounts.get(order.account);
    if (slots === undefined) this.#accounts.set(order.account, (slots = new Map<number, Order>()));
    slots.set(ringSlot(order.nonce), order);
    this.#size++;
  }

  /** The first order in line on one side of a series. */
  best(series: bigint, sell: boolean): Order | undefined {
    const book = this.#series.get(series);
    const level = (sell ? book?.asks : book?.bids)?.at(-1);
    return level?.queue.values().next().value;
  }

  /** The first maker with which `taker` would trade: the best of the other side, if its price is within the limit. */
  firstAgainst(taker: Pick<BookOrder, "series" | "sell" | "price">): Order | undefined {
    const maker = this.best(taker.series, !taker.sell);
    if (maker === undefined) return undefined;
    const crosses = taker.sell ? maker.price >= taker.price : maker.price <= taker.price;
    return crosses ? maker : undefined;
  }

  /** The live order of an account with this very nonce. */
  get(account: number, nonce: bigint): Order | undefined {
    const order = this.inSlot(account, nonce);
    return order?.nonce === nonce ? order : undefined;
  }

  /** The live order of an account whose nonce is equal to `nonce` modulo the ring. */
  inSlot(account: number, nonce: bigint): Order | undefined {
    return this.#accounts.get(account)?.get(ringSlot(nonce));
  }

  /** All live orders of an account. */
  ofAccount(account: number): Order[] {
    return [...(this.#accounts.get(account)?.values() ?? [])];
  }

  /**
   * Takes a fill of `quantity` off an order; at zero the order leaves the book.
   *
   * @throws {@link OrderBookError} `BOOK_QUANTITY` if the fill is not positive or exceeds what is left.
   */
  reduce(order: Order, quantity: bigint): void {
    if (quantity <= 0n || quantity > order.remaining) {
      throw new OrderBookError("BOOK_QUANTITY", "fill does not fit what is left", {
        fields: { id: order.id, quantity, remaining: order.remaining },
      });
    }
    if (order.remaining === quantity) this.remove(order);
    order.remaining -= quantity;
  }

  /**
   * Takes an order out.
   *
   * @throws {@link OrderBookError} `BOOK_UNKNOWN_ORDER` if it is not in the book.
   */
  remove(order: Order): void {
    const book = this.#series.get(order.series);
    const side = order.sell ? book?.asks : book?.bids;
    const index = side === undefined ? 0 : findLevel(side, order.price, order.sell);
    const level = side?.[index];
    if (level?.price !== order.price || !level.queue.delete(order.id)) {
      throw new OrderBookError("BOOK_UNKNOWN_ORDER", "order is not in the book", { fields: { id: order.id } });
    }
    if (level.queue.size === 0) side!.splice(index, 1);
    if (book!.bids.length === 0 && book!.asks.length === 0) this.#series.delete(order.series);
    const slots = this.#accounts.get(order.account)!;
    slots.delete(ringSlot(order.nonce));
    if (slots.size === 0) this.#accounts.delete(order.account);
    this.#size--;
  }

  /** Takes out the orders whose deadline is before `now` (seconds), and returns them. */
  expire(now: bigint): Order[] {
    return this.#removeAll([...this.orders()].filter((order) => order.deadline < now));
  }

  /** Takes out all orders of the expiry days that `closed` names, and returns them. */
  closeDays(closed: (day: number) => boolean): Order[] {
    const orders: Order[] = [];
    for (const [series, book] of this.#series) {
      if (!closed(dayOf(expiryOf(series)))) continue;
      for (const level of [...book.bids, ...book.asks]) orders.push(...level.queue.values());
    }
    return this.#removeAll(orders);
  }

  /** All resting orders, series by series. */
  *orders(): Generator<Order> {
    for (const book of this.#series.values()) {
      for (const level of book.bids) yield* level.queue.values();
      for (const level of book.asks) yield* level.queue.values();
    }
  }

  /** The series in which anything rests. */
  get series(): Iterable<bigint> {
    return this.#series.keys();
  }

  /** What rests on each side of a series, best price first. */
  depth(series: bigint): { readonly bids: DepthLevel[]; readonly asks: DepthLevel[] } {
    const book = this.#series.get(series);
    return { bids: depthOf(book?.bids ?? []), asks: depthOf(book?.asks ?? []) };
  }

  /** Empties the book. */
  clear(): void {
    this.#series.clear();
    this.#accounts.clear();
    this.#size = 0;
  }

  #removeAll(orders: Order[]): Order[] {
    for (const order of orders) this.remove(order);
    return orders;
  }
}

function ringSlot(nonce: bigint): number {
  return Number(nonce % BigInt(RING));
}

/** Index of the level of `price`, or where it belongs: asks fall towards the end, bids rise. */
function findLevel(side: Side<BookOrder>, price: bigint, descending: boolean): number {
  let low = 0;
  let high = side.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const before = descending ? side[middle]!.price > price : side[middle]!.price < price;
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}

function depthOf(side: Side<BookOrder>): DepthLevel[] {
  return side
    .map(({ price, queue }) => ({
      price,
      quantity: [...queue.values()].reduce((sum, order) => sum + order.remaining, 0n),
      orders: queue.size,
    }))
    .reverse();
}
