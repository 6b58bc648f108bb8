import { SPOT_MAX_AGE } from "../machine/Constants.ts";
import { hasMark, mark, viewOf } from "../machine/Marks.ts";
import { dayOf, expiryOf, isPut, marketOf, packSeries, strikeOf } from "../machine/Positions.ts";
import {
  expiryTime,
  KIND_ACCOUNT,
  KIND_MARKET,
  EMPTY_EXPIRY,
  expiryKey,
  UNLISTED,
  type Expiry,
  type Market,
} from "../machine/Slots.ts";
import { get, slots, type TreeRoot } from "../machine/StateTree.ts";
import { dateName } from "../rpc/Instruments.ts";
import type { ExpiryOverview, MarketOverview, Observed, SeriesRow, StrikeRow } from "./Overview.ts";

/** What the chain is made of beside the state. */
export interface ChainOptions {
  /** L1's time. */
  readonly now: bigint;
  /** What markets are called. */
  readonly currencies: ReadonlyMap<number, string>;
}

/** Open interest by series, and the markets; what a state's slots say whatever the time. */
export interface ChainContent {
  readonly markets: ReadonlyMap<number, Market>;
  readonly expiries: ReadonlyMap<number, Expiry>;
  /** By series, what is held long. */
  readonly openInterest: ReadonlyMap<bigint, bigint>;
}

/** Reads a state's accounts and markets, all of them once. */
export function chainContent(root: TreeRoot): ChainContent {
  const markets = new Map<number, Market>();
  const openInterest = new Map<bigint, bigint>();
  for (const { key, slot } of slots(root)) {
    if (slot.kind === KIND_MARKET) markets.set(key.lo, slot);
    if (slot.kind !== KIND_ACCOUNT) continue;
    for (const { series, quantity } of slot.positions) {
      // Every contract is held long by somebody and short by somebody else.
      if (quantity > 0n) openInterest.set(series, (openInterest.get(series) ?? 0n) + quantity);
    }
  }
  const expiries = new Map<number, Expiry>();
  for (const series of openInterest.keys()) {
    const id = expiryOf(series);
    if (!expiries.has(id)) expiries.set(id, (get(root, expiryKey(id)) as Expiry | undefined) ?? EMPTY_EXPIRY);
  }
  return { markets, expiries, openInterest };
}

/** The option chain of each market. */
export function optionChain(content: ChainContent, options: ChainOptions): readonly MarketOverview[] {
  const { now, currencies } = options;
  return [...content.markets]
    .sort(([a], [b]) => a - b)
    .map(([market, slot]) => ({
      market,
      name: currencies.get(market) ?? `market ${market}`,
      spot: observed(slot.spot, slot.spotTime, now),
      anchor: observed(slot.anchor, slot.anchorTime, now),
      expiries: [...content.expiries]
        .filter(([id]) => marketOf(id) === market)
        .sort(([a], [b]) => a - b)
        .map(([id, expiry]) => expiryOverview(id, expiry, content, options)),
    }));
}

function expiryOverview(id: number, expiry: Expiry, content: ChainContent, options: ChainOptions): ExpiryOverview {
  const { now } = options;
  const [market, day] = [marketOf(id), dayOf(id)];
  const view = viewOf(id, content.markets.get(market) ?? UNLISTED, expiry, now, SPOT_MAX_AGE);
  const all = [...content.openInterest].filter(([series]) => expiryOf(series) === id);
  const held = (put: boolean): bigint =>
    all.reduce((sum, [series, quantity]) => (isPut(series) === put ? sum + quantity : sum), 0n);
  const row = (strike: bigint, put: boolean): SeriesRow => {
    const series = packSeries(market, day, strike, put);
    const openInterest = content.openInterest.get(series) ?? 0n;
    return { openInterest, mark: hasMark(view) ? mark(view, series) : undefined };
  };
  const strikes = [...new Set(all.map(([series]) => strikeOf(series)))].sort((a, b) => (a < b ? -1 : 1));
  const at = expiryTime(day);
  return {
    name: dateName(day),
    expires: { at, left: at - now },
    forward: view.forward === 0n ? undefined : view.forward,
    settlement: expiry.price === 0n ? undefined : expiry.price,
    calls: held(false),
    puts: held(true),
    strikes: strikes.map((strike): StrikeRow => ({ strike, call: row(strike, false), put: row(strike, true) })),
  };
}

function observed(price: bigint, time: bigint, now: bigint): Observed | undefined {
  return price === 0n ? undefined : { price, age: now - time };
}
