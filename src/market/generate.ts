import { CashBook } from "./cashBook.ts";
import { type DemoMarket, demoMarkets } from "./demoMarket.ts";
import { MAKER_SECONDS, TAKER_SECONDS } from "./flow.ts";
import { SQUALL_MARKET, squallAt, SQUEEZE_AFTER, squeezeDeposit, squeezeOrders } from "./demoSqueeze.ts";
import { IndexFeed } from "./indexFeed.ts";
import { type Arrival, DEMO_TAKERS, demoArrivals } from "./demoArrivals.ts";
import { QuoteBook } from "./quoteBook.ts";
import { Random } from "./random.ts";
import {
  SECONDS_PER_DAY,
  CONTRACT,
  type DepositEvent,
  expirySeconds,
  type ExpiryEvent,
  type FundEvent,
  type IndexEvent,
  type MarketEvent,
  type ObservationEvent,
  type OrderEvent,
  type Series,
  seriesKey,
  type Side,
  type Trader,
  traderKey,
  USD,
  USDC,
} from "./types.ts";

/** Accounts that quote on the generated day; those of even number on the first market, of odd number on the second. */
export const DEMO_MAKERS = 20;
/** The maker that writes more than it can bear. */
export const SQUEEZED_MAKER: Trader = { role: "maker", index: DEMO_MAKERS };
/** The expiry in the middle of the day unless another is asked for: Friday, 3 April 2026. */
export const DEMO_EXPIRY_DAY = 20_546;

const INDEX_STEP_SECONDS = 60;
/** Correlation of the two markets' index steps. */
const CORRELATION = 0.8;
/** Makers that quote a series. */
const MAKERS_PER_SERIES = 4;
/** A quote is renewed when it has fewer seconds to live. */
const RENEWAL_SECONDS = 120;
/** Makers deposit one part in so many of what the collateralised requirement would ask of them. */
const MAKER_SHARE = 3n;
/** What the sponsor gives the insurance fund. */
const FUND_CAPITAL = 1_000_000n * USDC;
const LIQUIDATOR_DEPOSIT = 500_000n * USDC;
const SPONSOR: Trader = { role: "sponsor", index: 0 };
/** A ceiling of the collateralised requirement, as a multiple of the index. */
const CEILING = 3n;

/** Hours of a generated day, at least: two hours after the expiry comes the squeeze, and its auction takes most of another. */
export const SHORTEST_DAY = 6;

/** Choices of the generated day; all have defaults. */
export interface DayOptions {
  /** The day is a function of the seed; default 1. */
  readonly seed?: bigint;
  /** The expiry in the middle of the day, in days since 1970-01-01. */
  readonly expiryDay?: number;
  /** Length of the day, half of it before the expiry; from {@link SHORTEST_DAY} on; default 24. */
  readonly hours?: number | undefined;
  /** At least so many fills; default 2,000. */
  readonly fills?: number | undefined;
}

/** A generated day. */
export interface Day {
  /** In order of time: deposits of all accounts that trade, then index rounds, observations, orders and expiries. */
  readonly events: readonly MarketEvent[];
  /** Trades that a book of price-time priority makes of the orders, if the exchange refuses the overreaching ones. */
  readonly fills: number;
  /** Takers' orders that their accounts can't collateralise. */
  readonly overreaching: number;
}

/**
 * The demo's own order flow: a day of 2 markets, 20 makers and 80 takers, with an expiry of both markets at half time.
 *
 * The index is a seeded random walk and options are worth their Black-76 value on a smile. When a taker comes, the four
 * makers of the series renew their quotes on both sides, each around its own mark, leaning against its position; quotes
 * last for 11 minutes and aren't withdrawn. Takers come in bursts after one series and side. They deposit one and a half
 * times what they will ever need in the collateralised regime, except that about one in a hundred of their orders sells
 * calls that its account can't back, which the exchange has to refuse. Makers are on standard margin with a third of what
 * the collateralised regime would ask of them; one more sells calls shortly before the second market rises
 * ({@link squeezeOrders}), and a liquidator waits for that.
 */
export function generateDay(options: DayOptions = {}): Day {
  const { seed = 1n, expiryDay = DEMO_EXPIRY_DAY, hours = 24, fills = 2_000 } = options;
  for (let bursts = Math.ceil(fills / 6) + 10; ; bursts = Math.ceil(bursts * 1.2)) {
    const day = new DayGenerator(seed, expiryDay, (hours * SECONDS_PER_DAY) / 24).run(bursts);
    if (day.fills >= fills) return day;
  }
}

