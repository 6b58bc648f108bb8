import type { Print } from "../../../src/market/tape.ts";
import { CONTRACT, expirySeconds, type OrderEvent, type Series, type Side, USD } from "../../../src/market/types.ts";

/** 2019-04-26 in days. */
export const EXPIRY_DAY = 18_012;
/** A day and an hour before the expiry. */
export const START = expirySeconds(EXPIRY_DAY) - 90_000;

export function call(strike: number, expiryDay = EXPIRY_DAY, market = 1): Series {
  return { market, expiryDay, strike: BigInt(strike) * USD, type: "call" };
}

/** Hand-made prints at an index of 4,000 USD, so that 0.01 coin is 40 USD; lines are numbered from 2. */
export function prints(
  rows: readonly (readonly [
    ms: number,
    series: Series,
    side: Side,
    contracts: number,
    milliCoin: number,
    index?: number,
  ])[],
): Print[] {
  return rows.map(([ms, series, side, contracts, milliCoin, index = 4_000], i) => ({
    line: i + 2,
    timeMs: START * 1_000 + ms,
    series,
    side,
    quantity: BigInt(Math.round(contracts * 10)) * (CONTRACT / 10n),
    coinPrice: BigInt(Math.round(milliCoin * 10)) * 10_000n,
    indexPrice: BigInt(index) * USD,
    vol: 0.6,
  }));
}

/** An order as a short text, `maker sell 3 @ 40`, for tables of expectations. */
export function brief(order: OrderEvent): string {
  const contracts = Number(order.quantity) / Number(CONTRACT);
  return `${order.trader.role} ${order.side} ${contracts} @ ${Number(order.limitPrice) / Number(USD)}`;
}
