import { packSeries, makePosition, type Position } from "../../src/machine/Positions.ts";
import { SPOT_MAX_AGE } from "../../src/machine/Constants.ts";
import { requirements, type Requirements, type ViewOf } from "../../src/machine/Margin.ts";
import { quote, viewOf, type ExpiryView } from "../../src/machine/Marks.ts";
import { EMPTY_EXPIRY, expiryTime, UNLISTED, type Market } from "../../src/machine/Slots.ts";

/** The market of the worked examples in docs/risk.md: forward and spot 2,000 USD, vol 60 %, 30 days to the expiry. */

export const DAY_OF_EXPIRY = 20_600;
export const MARKET = 2;
const TENOR = 30n * 86_400n;
const VOL = 600_000n;

/** One contract, in 1e-6. */
export const ONE = 1_000_000n;

/** A price in USD as the machine has it. */
export function price(usd: number): bigint {
  return BigInt(Math.round(usd * 10_000));
}

/** What the example's market looks like at a spot, and at a time after the report. */
export function exampleView(forward = price(2_000), vol = VOL, tenor = TENOR): ExpiryView {
  const now = expiryTime(DAY_OF_EXPIRY) - tenor;
  const market: Market = {
    ...UNLISTED,
    tick: 100n,
    lot: 1_000n,
    anchor: price(2_000),
    anchorTime: now,
    minVol: 50_000n,
    maxVol: 5_000_000n,
    bandFloor: price(5),
    exposureMultiple: 20n,
    spot: forward,
    spotTime: now,
  };
  // Total variance over the tenor in 1e-12, rounded up so that its root is the vol: a flat smile.
  const year = 31_536_000n;
  const a = (vol * vol * tenor + year - 1n) / year;
  const curve = { a, b: 0n, rho: 0n, m: 0n, sigma: 1_000_000_000n, refTau: tenor };
  const expiry = { ...EMPTY_EXPIRY, forward, curveSpot: forward, curveTime: now, curve };
  return viewOf((MARKET << 16) | DAY_OF_EXPIRY, market, expiry, now, SPOT_MAX_AGE);
}

/** A position of `contracts` in the example's expiry. */
export function hold(contracts: number, strike: number, put: boolean): Position {
  const series = packSeries(MARKET, DAY_OF_EXPIRY, price(strike), put);
  return makePosition(series, BigInt(Math.round(contracts * 1_000_000)));
}

/** Requirement of positions, in any order, in the example. */
export function chargeOf(positions: readonly Position[], view = exampleView()): Requirements {
  const views: ViewOf = () => view;
  return requirements(sorted(positions), views);
}

/** Mark of one contract, 1e-6 USDC. */
export function markOf(position: Position, view = exampleView()): bigint {
  return quote(view, position.series).mark * 100n;
}

/** The order of an account's list. */
export function sorted(positions: readonly Position[]): readonly Position[] {
  return [...positions].sort((a, b) => (a.series < b.series ? -1 : 1));
}
