import type { DemoMarket } from "./demoMarket.ts";
import { MAKER_SECONDS, TAKER_SECONDS } from "./flow.ts";
import { CONTRACT, expirySeconds, type OrderEvent, type Series, type Trader, USD, USDC } from "./types.ts";

/**
 * The story of the maker who writes more than it can bear: two hours after the expiry it sells calls on the second market with
 * little more cash than the initial requirement; two hours later the index rises by a seventh within half an hour, and comes
 * half of the way back in the hour after the next.
 */

/** The market that moves. */
export const SQUALL_MARKET = 2;
/** Seconds after the expiry in the middle of the day at which the calls are sold. */
export const SQUEEZE_AFTER = 2 * 3_600;
/** Contracts that are sold. */
const CONTRACTS = 100n;
/** The initial charge on a short at the money without its mark, as a part of the index: 15 %. */
const CHARGE_DIVISOR = 100n;
const CHARGE = 15n;
/** What the cash exceeds the initial requirement by, in percent of it. */
const SPARE = 3n;

/** Each row: from when, seconds after the expiry; until when; by what part the index moves in a minute. */
const SQUALL = [
  [4 * 3_600, 4.5 * 3_600, 0.0045],
  [5.5 * 3_600, 6.5 * 3_600, -0.00125],
] as const;

/** By what part of itself the index is pushed in a minute that ends `seconds` after the expiry. */
export function squallAt(seconds: number): number {
  return SQUALL.find(([from, to]) => seconds > from && seconds <= to)?.[2] ?? 0;
}

/** The sale: an order that rests at the mark, and one that takes all of it. */
export function squeezeOrders(market: DemoMarket, seller: Trader, buyer: Trader, time: number): OrderEvent[] {
  const series = latestCall(market);
  const { tick } = market.spec;
  const limitPrice = BigInt(Math.round((market.value(series, time) * Number(USD)) / Number(tick))) * tick;
  const terms = { kind: "order", time, series, quantity: CONTRACTS * CONTRACT, limitPrice } as const;
  return [
    { ...terms, trader: seller, side: "sell", immediate: false, expiresAt: time + MAKER_SECONDS },
    { ...terms, trader: buyer, side: "buy", immediate: true, expiresAt: time + TAKER_SECONDS },
  ];
}

/** What the seller has to deposit to be able to sell, and little more, 1e-6 USDC. */
export function squeezeDeposit(market: DemoMarket): bigint {
  const charge = (CONTRACTS * market.index * CHARGE * USDC) / (CHARGE_DIVISOR * USD);
  return (charge * (100n + SPARE)) / 100n;
}

/** The call of the last expiry that is nearest to the money. */
function latestCall(market: DemoMarket): Series {
  const last = Math.max(...market.series.map(({ expiryDay }) => expirySeconds(expiryDay)));
  const calls = market.series.filter(({ expiryDay, type }) => type === "call" && expirySeconds(expiryDay) === last);
  const distance = ({ strike }: Series): bigint =>
    strike > market.index ? strike - market.index : market.index - strike;
  return calls.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}