class DayGenerator {
  readonly #random: Random;
  readonly #markets: readonly DemoMarket[];
  readonly #expiryDay: number;
  readonly #start: number;
  readonly #end: number;
  readonly #feed = new IndexFeed();
  readonly #book = new QuoteBook();
  readonly #cash = new CashBook();
  /** 1e-4 USD by market: three times the highest index so far. */
  readonly #ceilings = new Map<number, bigint>();
  /** Makers' positions by maker and series, in contracts. */
  readonly #inventory = new Map<string, number>();
  readonly #events: (IndexEvent | ObservationEvent | OrderEvent | ExpiryEvent)[] = [];
  #steppedTo: number;
  #squeezeDeposit = 0n;
  #fills = 0;
  #overreaching = 0;

  constructor(seed: bigint, expiryDay: number, seconds: number) {
    this.#random = new Random(seed);
    this.#markets = demoMarkets(expiryDay);
    this.#expiryDay = expiryDay;
    this.#start = expirySeconds(expiryDay) - seconds / 2;
    this.#end = this.#start + seconds;
    this.#steppedTo = this.#start;
  }

  run(bursts: number): Day {
    const end = this.#end;
    for (const market of this.#markets) {
      this.#feed.watch(market.spec.id, this.#expiryDay);
      this.#observe(market, this.#start);
    }
    for (const arrival of demoArrivals(this.#random, this.#markets, this.#start, end, bursts)) {
      this.#stepTo(arrival.time);
      this.#serve(arrival);
    }
    this.#stepTo(end);
    const events = [...this.#deposits(), ...this.#events];
    return { events, fills: this.#fills, overreaching: this.#overreaching };
  }

  #stepTo(time: number): void {
    for (; this.#steppedTo + INDEX_STEP_SECONDS <= time;) {
      this.#steppedTo += INDEX_STEP_SECONDS;
      const common = this.#random.normal();
      for (const market of this.#markets) {
        const own = this.#random.normal();
        market.step(INDEX_STEP_SECONDS, CORRELATION * common + Math.sqrt(1 - CORRELATION ** 2) * own);
        const sinceExpiry = this.#steppedTo - expirySeconds(this.#expiryDay);
        if (market.spec.id === SQUALL_MARKET) market.push(squallAt(sinceExpiry));
        this.#observe(market, this.#steppedTo);
        if (market.spec.id === SQUALL_MARKET && sinceExpiry === SQUEEZE_AFTER) this.#squeeze(market);
      }
    }
  }

  #observe(market: DemoMarket, time: number): void {
    const ceiling = CEILING * market.index;
    if (ceiling > (this.#ceilings.get(market.spec.id) ?? 0n)) this.#ceilings.set(market.spec.id, ceiling);
    for (const event of this.#feed.observe(time, market.spec.id, market.index)) {
      this.#events.push(event);
      if (event.kind === "expiry") this.#settle(event);
    }
    this.#events.push({ kind: "observation", time, model: market.observe(time) });
  }

  #squeeze(market: DemoMarket): void {
    const buyer: Trader = { role: "taker", index: 0 };
    const [ask, bid] = squeezeOrders(market, SQUEEZED_MAKER, buyer, this.#steppedTo) as [OrderEvent, OrderEvent];
    this.#squeezeDeposit = squeezeDeposit(market);
    this.#book.post(ask);
    this.#events.push(ask, bid);
    this.#trade(bid);
  }

  #settle({ market, expiryDay }: ExpiryEvent): void {
    this.#cash.settle(market, expiryDay, this.#markets.find(({ spec }) => spec.id === market)!.index);
  }

  /** Lets the makers quote, then the taker trade. */
  #serve(arrival: Arrival): void {
    const { time, market, trader, series } = arrival;
    this.#quote(market, series, time);
    const quotes = this.#book.live({ series }, arrival.side === "buy" ? "sell" : "buy", time);
    const deepest = quotes[Math.min(arrival.sweep ? 2 : 0, quotes.length - 1)];
    if (!deepest) return;
    const lots = Math.max(1, Math.round((arrival.contracts * Number(CONTRACT)) / Number(market.spec.lot)));
    const order: OrderEvent = {
      kind: "order",
      time,
      trader,
      series,
      side: arrival.side,
      quantity: BigInt(lots) * market.spec.lot,
      limitPrice: deepest.order.limitPrice,
      immediate: true,
      expiresAt: Math.min(time + TAKER_SECONDS, expirySeconds(series.expiryDay) - 1),
    };
    this.#events.push(order);
    if (arrival.overreaches) this.#overreaching += 1;
    else this.#trade(order);
  }

  #trade(order: OrderEvent): void {
    const taker = traderKey(order.trader);
    for (const { quote, quantity } of this.#book.take(order)) {
      this.#fills += 1;
      const maker = traderKey(quote.order.trader);
      const [buyer, seller] = order.side === "buy" ? [taker, maker] : [maker, taker];
      this.#cash.trade(buyer, seller, order.series, quantity, quote.order.limitPrice, this.#ceilings);
      const key = `${maker} ${seriesKey(order.series)}`;
      const contracts = Number(quantity) / Number(CONTRACT);
      this.#inventory.set(key, (this.#inventory.get(key) ?? 0) + (order.side === "buy" ? -contracts : contracts));
    }
  }

