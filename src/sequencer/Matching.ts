import { feeUp } from "../machine/Fees.ts";
import type { Account, Market } from "../machine/Slots.ts";
import { TX_FILL, type Fill, type OrderReference, type WireMakerOrder, type WireTakerOrder } from "../machine/Wire.ts";
import type { ItemRefusal } from "./BatchPlan.ts";
import { coversMakerFee, reducible } from "./Judge.ts";
import type { OrderBook } from "./OrderBook.ts";
import type { ExchangeEvent, FillReport, OrderRecord, PlannedItem } from "./OrderRecord.ts";
import type { RefusalReason } from "./Refusal.ts";

/** Where orders are matched: the exchange, as far as the matching needs it. */
export interface Venue {
  readonly book: OrderBook<OrderRecord>;
  readonly changes: { readonly orders: Set<OrderRecord>; readonly events: ExchangeEvent[] };
  account(account: number): Account | undefined;
  market(series: bigint): Market;
  /** Settles what is due of two accounts before they trade, and renews the marks that they are judged by. */
  prepareFill(maker: number, taker: number, series: bigint): void;
  /** Whether an order could not fill now at its own limit, because its account is on standard margin. */
  isOutsideBand(record: OrderRecord): boolean;
  wireMaker(record: OrderRecord): WireMakerOrder | OrderReference;
  /** `price` is the maker's limit, which the order crosses. */
  wireTaker(record: OrderRecord, price: bigint): WireTakerOrder | OrderReference;
  /** Executes a fill on the machine. */
  append(fill: Fill, series: bigint): PlannedItem | ItemRefusal;
  removeMaker(record: OrderRecord, reason: RefusalReason): void;
  /** What an order has been charged so far, 1e-15 USDC. */
  feeAccrued(record: OrderRecord): bigint;
  /** Counts a fill against the maker's own limits, and closes its quotes if they are hit. */
  protectMaker(record: OrderRecord, quantity: bigint): void;
}

/** How an order came out of the matching. */
export interface MatchResult {
  readonly fills: readonly FillReport[];
  /** Why what is left of it must not rest; undefined if it may, or if nothing is left. */
  readonly stopped: RefusalReason | undefined;
}

/**
 * Matches an order with the makers in line, each at the maker's limit, as long as prices cross. Every fill is executed on the
 * machine at once. Where the machine refuses one, the order at fault goes with the machine's reason: a maker leaves the
 * book and the next in line is tried, a taker stops.
 *
 * Strict priority: nobody is passed over. So a fill-or-kill order looks at the first maker alone, for it must be filled by one;
 * and where the first maker is of the taker's own account, the taker stops rather than trading with those behind.
 */
export function matchOrder(exchange: Venue, taker: OrderRecord): MatchResult {
  const fills: FillReport[] = [];
  while (taker.remaining > 0n) {
    const maker = exchange.book.firstAgainst(taker);
    if (maker === undefined) return { fills, stopped: restRefusal(exchange, taker) };
    if (maker.account === taker.account) return { fills, stopped: "SelfTrade" };
    exchange.prepareFill(maker.account, taker.account, taker.series);
    const makerMost = mostOf(exchange, maker);
    if (makerMost === 0n) {
      exchange.removeMaker(maker, "ReduceOnlyGrows");
      continue;
    }
    const takerMost = mostOf(exchange, taker);
    if (takerMost === 0n) return { fills, stopped: "ReduceOnlyGrows" };
    const quantity = makerMost < takerMost ? makerMost : takerMost;
    if (taker.signed.terms.fillOrKill && quantity !== taker.signed.terms.quantity) {
      return { fills, stopped: "FillOrKillUnfilled" };
    }
    const result = executeFill(exchange, maker, taker, quantity);
    if ("reason" in result) {
      if (isTakersFault(maker, result) || isOfSeries(result.reason)) return { fills, stopped: result.reason };
      exchange.removeMaker(maker, result.reason);
      continue;
    }
    exchange.book.reduce(maker, quantity);
    if (maker.remaining === 0n) maker.status = "filled";
    taker.remaining -= quantity;
    exchange.changes.orders.add(maker);
    fills.push(result);
    exchange.changes.events.push({ kind: "fill", fill: result });
    exchange.protectMaker(maker, quantity);
  }
  return { fills, stopped: undefined };
}

/** Crosses two orders in whole, past the book: both are filled then, and the maker's limit is the price. */
export function crossOrders(exchange: Venue, maker: OrderRecord, taker: OrderRecord): FillReport | ItemRefusal {
  const quantity = maker.remaining;
  exchange.prepareFill(maker.account, taker.account, taker.series);
  const result = executeFill(exchange, maker, taker, quantity);
  if ("reason" in result) return result;
  for (const order of [maker, taker]) {
    order.remaining = 0n;
    order.status = "crossed";
    exchange.changes.orders.add(order);
  }
  const fill = { ...result, isCross: true };
  exchange.changes.events.push({ kind: "fill", fill });
  return fill;
}

/** Executes a fill on the machine, and says what it cost. */
function executeFill(
  exchange: Venue,
  maker: OrderRecord,
  taker: OrderRecord,
  quantity: bigint,
): FillReport | ItemRefusal {
  const { series } = taker;
  const wireMaker = exchange.wireMaker(maker);
  const wireTaker = exchange.wireTaker(taker, maker.price);
  // INVARIANT: orders and positions are whole lots, hence also what is left of them.
  const lots = quantity / exchange.market(series).lot;
  const [makerBefore, takerBefore] = [exchange.feeAccrued(maker), exchange.feeAccrued(taker)];
  const result = exchange.append({ type: TX_FILL, maker: wireMaker, taker: wireTaker, lots }, series);
  if ("reason" in result) return result;
  maker.lastItem = taker.lastItem = result.id;
  const makerFee = feeUp(makerBefore, exchange.feeAccrued(maker));
  const takerFee = feeUp(takerBefore, exchange.feeAccrued(taker));
  const sides = { maker: maker.id, taker: taker.id, makerFee, takerFee };
  return { item: result.id, ...sides, series, price: maker.price, quantity, isCross: false };
}

/** Why what is left of an order may not rest, if so. */
function restRefusal(exchange: Venue, order: OrderRecord): RefusalReason | undefined {
  const { terms } = order.signed;
  if (terms.fillOrKill) return "FillOrKillUnfilled";
  if (terms.immediateOrCancel) return "ImmediateUnfilled";
  if (exchange.isOutsideBand(order)) return "PriceOutsideBand";
  return coversMakerFee(order.signed, exchange.market(order.series)) ? undefined : "FeeAboveMaximum";
}

/** The most that the machine would let fill of an order now, whatever its margin. */
function mostOf(exchange: Venue, order: OrderRecord): bigint {
  if (!order.signed.terms.reduceOnly) return order.remaining;
  const account = exchange.account(order.account);
  const most = account === undefined ? 0n : reducible(account, order.signed);
  return most < order.remaining ? most : order.remaining;
}

/** The machine judges the maker first; but the cap on exposure comes last, and it is the seller who adds to that. */
function isTakersFault(maker: OrderRecord, { reason, makerPassed }: ItemRefusal): boolean {
  return reason === "ExposureCap" ? !maker.sell : makerPassed;
}

/** Whether a refusal is nobody's fault but that of the series, so that makers stay where they are. */
function isOfSeries(reason: RefusalReason): boolean {
  return (
    reason === "SeriesExpired" || reason === "MarketUnknown" || reason === "AnchorMissing" || reason === "PriceFixed"
  );
}
