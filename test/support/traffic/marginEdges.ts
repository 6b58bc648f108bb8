import { healthOf, factor, paymentUp } from "../../../src/machine/Auction.ts";
import {
  ANCHOR_MAX_AGE,
  CURVE_MAX_AGE,
  FRACTION,
  LIQUIDATION_MAX_AGE,
  MAX_PRICE,
  MODE_COLLATERALISED,
  MODE_STANDARD,
  SPOT_MAX_AGE,
} from "../../../src/machine/Constants.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { requirements, valueDown, type ViewOf } from "../../../src/machine/Margin.ts";
import { hasMark, isKnown, viewOf } from "../../../src/machine/Marks.ts";
import { makePosition, packSeries } from "../../../src/machine/Positions.ts";
import { requirement } from "../../../src/machine/Requirement.ts";
import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import {
  accountKey,
  emptyAccount,
  EMPTY_EXPIRY,
  EMPTY_GLOBALS,
  expiryKey,
  expiryTime,
  GLOBALS_KEY,
  marketKey,
  UNLISTED,
  type Account,
  type Curve,
  type Expiry,
  type Market,
} from "../../../src/machine/Slots.ts";
import { set } from "../../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import { TX_BID, TX_SET_MODE, TX_START_AUCTION, TX_WITHDRAW, type Transaction } from "../../../src/machine/Wire.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { batchOf } from "../batch.ts";
import { flatCurve } from "../oracle.ts";
import { INBOX, signerAddress, START_DAY, testConfig } from "./world.ts";

/**
 * Portfolios whose requirement is known to the last unit: each may be withdrawn from down to exactly that, is auctioned one unit below
 * its maintenance, and is sold for exactly its price. What a charge, a mark or a vol depends on shows in one of the three.
 */

/** Forward and spot of what is plain. */
const F = 40_000_000n;
const USD = 10_000n;
const CONTRACT = 1_000_000n;
/** What is left to withdraw. */
const ROOM = 1_000_000n;
/** Seconds for which the auctions have been running. */
const RUNNING = 700n;
const RICH = 10n ** 30n;
/** A day that begins when the books are looked at: an expiry of it is over since that very second. */
const DAY = START_DAY + 1;
const NOW = expiryTime(DAY);
const OWNER = 1;
/** Larger books are only withdrawn from: unoptimised, as mutants are, a bid marks them for more gas than a step has. */
const MOST_SOLD = 12;

/** A market with one expiry, as far as they are not plain: forward and spot of 4,000 USD, a smile, 30 days. */
interface Scene {
  /** Days after the books are looked at. */
  readonly days?: number;
  readonly market?: Partial<Market>;
  readonly expiry?: Partial<Expiry>;
  /** Whether it is another expiry of the market before. */
  readonly ofSameMarket?: boolean;
}

/** Strike in 1e-4 USD, quantity in 1e-6 contract, and which of the scenes. */
type Leg = readonly [type: "call" | "put", strike: bigint, quantity: bigint, scene?: number];

/** What an account holds. */
interface Book {
  readonly name: string;
  readonly legs: readonly Leg[];
  /** One plain one by default. */
  readonly scenes?: readonly Scene[];
  readonly mode?: number;
  /** What becomes of a change to the collateralised mode by an account with cash enough. */
  readonly collateralised?: ResultName;
}

/** A transaction about a book, and what has to become of it. */
export interface BookEdge {
  readonly name: string;
  readonly expected: ResultName;
}

/** All that is tried, in one log: one step for each. */
export interface BookEdges {
  readonly log: InputLog;
  readonly steps: readonly ProvenStep[];
  readonly edges: readonly BookEdge[];
}

const SMILE: Curve = {
  ...{ a: 10n ** 10n, b: 9n * 10n ** 10n, rho: -3n * 10n ** 11n, m: 2n * 10n ** 10n, sigma: 12n * 10n ** 10n },
  refTau: 30n * 86_400n,
};

