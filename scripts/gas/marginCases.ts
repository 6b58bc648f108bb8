import { concat } from "../../src/crypto/bytes.ts";
import { sign } from "../../src/crypto/secp256k1.ts";
import {
  FRACTION,
  FUND_ACCOUNT,
  MAX_CURVES,
  MAX_EXPIRIES,
  MAX_POSITIONS,
  MAX_SETTLE,
  MAX_SIGNERS,
  MODE_STANDARD,
  SPOT_MAX_AGE,
} from "../../src/machine/Constants.ts";
import type { MachineConfig } from "../../src/machine/Execution.ts";
import { MESSAGE_SET_MARKET, MESSAGE_SET_SIGNERS, type Message } from "../../src/machine/Inputs.ts";
import { mark, viewOf } from "../../src/machine/Marks.ts";
import { earlierDigest, reportDigest, type ReportSignatures } from "../../src/machine/OracleReports.ts";
import { makePosition, packSeries, type Position } from "../../src/machine/Positions.ts";
import {
  expiryKey,
  expiryTime,
  KIND_SIGNERS,
  marketKey,
  SIGNERS_KEY,
  type Account,
  type Expiry,
  type Market,
} from "../../src/machine/Slots.ts";
import { get, set, type TreeRoot } from "../../src/machine/StateTree.ts";
import { bidDigest, setModeDigest } from "../../src/machine/TypedData.ts";
import {
  TX_BID,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FILL,
  TX_FUND_BID,
  TX_ORACLE_REPORT,
  TX_SET_MODE,
  TX_SETTLE,
  TX_START_AUCTION,
  type OracleReport,
  type Transaction,
} from "../../src/machine/Wire.ts";
import { riskPayload, signersPayload } from "../../src/replay/payloads.ts";
import { makerOrder, PLAIN, takerOrder, withdrawal, type Draft } from "../../test/support/traffic/builders.ts";
import { BTC, privateKey, signerAddress, START, START_DAY } from "../../test/support/traffic/world.ts";
import { forced, item, largest, message, SENT, type ProofCase } from "./ProofCase.ts";
import { DAY, MAKER, TAKER, withAccount } from "./state.ts";

/** The steps that marks, margin, auctions and the oracle bring: each as it usually is, and as large as the rules allow. */

const NONCE = 123_456n;
const LOT = 100_000n;
const SPOT = 40_000_000n;
/** The traded series: a call at the money. */
const STRIKE = 40_000_000n;
const VOL = 800_000n;
/** Account numbers whose keys the oracle signs with. */
const ORACLE = 180;
const RICH = 123_456_789_012_345n;

type Expiries = readonly (readonly [market: number, days: number])[];
const ONE: Expiries = [[1, 0]];
const TWO: Expiries = [...ONE, [1, 1]];
const FOUR: Expiries = [...TWO, [1, 2], [1, 3]];
/** Eight expiries in eight markets; but for the traded market, the two sides have none in common. */
const MAKERS: Expiries = Array.from({ length: MAX_EXPIRIES }, (_, i) => [1 + i, 0]);
const TAKERS: Expiries = Array.from({ length: MAX_EXPIRIES }, (_, i) => [i === 0 ? 1 : 8 + i, 0]);

