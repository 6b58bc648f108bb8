import { fromHex } from "../../src/crypto/bytes.ts";
import type { DemoMarket } from "../../src/market/demoMarket.ts";
import type { Random } from "../../src/market/random.ts";
import { expirySeconds, USD, type Series } from "../../src/market/types.ts";
import type { Logger } from "../../src/roles/Logger.ts";
import type { SignedOrder } from "../../src/sequencer/SignedOrder.ts";
import { signOrder } from "../../src/sequencer/Signing.ts";
import { keyOf, type DevnetName } from "./accounts.ts";

/** What became of an order. */
export interface Placed {
  /** Fills at once. */
  readonly fills: number;
  /** Why it was refused; undefined if it was taken. */
  readonly refusal: string | undefined;
}

/** Where orders go. */
export type PlaceOrders = (orders: readonly SignedOrder[]) => Promise<readonly Placed[]>;

/** Who trades. */
export interface FlowParts {
  readonly domain: Uint8Array;
  readonly maker: number;
  readonly taker: number;
  readonly place: PlaceOrders;
  /** When the devnet was deployed, seconds. */
  readonly born: number;
  readonly random: Random;
  readonly logger: Logger;
}

/** Seconds for which a quote stands; the next one is there before. */
export const QUOTE_LIFE = 30;
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

/** A maker that quotes around the value of the options near the money, and a taker that takes one of them now and then. */
export class Flow {
  readonly #parts: FlowParts;
  #nonce: bigint;

  constructor(parts: FlowParts) {
    this.#parts = parts;
    // Other ones than before a restart, and within the machine's window for years.
    this.#nonce = BigInt(Math.floor(Date.now() / 1_000) - parts.born) * NONCES_PER_SECOND;
  }

  /** Quotes both sides. @param now Seconds. @returns The number of quotes that stand. */
  async quote(market: DemoMarket, now: number): Promise<number> {
    const orders = market.series
      .filter((series) => isQuoted(series, market, now))
      .flatMap((series) => {
        const value = market.value(series, now);
        const half = Math.max(value * HALF_SPREAD, (Number(market.spec.tick) / Number(USD)) * 2);
        const bid = toTick(value - half, market, "down");
        const ask = this.#order("maker", series, market, {
          isSell: true,
          price: toTick(value + half, market, "up"),
          now,
        });
        return bid <= 0n ? [ask] : [ask, this.#order("maker", series, market, { isSell: false, price: bid, now })];
      });
    const placed = await this.#parts.place(orders);
    // Where the price has moved by more than the spread, the quote from before stands in the way until it expires.
    const refused = placed.filter(({ refusal }) => refusal !== undefined && refusal !== "SelfTrade");
    if (refused.length > 0) {
      this.#parts.logger.warn({ refused: refused.length, first: refused[0]!.refusal }, "quotes were refused");
    }
    return placed.filter(({ refusal }) => refusal === undefined).length;
  }

  /** Buys or sells one option at what the maker asks or bids. */
  async take(market: DemoMarket, now: number): Promise<void> {
    const { random, place, logger } = this.#parts;
    const choices = market.series.filter((series) => isQuoted(series, market, now));
    if (choices.length === 0) return;
    const series = random.pick(choices);
    const value = market.value(series, now);
    const isSell = random.bool(0.5);
    // A little worse than the quotes, so that one of them is met.
    const price = toTick(value * (isSell ? 0.9 : 1.1), market, isSell ? "down" : "up");
    if (price <= 0n) return;
    const order = this.#order("trader 3", series, market, { isSell, price, now, isImmediate: true });
    const [placed] = await place([order]);
    const { strike, type, expiryDay } = series;
    const fields = { market: market.spec.name, strike: Number(strike / USD), type, expiryDay, isSell };
    if (placed!.refusal === undefined && placed!.fills > 0) logger.info(fields, "traded");
    else logger.info({ ...fields, refusal: placed!.refusal }, "did not trade");
  }

  #order(
    name: DevnetName,
    series: Series,
    market: DemoMarket,
    terms: { isSell: boolean; price: bigint; now: number; isImmediate?: boolean },
  ): SignedOrder {
    const { domain, maker, taker } = this.#parts;
    const { tick, lot } = market.spec;
    const { isSell, price, now, isImmediate = false } = terms;
    const contracts = isImmediate ? lot : QUOTE_CONTRACTS * CONTRACT;
    return signOrder(
      domain,
      {
        account: isImmediate ? taker : maker,
        market: series.market,
        expiryDay: series.expiryDay,
        strike: series.strike,
        isPut: series.type === "put",
        isSell,
        quantity: contracts,
        limitPrice: price,
        maxFee: (market.index / MAX_FEE_DIVISOR / tick + 1n) * tick,
        nonce: ++this.#nonce,
        deadline: BigInt(now + 2 * QUOTE_LIFE),
        fillOrKill: false,
        immediateOrCancel: isImmediate,
        postOnly: false,
        reduceOnly: false,
        forcible: false,
      },
      fromHex(keyOf(name)),
    );
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
