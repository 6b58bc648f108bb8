import type { Random } from "./random.ts";
import { expiryKey, type Series, seriesKey, type Side } from "./types.ts";

/** The exchange's cap on the series that an account holds at once. */
export const MAX_POSITIONS = 64;
/** The exchange's cap on the (market, expiry) pairs that an account holds at once. */
export const MAX_EXPIRIES = 8;

interface Holding {
  readonly expiry: string;
  /** Signed, 1e-6 contract. */
  quantity: bigint;
  /** Resting orders that may still change the quantity. */
  orders: number;
}

interface Account {
  readonly holdings: Map<string, Holding>;
  /** Number of holdings by expiry. */
  readonly expiries: Map<string, number>;
}

/** How a pool behaves. */
export interface PoolOptions {
  /** Number of accounts. */
  readonly size: number;
  /** How many accounts are drawn for an order, of which the one that it suits best gets it. */
  readonly draws: number;
  /** 1 draws accounts evenly; more makes the first accounts trade more often than the last. */
  readonly skew: number;
}

/**
 * The accounts of one role. It tracks what each holds and finds an account for each order of the tape, such that no
 * account exceeds the exchange's caps. A series counts as held while the position is not zero or an order rests in it.
 *
 * A few accounts are drawn at random; among those that stay within the caps the order goes to one whose position it
 * reduces, or else that holds the series, or else the expiry. If none of them fits, all accounts are tried.
 */
export class AccountPool {
  readonly #accounts: readonly Account[];
  readonly #options: PoolOptions;
  readonly #random: Random;
  /** Orders for which there was no account within the caps, and which went to any. */
  impossible = 0;
  /** The most series that an account has held at once. */
  maxPositions = 0;
  /** The most (market, expiry) pairs that an account has held at once. */
  maxExpiries = 0;

  constructor(options: PoolOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#accounts = Array.from({ length: options.size }, () => ({ holdings: new Map(), expiries: new Map() }));
  }

  /** The account for an order, to be followed by `open`, or `trade`. */
  choose(series: Series, side: Side): number {
    let best = this.#draw();
    let bestFit = -1;
    for (let draw = 0; draw < this.#options.draws; draw++) {
      const index = this.#draw();
      const fit = this.#fit(index, series, side);
      if (fit > bestFit) [best, bestFit] = [index, fit];
    }
    for (let tried = 0; bestFit < 0 && tried < this.#accounts.length; tried++) {
      best = (best + 1) % this.#accounts.length;
      bestFit = this.#fit(best, series, side);
    }
    if (bestFit < 0) this.impossible += 1;
    return best;
  }

  /** Notes that an account's order rests in a series. */
  open(index: number, series: Series): void {
    this.#holding(index, series).orders += 1;
  }

  /** Notes that an account's resting order is filled or gone. */
  close(index: number, series: Series): void {
    this.#holding(index, series).orders -= 1;
    this.#drop(index, series);
  }

  /** Changes an account's position. */
  trade(index: number, series: Series, side: Side, quantity: bigint): void {
    this.#holding(index, series).quantity += side === "buy" ? quantity : -quantity;
    this.#drop(index, series);
  }

  /** Drops all positions of an expiry. */
  settle(market: number, expiryDay: number): void {
    const expiry = expiryKey({ market, expiryDay });
    for (const { holdings, expiries } of this.#accounts) {
      if (!expiries.delete(expiry)) continue;
      for (const [key, holding] of holdings) if (holding.expiry === expiry) holdings.delete(key);
    }
  }

  #draw(): number {
    return Math.floor(this.#options.size * this.#random.float() ** this.#options.skew);
  }

  /** How well an account suits an order, or less than 0 where it would exceed a cap. */
  #fit(index: number, series: Series, side: Side): number {
    const { holdings, expiries } = this.#accounts[index]!;
    const held = holdings.get(seriesKey(series));
    if (held && (side === "buy" ? held.quantity < 0n : held.quantity > 0n)) return 3;
    if (held) return 2;
    if (holdings.size >= MAX_POSITIONS) return -1;
    if (expiries.has(expiryKey(series))) return 1;
    return expiries.size >= MAX_EXPIRIES ? -1 : 0;
  }

  #holding(index: number, series: Series): Holding {
    const { holdings, expiries } = this.#accounts[index]!;
    const key = seriesKey(series);
    let holding = holdings.get(key);
    if (!holding) {
      holding = { expiry: expiryKey(series), quantity: 0n, orders: 0 };
      holdings.set(key, holding);
      expiries.set(holding.expiry, (expiries.get(holding.expiry) ?? 0) + 1);
      this.maxPositions = Math.max(this.maxPositions, holdings.size);
      this.maxExpiries = Math.max(this.maxExpiries, expiries.size);
    }
    return holding;
  }

  #drop(index: number, series: Series): void {
    const { holdings, expiries } = this.#accounts[index]!;
    const { quantity, orders, expiry } = this.#holding(index, series);
    if (quantity !== 0n || orders !== 0) return;
    holdings.delete(seriesKey(series));
    const others = expiries.get(expiry)! - 1;
    if (others === 0) expiries.delete(expiry);
    else expiries.set(expiry, others);
  }
}
