import type { DemoMarket } from "./demoMarket.ts";
import type { Random } from "./random.ts";
import { expirySeconds, type Series, type Side, type Trader } from "./types.ts";

/** Accounts that take on the generated day. */
export const DEMO_TAKERS = 80;
/** The last of them are small: they buy a few options of the second market, and now and then sell too many calls. */
const SMALL_TAKERS = 4;
/** Nobody takes in the last minutes of a series. */
const QUIET_SECONDS = 300;
const SWEEP_PROBABILITY = 0.18;
const OVERREACH_PROBABILITY = 0.01;
/** How many contracts an overreaching taker sells: with any quote it backs far less than it would need. */
const OVERREACH_CONTRACTS = 5;

/** A taker that comes to the market. */
export interface Arrival {
  readonly time: number;
  readonly market: DemoMarket;
  readonly trader: Trader;
  readonly series: Series;
  readonly side: Side;
  readonly contracts: number;
  /** True if it pays for several levels of the book. */
  readonly sweep: boolean;
  /** True if its account can't back the order. */
  readonly overreaches: boolean;
}

/**
 * The takers of a day, in order of time: bursts of one to a dozen orders for one series and side, seconds apart.
 *
 * @param bursts number of bursts
 */
export function demoArrivals(
  random: Random,
  markets: readonly DemoMarket[],
  start: number,
  end: number,
  bursts: number,
): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let i = 0; i < bursts; i++) {
    const market = random.pick(markets);
    let time = start + 60 + random.float() * (end - start - 600);
    const series = market.choose(random, Math.floor(time) + QUIET_SECONDS);
    const side = random.bool(0.55) ? "buy" : "sell";
    const last = Math.min(end, expirySeconds(series.expiryDay) - QUIET_SECONDS);
    do {
      if (time < last) arrivals.push(arrive(random, market, series, side, Math.floor(time)));
      time += random.exponential(9);
    } while (random.bool(0.78));
  }
  const overreaching = arrivals
    .filter(() => random.bool(OVERREACH_PROBABILITY))
    .flatMap((arrival) => overreach(random, markets[0]!, arrival.time));
  return [...arrivals, ...overreaching].sort((a, b) => a.time - b.time);
}

function arrive(random: Random, market: DemoMarket, series: Series, side: Side, time: number): Arrival {
  const small = side === "buy" && market.spec.id === 2;
  const index = random.uint(small ? DEMO_TAKERS : DEMO_TAKERS - SMALL_TAKERS);
  const sweep = random.bool(SWEEP_PROBABILITY);
  const contracts = market.takerContracts * Math.min(4, random.exponential(1)) * (sweep ? 8 : 1);
  const isSmall = index >= DEMO_TAKERS - SMALL_TAKERS;
  return {
    time,
    market,
    trader: { role: "taker", index },
    series,
    side,
    contracts: isSmall ? 1 : contracts,
    sweep: sweep && !isSmall,
    overreaches: false,
  };
}

function overreach(random: Random, market: DemoMarket, time: number): Arrival[] {
  const calls = market.series.filter(
    ({ type, expiryDay }) => type === "call" && expirySeconds(expiryDay) > time + 2 * QUIET_SECONDS,
  );
  const trader: Trader = { role: "taker", index: DEMO_TAKERS - 1 - random.uint(SMALL_TAKERS) };
  const order = { trader, series: random.pick(calls), side: "sell", contracts: OVERREACH_CONTRACTS } as const;
  return [{ time, market, ...order, sweep: false, overreaches: true }];
}
