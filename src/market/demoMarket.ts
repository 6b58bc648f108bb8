import { black76Float } from "./black76Float.ts";
import type { MarketModel } from "../oracle/MarketModel.ts";
import type { Random } from "./random.ts";
import {
  expirySeconds,
  type MarketSpec,
  MARKETS,
  type OptionType,
  SECONDS_PER_DAY,
  type Series,
  USD,
} from "./types.ts";

/** The character of a market on the generated day. */
interface Profile {
  /** Index at the start, USD. */
  readonly index: number;
  /** At-the-money volatility, a fraction a year; the index itself moves with it. */
  readonly vol: number;
  /** How much the volatility rises per standard deviation that a strike is below the forward. */
  readonly skew: number;
  /** How much it rises with the square of that distance. */
  readonly curvature: number;
  /** Distance of listed strikes for the three bands of tenors, USD; multiples of the market's steps. */
  readonly strikeSpacing: readonly [number, number, number];
  /** Typical size of a taker's order, in contracts. */
  readonly takerContracts: number;
}

const PROFILES: ReadonlyMap<number, Profile> = new Map([
  [
    1,
    { index: 68_000, vol: 0.5, skew: 0.05, curvature: 0.03, strikeSpacing: [1_000, 2_000, 5_000], takerContracts: 0.6 },
  ],
  [2, { index: 2_060, vol: 0.7, skew: 0.04, curvature: 0.03, strikeSpacing: [50, 100, 200], takerContracts: 6 }],
]);

/** Days from the expiry in the middle of the generated day to the others: the next day, a week, a month. */
const LATER_EXPIRIES = [1, 8, 29] as const;
const STRIKES_EACH_SIDE = 3;
const SECONDS_PER_YEAR = 365 * SECONDS_PER_DAY;
const CARRY = 0.04;

/** One simulated market: its listing, its index as a random walk, and the value of its options. */
export class DemoMarket {
  readonly spec: MarketSpec;
  /** All series that trade on the day, in a fixed order. */
  readonly series: readonly Series[];
  readonly #profile: Profile;
  #index: number;

  /**
   * @param firstExpiry the expiry day in the middle of the generated day
   * @param index where it begins, USD; the strikes are listed around it
   */
  constructor(spec: MarketSpec, firstExpiry: number, index = PROFILES.get(spec.id)!.index) {
    this.spec = spec;
    this.#profile = PROFILES.get(spec.id)!;
    this.#index = index;
    this.series = [0, ...LATER_EXPIRIES].flatMap((days) => this.#list(firstExpiry + days, days, index));
  }

  /** The index, 1e-4 USD, in whole cents. */
  get index(): bigint {
    return BigInt(Math.round(this.#index * 100)) * (USD / 100n);
  }

  /** Typical size of a taker's order, in contracts. */
  get takerContracts(): number {
    return this.#profile.takerContracts;
  }

  /** Moves the index by `seconds` of geometric Brownian motion, given a standard normal number. */
  step(seconds: number, shock: number): void {
    const deviation = this.#profile.vol * Math.sqrt(seconds / SECONDS_PER_YEAR);
    this.#index *= Math.exp(deviation * shock - (deviation * deviation) / 2);
  }

  /** Moves the index by a part of itself. */
  push(part: number): void {
    this.#index *= 1 + part;
  }

  /** A series that a taker might choose at `time`: the nearer the expiry and the money, the likelier. */
  choose(random: Random, time: number): Series {
    const live = this.series.filter((series) => expirySeconds(series.expiryDay) > time);
    const weights = live.map((series) => {
      const tenor = (expirySeconds(series.expiryDay) - time) / SECONDS_PER_DAY;
      const distance = Math.abs(this.#distance(series, time));
      const inTheMoney = series.type === "call" ? this.#usd(series) < this.#index : this.#usd(series) > this.#index;
      return (Math.exp(-0.5 * distance * distance) + 0.02) * (inTheMoney ? 0.3 : 1) * (1 / Math.sqrt(0.3 + tenor));
    });
    let at = random.float() * weights.reduce((a, b) => a + b, 0);
    return live.find((_, i) => (at -= weights[i]!) < 0) ?? live[0]!;
  }

  /** The value of a series at `time`, USD. */
  value(series: Series, time: number): number {
    const seconds = expirySeconds(series.expiryDay) - time;
    const vol = this.#vol(series, time);
    return black76Float(series.type, this.#forward(series, time), this.#usd(series), vol, seconds);
  }

  /** What an oracle sees of the market at `time`: the forward of each expiry, and the vols of its strikes. */
  observe(time: number): MarketModel {
    const days = [...new Set(this.series.map(({ expiryDay }) => expiryDay))];
    const live = days.filter((day) => expirySeconds(day) > time);
    return {
      market: this.spec.id,
      spot: this.index,
      minVol: BigInt(this.spec.risk.minVol),
      maxVol: BigInt(this.spec.risk.maxVol),
      expiries: live.map((day) => {
        const calls = this.series.filter(({ expiryDay, type }) => expiryDay === day && type === "call");
        const forward = BigInt(Math.round(this.#forward(calls[0]!, time) * Number(USD)));
        const points = calls.map((series) => ({ strike: series.strike, vol: this.#vol(series, time), weight: 1 }));
        return { day, forward, points };
      }),
    };
  }

  #vol(series: Series, time: number): number {
    const { vol, skew, curvature } = this.#profile;
    const distance = Math.max(-4, Math.min(4, this.#distance(series, time)));
    return Math.max(vol + curvature * distance * distance - skew * distance, 0.1);
  }

  /** Standard deviations from the forward to the strike. */
  #distance(series: Series, time: number): number {
    const years = Math.max(expirySeconds(series.expiryDay) - time, 3_600) / SECONDS_PER_YEAR;
    return Math.log(this.#usd(series) / this.#forward(series, time)) / (this.#profile.vol * Math.sqrt(years));
  }

  #forward(series: Series, time: number): number {
    return this.#index * Math.exp((CARRY * (expirySeconds(series.expiryDay) - time)) / SECONDS_PER_YEAR);
  }

  #usd(series: Series): number {
    return Number(series.strike / USD);
  }

  #list(expiryDay: number, days: number, index: number): Series[] {
    const { strikeSpacing } = this.#profile;
    const spacing = strikeSpacing[days <= 7 ? 0 : days <= 39 ? 1 : 2];
    const middle = Math.round(index / spacing);
    const types: OptionType[] = ["call", "put"];
    const offsets = Array.from({ length: 2 * STRIKES_EACH_SIDE + 1 }, (_, i) => i - STRIKES_EACH_SIDE);
    return offsets.flatMap((offset) =>
      types.map((type) => {
        const strike = BigInt((middle + offset) * spacing) * USD;
        return { market: this.spec.id, expiryDay, strike, type };
      }),
    );
  }
}

/** The generated day's two markets. */
export function demoMarkets(firstExpiry: number): DemoMarket[] {
  return MARKETS.map((spec) => new DemoMarket(spec, firstExpiry));
}
