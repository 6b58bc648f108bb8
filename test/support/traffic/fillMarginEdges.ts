import {
  ANCHOR_MAX_AGE,
  MODE_COLLATERALISED,
  MODE_STANDARD,
  PRICE_TO_CASH,
  SPOT_MAX_AGE,
} from "../../../src/machine/Constants.ts";
import type { Requirements } from "../../../src/machine/Margin.ts";
import { closingPrices, inBand, mark, viewOf, type ExpiryView } from "../../../src/machine/Marks.ts";
import { makePosition, packSeries, type Position } from "../../../src/machine/Positions.ts";
import { accountKey, expiryKey, marketKey, type Account, type Market } from "../../../src/machine/Slots.ts";
import type { Draft } from "./builders.ts";
import { MARKED, markedExpiry, needsOf, SPOT } from "./cases.ts";
import { DAY, MAKER, ONE, PRICE, RICH, TAKER, type FillCase, type FillEdge, type Party } from "./fillCases.ts";
import { BTC, START } from "./world.ts";

/** What fills do to positions, cash and margins, at every bound. */

const { tick } = BTC;
const EXPIRY = (1 << 16) | DAY;
const USD = 1_000_000n;
const COLLATERAL = { mode: MODE_COLLATERALISED };
const STANDARD = { mode: MODE_STANDARD };
const OLD = { anchorTime: START - ANCHOR_MAX_AGE - 1n };
/** Marks that are a second too old. */
const STALE = { spotTime: START - SPOT_MAX_AGE - 1n };
/** Of one contract, by the anchor: 0.01 % and 0.03 % of it. */
const [MAKER_PAYS, TAKER_PAYS] = [(SPOT * ONE) / 10n ** 8n, (3n * SPOT * ONE) / 10n ** 8n];
const PREMIUM = (PRICE * ONE) / PRICE_TO_CASH;
const WITH_MARKS = {
  markets: { 1: MARKED },
  expiries: { [EXPIRY]: markedExpiry(DAY), [EXPIRY + 1]: markedExpiry(DAY + 1) },
};

/** Fills whose positions, cash and margins are at their bounds. */
export function fillMarginEdges(): readonly FillEdge[] {
  return [
    ...positionEdges(),
    ...anchorEdges(),
    ...cashEdges(),
    ...exposureEdges(),
    ...bandEdges(),
    ...buyingBackEdges(),
    ...sellingEdges(),
    ...coveringEdges(),
    ...markEdges(),
  ];
}

/** A position of the traded series, or of another. */
function holding(quantity: bigint, strike = SPOT, isPut = false, day = DAY): Position {
  return makePosition(packSeries(1, day, strike, isPut), quantity);
}

function listOf(quantity: bigint): readonly Position[] {
  return quantity === 0n ? [] : [holding(quantity)];
}

/** An account with these fields, and otherwise rich and without positions. */
function owns(fields: Partial<Account>, draft: Partial<Draft> = {}): Party {
  return { account: { cash: RICH, ...fields }, draft };
}

function standardNeeds(positions: readonly Position[], market: Partial<Market> = {}): Requirements {
  return needsOf({ ...WITH_MARKS, markets: { 1: { ...MARKED, ...market } } }, MODE_STANDARD, positions);
}

function viewWith(market: Partial<Market> = {}): ExpiryView {
  return viewOf(EXPIRY, { ...MARKED, ...market }, markedExpiry(DAY), START, SPOT_MAX_AGE);
}

