import fc from "fast-check";
import * as machine from "../../../src/machine/Margin.ts";
import * as machineMarks from "../../../src/machine/Marks.ts";
import { packSeries, withQuantity, type Position } from "../../../src/machine/Positions.ts";
import { EMPTY_EXPIRY, UNLISTED } from "../../../src/machine/Slots.ts";
import { SPOT_AGE } from "./ModelState.ts";
import {
  standardRequirements,
  valueOf,
  viewOf,
  type ExpiryView,
  type Phase,
  type Requirements,
} from "./MarginModel.ts";
import { smileOf } from "./oracle.ts";
import { instantOf, seriesName, type Series } from "./words.ts";

/** Random books, for the machine's margin and for the model's. */

/** One expiry with all that its charge depends on, and what is held in it. */
export interface Group {
  readonly market: number;
  readonly day: number;
  readonly phase: Phase;
  /** 1e-4 USD. */
  readonly spot: bigint;
  readonly anchor: bigint;
  readonly price: bigint;
  /** Forward and its spot as reported; a forward of 0 was never reported. */
  readonly forward: bigint;
  readonly curveSpot: bigint;
  readonly vol: number;
  /** Seconds until the expiry; 0 or less in the past. */
  readonly left: bigint;
  /** Strike, type and quantity (1e-6) of each position. */
  readonly legs: readonly { readonly strike: bigint; readonly put: boolean; readonly quantity: bigint }[];
}

/** A book in one or several expiries. */
export type Book = readonly Group[];

const USD = 10_000n;
const PHASES: readonly Phase[] = ["fresh", "fresh", "fresh", "stale", "expired", "fixed"];

const big = (min: number, max: number): fc.Arbitrary<bigint> => fc.integer({ min, max }).map(BigInt);

/** A position; strikes lie between 30 % and 300 % of a spot of 2,000. */
export const legArbitrary = fc.record({
  strike: fc.oneof(
    { weight: 4, arbitrary: big(28, 52).map((steps) => steps * 50n * USD) },
    { weight: 1, arbitrary: big(60, 600).map((steps) => steps * 10n * USD) },
  ),
  put: fc.boolean(),
  quantity: fc.oneof(
    { weight: 5, arbitrary: big(-8, 8).map((lots) => lots * 500_000n) },
    { weight: 1, arbitrary: big(-10_000_000, 10_000_000).map((lots) => lots * 1000n) },
  ),
});

/** A group of 1 to `legs` positions in some phase. */
export function groupArbitrary(legs: number, phases = PHASES): fc.Arbitrary<Group> {
  return fc
    .record({
      market: fc.integer({ min: 1, max: 2 }),
      day: fc.integer({ min: 20_000, max: 20_003 }),
      phase: fc.constantFrom(...phases),
      spot: big(100_000, 400_000).map((hundreds) => hundreds * 100n),
      anchor: big(1500, 2500).map((usd) => usd * USD),
      price: big(50, 4000).map((usd) => usd * USD),
      basis: fc.integer({ min: -500, max: 500 }),
      moved: fc.integer({ min: -1000, max: 1000 }),
      reported: fc.boolean(),
      vol: fc.double({ min: 0.15, max: 2.5, noNaN: true }),
      left: big(1, 100 * 86_400),
      legs: fc.array(legArbitrary, { minLength: 1, maxLength: legs }),
    })
    .map(({ basis, moved, reported, ...rest }) => {
      const curveSpot = rest.spot + (rest.spot * BigInt(moved)) / 10_000n;
      const forward = curveSpot + (curveSpot * BigInt(basis)) / 10_000n;
      const known = rest.phase === "fresh" || reported;
      return { ...rest, curveSpot, forward: known ? forward : 0n };
    });
}

/** A book of 1 to 8 expiries with 64 positions at most. */
export const bookArbitrary: fc.Arbitrary<Book> = fc.integer({ min: 1, max: 8 }).chain((count) =>
  fc.uniqueArray(groupArbitrary(Math.floor(64 / count)), {
    minLength: 1,
    maxLength: count,
    selector: ({ market, day }) => `${market}/${day}`,
  }),
);

/** A book as both sides see it. */
export interface Twin {
  readonly positions: readonly Position[];
  readonly machineViews: machine.ViewOf;
  readonly holdings: ReadonlyMap<string, bigint>;
  readonly views: ReadonlyMap<string, ExpiryView>;
}

function slotsOf(group: Group): { market: typeof UNLISTED; expiry: typeof EMPTY_EXPIRY; now: bigint } {
  const over = group.phase === "expired";
  const end = instantOf(group.day);
  const now = over ? end + group.left : end - group.left;
  // The last report: of now, too old, or of just before the expiry.
  const time = over ? end - 60n : group.phase === "stale" ? now - 5000n : now;
  const smile = smileOf(group.vol, end - time);
  const market = {
    ...UNLISTED,
    anchor: group.anchor,
    minVol: 100_000n,
    maxVol: 3_000_000n,
    bandFloor: 20_000n,
    spot: group.spot,
    spotTime: time,
  };
  const price = group.phase === "fixed" ? group.price : 0n;
  const { forward, curveSpot } = group;
  const expiry = { ...EMPTY_EXPIRY, price, forward, curveSpot, curveTime: time, curve: smile };
  return { market, expiry, now };
}

/** Both sides of a book; zero quantities and repeated series drop out. */
export function twinOf(book: Book): Twin {
  const holdings = new Map<string, bigint>();
  const views = new Map<string, ExpiryView>();
  const machineViews = new Map<number, machineMarks.ExpiryView>();
  let positions: readonly Position[] = [];
  for (const group of book) {
    const { market, expiry, now } = slotsOf(group);
    const id = group.market * 65_536 + group.day;
    machineViews.set(id, machineMarks.viewOf(id, market, expiry, now, SPOT_AGE));
    views.set(`${group.market}/${group.day}`, viewOf(market, expiry, group.day, now, SPOT_AGE));
    for (const { strike, put, quantity } of group.legs) {
      const series: Series = { market: group.market, day: group.day, strike, put };
      if (quantity === 0n || holdings.has(seriesName(series))) continue;
      holdings.set(seriesName(series), quantity);
      positions = withQuantity(positions, packSeries(group.market, group.day, strike, put), quantity);
    }
  }
  return { positions, machineViews: (id) => machineViews.get(id)!, holdings, views };
}

/** What the machine asks of a book. */
export function machineRequirements({ positions, machineViews }: Twin): Requirements {
  return machine.requirements(positions, machineViews);
}

/** What the model asks of a book. */
export function modelRequirements({ holdings, views }: Twin): Requirements {
  return standardRequirements(holdings, views);
}

/** What a book is worth, by both. */
export function values({ positions, machineViews, holdings, views }: Twin): readonly [bigint, bigint] {
  return [machine.valueDown(positions, machineViews), valueOf(holdings, views)];
}

/** A group at a forward in USD, on a flat smile whose marks can be chosen. */
export function freshGroup(forward: number, vol: number, days: number, legs: Group["legs"]): Group {
  const units = BigInt(Math.round(forward * 10_000));
  return {
    market: 1,
    day: 20_000,
    phase: "fresh",
    spot: units,
    anchor: units,
    price: 0n,
    forward: units,
    curveSpot: units,
    vol,
    left: BigInt(days) * 86_400n,
    legs,
  };
}

/** A position of a {@link Group}, in contracts and USD. */
export function leg(contracts: number, strike: number, put = false): Group["legs"][number] {
  return { strike: BigInt(strike) * USD, put, quantity: BigInt(Math.round(contracts * 1e6)) };
}