/** Spreads, pairs and lone shorts at all the distances at which another rule or another charge takes over. */
export function spreadEdges(chainId: bigint): BookEdges {
  const one = (name: string, ...legs: readonly Leg[]): Book => ({ name, legs });
  const least = (9n * F) / 100n;
  const lone = (
    [
      ["call", 1n],
      ["put", -1n],
    ] as const
  ).flatMap(([type, away]) =>
    [-30n, -5n, 0n, 1n, 2n, 3n, 40n].map((percent) =>
      one(`a short ${type} ${percent} % out of the money`, [type, (F * (100n + away * percent)) / 100n, -CONTRACT]),
    ),
  );
  const spreads = [
    0n,
    1n,
    least - 1n,
    least,
    least + 1n,
    least + 100n * USD,
    least + 120n * USD,
    F / 5n,
    F / 2n,
  ].flatMap((width) => [
    one(`a call spread ${width} wide`, ["call", F, -CONTRACT], ["call", F + width + 1n, CONTRACT]),
    one(`a put spread ${width} wide`, ["put", F, -CONTRACT], ["put", F - width - 1n, CONTRACT]),
  ]);
  const sold = (type: "call" | "put", sign: bigint): readonly Book[] => {
    const at = (percent: bigint): bigint => (F * (100n + sign * percent)) / 100n;
    const leg = (percent: bigint, quantity: bigint): Leg => [type, at(percent), quantity];
    return [
      one(`${type}s that a long before covers`, leg(0n, CONTRACT), leg(5n, -CONTRACT)),
      one(`${type}s that a long before covers in part`, leg(0n, CONTRACT), leg(5n, -3n * CONTRACT)),
      one(`${type}s that a long before covers with some left`, leg(0n, 4n * CONTRACT), leg(5n, -3n * CONTRACT)),
      one(
        `${type}s that longs on both sides cover`,
        leg(0n, CONTRACT),
        leg(5n, -3n * CONTRACT),
        leg(8n, 5n * CONTRACT),
      ),
      one(`two ${type}s, the nearer covered`, leg(0n, -CONTRACT), leg(4n, -2n * CONTRACT), leg(7n, 2n * CONTRACT)),
      one(`two ${type}s, the nearer in part`, leg(0n, -CONTRACT), leg(4n, -2n * CONTRACT), leg(7n, CONTRACT)),
      one(`two ${type}s, the farther in part`, leg(0n, -2n * CONTRACT), leg(4n, -CONTRACT), leg(7n, 2n * CONTRACT)),
      one(`two ${type}s and longs for both`, leg(0n, -2n * CONTRACT), leg(4n, -CONTRACT), leg(7n, 4n * CONTRACT)),
      one(`two ${type}s, the farther too far`, leg(-60n, -CONTRACT), leg(4n, -CONTRACT), leg(7n, 4n * CONTRACT)),
      one(
        `two ${type}s whose pairs differ`,
        ...[leg(0n, -CONTRACT), leg(9n, -2n * CONTRACT), leg(21n, 2n * CONTRACT), leg(24n, -CONTRACT)],
        leg(26n, CONTRACT),
      ),
      one(
        `${type}s that longs after them cover one by one`,
        leg(0n, -4n * CONTRACT),
        leg(2n, CONTRACT),
        leg(4n, CONTRACT),
      ),
    ];
  };
  const mixed = [
    one("a straddle", ["call", F, -CONTRACT], ["put", F, -CONTRACT]),
    one("a strangle", ["put", F - 300n * USD, -CONTRACT], ["call", F + 300n * USD, -2n * CONTRACT]),
    one("a covered call", ["call", F / 4n, CONTRACT], ["call", F, -CONTRACT]),
    one("a put against a long call", ["put", F, -CONTRACT], ["call", F, CONTRACT]),
    one("a call against a long put", ["call", F, -CONTRACT], ["put", F, CONTRACT]),
    one(
      "a condor",
      ["put", F - 900n * USD, CONTRACT],
      ["put", F - 700n * USD, -CONTRACT],
      [...(["call", F + 700n * USD, -CONTRACT] as const)],
      ["call", F + 900n * USD, CONTRACT],
    ),
    one("a put at the smallest strike", ["put", 1n, -CONTRACT]),
    one("puts that lose less than their charges", ["put", F / 100n, -CONTRACT], ["put", F / 50n, -CONTRACT]),
    one("a call far out and puts that lose little", ["put", F / 100n, -CONTRACT], ["call", 2n * F, -CONTRACT]),
    one("a call with a butterfly", ["call", F / 2n, CONTRACT], ["call", F, -3n * CONTRACT], ["call", 2n * F, CONTRACT]),
    one("a put worth more than the forward", ["put", 3n * F, -CONTRACT]),
    one("a put worth as much as the forward", ["put", 2n * F, -CONTRACT]),
    one("a put whose charge is raised", ["put", F + 500n * USD, -CONTRACT]),
    one("longs alone", ["put", F, CONTRACT], ["call", F, CONTRACT]),
    one("a short of the smallest size", ["call", F, -1_000n]),
    one("many shorts of both types", ...ladder("put", F, 6), ...ladder("call", F, 6)),
  ];
  return runBooks(chainId, NOW, [...lone, ...spreads, ...sold("call", 1n), ...sold("put", -1n), ...mixed]);
}