/** All ways from a position across zero or not, of those who sell and of those who buy. */
function positionEdges(): readonly FillEdge[] {
  const ways = [2n * ONE, ONE, (ONE * 8n) / 10n, 0n, -ONE];
  return ways.flatMap((way) =>
    (["maker", "taker"] as const).flatMap((who): FillEdge[] => {
      const direction = who === "maker" ? -1n : 1n;
      const held = -direction * way;
      const next = held + direction * ONE;
      const shrinks = way >= ONE;
      const name = `of one that holds ${held} and ${who === "maker" ? "sells" : "buys"} ${ONE}`;
      // Who sells to the taker opens a short.
      const shorts = (who === "maker" ? 9 : 10) + Number(next < 0n) - Number(held < 0n);
      const shortage = (quantity: bigint): bigint => (quantity < 0n ? -quantity : 0n);
      const edges = [COLLATERAL, STANDARD].map((mode): FillEdge => {
        const exposed = mode === STANDARD ? shortage(next) - shortage(held) : 0n;
        const after = [
          [accountKey(who === "maker" ? MAKER : TAKER), { positions: listOf(next) }],
          [expiryKey(EXPIRY), { shorts }],
          [marketKey(1), { exposure: MARKED.exposure + exposed }],
        ] as const;
        const of = { [who]: owns({ ...mode, positions: listOf(held) }), act: { after } };
        return [`${name}, in mode ${mode.mode}`, "OK", of];
      });
      const reducing = { [who]: owns({ positions: listOf(held) }, { reduceOnly: true }) };
      edges.push([`${name}, to reduce only`, shrinks ? "OK" : "ReduceOnlyGrows", reducing]);
      // Off the grid, which a new order can not be; the other side closes, too.
      const strike = SPOT + tick;
      const stored = (positions: readonly Position[]): Party => ({
        ...owns({ positions }, { strike }),
        comes: "stored",
      });
      const off = held === 0n ? [] : [holding(held, strike)];
      const other = stored([holding(5n * direction * ONE, strike)]);
      const closing =
        who === "maker"
          ? { maker: stored(off), taker: stored([holding(-5n * ONE, strike)]) }
          : { maker: other, taker: stored(off) };
      edges.push([`${name}, off the grid`, shrinks ? "OK" : "SeriesOffGrid", closing]);
      return edges;
    }),
  );
}

/** Calls that are sold on an anchor that is too old, and what is none of those. */
function anchorEdges(): readonly FillEdge[] {
  const selling = (fields: Partial<Account>, draft: Partial<Draft> = {}): FillCase => ({
    ...{ maker: owns(fields, draft), market: OLD },
    world: { markets: { 1: { ...MARKED, ...OLD } }, expiries: WITH_MARKS.expiries },
  });
  const long = holding(ONE);
  const unmarked = { market: { ...OLD, ...STALE } };
  const buying = { maker: owns(STANDARD), taker: owns({ positions: [holding(-2n * ONE)] }) };
  return [
    ["of a call sold on an anchor that still counts", "OK", { market: { anchorTime: START - ANCHOR_MAX_AGE } }],
    ["of a call sold on an older anchor", "AnchorStale", selling(COLLATERAL)],
    ["of a call sold by its mark", "OK", selling(STANDARD)],
    ["of a call sold without marks on an older anchor", "AnchorStale", { maker: owns(STANDARD), ...unmarked }],
    ["of a call sold without marks", "OK", { maker: owns(STANDARD), market: STALE }],
    ["of a put sold on an older anchor", "OK", selling(COLLATERAL, { isPut: true })],
    ["of a long call sold on an older anchor", "OK", selling({ positions: [long] })],
    ["of the long leg of a spread", "AnchorStale", selling({ positions: [long, holding(-ONE, 2n * SPOT)] })],
    [
      "of the long leg of a spread by its mark",
      "OK",
      selling({ ...STANDARD, positions: [long, holding(-ONE, 2n * SPOT)] }),
    ],
    ["of a long call beside a short put", "OK", selling({ positions: [long, holding(-ONE, 2n * SPOT, true)] })],
    [
      "of a long call beside a short one of another day",
      "OK",
      selling({ positions: [long, holding(-ONE, SPOT, false, DAY + 1)] }),
    ],
    ["of a short call bought back on an older anchor", "OK", { ...buying, market: OLD }],
  ];
}

/** Cash that is just enough, for the premium and for the collateral. */
function cashEdges(): readonly FillEdge[] {
  const price = PREMIUM + TAKER_PAYS;
  const spent = { after: [[accountKey(TAKER), { cash: 0n }]] } as const;
  const { initial } = needsOf(WITH_MARKS, MODE_COLLATERALISED, [holding(-ONE)]);
  const covered = initial - PREMIUM + MAKER_PAYS;
  const margin = standardNeeds([holding(-ONE)]).initial - PREMIUM + MAKER_PAYS;
  const auction = { after: [[accountKey(MAKER), { auction: 0n }]] } as const;
  return [
    ["that takes all the buyer's cash", "OK", { taker: owns({ cash: price }), act: spent }],
    ["that takes more", "InsufficientCash", { taker: owns({ cash: price - 1n }) }],
    ["that the collateral just covers", "OK", { maker: owns({ cash: covered }) }],
    ["that the collateral does not cover", "InsufficientMargin", { maker: owns({ cash: covered - 1n }) }],
    [
      "that leaves just the initial margin",
      "OK",
      { maker: owns({ ...STANDARD, cash: margin, auction: 5n }), act: auction },
    ],
    ["that leaves less", "InsufficientMargin", { maker: owns({ ...STANDARD, cash: margin - 1n }) }],
  ];
}

