/**
 * The vocabulary of the order flow: markets, series, traders and the events that a replay feeds to the exchange.
 *
 * Units, everywhere in this folder unless a name says otherwise: strike, index and option price in 1e-4 USD; quantity
 * in 1e-6 contract; cash in 1e-6 USDC; time in whole seconds since 1970-01-01 UTC.
 */

import type { MarketModel } from "../oracle/MarketModel.ts";

/** One US dollar in the unit of strikes, indices and option prices. */
export const USD = 10_000n;
/** One contract in the unit of quantities. */
export const CONTRACT = 1_000_000n;
/** One USDC in the unit of cash. */
export const USDC = 1_000_000n;

/** Every day has so many seconds: leap seconds do not count. */
export const SECONDS_PER_DAY = 86_400;
/** Options expire at 08:00 UTC. */
const EXPIRY_SECOND_OF_DAY = 8 * 3_600;

/** What the exchange is told of a market's risk. */
export interface RiskTerms {
  /** Least and largest volatility of a mark, 1e-6. */
  readonly minVol: number;
  readonly maxVol: number;
  /** What the price band is at least, 1e-4 USD. */
  readonly bandFloor: bigint;
  /** How many times the insurance fund what is short on standard margin may be worth. */
  readonly exposureMultiple: number;
}

/** The terms of a market that its orders must respect. */
export interface MarketSpec {
  readonly id: number;
  /** The underlying's symbol, as it begins an instrument's name on the tape. */
  readonly name: string;
  /** Price step of an option, 1e-4 USD. */
  readonly tick: bigint;
  /** Quantity step, 1e-6 contract. */
  readonly lot: bigint;
  /** Smallest strike step for tenors of at most 8 days, at most 40 days, and longer; each a multiple of the first. */
  readonly strikeSteps: readonly [bigint, bigint, bigint];
  readonly risk: RiskTerms;
}

/** The right to buy or the right to sell the underlying. */
export type OptionType = "call" | "put";
/** What an order does with the option. */
export type Side = "buy" | "sell";
/**
 * Makers post orders that rest; takers post immediate ones; liquidators bid in auctions; the sponsor gives the insurance fund
 * its first capital.
 */
export type Role = "maker" | "taker" | "liquidator" | "sponsor";

/** What an account's requirement is: its largest loss at expiry, or a charge on marks. */
export type MarginMode = "collateralised" | "standard";

/** A listed option, described by its own terms. */
export interface Series {
  readonly market: number;
  /** Days since 1970-01-01; the option expires at 08:00 UTC of that day. */
  readonly expiryDay: number;
  readonly strike: bigint;
  readonly type: OptionType;
}

/** One of the simulated accounts; each role is numbered separately from zero. */
export interface Trader {
  readonly role: Role;
  readonly index: number;
}

/** Cash that the account brings before its first order. */
export interface DepositEvent {
  readonly kind: "deposit";
  readonly time: number;
  readonly trader: Trader;
  /** 1e-6 USDC, positive. */
  readonly amount: bigint;
  /** Chosen before the account's first order or bid. */
  readonly margin: MarginMode;
}

/** Part of the sponsor's cash becomes capital of the insurance fund. */
export interface FundEvent {
  readonly kind: "fund";
  readonly time: number;
  readonly trader: Trader;
  /** 1e-6 USDC, positive. */
  readonly amount: bigint;
}

/** The members of the oracle look at a market. */
export interface ObservationEvent {
  readonly kind: "observation";
  readonly time: number;
  readonly model: MarketModel;
}

/** A limit order. An immediate one takes what it can at once and leaves nothing; the others rest in the book. */
export interface OrderEvent {
  readonly kind: "order";
  readonly time: number;
  readonly trader: Trader;
  readonly series: Series;
  readonly side: Side;
  readonly quantity: bigint;
  readonly limitPrice: bigint;
  readonly immediate: boolean;
  /** The last second at which the order may fill. */
  readonly expiresAt: number;
  /** Where the order comes from a tape: the line of its first print, the header being line 1. */
  readonly line?: number;
}

/** A round of the market's price feed. */
export interface IndexEvent {
  readonly kind: "index";
  readonly time: number;
  readonly market: number;
  readonly price: bigint;
}

/** An expiry is due: its settlement price can be fixed from the rounds emitted so far, then it can be settled. */
export interface ExpiryEvent {
  readonly kind: "expiry";
  readonly time: number;
  readonly market: number;
  readonly expiryDay: number;
}

/** What a replay consumes, in order of time. */
export type MarketEvent = DepositEvent | FundEvent | ObservationEvent | OrderEvent | IndexEvent | ExpiryEvent;

/** 5 % to 500 % a year. */
const VOLS = { minVol: 50_000, maxVol: 5_000_000 } as const;

/**
 * The two markets of the tape and of the demo.
 *
 * Lots are the venue's own minimum amounts, which every row of the tape is a multiple of. Strike steps are the greatest
 * common divisors of the strikes that traded in each band of tenors. Ticks: the venue quotes in steps of 0.0005 coin,
 * which was 1.70 to 2.80 USD for BTC and 0.05 to 0.09 USD for ETH, so 0.10 USD and 0.01 USD keep distinct coin prices
 * distinct, and keep the rounding at most 0.05 and 0.005 USD; a finer BTC tick would only lengthen encoded prices. The floor of
 * the price band is a few of the venue's steps, for the cheapest options trade at one of them whatever they are worth.
 */
export const MARKETS: readonly MarketSpec[] = [
  {
    id: 1,
    name: "BTC",
    tick: USD / 10n,
    lot: CONTRACT / 10n,
    strikeSteps: [125n * USD, 125n * USD, 250n * USD],
    risk: { ...VOLS, bandFloor: 10n * USD, exposureMultiple: 100 },
  },
  {
    id: 2,
    name: "ETH",
    tick: USD / 100n,
    lot: CONTRACT,
    strikeSteps: [5n * USD, 10n * USD, 10n * USD],
    risk: { ...VOLS, bandFloor: USD / 2n, exposureMultiple: 100 },
  },
];

/** The instant at which options of an expiry day expire, in seconds. */
export function expirySeconds(expiryDay: number): number {
  return expiryDay * SECONDS_PER_DAY + EXPIRY_SECOND_OF_DAY;
}

/** The smallest strike step for an option of `expiryDay` that trades at `time`. */
export function strikeStep(spec: MarketSpec, expiryDay: number, time: number): bigint {
  const tenor = expirySeconds(expiryDay) - time;
  if (tenor <= 8 * SECONDS_PER_DAY) return spec.strikeSteps[0];
  return tenor <= 40 * SECONDS_PER_DAY ? spec.strikeSteps[1] : spec.strikeSteps[2];
}

/** A text that is equal for equal series. */
export function seriesKey(series: Series): string {
  return `${expiryKey(series)}/${series.strike}/${series.type}`;
}

/** A text that is equal for equal (market, expiry) pairs. */
export function expiryKey(expiry: { readonly market: number; readonly expiryDay: number }): string {
  return `${expiry.market}/${expiry.expiryDay}`;
}

/** A text that is equal for equal traders. */
export function traderKey(trader: Trader): string {
  return `${trader.role} ${trader.index}`;
}

/** The other side of a trade. */
export function opposite(side: Side): Side {
  return side === "buy" ? "sell" : "buy";
}