/** Expiries in every phase at its bounds, several of them in one account, and the collateralised mode. */
export function phaseEdges(chainId: bigint): readonly BookEdges[] {
  const shorts: readonly Leg[] = [
    ["put", F - 100n * USD, -3n * CONTRACT],
    ["put", F + 50n * USD, CONTRACT],
    ["call", F + 90n * USD, -CONTRACT],
    ["call", F + 200n * USD, 2n * CONTRACT],
    ["call", F + 700n * USD, -2n * CONTRACT],
  ];
  const phase = (name: string, scene: Scene): Book => ({ name, legs: shorts, scenes: [scene] });
  const aged = (spot: bigint, curve: bigint): Scene => ({
    market: { spotTime: NOW - spot },
    expiry: { curveTime: NOW - curve },
  });
  const over = (expiry: Partial<Expiry>, market: Partial<Market> = {}): Scene => ({ days: 0, expiry, market });
  const moved = (spot: bigint, curveSpot: bigint, forward = F): Scene => ({
    market: { spot },
    expiry: { curveSpot, forward },
  });
  const lastReport = NOW - CURVE_MAX_AGE;
  const books = [
    phase("a spot as old as a fresh one", aged(SPOT_MAX_AGE, 0n)),
    phase("a spot a second older", aged(SPOT_MAX_AGE + 1n, 0n)),
    phase("a spot as old as one to sell by", aged(LIQUIDATION_MAX_AGE, 0n)),
    phase("a spot a second too old to sell by", aged(LIQUIDATION_MAX_AGE + 1n, 0n)),
    phase("a curve as old as a fresh one", aged(0n, CURVE_MAX_AGE)),
    phase("a curve a second older", aged(0n, CURVE_MAX_AGE + 1n)),
    phase("no parameters", { market: { maxVol: 0n } }),
    phase("no spot", { market: { spot: 0n } }),
    phase("no forward", { expiry: { forward: 0n } }),
    phase("a forward that has risen", moved(F + 70n * USD, F)),
    phase("a forward that has fallen", moved(F - 70n * USD, F)),
    phase("a forward that has fallen to one", moved(1n, F)),
    phase("one that has fallen to one more", moved(2n, F)),
    phase("one that has fallen to nothing", moved(1n, F + 1n)),
    phase("one that has fallen far", moved(1n, F * 2n)),
    phase("one that has risen to the largest price", moved(MAX_PRICE, F)),
    phase("one that has risen beyond", moved(MAX_PRICE, F - 1n)),
    phase("an expiry of this second", over({})),
    phase("one whose last report is as old as it may be", over({ curveTime: lastReport })),
    phase("one whose last report is older", over({ curveTime: lastReport - 1n })),
    phase("one that has ended without a report", over({ forward: 0n })),
    phase("one that has ended, with a spot that rose", over({}, { spot: F + 400n * USD })),
    phase("one that has ended, with a spot that fell", over({}, { spot: F - 400n * USD })),
    phase("one that has ended, without parameters", over({}, { maxVol: 0n })),
    phase("one that has ended yesterday", { days: -1, expiry: { curveTime: NOW - 86_400n } }),
    phase("a price of the forward", over({ price: F })),
    phase("a price of one", over({ price: 1n })),
    phase("a price that costs the shorts", over({ price: F - 300n * USD })),
    phase("a price that costs the calls", over({ price: F + 1_200n * USD })),
    phase("a price before the expiry", { expiry: { price: F + 1_200n * USD } }),
    {
      name: "one fresh, one old, one over, one fixed",
      legs: [0, 1, 2, 3].flatMap((i) => shorts.map(([type, strike, size]): Leg => [type, strike, size, i])),
      scenes: [{}, aged(NOW, 0n), { ...over({}), ofSameMarket: false }, over({ price: F + 1_200n * USD })],
    },
    {
      name: "two expiries of one market, and another market",
      legs: [0, 1, 2].flatMap((i) => shorts.map(([type, strike, size]): Leg => [type, strike, size, i])),
      scenes: [{}, { days: 40, ofSameMarket: true }, { expiry: { forward: F + 10n * USD } }],
    },
    {
      name: "longs whose marks are old beside shorts",
      legs: [...shorts, ["call", F, 3n * CONTRACT, 1]],
      scenes: [{}, aged(LIQUIDATION_MAX_AGE + 1n, 0n)],
    } satisfies Book,
    {
      name: "longs beside shorts that have no marks",
      legs: [
        ["call", F, 3n * CONTRACT, 0],
        ["put", F, -CONTRACT, 1],
      ],
      scenes: [{}, { expiry: { forward: 0n } }],
    } satisfies Book,
  ];
  const A = F;
  const collateralised = (name: string, ...legs: readonly Leg[]): Book => ({ name, legs, mode: MODE_COLLATERALISED });
  const held = [
    collateralised("collateralised longs", ["call", A, CONTRACT], ["put", A, CONTRACT]),
    collateralised("a collateralised call", ["call", A, -CONTRACT]),
    collateralised("one at twice the anchor", ["call", 2n * A, -CONTRACT]),
    collateralised("one beyond it", ["call", 2n * A + 1n, -CONTRACT]),
    collateralised("one at the ceiling", ["call", 3n * A, -CONTRACT]),
    collateralised("one beyond the ceiling", ["call", 5n * A, -CONTRACT]),
    collateralised("a long at the ceiling of a short", ["call", A, -CONTRACT], ["call", 3n * A, CONTRACT]),
    collateralised("a long beyond it", ["call", A, -CONTRACT], ["call", 3n * A + 5n, CONTRACT]),
    collateralised("a collateralised put", ["put", A, -CONTRACT]),
    collateralised("a put beyond the ceiling", ["put", 4n * A, -CONTRACT]),
    collateralised("a put spread", ["put", A, CONTRACT], ["put", A + 7n * USD, -CONTRACT]),
    collateralised("a call spread", ["call", A, CONTRACT], ["call", A + 7n * USD, -CONTRACT]),
    collateralised("spreads that lose in the middle", ["call", A, -2n * CONTRACT], ["call", A + USD, 3n * CONTRACT]),
    collateralised("a loss that is no whole unit", ["put", 10_003n, -1_000n], ["call", 10_007n, 1_000n]),
    collateralised("a straddle", ["call", A, -CONTRACT], ["put", A, -CONTRACT]),
    {
      ...collateralised("two expiries", ["call", A, -CONTRACT, 0], ["put", A, -CONTRACT, 1], ["call", 9n, CONTRACT, 2]),
      scenes: [{}, { days: 31, ofSameMarket: true }, { market: { anchor: A / 2n } }],
    },
    { ...collateralised("without an anchor", ["call", A, -CONTRACT]), scenes: [{ market: { anchor: 0n } }] },
  ];
  const anchored = (name: string, age: bigint, collateralised: ResultName, ...legs: readonly Leg[]): Book => {
    return { name, legs, collateralised, scenes: [{ market: { anchorTime: NOW - age } }] };
  };
  const stale = ANCHOR_MAX_AGE + 1n;
  const modes = [
    anchored("a call on an anchor as old as it may be", ANCHOR_MAX_AGE, "OK", ["call", A, -CONTRACT]),
    anchored("a call on an anchor a second older", stale, "AnchorStale", ["call", A, -CONTRACT]),
    anchored("a put on an anchor a second older", stale, "OK", ["put", A, -CONTRACT]),
    anchored("a long call and a put on one", stale, "OK", ["put", A, -CONTRACT], ["call", A, CONTRACT]),
  ];
  // The same a second before their expiry, whose time value is almost nothing.
  const last = [phase("an expiry of the next second", over({ curveTime: NOW - 1n }, { spotTime: NOW - 1n }))];
  return [runBooks(chainId, NOW, [...books, ...held, ...modes]), runBooks(chainId, NOW - 1n, last)];
}