/** What the fund backs, to the unit; and what needs no backing. */
function exposureEdges(): readonly FillEdge[] {
  const fund = ((MARKED.exposure + ONE) * SPOT) / PRICE_TO_CASH;
  const market = { exposureMultiple: 1n };
  const short = { ...STANDARD, positions: listOf(-ONE) };
  const bare = { market, globals: { fund: 0n } };
  return [
    ["that the fund just backs", "OK", { maker: owns(STANDARD), market, globals: { fund } }],
    ["that it does not", "ExposureCap", { maker: owns(STANDARD), market, globals: { fund: fund - 1n } }],
    ["that it does not, with collateral", "OK", bare],
    ["that it does not, of a short that changes hands", "OK", { maker: owns(STANDARD), taker: owns(short), ...bare }],
    ["that it does not, of a short that is closed", "OK", { taker: owns(short), ...bare }],
  ];
}

/** Prices at the ends of the band, and a tick beyond. */
function bandEdges(): readonly FillEdge[] {
  // So far in the money that the band does not reach down to zero.
  const strike = (SPOT * 3n) / 4n;
  const series = packSeries(1, DAY, strike, false);
  const [lowest, highest] = bandOf(viewWith(), series);
  const at = (limitPrice: bigint, maker: Partial<Account>, taker: Partial<Account>, market = {}): FillCase => ({
    ...{ maker: owns(maker, { limitPrice, strike }), taker: owns(taker) },
    market,
  });
  const aged = { spotTime: START - SPOT_MAX_AGE };
  const beyond = bandOf(viewWith(aged), series)[1] + tick;
  return [
    ["at the band's top", "OK", at(highest, STANDARD, STANDARD)],
    ["above it by one with margin", "PriceOutsideBand", at(highest + tick, STANDARD, COLLATERAL)],
    ["above it to one with margin", "PriceOutsideBand", at(highest + tick, COLLATERAL, STANDARD)],
    ["above it without any", "OK", at(highest + tick, COLLATERAL, COLLATERAL)],
    ["at the band's bottom", "OK", at(lowest, STANDARD, STANDARD)],
    ["below it", "PriceOutsideBand", at(lowest - tick, STANDARD, STANDARD)],
    ["above it, by marks that still count", "PriceOutsideBand", at(beyond, STANDARD, STANDARD, aged)],
    ["above it, by marks that do not", "OK", at(beyond, STANDARD, STANDARD, STALE)],
  ];
}

/** The lowest and the highest price, in ticks, that is near enough to the mark of a call. */
function bandOf(view: ExpiryView, series = packSeries(1, DAY, SPOT, false)): readonly [bigint, bigint] {
  let [lowest, highest] = [mark(view, series), mark(view, series)].map((fair) => (fair / tick + 1n) * tick) as [
    bigint,
    bigint,
  ];
  while (inBand(view, series, highest + tick)) highest += tick;
  while (lowest > tick && inBand(view, series, lowest - tick)) lowest -= tick;
  return [lowest, highest];
}

/** Shorts that are bought back with less than the initial margin, and less than the maintenance margin. */
function buyingBackEdges(): readonly FillEdge[] {
  const positions = [holding(-4n * ONE)];
  const { maintenance } = standardNeeds(positions);
  const view = viewWith();
  const { highest } = closingPrices(mark(view, packSeries(1, DAY, SPOT, false)), tick);
  const dear = bandOf(view)[1];
  const after = [[accountKey(TAKER), { auction: 5n }]] as const;
  const at = (limitPrice: bigint, cash: bigint): FillCase => ({
    ...{ maker: { draft: { limitPrice } }, taker: owns({ ...STANDARD, auction: 5n, positions, cash }) },
  });

  // Deep in the money buying back dearly frees more of the initial margin than it costs, and less of the maintenance margin.
  const strike = SPOT / 2n;
  const deep = packSeries(1, DAY, strike, false);
  const left = standardNeeds([holding(-ONE, strike)]).maintenance;
  const fair = closingPrices(mark(view, deep), tick).highest;
  const leaving = (limitPrice: bigint, rest: bigint): FillCase => {
    const cash = left + (limitPrice * ONE) / PRICE_TO_CASH + TAKER_PAYS + rest;
    const held = { positions: [holding(-2n * ONE, strike)], cash };
    return { maker: { draft: { limitPrice, strike } }, taker: owns({ ...STANDARD, ...held }) };
  };
  const dearly = fair + 4_000_000n;
  return [
    ["dearly, with just the maintenance margin", "OK", { ...at(dear, maintenance), act: { after } }],
    ["dearly, with more", "OK", at(dear, maintenance + USD)],
    ["dearly, with less", "BelowMaintenance", at(dear, maintenance - 1n)],
    ["at the mark, with less", "OK", { ...at(highest, maintenance - 1n), act: { after } }],
    ["a tick above the mark, with less", "BelowMaintenance", at(highest + tick, maintenance - 1n)],
    ["dearly, that leaves just the maintenance margin", "OK", leaving(dearly, 0n)],
    ["dearly, that leaves less", "BelowMaintenance", leaving(dearly, -1n)],
    ["at the mark, that leaves less", "OK", leaving(fair, -1n)],
    ["a tick above the mark, that leaves less", "BelowMaintenance", leaving(fair + tick, -1n)],
  ];
}