/** All of them, on top of the exchange's state. */
export function marginCases(config: MachineConfig, base: TreeRoot): ProofCase[] {
  const signing = { domain: config.domain };
  const owner = { nonce: NONCE, deadline: START + 600n };
  const marked = withMarks(base, 3, MAX_SIGNERS);
  const few = withMarks(base, 2, 3);
  const fromSettlement = { ...SENT, sender: config.settlement };

  const draft = (account: number, isSell: boolean, keyIndex: number): Draft => ({
    ...{ account, market: 1, expiryDay: DAY, strike: STRIKE, isPut: false, isSell, quantity: LOT },
    ...{ limitPrice: tickOf(markOf(marked, DAY, STRIKE)), maxFee: 10_000_000n, nonce: NONCE },
    ...{ deadline: START + 1000n, ...PLAIN, forcible: true, keyIndex, keyEpoch: keyIndex },
  });
  /** The taker sells. */
  const fill = (keyIndex: number): Transaction => ({
    type: TX_FILL,
    maker: makerOrder(signing, draft(MAKER, false, keyIndex), BTC),
    taker: takerOrder(signing, draft(TAKER, true, keyIndex), BTC, draft(MAKER, false, keyIndex).limitPrice),
    lots: 1n,
  });
  /** Both sides with books of longs and shorts by turns, before the fill brings one more position. */
  const sides = (root: TreeRoot, positions: number, makers: Expiries, takers: Expiries, run = 1): TreeRoot =>
    onMargin(onMargin(root, MAKER, book(positions - 1, makers, run)), TAKER, book(positions - 1, takers, run));
  /** Both sides with shorts alone, each of which has to be marked. */
  const bare = onMargin(
    onMargin(marked, MAKER, shorts(MAX_POSITIONS - 1, MAKERS)),
    TAKER,
    shorts(MAX_POSITIONS - 1, TAKERS),
  );
  const setMode = (mode: number): Transaction => ({
    type: TX_SET_MODE,
    account: MAKER,
    mode,
    auth: {
      ...owner,
      signature: sign(setModeDigest(config.domain, MAKER, mode, NONCE, owner.deadline), privateKey(MAKER)),
    },
  });
  const bid = (limit: bigint): Transaction => {
    const terms = [MAKER, TAKER, FRACTION, limit, NONCE, owner.deadline] as const;
    const signature = sign(bidDigest(config.domain, ...terms), privateKey(TAKER));
    return { type: TX_BID, account: MAKER, bidder: TAKER, fraction: FRACTION, limit, auth: { ...owner, signature } };
  };
  // Below maintenance: the shorts of one expiry, or 64 of eight, with nothing behind them but what they brought.
  const poor = (root: TreeRoot, positions: number, expiries: Expiries, auction: bigint, lots = 1n): TreeRoot => {
    const held = shorts(positions, expiries).map((each) => ({ ...each, quantity: each.quantity * lots }));
    return onMargin(root, MAKER, held, { cash: lots * valueOf(root, shorts(positions, expiries)), auction });
  };
  const report = (root: TreeRoot, signers: number, curves: number, confirmed: boolean): Transaction =>
    signedReport(config, root, signers, curves, confirmed);
  const settle = (accounts: number): Transaction => ({
    type: TX_SETTLE,
    market: 1,
    day: START_DAY,
    accounts: Array.from({ length: accounts }, (_, i) => MAKER + i),
  });
  const expired = shorts(MAX_POSITIONS, ONE, START_DAY);
  const full = shorts(MAX_POSITIONS, MAKERS);

  return [
    item("fill, margin", sides(few, 1, ONE, ONE), fill(0)),
    item("fill, margin, 16 positions", sides(few, 16, TWO, TWO), fill(0)),
    item("fill, margin, 32 positions", sides(few, 32, FOUR, FOUR), fill(0)),
    largest("fill, margin, largest", sides(marked, MAX_POSITIONS, MAKERS, TAKERS), fill(1)),
    // Spreads as wide as the charge of their short: each has to be marked, and paired twice where the two charges disagree.
    largest("fill, margin, wide spreads, largest", sides(marked, MAX_POSITIONS, MAKERS, TAKERS, 2), fill(1)),
    largest("fill, margin, shorts alone, largest", bare, fill(1)),
    forced("forced fill, margin, largest", sides(marked, MAX_POSITIONS, MAKERS, TAKERS), fill(1)),
    item("withdraw, margin", onMargin(few, MAKER, shorts(4, TWO)), withdrawal(signing, MAKER, 1n, 0, owner)),
    largest("withdraw, margin, largest", onMargin(marked, MAKER, full), withdrawal(signing, MAKER, 1n, 1, owner)),
    item("set mode", withAccount(few, MAKER, { positions: shorts(4, TWO) }), setMode(MODE_STANDARD)),
    largest("set mode, largest", withAccount(marked, MAKER, { positions: full }), setMode(MODE_STANDARD)),
    item("settle, margin", onMargin(few, MAKER, shorts(2, ONE, START_DAY)), settle(1)),
    largest("settle, margin, largest", onMargin(marked, MAKER, expired), settle(MAX_SETTLE)),
    item("start auction", poor(few, 4, TWO, 0n), { type: TX_START_AUCTION, account: MAKER }),
    largest("start auction, largest", poor(marked, MAX_POSITIONS, MAKERS, 0n), {
      type: TX_START_AUCTION,
      account: MAKER,
    }),
    item("end auction", onMargin(few, MAKER, shorts(4, TWO), { auction: START - 60n }), {
      type: TX_END_AUCTION,
      account: MAKER,
    }),
    largest("end auction, largest", onMargin(marked, MAKER, full, { auction: START - 60n }), {
      type: TX_END_AUCTION,
      account: MAKER,
    }),
    item("bid", onMargin(poor(few, 4, TWO, START - 600n), TAKER, shorts(4, TWO)), bid(RICH)),
    largest("bid, largest", onMargin(poor(marked, MAX_POSITIONS, MAKERS, START - 600n), TAKER, full), bid(RICH)),
    // Not too small for the fund.
    item("fund bid", poor(few, 4, TWO, START - 3_700n, 10n), {
      type: TX_FUND_BID,
      account: MAKER,
      fund: 0,
      fraction: FRACTION,
    }),
    largest(
      "fund bid, largest",
      onMargin(poor(marked, MAX_POSITIONS, MAKERS, START - 3_700n), FUND_ACCOUNT, full, { cash: 10n ** 12n }),
      { type: TX_FUND_BID, account: MAKER, fund: 0, fraction: FRACTION },
    ),
    item("collect fund", withAccount(few, FUND_ACCOUNT, { cash: RICH }), { type: TX_COLLECT_FUND, fund: 0 }),
    largest("collect fund, largest", onMargin(marked, FUND_ACCOUNT, full), { type: TX_COLLECT_FUND, fund: 0 }),
    item("oracle report", few, report(few, 2, 4, false)),
    largest("oracle report, largest", quiet(marked), report(marked, MAX_SIGNERS, MAX_CURVES, true)),
    message("set signers", base, fromKind(fromSettlement, MESSAGE_SET_SIGNERS, signersPayload(2, addresses(3)))),
    message(
      "set signers, largest",
      marked,
      fromKind(fromSettlement, MESSAGE_SET_SIGNERS, signersPayload(MAX_SIGNERS, addresses(MAX_SIGNERS))),
    ),
    message(
      "set market",
      base,
      fromKind(
        fromSettlement,
        MESSAGE_SET_MARKET,
        riskPayload(1, { ...RISK, minVol: 50_000, maxVol: 5_000_000, exposureMultiple: 1_000 }),
      ),
    ),
  ];
}

