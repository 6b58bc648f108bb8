import { expect } from "chai";
import { sign } from "../../src/crypto/secp256k1.ts";
import {
  FRACTION,
  FUND_ACCOUNT,
  FUND_ACCOUNTS,
  MODE_COLLATERALISED,
  MODE_STANDARD,
} from "../../src/machine/Constants.ts";
import { Random } from "../../src/market/random.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../src/machine/MachineState.ts";
import { makePosition, packSeries, type Position } from "../../src/machine/Positions.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import {
  accountKey,
  EMPTY_EXPIRY,
  EMPTY_GLOBALS,
  emptyAccount,
  expiryKey,
  expiryTime,
  GLOBALS_KEY,
  marketKey,
  type Account,
  type Expiry,
  type Globals,
  type Market,
} from "../../src/machine/Slots.ts";
import { get, set, type TreeRoot } from "../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../src/machine/Step.ts";
import { bidDigest, setModeDigest } from "../../src/machine/TypedData.ts";
import {
  TX_BID,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FUND_BID,
  TX_SET_MODE,
  TX_SETTLE,
  TX_START_AUCTION,
  type Transaction,
} from "../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { batchOf } from "../support/batch.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { BTC, ETH, INBOX, privateKey, signerAddress, START, START_DAY, testConfig } from "../support/traffic/world.ts";
import { runSeed } from "../support/random.ts";

/** What random traffic seldom or never meets: accounts of which only a part has recent marks, debts in auction, the fund's edges. */

const SEED = runSeed();
const DAY = START_DAY + 5;
const USDC = 1_000_000n;
const ONE = 1_000_000n;
const SPOT = 40_000_000n;
/** The account in auction, and who bids. */
const POOR = 1;
const RICH = 2;
/** Markets: one with recent marks, one with old marks, one that has never had any. */
const FRESH = 1;
const OLD = 2;
const BLANK = 3;

const position = (market: number, day: number, strike: bigint, put: boolean, contracts: bigint): Position =>
  makePosition(packSeries(market, day, strike, put), contracts * ONE);
const short = position(FRESH, DAY, SPOT, false, -10n);
const old = position(OLD, DAY, 1_500_000n, true, -3n);
const oldLong = position(OLD, DAY, 1_600_000n, false, 7n);
const blank = position(BLANK, DAY, 1_500_000n, true, -2n);
/** Expired this morning; its price is not fixed. */
const expired = position(FRESH, START_DAY, SPOT, false, -10n);

function beginning(): TreeRoot {
  let root = genesisRoot(signerAddress(0));
  root = set(root, GLOBALS_KEY, { ...EMPTY_GLOBALS, fund: 100_000n * USDC });
  const known = { minVol: 50_000n, maxVol: 5_000_000n, bandFloor: 50_000n, exposureMultiple: 1_000n };
  const markets: readonly (readonly [number, Market, bigint, bigint])[] = [
    [FRESH, BTC, SPOT, START - 10n],
    [OLD, ETH, 1_500_000n, START - 5_000n],
    [BLANK, ETH, 0n, 0n],
  ];
  for (const [id, market, spot, spotTime] of markets) {
    const window = { low: spot, high: spot, lowBefore: spot, highBefore: spot };
    const fields = { anchorTime: START - 60n, exposure: 10n ** 12n, spot, spotTime, ...window };
    root = set(root, marketKey(id), { ...market, ...known, ...fields });
    root = set(root, expiryKey((id << 16) | DAY), expiryAt(DAY, spot, spotTime));
  }
  const end = expiryTime(START_DAY);
  root = set(root, expiryKey((FRESH << 16) | START_DAY), expiryAt(START_DAY, SPOT, end - 60n));
  return withAccount(root, RICH, [], { cash: 10_000_000n * USDC });
}

/** An expiry with a flat smile, or without any if there is no forward. */
function expiryAt(day: number, forward: bigint, curveTime: bigint): Expiry {
  const refTau = expiryTime(day) - START > 0n ? expiryTime(day) - START : 86_400n;
  const a = (640_000n * 1_000_000n * refTau) / 31_536_000n;
  const curve = { a, b: 0n, rho: 0n, m: 0n, sigma: 1n, refTau };
  const marks = forward === 0n ? {} : { forward, curveSpot: forward, curveTime, curve };
  return { ...EMPTY_EXPIRY, shorts: 9, ...marks };
}

function withAccount(
  root: TreeRoot,
  id: number,
  positions: readonly Position[],
  fields: Partial<Account> = {},
): TreeRoot {
  const sorted = [...positions].sort((a, b) => (a.series < b.series ? -1 : 1));
  const owner = id >= FUND_ACCOUNT ? new Uint8Array(20) : signerAddress(id);
  return set(root, accountKey(id), { ...emptyAccount(owner), mode: MODE_STANDARD, positions: sorted, ...fields });
}