  /** Renews the quotes of the makers of a series where they are filled or about to expire. */
  #quote(market: DemoMarket, series: Series, time: number): void {
    const first = market.series.indexOf(series);
    for (let i = 0; i < MAKERS_PER_SERIES; i++) {
      const number = (first * 3 + i) % (DEMO_MAKERS / 2);
      const trader: Trader = { role: "maker", index: number * 2 + ((market.spec.id - 1) % 2) };
      for (const side of ["buy", "sell"] as const) {
        const lasting = this.#book
          .live({ series }, side, time)
          .some(({ order }) => order.trader.index === trader.index && order.expiresAt > time + RENEWAL_SECONDS);
        if (!lasting) this.#post(market, series, trader, side, time);
      }
    }
  }

  #post(market: DemoMarket, series: Series, trader: Trader, side: Side, time: number): void {
    const mark = market.value(series, time);
    const held = this.#inventory.get(`${traderKey(trader)} ${seriesKey(series)}`) ?? 0;
    const width = Math.max(mark * 0.02, (Number(market.index) / Number(USD)) * 0.0002);
    const lean = Math.max(-1, Math.min(1, held / (20 * market.takerContracts)));
    const halfSpread = width * (0.6 + 0.8 * this.#random.float());
    const price = mark - lean * width * 0.5 + (side === "buy" ? -halfSpread : halfSpread);
    const limitPrice = this.#passive(market, series, side, time, price);
    if (limitPrice <= 0n) return;
    const lots = (market.takerContracts * (3 + 5 * this.#random.float()) * Number(CONTRACT)) / Number(market.spec.lot);
    const order: OrderEvent = {
      kind: "order",
      time,
      trader,
      series,
      side,
      quantity: BigInt(Math.max(1, Math.round(lots))) * market.spec.lot,
      limitPrice,
      immediate: false,
      expiresAt: Math.min(time + MAKER_SECONDS, expirySeconds(series.expiryDay) - 1),
    };
    this.#events.push(order);
    this.#book.post(order);
  }

  /** A price in USD on the tick, away from the mark, and moved as far as is needed to meet no quote of the other side. */
  #passive(market: DemoMarket, series: Series, side: Side, time: number, usd: number): bigint {
    const { tick } = market.spec;
    const ticks = (usd * Number(USD)) / Number(tick);
    const own = BigInt(side === "buy" ? Math.floor(ticks) : Math.max(1, Math.ceil(ticks))) * tick;
    const other = this.#book.live({ series }, side === "buy" ? "sell" : "buy", time)[0]?.order.limitPrice;
    if (other === undefined) return own;
    if (side === "buy") return own < other ? own : other - tick;
    return own > other ? own : other + tick;
  }

  /** For takers half as much again as each needs, in steps of 1,000 USDC. */
  #deposits(): (DepositEvent | FundEvent)[] {
    const time = this.#start;
    const step = 1_000n * USDC;
    const need = (trader: Trader): bigint => this.#cash.peakNeed(traderKey(trader));
    const rounded = (amount: bigint): bigint => (amount / step + 1n) * step;
    const kind = "deposit";
    const makers = numbered("maker", DEMO_MAKERS).map((trader): DepositEvent => {
      return { kind, time, trader, amount: rounded(need(trader) / MAKER_SHARE), margin: "standard" };
    });
    // On a short day not all of them come.
    const coming = new Set(this.#events.map((event) => (event.kind === "order" ? traderKey(event.trader) : undefined)));
    const takers = numbered("taker", DEMO_TAKERS)
      .filter((trader) => coming.has(traderKey(trader)))
      .map((trader): DepositEvent => {
        return { kind, time, trader, amount: rounded((need(trader) * 3n) / 2n), margin: "collateralised" };
      });
    return [
      { kind, time, trader: SPONSOR, amount: FUND_CAPITAL, margin: "collateralised" },
      { kind: "fund", time, trader: SPONSOR, amount: FUND_CAPITAL },
      ...makers,
      { kind, time, trader: SQUEEZED_MAKER, amount: this.#squeezeDeposit, margin: "standard" },
      { kind, time, trader: { role: "liquidator", index: 0 }, amount: LIQUIDATOR_DEPOSIT, margin: "standard" },
      ...takers,
    ];
  }
}

function numbered(role: Trader["role"], count: number): Trader[] {
  return Array.from({ length: count }, (_, index) => ({ role, index }));
}
