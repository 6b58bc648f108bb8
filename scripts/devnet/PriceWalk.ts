import { DemoMarket } from "../../src/market/demoMarket.ts";
import type { Random } from "../../src/market/random.ts";
import { expirySeconds, SECONDS_PER_DAY, USD, type MarketSpec } from "../../src/market/types.ts";

/** An expiry that is nearer is not traded any more. */
const NEAREST_EXPIRY = 3_600;

/** A market whose index walks at the pace of the clock, and whose expiries are always ahead. */
export class PriceWalk {
  readonly #spec: MarketSpec;
  readonly #random: Random;
  #market: DemoMarket;
  #firstExpiry: number;
  #time: number;

  /**
   * @param index Where it begins, 1e-4 USD.
   * @param time Seconds.
   */
  constructor(spec: MarketSpec, random: Random, index: bigint, time: number) {
    this.#spec = spec;
    this.#random = random;
    this.#time = time;
    this.#firstExpiry = firstExpiry(time);
    this.#market = new DemoMarket(spec, this.#firstExpiry, usdOf(index));
  }

  /** The market as it is now. */
  get market(): DemoMarket {
    return this.#market;
  }

  /** Lets the index walk until `time`, seconds. */
  walkTo(time: number): void {
    if (time <= this.#time) return;
    this.#market.step(time - this.#time, this.#random.normal());
    this.#time = time;
    const first = firstExpiry(time);
    if (first === this.#firstExpiry) return;
    this.#firstExpiry = first;
    this.#market = new DemoMarket(this.#spec, first, usdOf(this.#market.index));
  }
}

function firstExpiry(time: number): number {
  const today = Math.floor(time / SECONDS_PER_DAY);
  return expirySeconds(today) - time >= NEAREST_EXPIRY ? today : today + 1;
}

function usdOf(price: bigint): number {
  return Number(price) / Number(USD);
}