/** Longs that are sold with less than the maintenance margin of shorts of another day. */
function sellingEdges(): readonly FillEdge[] {
  const positions = [holding(2n * ONE), holding(-4n * ONE, SPOT, true, DAY + 1)];
  const cash = standardNeeds(positions).maintenance - 60n * USD;
  const { lowest } = closingPrices(mark(viewWith(), packSeries(1, DAY, SPOT, false)), tick);
  const at = (limitPrice: bigint): FillCase => ({
    ...{ maker: owns({ ...STANDARD, positions, cash }, { limitPrice }), world: WITH_MARKS },
  });
  return [
    ["by one below maintenance, at the mark", "OK", at(lowest)],
    ["by one below maintenance, above the mark", "OK", at(lowest + 5n * tick)],
    ["by one below maintenance, a tick below the mark", "BelowMaintenance", at(lowest - tick)],
  ];
}

/** Longs that are bought to cover shorts, which is not to shrink a position. */
function coveringEdges(): readonly FillEdge[] {
  const strike = SPOT + 1_250_000n;
  const positions = [holding(-4n * ONE)];
  const { maintenance } = standardNeeds(positions);
  const fair = closingPrices(mark(viewWith(), packSeries(1, DAY, strike, false)), tick).highest;
  const covering = (cash: bigint): FillCase => ({
    ...{ maker: { draft: { strike, limitPrice: fair } }, taker: owns({ ...STANDARD, positions, cash }) },
  });

  // A width that frees three dollars, of which the fee takes what the premium leaves: the excess stays what it was.
  const grid = { steps: [tick, tick, tick] } as const;
  const bare = standardNeeds([holding(-ONE)], grid).initial;
  const width = ((bare - 3n * USD) * PRICE_TO_CASH) / ONE;
  const far = SPOT + (width / tick) * tick;
  const freed = bare - standardNeeds([holding(-ONE), holding(ONE, far)], grid).initial;
  const limitPrice = ((freed * PRICE_TO_CASH) / ONE / tick - 1n) * tick;
  const fee = freed - (limitPrice * ONE) / PRICE_TO_CASH;
  const anchor = (fee * 10n ** 9n) / (30n * ONE);
  const even = (more: bigint): FillCase => ({
    maker: { draft: { strike: far, limitPrice } },
    taker: owns({ ...STANDARD, positions: [holding(-ONE)], cash: 450n * USD }),
    market: { ...grid, anchor: anchor + more },
  });
  return [
    ["that covers shorts, with the maintenance margin", "OK", covering(maintenance + 100n * USD)],
    ["that covers shorts, with less", "BelowMaintenance", covering(maintenance - 1n)],
    ["that leaves the excess as it was", "OK", even(0n)],
    ["that leaves a unit less", "InsufficientMargin", even(34n)],
  ];
}

/** Shorts that are bought back with less than the margin where marks are old, or where there are none. */
function markEdges(): readonly FillEdge[] {
  const taker = owns({ ...STANDARD, positions: [holding(-4n * ONE)], cash: 1_000n * USD });
  const view = viewWith(STALE);
  const { highest } = closingPrices(mark(view, packSeries(1, DAY, SPOT, false)), tick);
  const dear = bandOf(view)[1];
  const at = (limitPrice: bigint): FillCase => ({ maker: { draft: { limitPrice } }, taker, market: STALE });
  return [
    ["at an old mark", "OK", at(highest)],
    ["a tick above an old mark", "BelowMaintenance", at(highest + tick)],
    ["at the top of an old band", "BelowMaintenance", at(dear)],
    ["above an old band", "PriceOutsideBand", at(dear + tick)],
    ["where there is no mark", "InsufficientMargin", { ...at(highest), expiry: { forward: 0n } }],
  ];
}