const RISK = { minVol: 50_000n, maxVol: 5_000_000n, bandFloor: 50_000n, exposureMultiple: 1_000n };

function fromKind(sent: Pick<Message, "sender" | "l1Block" | "l1Time">, kind: number, payload: Uint8Array): Message {
  return { ...sent, kind, payload };
}

function addresses(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => signerAddress(ORACLE + i));
}

/** The state with marks in all markets, and `signers` of whom `threshold` are needed. */
function withMarks(root: TreeRoot, threshold: number, signers: number): TreeRoot {
  root = set(root, SIGNERS_KEY, { kind: KIND_SIGNERS, threshold, addresses: addresses(signers) });
  const window = { low: SPOT, high: SPOT, lowBefore: SPOT, highBefore: SPOT };
  for (let id = 1; id <= 15; id++) {
    const market = get(root, marketKey(id)) as Market;
    const spot = { spot: SPOT, spotTime: START - 12n, anchorTime: START - 7_200n, ...window };
    root = set(root, marketKey(id), { ...market, ...RISK, ...spot, exposure: 10n ** 9n });
    for (let i = 0; i < 8; i++) {
      const key = expiryKey((id << 16) | (DAY + i));
      root = set(root, key, { ...(get(root, key) as Expiry), ...curveOf(DAY + i) });
    }
  }
  return root;
}

/** The state a minute and a half after the last report, so that a jump has been shown since. */
function quiet(root: TreeRoot): TreeRoot {
  return set(root, marketKey(1), { ...(get(root, marketKey(1)) as Market), spotTime: START - 90n });
}