/** Marks of all strikes at forwards, times and vols at their bounds; each of a short whose size is no other's. */
export function markEdges(chainId: bigint): BookEdges {
  const flat = (vol: number): Partial<Expiry> => ({ curve: flatCurve(DAY + 30, F, NOW, vol).curve });
  const vols = (least: bigint, most: bigint): Partial<Market> => ({ minVol: least, maxVol: most });
  const at = (forward: bigint): Scene => ({
    market: { spot: forward, anchor: forward },
    expiry: { forward, curveSpot: forward },
  });
  const scenes: readonly (readonly [string, bigint, Scene])[] = [
    ["plain", F, {}],
    ["of the largest forward", MAX_PRICE, at(MAX_PRICE)],
    ["of the smallest forward", 1n, at(1n)],
    ["of a small forward", 12_345n, at(12_345n)],
    ["a day before the expiry", F, { days: 1 }],
    ["half a year before", MAX_PRICE, { ...at(MAX_PRICE), days: 183 }],
    ["two years before", MAX_PRICE, { ...at(MAX_PRICE), days: 730 }],
    ["a day more before", MAX_PRICE, { ...at(MAX_PRICE), days: 731 }],
    ["with the spot of the expiry's very time", F, { days: 1, market: { spotTime: NOW + 86_400n } }],
    ["a second before it", F, { days: 1, market: { spotTime: NOW + 86_399n } }],
    ["with one vol", MAX_PRICE, { ...at(MAX_PRICE), expiry: { ...at(MAX_PRICE).expiry, ...flat(0.6) } }],
    ["with the least vol", F, { market: vols(800_000n, 900_000n), expiry: flat(0.6) }],
    ["with the largest vol", F, { market: vols(10_000n, 300_000n), expiry: flat(0.6) }],
    ["with a vol of one percent", F, { market: vols(10_000n, 10_000n) }],
    [
      "with a vol of 1,000 percent",
      MAX_PRICE,
      { ...at(MAX_PRICE), days: 700, market: { ...at(MAX_PRICE).market, ...vols(10_000_000n, 10_000_000n) } },
    ],
    ["of a smile with steep wings", F, { expiry: { curve: { ...SMILE, b: 5n * 10n ** 11n, rho: 7n * 10n ** 11n } } }],
    ["of a smile far from its centre", F, { expiry: { curve: { ...SMILE, m: -(10n ** 13n), b: 10n ** 9n } } }],
    [
      "of a smile that touches zero",
      F,
      { expiry: { curve: { ...SMILE, a: -3n * 10n ** 10n, b: 3n * 10n ** 11n, rho: 0n, sigma: 10n ** 11n, m: 0n } } },
    ],
    ["of a narrow smile", F, { expiry: { curve: { ...SMILE, sigma: 1n, a: 10n ** 9n } } }],
  ];
  return runBooks(
    chainId,
    NOW,
    scenes.flatMap(([name, forward, scene]) =>
      (["call", "put"] as const).map((type) => ({
        name: `${type}s ${name}`,
        legs: ladder(type, forward, 64),
        scenes: [scene],
      })),
    ),
  );
}