describe("parity where auctions meet old marks, debts and the fund", () => {
  const judge = startJudge();
  let random: Random;

  before(async () => {
    random = new Random(SEED);
  });

  /** Judges one batch of transactions on `root`; returns the state after. */
  async function judged(root: TreeRoot, ...cases: readonly (readonly [Transaction, string])[]): Promise<TreeRoot> {
    const log = new InputLog();
    const machine = new Machine(testConfig(judge.chainId, INBOX), log, root, { ...GENESIS_CURSOR, l2Time: START });
    const payload = Buffer.concat(cases.map(([tx]) => encodeItem(encodeTransaction(tx, START))));
    log.appendBatch(batchOf(new Uint8Array(payload), { messagesRead: 0n, l1Time: START, l2Time: START }));
    const steps: ProvenStep[] = [];
    while (!machine.finished(log.batchCount)) steps.push(machine.provenStep(log.batchCount));
    const items = steps.filter(({ kind }) => kind === "item");
    expect(items.map(({ code }) => resultName(code))).to.deep.equal(cases.map(([, name]) => name));
    await expectParity(judge, log, log.batchCount, steps, random, 1);
    return machine.state.root;
  }

  function bid(limit = 10n ** 14n, fraction = FRACTION): Transaction {
    const [nonce, deadline] = [1n, START + 100n];
    const { domain } = testConfig(judge.chainId, INBOX);
    const signature = sign(bidDigest(domain, POOR, RICH, fraction, limit, nonce, deadline), privateKey(RICH));
    return { type: TX_BID, account: POOR, bidder: RICH, fraction, limit, auth: { nonce, deadline, signature } };
  }

  const start: Transaction = { type: TX_START_AUCTION, account: POOR };
  const end: Transaction = { type: TX_END_AUCTION, account: POOR };
  const fundBid = (fund: number, fraction = FRACTION): Transaction => ({
    ...{ type: TX_FUND_BID, account: POOR, fund, fraction },
  });
  const accountOf = (root: TreeRoot, id: number): Account => get(root, accountKey(id)) as Account;
  const fundOf = (root: TreeRoot): bigint => (get(root, GLOBALS_KEY) as Globals).fund;

  for (const [name, others] of [
    ["old marks", [old, oldLong]],
    ["no marks", [blank]],
    ["old marks and none", [old, oldLong, blank]],
  ] as const) {
    it(`auctions an account with ${name} beside recent ones`, async () => {
      const cash = 3_000n * USDC;
      const started = await judged(withAccount(beginning(), POOR, [short, ...others], { cash }), [start, "OK"]);
      await judged(started, [start, "AuctionRunning"]);
      await judged(withAccount(beginning(), POOR, others, { cash: 1n }), [start, "MarksStale"]);
      for (const fraction of [FRACTION, FRACTION / 3n]) {
        const auctioned = withAccount(beginning(), POOR, [short, ...others], { cash, auction: START - 600n });
        await judged(auctioned, [end, "AuctionRunning"], [bid(10n ** 14n, fraction), "OK"]);
        const due = withAccount(beginning(), POOR, [short, ...others], { cash, auction: START - 3_700n });
        const after = await judged(due, [fundBid(FUND_ACCOUNTS - 1, fraction), "OK"]);
        expect(accountOf(after, FUND_ACCOUNT + FUND_ACCOUNTS - 1).positions.length).to.be.above(0);
      }
    });
  }

  it("sells whoever is worth something, and serves the debt first", async () => {
    // A debtor has no cash. What it sells are longs that are worth more than its shorts.
    const longs = position(FRESH, DAY, SPOT + 1_250_000n, true, 40n);
    for (const debt of [0n, 500n * USDC, 4_000n * USDC, 50_000n * USDC]) {
      const fields = { cash: 0n, debt, auction: START - 600n };
      const before = withAccount(beginning(), POOR, [short, longs], fields);
      for (const fraction of [FRACTION, FRACTION / 4n]) {
        const after = await judged(before, [bid(10n ** 14n, fraction), "OK"]);
        expect(fundOf(after) - fundOf(before)).to.equal(debt - accountOf(after, POOR).debt);
        expect(accountOf(after, POOR).debt < debt || debt === 0n).to.equal(true);
      }
      const due = withAccount(before, POOR, [short, longs], { ...fields, auction: START - 3_700n });
      await judged(due, [fundBid(0), "OK"]);
    }
    const worthless = withAccount(beginning(), POOR, [short], { cash: 1n, auction: START - 600n });
    await judged(worthless, [bid(), "BidAboveLimit"]);
    await judged(withAccount(beginning(), POOR, [short], { cash: 1n, auction: START - 3_700n }), [fundBid(3), "OK"]);
  });

  it("ends the auction of an account that covers its maintenance requirement, whatever the buffer asks for", async () => {
    const spread = [position(FRESH, DAY, 50_000_000n, false, -10n), position(FRESH, DAY, 51_250_000n, false, 10n)];
    const auction = START - 600n;
    const enough = withAccount(beginning(), POOR, spread, { cash: 1_250n * USDC, auction });
    await judged(enough, [bid(), "NotLiquidatable"], [end, "OK"]);
    const less = withAccount(beginning(), POOR, spread, { cash: 1_250n * USDC - 1n, auction });
    await judged(less, [end, "AuctionRunning"], [bid(), "OK"]);
    // What has no mark does not keep it there.
    const mixed = withAccount(beginning(), POOR, [...spread, blank], { cash: 1_250n * USDC, auction });
    await judged(mixed, [end, "OK"]);
    // Settled meanwhile, all of it.
    await judged(withAccount(beginning(), POOR, [], { cash: 1n, debt: 1n, auction }), [end, "OK"]);
    await judged(withAccount(beginning(), POOR, [], { cash: 1n, debt: 2n, auction }), [end, "AuctionRunning"]);
  });

  it("keeps dust out of the fund's accounts", async () => {
    const dust = position(FRESH, DAY, SPOT, false, -1n);
    const auction = START - 3_700n;
    await judged(withAccount(beginning(), POOR, [dust], { cash: 1n, auction }), [fundBid(1), "BidTooSmall"]);
    await judged(withAccount(beginning(), POOR, [dust], { cash: 1n, auction: START - 600n }), [
      fundBid(1),
      "FundNotDue",
    ]);
  });

  it("counts what the spot has moved since the last smile of a passed expiry for the owner in an auction, else against him", async () => {
    const at = (spot: bigint, id: number, cash: bigint): TreeRoot => {
      const root = withAccount(beginning(), id, [expired], { cash });
      return set(root, marketKey(FRESH), { ...(get(root, marketKey(FRESH)) as Market), spot });
    };
    // Ten calls at the money: 9 % of the forward for maintenance, 15 % initially, and what they lose there.
    for (const [spot, maintenance, initial] of [
      [SPOT, 3_600n, 6_000n],
      [(SPOT * 11n) / 10n, 3_600n, 4_000n + 6_600n],
      [(SPOT * 9n) / 10n, 3_240n, 6_000n],
    ] as const) {
      await judged(at(spot, POOR, maintenance * USDC), [start, "NotLiquidatable"]);
      const auctioned = await judged(at(spot, POOR, maintenance * USDC - 1n), [start, "OK"]);
      await judged(auctioned, [bid(), "OK"]);
      const collect: Transaction = { type: TX_COLLECT_FUND, fund: 0 };
      await judged(at(spot, FUND_ACCOUNT, initial * USDC), [collect, "NothingToCollect"]);
      await judged(at(spot, FUND_ACCOUNT, initial * USDC + 1n), [collect, "OK"]);
    }
  });

  it("leaves the fund's accounts without a debt", async () => {
    const key = expiryKey((FRESH << 16) | START_DAY);
    for (const [id, cash] of [
      [FUND_ACCOUNT, 100n],
      [FUND_ACCOUNT + FUND_ACCOUNTS - 1, 0n],
      [FUND_ACCOUNT - 1, 100n],
    ] as const) {
      const root = withAccount(beginning(), id, [expired], { cash: cash * USDC });
      const fixed = set(root, key, { ...(get(root, key) as Expiry), price: SPOT + 1_250_000n });
      const settle: Transaction = { type: TX_SETTLE, market: FRESH, day: START_DAY, accounts: [id] };
      const after = accountOf(await judged(fixed, [settle, "OK"]), id);
      expect([after.cash, after.debt]).to.deep.equal([0n, id < FUND_ACCOUNT ? (1_250n - cash) * USDC : 0n]);
    }
  });

  it("holds the cap by the anchor before the first report, and where the spot is lower", async () => {
    const { domain } = testConfig(judge.chainId, INBOX);
    const [nonce, deadline] = [1n, START + 100n];
    const signature = sign(setModeDigest(domain, POOR, MODE_STANDARD, nonce, deadline), privateKey(POOR));
    const setMode: Transaction = {
      ...{ type: TX_SET_MODE, account: POOR, mode: MODE_STANDARD, auth: { nonce, deadline, signature } },
    };
    const held = { mode: MODE_COLLATERALISED, cash: 10_000_000n * USDC };
    for (const [id, anchor, spot, name] of [
      [BLANK, 1_500_000n, 0n, "ExposureCap"],
      [BLANK, 400_000n, 0n, "OK"],
      [FRESH, SPOT, 1n, "ExposureCap"],
      [FRESH, 400_000n, SPOT, "ExposureCap"],
      [FRESH, 400_000n, 400_000n, "OK"],
    ] as const) {
      const root = withAccount(beginning(), POOR, [id === BLANK ? blank : short], held);
      const market = { ...(get(root, marketKey(id)) as Market), anchor, spot, exposureMultiple: 1n };
      const exposure = 1_500n * ONE;
      await judged(set(root, marketKey(id), { ...market, exposure }), [setMode, name]);
    }
  });
});