/** Forward and smile of a day: not flat, so that everything is computed. */
function curveOf(day: number): Pick<Expiry, "forward" | "curveSpot" | "curveTime" | "curve"> {
  const tenor = expiryTime(day) - START;
  const variance = (VOL * VOL * tenor) / 31_536_000n;
  const curve = {
    a: (variance * 9n) / 10n,
    b: variance / 2n,
    rho: -250_000_000_000n,
    m: 10_000_000_000n,
    sigma: 200_000_000_000n,
    refTau: tenor,
  };
  return { forward: SPOT + 12_345n, curveSpot: SPOT, curveTime: START - 300n, curve };
}

function onMargin(root: TreeRoot, id: number, positions: readonly Position[], fields: Partial<Account> = {}): TreeRoot {
  return withAccount(root, id, { mode: MODE_STANDARD, cash: RICH, positions, ...fields });
}

/** Short calls and puts by turns, of as many strikes, over the expiries: each has to be marked. */
function shorts(positions: number, expiries: Expiries, firstDay = DAY): readonly Position[] {
  return Array.from({ length: positions }, (_, i) => {
    const [market, days] = expiries[i % expiries.length]!;
    const place = Math.floor(i / expiries.length);
    const strike = 30_000_000n + BigInt(place) * 1_250_000n;
    return makePosition(packSeries(market, firstDay + days, strike, place % 2 === 1), -LOT);
  }).sort((a, b) => (a.series < b.series ? -1 : 1));
}

/**
 * Shorts as in `shorts`, of which `run` of a type are followed by as many longs instead: each of those covers the short next to it
 * that nothing covers yet.
 */
function book(positions: number, expiries: Expiries, run = 1): readonly Position[] {
  return shorts(positions, expiries).map((position) => {
    const place = Number((position.strike - 30_000_000n) / 1_250_000n);
    return place % (4 * run) < 2 * run ? position : { ...position, quantity: LOT };
  });
}

/** What the positions are worth at their marks, without the sign: cash that is far below maintenance and not yet insolvent. */
function valueOf(root: TreeRoot, positions: readonly Position[]): bigint {
  const worth = positions.reduce((sum, { series, expiry }) => {
    const strike = (series >> 1n) & ((1n << 39n) - 1n);
    return sum + (markIn(root, expiry, strike, (series & 1n) === 1n) * LOT) / 10_000n;
  }, 0n);
  return worth + worth / 100n;
}

function markOf(root: TreeRoot, day: number, strike: bigint): bigint {
  return markIn(root, (1 << 16) | day, strike, false);
}

function markIn(root: TreeRoot, expiry: number, strike: bigint, put: boolean): bigint {
  const market = get(root, marketKey(expiry >>> 16)) as Market;
  const view = viewOf(expiry, market, get(root, expiryKey(expiry)) as Expiry, START, SPOT_MAX_AGE);
  return mark(view, packSeries(expiry >>> 16, expiry & 0xffff, strike, put));
}

/** The nearest price on BTC's tick. */
function tickOf(price: bigint): bigint {
  return (price / BTC.tick) * BTC.tick;
}

function signedReport(
  config: MachineConfig,
  root: TreeRoot,
  signers: number,
  curves: number,
  confirmed: boolean,
): OracleReport {
  const market = get(root, marketKey(1)) as Market;
  const spot = confirmed ? (market.spot * 13n) / 10n : market.spot + 1_000n;
  const plain = {
    market: 1,
    time: START,
    spot,
    curves: Array.from({ length: curves }, (_, i) => {
      const { curve } = curveOf(DAY + i);
      return { day: DAY + i, forward: spot + 12_345n, curve };
    }),
  };
  const signed = (digest: Uint8Array): ReportSignatures => ({
    signers: 2 ** signers - 1,
    signatures: Array.from({ length: signers }, (_, i) => sign(digest, privateKey(ORACLE + i))),
  });
  const signatures = signed(reportDigest(config.domain, plain));
  if (!confirmed) return { type: TX_ORACLE_REPORT, ...plain, ...signatures, earlier: undefined };
  const shown = { time: START - 60n, spot, curvesHash: concat(new Uint8Array(31), Uint8Array.of(7)) };
  const earlier = { ...shown, signers: 0, signatures: [] };
  return {
    ...{ type: TX_ORACLE_REPORT, ...plain, ...signatures },
    earlier: { ...shown, ...signed(earlierDigest(config.domain, 1, earlier)) },
  };
}