/** Shorts at strikes from almost nothing to the largest price, each of another size. */
function ladder(type: "call" | "put", forward: bigint, most: number): readonly Leg[] {
  const percents = [
    ...[0, 1, 10, 25, 50, 70, 75, 80, 85, 90, 93, 96, 98, 99, 100, 101, 102, 104, 107, 110, 115],
    120,
    125,
  ];
  const around = [...percents, 130, 141, 142, 150, 200, 300, 400, 800, 5_000, 14_800, 14_900].map(
    (percent) => (forward * BigInt(percent)) / 100n + 1n,
  );
  const strikes = [...new Set([...around, forward, MAX_PRICE])].filter((strike) => strike <= MAX_PRICE);
  const step = Math.max(1, Math.ceil(strikes.length / most));
  return strikes
    .filter((_, i) => i % step === 0)
    .map((strike, i): Leg => [type, strike, -1_000n * BigInt(1_009 + 13 * i)]);
}

/** Accounts of a book. */
const [HOLDER, HEALTHY, WEAK, SOLD, BIDDER, TURNED, ACCOUNTS] = [0, 1, 2, 3, 4, 5, 6];

function runBooks(chainId: bigint, now: bigint, books: readonly Book[]): BookEdges {
  const log = new InputLog();
  let root = set(genesisRoot(signerAddress(0)), GLOBALS_KEY, { ...EMPTY_GLOBALS, fund: 10n ** 12n });
  const edges: BookEdge[] = [];
  const sender = signerAddress(OWNER);
  const attempt = (name: string, expected: ResultName, transaction: Transaction): void => {
    log.appendMessage({
      ...{ sender, kind: MESSAGE_FORCED, l1Block: 1n, l1Time: now },
      payload: encodeTransaction(transaction, 0n),
    });
    edges.push({ name, expected });
  };
  let market = 0;
  for (const [i, { name, legs, scenes = [{}], mode = MODE_STANDARD, collateralised }] of books.entries()) {
    const opened = scenes.map((scene) => {
      if (scene.ofSameMarket !== true) market++;
      return openScene(now, market, scene);
    });
    for (const { id, market: terms, expiry } of opened) {
      root = set(root, marketKey(id >>> 16), terms);
      root = set(root, expiryKey(id), { ...expiry, shorts: 3 });
    }
    const positions = legs
      .map(([type, strike, quantity, scene = 0]) => {
        const { id } = opened[scene]!;
        return makePosition(packSeries(id >>> 16, id & 0xffff, strike, type === "put"), quantity);
      })
      .sort((a, b) => (a.series < b.series ? -1 : 1));
    const views =
      (age: bigint): ViewOf =>
      (id) => {
        const found = opened.find((scene) => scene.id === id)!;
        return viewOf(id, found.market, found.expiry, now, age);
      };
    const first = 100 + ACCOUNTS * i;
    const put = (account: number, cash: bigint, change: Partial<Account> = {}): void => {
      const fields = { ...emptyAccount(sender), mode, cash, positions, ...change };
      root = set(root, accountKey(first + account), fields);
    };

    const anchorOf = (id: number): bigint => opened.find((scene) => scene.id >>> 16 === id)!.market.anchor;
    const initial =
      mode === MODE_STANDARD ? requirements(positions, views(SPOT_MAX_AGE)).initial : requirement(positions, anchorOf);
    put(HOLDER, initial + ROOM);
    const withdrawal = (amount: bigint): Transaction => ({
      ...{ type: TX_WITHDRAW, account: first + HOLDER, amount, payee: 0, auth: undefined },
    });
    const short = initial === 0n ? "InsufficientCash" : "InsufficientMargin";
    attempt(`${name}: more than may be withdrawn`, short, withdrawal(ROOM + 1n));
    attempt(`${name}: all that may be withdrawn`, "OK", withdrawal(ROOM));
    if (collateralised !== undefined) {
      put(TURNED, RICH);
      const turn = { type: TX_SET_MODE, account: first + TURNED, mode: MODE_COLLATERALISED, auth: undefined } as const;
      attempt(`${name}: collateralised`, collateralised, turn);
    }
    if (mode === MODE_COLLATERALISED || positions.length > MOST_SOLD) continue;

    const sellable = views(LIQUIDATION_MAX_AGE);
    const known = positions.filter(({ expiry }) => isKnown(sellable(expiry)));
    const { maintenance } = requirements(known, sellable);
    const start = (account: number): Transaction => ({ type: TX_START_AUCTION, account: first + account });
    put(HEALTHY, maintenance);
    attempt(`${name}: nothing to auction`, known.length === 0 ? "MarksStale" : "NotLiquidatable", start(HEALTHY));
    if (maintenance === 0n) continue;
    put(WEAK, maintenance - 1n);
    attempt(`${name}: one unit too little`, "OK", start(WEAK));

    const cash = maintenance - maintenance / 16n - 1n;
    put(SOLD, cash, { auction: now - RUNNING });
    put(BIDDER, RICH, { positions: [] });
    const marked = positions.filter(({ expiry }) => hasMark(sellable(expiry)));
    const shorts = known.filter(({ quantity }) => quantity < 0n);
    const health = healthOf(cash, 0n, maintenance, valueDown(marked, sellable), valueDown(shorts, sellable));
    const price = paymentUp(health, factor(RUNNING), FRACTION);
    const bid = (limit: bigint): Transaction => ({
      ...{ type: TX_BID, account: first + SOLD, bidder: first + BIDDER, fraction: FRACTION, limit, auth: undefined },
    });
    if (price > 0n) attempt(`${name}: a bid of less than its price`, "BidAboveLimit", bid(price - 1n));
    const sale = health.value < 0n ? "BidAboveLimit" : "OK";
    attempt(`${name}: a bid of its price`, sale, bid(price));
  }
  const read = { messagesRead: log.messageCount, l1Time: now, l2Time: now };
  log.appendBatch(batchOf(new Uint8Array(0), read, 0));
  const machine = new Machine(testConfig(chainId, INBOX), log, root, { ...GENESIS_CURSOR, l2Time: now });
  return { log, steps: edges.map(() => machine.provenStep(log.batchCount)), edges };
}

function openScene(now: bigint, number: number, scene: Scene): { id: number; market: Market; expiry: Expiry } {
  const { days = 30, market, expiry } = scene;
  return {
    id: (number << 16) | (DAY + days),
    market: {
      ...{ ...UNLISTED, tick: 100n, lot: 1_000n, steps: [100n, 100n, 100n], anchor: F, anchorTime: now - 60n },
      ...{ minVol: 50_000n, maxVol: 5_000_000n, bandFloor: 1n, exposureMultiple: 1_000n, exposure: 10n ** 20n },
      ...{ spot: F, spotTime: now - 10n, low: F, high: F },
      ...market,
    },
    expiry: { ...EMPTY_EXPIRY, forward: F, curveSpot: F, curveTime: now - 100n, curve: SMILE, ...expiry },
  };
}
