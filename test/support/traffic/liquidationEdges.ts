import { sign } from "../../../src/crypto/secp256k1.ts";
import {
  ANCHOR_MAX_AGE,
  AUCTION_DUE,
  AUCTION_LENGTH,
  AUCTION_STEEP,
  FRACTION,
  FUND_ACCOUNT,
  FUND_BID,
  LIQUIDATION_MAX_AGE,
  MAX_EXPIRIES,
  MAX_POSITIONS,
  MAX_QUANTITY,
  MODE_COLLATERALISED,
  MODE_STANDARD,
} from "../../../src/machine/Constants.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { makePosition, packSeries, type Position } from "../../../src/machine/Positions.ts";
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
  orderKey,
  spentOrder,
  type Account,
  type Expiry,
  type Market,
} from "../../../src/machine/Slots.ts";
import { remove, set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { bidDigest } from "../../../src/machine/TypedData.ts";
import {
  TX_BID,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FUND_BID,
  TX_START_AUCTION,
  type Transaction,
} from "../../../src/machine/Wire.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { flatCurve } from "../oracle.ts";
import { EdgeLog } from "./EdgeLog.ts";
import { BTC, ETH, INBOX, privateKey, signerAddress, START, START_DAY, testConfig } from "./world.ts";

/** What random traffic hardly ever meets in auctions: every amount, time and count that has a bound, at it and one beyond. */

const USDC = 1_000_000n;
const ONE = 1_000_000n;
/** The account in auction, and who bids for it. */
const [POOR, RICH] = [1, 2];
/** Which of the fund's accounts bids. */
const FUND = 3;
const MARKET = 1;
const OTHER_MARKET = 2;
const SPOT = BTC.anchor;
const NONCE = 1n;

/** Days of expiries: the price is fixed; expired this morning, and marked by the last forward; still traded; of the year 1970. */
const FIXED = START_DAY - 1;
const PASSED = START_DAY;
const TRADED = START_DAY + 5;
const FIRST_DAY = 0;
/** A moment of 1970 at which an auction that began in its first second is still running. */
const EARLY = 100n;

/** A state: what is left out is plain. */
interface World {
  /** Seconds. */
  readonly now?: bigint;
  /** The account in auction. */
  readonly id?: number;
  readonly poor?: Partial<Account> | "absent";
  readonly rich?: Partial<Account> | "absent";
  /** The fund's account. */
  readonly backer?: Partial<Account> | "absent";
  /** The insurance fund, 1e-6 USDC. */
  readonly fund?: bigint;
  readonly market?: Partial<Market>;
  readonly isSpent?: boolean;
}

/** What is asked for, and what becomes of its bytes. */
interface Asked {
  readonly fraction?: bigint;
  readonly limit?: bigint;
  readonly bidder?: number;
  readonly signer?: number;
  readonly spoil?: (bytes: Uint8Array) => Uint8Array;
}

type Case = readonly [name: string, expected: ResultName, world: World, asked?: Asked];

const held = (day: number, strike: bigint, quantity: bigint, market = MARKET, put = false): Position =>
  makePosition(packSeries(market, day, strike, put), quantity);

/** Ten calls at the money of an expiry that waits for its price: nothing at the mark, 9 % of the forward each for maintenance, 15 % initially. */
const SHORT = held(PASSED, SPOT, -10n * ONE);
const [NEED, INITIAL] = [3_600n * USDC, 6_000n * USDC];
/** Ten calls that are worth 125 USD each, and need nothing. */
const LONG = held(PASSED, SPOT - 1_250_000n, 10n * ONE);
/** Ten calls that lose a hundredth of a cent each. */
const LOSING = held(PASSED, SPOT - 1n, -10n * ONE);
const LOSS = 1_000n;
/** So many spreads, each of which needs the 125 USD between its strikes. */
const spreads = (count: bigint, day = TRADED): readonly Position[] => [
  held(day, SPOT, -count * ONE),
  held(day, SPOT + 1_250_000n, count * ONE),
];

/** With 3,000 USDC and {@link SHORT}, 900 seconds after the start: 1,140 are lacking with the buffer, the whole costs 70 % of 3,000. */
const CASH = 3_000n * USDC;
const WHOLE_PRICE = 2_100n * USDC;
const [LACKING, PRICED] = [1_140n * USDC, WHOLE_PRICE];
const LARGEST = (FRACTION * LACKING) / (PRICED + LACKING);
/** What moves at most: cash, and 36 lots of {@link SHORT}, of which 35.2 would do. */
const MOVED_CASH = (CASH * LARGEST) / FRACTION;
const PAID = (WHOLE_PRICE * LARGEST + FRACTION - 1n) / FRACTION;
const MOVED = 3_600_000n;
const MOVED_INITIAL = 2_160n * USDC;

const [shorter, longer] = [
  (bytes: Uint8Array): Uint8Array => bytes.slice(0, -1),
  (bytes: Uint8Array): Uint8Array => Uint8Array.of(...bytes, 0),
];
const started = (ago: bigint, poor: Partial<Account> = {}): World => ({ poor: { ...poor, auction: START - ago } });
const poor = (fields: Partial<Account>, world: World = {}): World => ({ ...world, poor: fields });
const rich = (fields: Partial<Account> | "absent", world: World = {}): World => ({ ...world, rich: fields });
const malformedIn = (world: World): readonly Case[] => [
  ["with a byte too few", "Malformed", world, { spoil: shorter }],
  ["with a byte too many", "Malformed", world, { spoil: longer }],
];
/** Positions whose marks are so old. */
const marked = (age: bigint, auction: bigint): World => ({
  poor: { positions: spreads(10n), cash: 1_249n * USDC, auction },
  market: { spotTime: START - age },
});
/** The same spreads in 1970. */
const early = (auction: bigint): World => ({
  now: EARLY,
  poor: { positions: spreads(10n, FIRST_DAY), cash: 1_249n * USDC, auction },
});

const START_CASES: readonly Case[] = [
  ...malformedIn({}),
  ["of nobody", "AccountUnknown", { poor: "absent" }],
  ["of one that lacks the last unit", "OK", poor({ cash: NEED - 1n, auction: 0n })],
  ["of one that lacks nothing", "NotLiquidatable", poor({ cash: NEED, auction: 0n })],
  ["of a collateralised one", "NotLiquidatable", poor({ mode: MODE_COLLATERALISED, auction: 0n })],
  ["of the fund's first", "NotLiquidatable", poor({ auction: 0n }, { id: FUND_ACCOUNT })],
  ["of the last that is not the fund's", "OK", poor({ auction: 0n }, { id: FUND_ACCOUNT - 1 })],
  ["of one that has only debts", "NotLiquidatable", poor({ positions: [], cash: 0n, debt: 1n, auction: 0n })],
  ["in the last second of one", "AuctionRunning", started(AUCTION_LENGTH)],
  ["a second later", "OK", started(AUCTION_LENGTH + 1n)],
  ["after one of the first second of all", "AuctionRunning", early(1n)],
  ["at the oldest marks", "OK", marked(LIQUIDATION_MAX_AGE, 0n)],
  ["at older ones", "MarksStale", marked(LIQUIDATION_MAX_AGE + 1n, 0n)],
];

const END_CASES: readonly Case[] = [
  ...malformedIn({}),
  ["of nobody", "AccountUnknown", { poor: "absent" }],
  ["of none", "AuctionMissing", poor({ cash: NEED, auction: 0n })],
  ["of one that lacks the last unit", "AuctionRunning", poor({ cash: NEED - 1n })],
  ["of one that lacks nothing", "OK", poor({ cash: NEED })],
  ["of one that has as much as it owes", "OK", poor({ positions: [], cash: 5n, debt: 5n })],
  ["of one that owes a unit more", "AuctionRunning", poor({ positions: [], cash: 5n, debt: 6n })],
  ["at the oldest marks", "AuctionRunning", marked(LIQUIDATION_MAX_AGE, START - 1n)],
  ["at older ones", "MarksStale", marked(LIQUIDATION_MAX_AGE + 1n, START - 1n)],
];

/** Debtors of 2,000 USDC, who have longs alone, for which all of them is sold: 70 % of 1,250 USDC. */
const debtor = { positions: [LONG], cash: 0n, debt: 2_000n * USDC };
const LONG_PRICE = 875n * USDC;
const enough = MOVED_INITIAL - MOVED_CASH + PAID;
const longs = (count: number): readonly Position[] =>
  Array.from({ length: count }, (_, i) => held(PASSED, SPOT + BigInt(i + 1) * 1_250_000n, ONE));
const days = (count: number): readonly Position[] =>
  Array.from({ length: count }, (_, i) => held(START_DAY + 1 + i, SPOT, ONE));
const collateralised = (age: bigint): World => ({
  rich: { mode: MODE_COLLATERALISED },
  market: { anchorTime: START - age },
});
const PLENTY = 10n ** 18n;

const BID_CASES: readonly Case[] = [
  ...malformedIn({}),
  ["with a nonce that is spent", "NonceUsed", { isSpent: true }],
  ["for oneself", "SelfTrade", {}, { bidder: POOR, signer: POOR }],
  ["for nobody", "AccountUnknown", { poor: "absent" }],
  ["without an auction", "AuctionMissing", poor({ auction: 0n })],
  ["in the last second of one", "OK", started(AUCTION_LENGTH)],
  ["a second later", "AuctionMissing", started(AUCTION_LENGTH + 1n)],
  ["in one of the first second of all", "OK", early(1n)],
  ["at the oldest marks", "OK", marked(LIQUIDATION_MAX_AGE, START - AUCTION_STEEP)],
  ["at older ones", "MarksStale", marked(LIQUIDATION_MAX_AGE + 1n, START - AUCTION_STEEP)],
  ["for one that lacks nothing", "NotLiquidatable", poor({ cash: NEED })],
  ["for one that lacks the last unit", "OK", poor({ cash: NEED - 1n })],

  ["of the price of the whole", "OK", {}, { limit: WHOLE_PRICE }],
  ["of a unit less", "BidAboveLimit", {}, { limit: WHOLE_PRICE - 1n }],
  ["of nothing for nothing", "OK", poor({ positions: [LOSING], cash: LOSS }), { limit: 0n }],
  ["of anything for less than nothing", "BidAboveLimit", poor({ positions: [LOSING], cash: LOSS - 1n })],
  ["in the first second", "OK", started(0n)],
  ["in the last of the steep part", "OK", started(AUCTION_STEEP - 1n)],
  ["in the first of the other", "OK", started(AUCTION_STEEP + 1n)],

  ["for as much as is for sale", "OK", {}, { fraction: LARGEST }],
  ["for less, so that it goes on", "OK", {}, { fraction: LARGEST - 1n }],
  ["for more than is for sale", "OK", {}, { fraction: LARGEST + 1n }],
  ["for the last lot", "OK", poor({ positions: [held(PASSED, SPOT, -BTC.lot)], cash: 30n * USDC }), { fraction: 1n }],
  ["for a lot and a half", "OK", poor({ positions: [held(PASSED, SPOT, -150_000n)], cash: 0n })],
  ["for less than a lot of longs", "BidTooSmall", poor(debtor), { fraction: 1n }],
  ["for shorts that cost nothing", "BidTooSmall", poor({ positions: [held(FIXED, SPOT, -ONE)], cash: 0n, debt: 1n })],
  ["that pays a debt", "OK", poor(debtor), { limit: LONG_PRICE }],
  ["that pays a debt and more", "OK", poor({ ...debtor, positions: [LONG, SHORT], debt: 20n * USDC })],

  ["by nobody", "AccountUnknown", rich("absent")],
  ["signed by another", "BadSignature", {}, { signer: 3 }],
  ["by a debtor", "AccountInDebt", rich({ debt: 1n })],
  ["with the last unit", "OK", rich({ cash: LONG_PRICE }, poor(debtor))],
  ["with a unit less", "InsufficientCash", rich({ cash: LONG_PRICE - 1n }, poor(debtor))],
  ["with as much as it needs", "OK", rich({ cash: enough })],
  ["with a unit less than it needs", "InsufficientMargin", rich({ cash: enough - 1n })],
  ["by another in auction", "OK", rich({ auction: START - 5n })],

  ["by who is long as many", "OK", rich({ positions: [held(PASSED, SPOT, MOVED)] })],
  ["by who is long one unit more", "OK", rich({ positions: [held(PASSED, SPOT, MOVED + 1n)] })],
  ["by who is long one unit less", "OK", rich({ positions: [held(PASSED, SPOT, MOVED - 1n)] })],
  ["by who is short the same", "OK", rich({ positions: [held(PASSED, SPOT, -ONE)] })],
  [
    "for longs as many as may be",
    "OK",
    rich({ positions: [held(PASSED, LONG.strike, MAX_QUANTITY - 10n * ONE)] }, poor(debtor)),
  ],
  [
    "for one unit more",
    "PositionLimit",
    rich({ positions: [held(PASSED, LONG.strike, MAX_QUANTITY - 10n * ONE + 1n)] }, poor(debtor)),
  ],
  ["for shorts as many as may be", "OK", rich({ cash: PLENTY, positions: [held(PASSED, SPOT, MOVED - MAX_QUANTITY)] })],
  [
    "for one unit more",
    "PositionLimit",
    rich({ cash: PLENTY, positions: [held(PASSED, SPOT, MOVED - MAX_QUANTITY - 1n)] }),
  ],
  ["for the last position that it may have", "OK", rich({ positions: longs(MAX_POSITIONS - 1) })],
  ["for one more", "PositionCap", rich({ positions: longs(MAX_POSITIONS) })],
  ["for the last expiry that it may have", "OK", rich({ positions: days(MAX_EXPIRIES - 1) })],
  ["for one more", "ExpiryCap", rich({ positions: days(MAX_EXPIRIES) })],
  ["by a collateralised one, at the oldest anchor", "OK", collateralised(ANCHOR_MAX_AGE)],
  ["by a collateralised one, at an older one", "AnchorStale", collateralised(ANCHOR_MAX_AGE + 1n)],
  [
    "for both markets",
    "OK",
    poor({ positions: [...spreads(10n), SHORT, held(PASSED, ETH.anchor, -40n * ONE, OTHER_MARKET)] }),
  ],
];

/** Bids by way of L1, and who sends them. */
const FORCED_BIDS: readonly (readonly [string, ResultName, number])[] = [
  ["by the bidder", "OK", RICH],
  ["by another", "NotOwner", POOR],
];

/** Spreads for the fund. What it takes over needs 2,500 USDC before. */
const fundsSpreads = { poor: { positions: spreads(20n), cash: 2_000n * USDC, auction: START - AUCTION_DUE } };
const due = started(AUCTION_DUE);

const FUND_BID_CASES: readonly Case[] = [
  ...malformedIn(due),
  ["for one of its own", "SelfTrade", { ...due, id: FUND_ACCOUNT }],
  ["for the last that is not its own", "OK", { ...due, id: FUND_ACCOUNT - 1 }],
  ["for nobody", "AccountUnknown", { poor: "absent" }],
  ["a second early", "FundNotDue", started(AUCTION_DUE - 1n)],
  ["a second early, for what moves nothing", "FundNotDue", started(AUCTION_DUE - 1n, debtor), { fraction: 1n }],
  ["as soon as it may", "OK", due],
  ["for longs alone", "BidTooSmall", started(AUCTION_DUE, debtor)],
  ["for the least that it takes", "OK", fundsSpreads, { fraction: (2n * FRACTION) / 5n }],
  ["for less", "BidTooSmall", fundsSpreads, { fraction: (2n * FRACTION) / 5n - 1n }],
  ["that leaves the least that it takes", "OK", fundsSpreads, { fraction: (3n * FRACTION) / 5n }],
  ["that leaves less", "BidTooSmall", fundsSpreads, { fraction: (3n * FRACTION) / 5n + 5_000_000n }],
  ["that leaves nothing", "OK", fundsSpreads],
  ["with an account that does not exist", "AccountUnknown", { ...due, backer: "absent" }],
  ["with an account in debt", "AccountInDebt", { ...due, backer: { debt: 1n } }],
  ["with as much as the fund may add", "OK", { ...due, fund: (INITIAL - CASH) * FUND_BID }],
  ["with a unit more", "InsufficientMargin", { ...due, fund: (INITIAL - CASH) * FUND_BID - 1n }],
  ["with nothing to add", "OK", { ...due, backer: { cash: INITIAL - CASH } }],
  ["with a unit to add", "OK", { ...due, backer: { cash: INITIAL - CASH - 1n } }],
];

const backing = (cash: bigint, fields: Partial<Account> = {}): World => ({
  backer: { positions: [SHORT], cash, ...fields },
});

const COLLECT_CASES: readonly Case[] = [
  ...malformedIn(backing(2n * INITIAL)),
  ["from an account that does not exist", "AccountUnknown", { backer: "absent" }],
  ["from one in debt", "AccountInDebt", backing(2n * INITIAL, { debt: 1n })],
  ["where nothing is over", "NothingToCollect", backing(INITIAL)],
  ["where a unit is over", "OK", backing(INITIAL + 1n)],
  ["where a unit is lacking", "NothingToCollect", backing(INITIAL - 1n)],
];

/** Auctions at their bounds. */
export function liquidationEdges(chainId: bigint): EdgeLog {
  const edges = new EdgeLog(chainId);
  const { domain } = testConfig(chainId, INBOX);
  const add = (what: string, cases: readonly Case[], make: (world: World, asked: Asked) => Transaction): void => {
    for (const [name, expected, world, asked = {}] of cases) {
      const now = world.now ?? START;
      const bytes = encodeTransaction(make(world, asked), now);
      edges.addItem(`${what} ${name}`, expected, rootOf(world), now, asked.spoil?.(bytes) ?? bytes);
    }
  };
  add("a start", START_CASES, ({ id = POOR }) => ({ type: TX_START_AUCTION, account: id }));
  add("an end", END_CASES, ({ id = POOR }) => ({ type: TX_END_AUCTION, account: id }));
  add(
    "a bid",
    BID_CASES,
    ({ now = START }, { fraction = FRACTION, limit = 10n ** 14n, bidder = RICH, signer = RICH }) => {
      const deadline = now + 100n;
      const digest = bidDigest(domain, POOR, bidder, fraction, limit, NONCE, deadline);
      const auth = { nonce: NONCE, deadline, signature: sign(digest, privateKey(signer)) };
      return { type: TX_BID, account: POOR, bidder, fraction, limit, auth };
    },
  );
  for (const [name, expected, account] of FORCED_BIDS) {
    const bid: Transaction = {
      type: TX_BID,
      account: POOR,
      bidder: RICH,
      fraction: FRACTION,
      limit: WHOLE_PRICE,
      auth: undefined,
    };
    const sent = { sender: signerAddress(account), l1Block: 1n, l1Time: START };
    const message = { ...sent, kind: MESSAGE_FORCED, payload: encodeTransaction(bid, 0n) };
    edges.addMessage(`a forced bid ${name}`, expected, rootOf({}), START, message);
  }
  add("a bid of the fund", FUND_BID_CASES, ({ id = POOR }, { fraction = FRACTION }) => ({
    ...{ type: TX_FUND_BID, account: id, fund: FUND, fraction },
  }));
  add("a collection", COLLECT_CASES, () => ({ type: TX_COLLECT_FUND, fund: FUND }));
  return edges;
}

function rootOf(world: World): TreeRoot {
  const { now = START, id = POOR, fund = 100_000n * USDC, isSpent = false } = world;
  let root = set(genesisRoot(signerAddress(0)), GLOBALS_KEY, { ...EMPTY_GLOBALS, fund });
  for (const [number, market] of [
    [MARKET, BTC],
    [OTHER_MARKET, ETH],
  ] as const) {
    const spot = market.anchor;
    const known = { minVol: 50_000n, maxVol: 5_000_000n, bandFloor: 50_000n, exposureMultiple: 1_000n };
    const window = { spot, spotTime: now - 10n, low: spot, high: spot };
    const changes = number === MARKET ? world.market : {};
    const whole = { ...market, ...known, ...window, anchorTime: START - 60n, exposure: 10n ** 16n, ...changes };
    root = set(root, marketKey(number), whole);
    for (const day of [FIRST_DAY, FIXED, PASSED, TRADED]) {
      root = set(root, expiryKey((number << 16) | day), expiryAt(day, spot, now));
    }
  }
  const base = { mode: MODE_STANDARD, auction: now - AUCTION_STEEP };
  const accounts: readonly (readonly [number, Partial<Account> | "absent"])[] = [
    [RICH, withDefault({ mode: MODE_STANDARD, cash: 1_000_000n * USDC }, world.rich)],
    [FUND_ACCOUNT + FUND, withDefault({ mode: MODE_STANDARD }, world.backer)],
    [id, withDefault({ ...base, positions: [SHORT], cash: CASH }, world.poor)],
  ];
  for (const [number, fields] of accounts) root = withAccount(root, number, fields);
  return isSpent ? set(root, orderKey(RICH, NONCE), spentOrder(NONCE)) : root;
}

function withDefault(plain: Partial<Account>, fields: Partial<Account> | "absent" = {}): Partial<Account> | "absent" {
  return fields === "absent" ? fields : { ...plain, ...fields };
}

function withAccount(root: TreeRoot, id: number, fields: Partial<Account> | "absent"): TreeRoot {
  const owner = id >= FUND_ACCOUNT ? new Uint8Array(20) : signerAddress(id % 100);
  if (fields === "absent") return id >= FUND_ACCOUNT ? remove(root, accountKey(id)) : root;
  const positions = [...(fields.positions ?? [])].sort((a, b) => (a.series < b.series ? -1 : 1));
  return set(root, accountKey(id), { ...emptyAccount(owner), ...fields, positions });
}

/** An expiry with a price, the last forward, or a smile of a moment ago. */
function expiryAt(day: number, spot: bigint, now: bigint): Expiry {
  const shorts = 9;
  if (day === FIXED) return { ...EMPTY_EXPIRY, shorts, price: spot };
  const end = expiryTime(day);
  const curveTime = end > now ? now - 10n : end - 60n;
  const { curve } = flatCurve(day, spot, curveTime);
  return { ...EMPTY_EXPIRY, shorts, forward: spot, curveSpot: spot, curveTime, curve };
}
