import type { ExpiryModel, MarketModel } from "../oracle/MarketModel.ts";
import type { SmilePoint } from "../oracle/Smile.ts";
import { expirySeconds, MARKETS, type Series } from "./types.ts";

/** A vol counts half as much for every so many seconds since its trade. */
const HALF_LIFE_SECONDS = 3_600;
/** A vol is forgotten after so many seconds, unless the expiry would be left without any. */
const FORGET_SECONDS = 86_400;
/** Deep in the money a vol says little: such prints count for less. */
const IN_THE_MONEY_WEIGHT = 0.2;

interface Seen {
  readonly vol: number;
  readonly time: number;
  readonly weight: number;
}

/**
 * What the members of an oracle know while a tape runs: the index, and for each expiry the vol of the last trade at each
 * strike. The tape has no futures, so the forward is the index.
 */
export class TapeModel {
  readonly #index = new Map<number, bigint>();
  /** By market, expiry day and strike. */
  readonly #vols = new Map<number, Map<number, Map<bigint, Seen>>>();

  /** Notes a trade: the index of that moment, 1e-4 USD, and the vol that was paid, if it is known. */
  trade(time: number, series: Series, index: bigint, vol: number | undefined): void {
    const { market, expiryDay, strike, type } = series;
    this.#index.set(market, index);
    if (vol === undefined) return;
    const inTheMoney = type === "call" ? strike < index : strike > index;
    const expiries = this.#vols.get(market) ?? new Map<number, Map<bigint, Seen>>();
    this.#vols.set(market, expiries);
    const strikes = expiries.get(expiryDay) ?? new Map<bigint, Seen>();
    expiries.set(expiryDay, strikes);
    const before = strikes.get(strike);
    const weight = inTheMoney ? IN_THE_MONEY_WEIGHT : 1;
    // A better word for the strike is not given up for a worse one at once.
    if (before === undefined || before.weight <= weight || time - before.time > HALF_LIFE_SECONDS) {
      strikes.set(strike, { vol, time, weight });
    }
  }

  /** What is known at `time` of each market that has traded. */
  observe(time: number): MarketModel[] {
    return [...this.#index].map(([market, spot]) => {
      const expiries: ExpiryModel[] = [];
      for (const [day, strikes] of this.#vols.get(market) ?? []) {
        if (expirySeconds(day) <= time) this.#vols.get(market)!.delete(day);
        else expiries.push({ day, forward: spot, points: pointsOf(strikes, time) });
      }
      // INVARIANT: a tape has trades in the markets that it knows.
      const { minVol, maxVol } = MARKETS.find(({ id }) => id === market)!.risk;
      return { market, spot, minVol: BigInt(minVol), maxVol: BigInt(maxVol), expiries };
    });
  }
}

function pointsOf(strikes: ReadonlyMap<bigint, Seen>, time: number): SmilePoint[] {
  const all = [...strikes].map(([strike, { vol, time: seen, weight }]) => ({ strike, vol, weight, age: time - seen }));
  const recent = all.filter(({ age }) => age <= FORGET_SECONDS);
  return (recent.length > 0 ? recent : all).map(({ strike, vol, weight, age }) => ({
    strike,
    vol,
    weight: weight * Math.max(0.5 ** (age / HALF_LIFE_SECONDS), 1e-6),
  }));
}
