import { packSeries } from "../../src/machine/Positions.ts";
import type { DemoMarket } from "../../src/market/demoMarket.ts";
import type { Random } from "../../src/market/random.ts";
import { expirySeconds, USD, type Series } from "../../src/market/types.ts";
import type { Logger } from "../../src/roles/Logger.ts";
import { amountText, priceText } from "../../src/rpc/decimals.ts";
import { Instruments } from "../../src/rpc/Instruments.ts";
import type { OrderInput } from "../../src/rpc/TenorClient.ts";
import { CURRENCIES, type Trader } from "./Trader.ts";

/** Who trades. */
export interface FlowParts {
  readonly maker: Trader;
  readonly taker: Trader;
  /** When the devnet was deployed, seconds. */
  readonly born: number;
  readonly random: Random;
  readonly logger: Logger;
}

/** Seconds between two rounds of quotes. */
export const QUOTE_EVERY = 30;
/** Half of the spread, as a part of the option's value, and at least. */
const HALF_SPREAD = 0.02;
/** Contracts of a quote. */
const QUOTE_CONTRACTS = 5n;
/** What is quoted: strikes within so many parts of the index. */
const NEAR = 0.04;
/** Seconds before its expiry from which a series is left alone; the sequencer stops a quarter of an hour before. */
const LAST_QUOTE = 1_800;
/** What an order may pay at most for each contract: 5 basis points of the underlying. */
const MAX_FEE_DIVISOR = 2_000n;
const CONTRACT = 1_000_000n;
/** More than there are orders in the mean. */
const NONCES_PER_SECOND = 16n;
const INSTRUMENTS = new Instruments(CURRENCIES);

/** A maker that quotes around the value of the options near the money, and a taker that takes one of them now and then. */
export class Flow {
  readonly #parts: FlowParts;
  #nonce: bigint;

  constructor(parts: FlowParts) {
    this.#parts = parts;
    // Other ones than before a restart, and within the machine's window for years.
    this.#nonce = BigInt(Math.floor(Date.now() / 1_000) - parts.born) * NONCES_PER_SECOND;
  }

  /** Takes back what it has quoted, and quotes both sides of all markets anew. @param now Seconds. */
  async quote(markets: readonly DemoMarket[], now: number): Promise<void> {
    const { maker, logger } = this.#parts;
    await maker.cancelAll();
    for (const market of markets) {
      const orders = market.series
        .filter((series) => isQuoted(series, market, now))
        .flatMap((series) => {
          const value = market.value(series, now);
          const half = Math.max(value * HALF_SPREAD, (Number(market.spec.tick) / Number(USD)) * 2);
          const bid = toTick(value - half, market, "down");
          const ask = this.#order(series, market, "sell", toTick(value + half, market, "up"), now);
          return bid <= 0n ? [ask] : [ask, this.#order(series, market, "buy", bid, now)];
        });
      const placed = await Promise.all(orders.map((order) => maker.place(order)));
      const refused = placed.filter((outcome) => typeof outcome === "string");
      if (refused.length > 0) logger.warn({ refused: refused.length, first: refused[0] }, "quotes were refused");
      const quotes = placed.length - refused.length;
      logger.info({ currency: market.spec.name, index: priceText(market.index), quotes }, "quoted");
    }
  }

  /** Buys or sells one option at what the maker asks or bids. */
  async take(market: DemoMarket, now: number): Promise<void> {
    const { random, taker, logger } = this.#parts;
    const choices = market.series.filter((series) => isQuoted(series, market, now));
    if (choices.length === 0) return;
    const series = random.pick(choices);
    const direction = random.bool(0.5) ? "sell" : "buy";
    const isSell = direction === "sell";
    // A little worse than the quotes, so that one of them is met.
    const price = toTick(market.value(series, now) * (isSell ? 0.9 : 1.1), market, isSell ? "down" : "up");
    if (price <= 0n) return;
    const order = this.#order(series, market, direction, price, now);
    const amount = amountText(market.spec.lot);
    const placed = await taker.place({ ...order, amount, timeInForce: "immediate_or_cancel" });
    const fields = { instrument: order.instrument, direction };
    if (typeof placed === "string") logger.info({ ...fields, refusal: placed }, "did not trade");
    else
      for (const { price: paid, amount: filled } of placed.trades) logger.info({ ...fields, paid, filled }, "traded");
  }

  #order(
    { expiryDay, strike, type, market: id }: Series,
    market: DemoMarket,
    direction: "buy" | "sell",
    price: bigint,
    now: number,
  ): OrderInput {
    const { tick } = market.spec;
    const series = packSeries(id, expiryDay, strike, type === "put");
    return {
      instrument: INSTRUMENTS.describe(series)!.name,
      direction,
      amount: amountText(QUOTE_CONTRACTS * CONTRACT),
      price: priceText(price),
      maxFee: priceText((market.index / MAX_FEE_DIVISOR / tick + 1n) * tick),
      nonce: ++this.#nonce,
      deadline: BigInt(now + 2 * QUOTE_EVERY),
    };
  }
}

function isQuoted({ strike, expiryDay }: Series, market: DemoMarket, now: number): boolean {
  const distance = Math.abs(Number(strike) / Number(market.index) - 1);
  return distance <= NEAR && expirySeconds(expiryDay) - now > LAST_QUOTE;
}

/** @returns 1e-4 USD. */
function toTick(usd: number, { spec }: DemoMarket, direction: "up" | "down"): bigint {
  const ticks = (usd * Number(USD)) / Number(spec.tick);
  return BigInt(direction === "up" ? Math.ceil(ticks) : Math.floor(ticks)) * spec.tick;
}
