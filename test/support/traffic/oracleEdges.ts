import { keccak256 } from "../../../src/crypto/keccak.ts";
import {
  ANCHOR_BOUND_AGE,
  BASIS,
  CONFIRM_AFTER,
  CONFIRM_WITHIN,
  FORWARD_BASE,
  FORWARD_RATE,
  MAX_CURVES,
  MAX_EXPOSURE_MULTIPLE,
  MAX_PRICE,
  MAX_SIGNERS,
  MAX_VOL,
  MIN_VOL,
  REPORT_MAX_AGE,
} from "../../../src/machine/Constants.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import { MESSAGE_SET_MARKET, MESSAGE_SET_SIGNERS, type Message } from "../../../src/machine/Inputs.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import {
  packCurves,
  type Report,
  type ReportedCurve,
  type ReportSignatures,
} from "../../../src/machine/OracleReports.ts";
import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import {
  EMPTY_EXPIRY,
  expiryKey,
  expiryTime,
  marketKey,
  SIGNERS_KEY,
  type Curve,
  type Market,
} from "../../../src/machine/Slots.ts";
import { set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { TX_ORACLE_REPORT } from "../../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { SECONDS_PER_YEAR } from "../../../src/pricing/PricingBounds.ts";
import { riskPayload, signersPayload } from "../../../src/replay/payloads.ts";
import { batchOf } from "../batch.ts";
import { flatCurve, members, ORACLE } from "../oracle.ts";
import { runEdge, type Edge } from "./settlementEdges.ts";
import { BTC, INBOX, SETTLEMENT, signerAddress, START, START_DAY, testConfig } from "./world.ts";

/** What random traffic hardly ever meets in the oracle: everything that has a bound, at it and one beyond. */

const MARKET = 1;
const USD = 10_000n;
const SENT = { sender: SETTLEMENT, l1Block: 1n, l1Time: START };

/** One message or report, and what has to become of it. */
export interface OracleEdge extends Edge {
  readonly name: string;
  readonly expected: ResultName;
}

/** Sets of signers and parameters of markets at their bounds. */
export function oracleMessageEdges(chainId: bigint): readonly OracleEdge[] {
  const addresses = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => signerAddress(i));
  const [one, three, most, tooMany] = [1, 3, MAX_SIGNERS, MAX_SIGNERS + 1].map(addresses) as [
    Uint8Array[],
    Uint8Array[],
    Uint8Array[],
    Uint8Array[],
  ];
  const signers = (name: string, expected: ResultName, payload: Uint8Array): [string, ResultName, Message] => {
    return [`signers: ${name}`, expected, { ...SENT, kind: MESSAGE_SET_SIGNERS, payload }];
  };
  const risk = { minVol: 100_000, maxVol: 3_000_000, bandFloor: 50_000n, exposureMultiple: 20 };
  const plain = riskPayload(MARKET, risk);
  const market = (name: string, expected: ResultName, payload: Uint8Array): [string, ResultName, Message] => {
    return [`market: ${name}`, expected, { ...SENT, kind: MESSAGE_SET_MARKET, payload }];
  };
  const changed = (name: string, expected: ResultName, change: Partial<typeof risk>): [string, ResultName, Message] => {
    return market(name, expected, riskPayload(MARKET, { ...risk, ...change }));
  };
  const cases = [
    signers("one of one", "OK", signersPayload(1, one)),
    signers("all of three", "OK", signersPayload(3, three)),
    signers("none of three", "SignersInvalid", signersPayload(0, three)),
    signers("four of three", "SignersInvalid", signersPayload(4, three)),
    signers("as many as may be", "OK", signersPayload(MAX_SIGNERS, most)),
    signers("one more", "Malformed", signersPayload(1, tooMany)),
    signers("nobody", "Malformed", signersPayload(1, [])),
    signers("nothing", "Malformed", new Uint8Array(0)),
    signers("a byte short", "Malformed", signersPayload(1, three).slice(0, -1)),
    signers("the first one twice", "SignersInvalid", signersPayload(1, [three[0]!, three[1]!, three[0]!])),
    signers("the last two the same", "SignersInvalid", signersPayload(1, [three[0]!, three[1]!, three[1]!])),
    signers("the zero address", "SignersInvalid", signersPayload(1, [three[0]!, new Uint8Array(20)])),
    market("plain", "OK", plain),
    market("a byte short", "Malformed", plain.slice(0, -1)),
    market("a byte long", "Malformed", Uint8Array.of(...plain, 0)),
    market("not listed", "MarketUnknown", riskPayload(9, risk)),
    changed("the smallest vol", "OK", { minVol: Number(MIN_VOL) }),
    changed("a smaller vol", "MarketInvalid", { minVol: Number(MIN_VOL) - 1 }),
    changed("the largest vol", "OK", { maxVol: Number(MAX_VOL) }),
    changed("a larger vol", "MarketInvalid", { maxVol: Number(MAX_VOL) + 1 }),
    changed("one vol alone", "OK", { minVol: 500_000, maxVol: 500_000 }),
    changed("none between", "MarketInvalid", { minVol: 500_001, maxVol: 500_000 }),
    changed("no least band", "MarketInvalid", { bandFloor: 0n }),
    changed("the smallest least band", "OK", { bandFloor: 1n }),
    changed("the largest least band", "OK", { bandFloor: MAX_PRICE }),
    changed("a larger least band", "MarketInvalid", { bandFloor: MAX_PRICE + 1n }),
    changed("no exposure", "OK", { exposureMultiple: 0 }),
    changed("the largest exposure", "OK", { exposureMultiple: Number(MAX_EXPOSURE_MULTIPLE) }),
    changed("a larger exposure", "MarketInvalid", { exposureMultiple: Number(MAX_EXPOSURE_MULTIPLE) + 1 }),
  ];
  const stranger = { sender: signerAddress(7) };
  const foreign = [cases[0]!, market("plain", "OK", plain)].map(([name, , message]): [string, ResultName, Message] => {
    return [`${name}, by a stranger`, "WrongSender", { ...message, ...stranger }];
  });
  return [...cases, ...foreign].map(([name, expected, message]) => {
    const log = new InputLog();
    log.appendMessage(message);
    log.appendBatch(batchOf(new Uint8Array(0), { messagesRead: 1n, l1Time: START, l2Time: START }, 0));
    return { ...runEdge(chainId, stateWith({ bandFloor: 12_345n }), log), name, expected };
  });
}

/** A report, in the world that it meets. What is left out is plain. */
interface ReportCase {
  /** Seconds. */
  readonly now?: bigint;
  readonly market?: Partial<Market>;
  /** Whether the price of the curves' expiry is fixed. */
  readonly isPriced?: boolean;
  readonly report?: Partial<Report>;
  readonly signed?: Signed;
  readonly earlier?: Pick<Report, "time" | "spot"> & { readonly signed?: Signed };
  /** What becomes of its bytes. */
  readonly spoil?: (bytes: Uint8Array) => Uint8Array;
}

/** Who signs: members of the oracle, of whom the last may be a stranger, or the last one's signature another's. */
type Signed = readonly number[] | "a stranger too" | "one for another" | "by nobody known";

/** The spot of the market before, and of a report that is plain. */
const SPOT = 4_000n * USD;
const DAY = START_DAY + 1;
/** Parameters of a curve are in 1e-12. */
const [ONE, E10] = [10n ** 12n, 10n ** 10n];

/** Reports whose times, prices, jumps, forwards and signatures are at their bounds. */
export function reportEdges(chainId: bigint): readonly OracleEdge[] {
  const fresh = { spot: 0n, spotTime: 0n, low: 0n, high: 0n };
  const quiet = { spotTime: START - 1_000n };
  const at = (spot: bigint, market: Partial<Market> = {}): ReportCase => ({ market, report: { spot } });
  const aged = (age: bigint): ReportCase => ({ report: { time: START - age }, market: { spotTime: START - 500n } });
  const anchored = (spot: bigint, age = 0n): ReportCase =>
    at(spot, { ...fresh, anchor: SPOT, anchorTime: START - age });
  const confirmed = (
    ago: bigint,
    [from, to] = [5_000n * USD, 5_000n * USD],
    spotTime = quiet.spotTime,
  ): ReportCase => ({
    market: { spotTime },
    report: { spot: to },
    earlier: { time: START - ago, spot: from },
  });
  const curves = (change: Partial<ReportedCurve>, spot = SPOT): ReportCase => {
    const curve = flatCurve(DAY, spot, START);
    return { market: fresh, report: { spot, curves: [{ ...curve, ...change }] } };
  };
  const flat = (market: Partial<Market>, change: Partial<ReportedCurve> = {}): ReportCase => ({
    ...curves(change),
    market: { ...fresh, ...market },
  });
  // The curve is that of the last second, so that nothing is wrong at the expiry but the time.
  const ending = (left: bigint): ReportCase => {
    const now = expiryTime(DAY) - left;
    return { now, market: fresh, report: { time: now, curves: [flatCurve(DAY, SPOT, expiryTime(DAY) - 1n)] } };
  };
  const left = expiryTime(DAY) - START;
  const many = (days: readonly number[]): ReportCase => {
    return { market: fresh, report: { curves: days.map((day) => flatCurve(day, SPOT, START)) } };
  };
  const next = (count: number): number[] => Array.from({ length: count }, (_, i) => DAY + i);
  // Of a year, so that a variance is the square of a vol.
  const year = { a: 36n * E10, b: 0n, rho: 0n, m: 0n, sigma: ONE, refTau: SECONDS_PER_YEAR };
  const smile = (change: Partial<Curve>, market: Partial<Market> = {}): ReportCase => {
    return flat(market, { curve: { ...year, ...change } });
  };
  // Of so round a price the bound on forwards is a whole number.
  const round = 10n * SECONDS_PER_YEAR;
  const reach = (round * (FORWARD_BASE * SECONDS_PER_YEAR + FORWARD_RATE * left)) / (BASIS * SECONDS_PER_YEAR);
  // The spots of the minute before and of this one.
  const wide = { low: 3_800n * USD, high: 4_200n * USD, spotTime: START - 30n };
  const within = { now: START + 20n, report: { time: START + 20n } };
  const before = { spotTime: START + 10n, lowBefore: 3_600n * USD, highBefore: 4_400n * USD };
  const moved = (spot: bigint, market: Partial<Market>): ReportCase => ({
    ...within,
    market,
    report: { ...within.report, spot },
  });
  const soon: ReportCase = {
    now: START + 1n,
    market: { spotTime: START - 60n },
    report: { time: START + 1n, spot: 5_000n * USD },
    earlier: { time: START - 59n, spot: 5_000n * USD },
  };
  const jump = { market: quiet, report: { spot: 5_000n * USD } };
  const earlier = { time: START - 100n, spot: 5_000n * USD };

  const cases: readonly (readonly [string, ResultName, ReportCase])[] = [
    ["plain", "OK", {}],
    ["with a byte too few", "Malformed", { spoil: (bytes) => bytes.slice(0, -1) }],
    ["with a byte too many", "Malformed", { spoil: (bytes) => Uint8Array.of(...bytes, 0) }],
    ["of now", "OK", aged(0n)],
    ["a second early", "ReportEarly", aged(-1n)],
    ["as old as it may be", "OK", aged(REPORT_MAX_AGE)],
    ["a second older", "ReportLate", aged(REPORT_MAX_AGE + 1n)],
    ["of the last one's time", "ReportOutdated", { market: { spotTime: START } }],
    ["a second after it", "OK", { market: { spotTime: START - 1n } }],
    ["of nothing", "PriceInvalid", at(0n, fresh)],
    ["of the smallest price", "OK", at(1n, fresh)],
    ["of it, the minute after another", "OK", at(1n, { spot: 1n, low: 1n, high: 1n, spotTime: START - 30n })],
    ["of the largest price", "OK", at(MAX_PRICE, fresh)],
    ["of a larger price", "PriceInvalid", at(MAX_PRICE + 1n, fresh)],
    ["of a market that is not listed", "MarketUnknown", { report: { market: 9 } }],
    ["of a market without parameters", "MarketInvalid", { market: { maxVol: 0n } }],

    ["a tenth above the feed", "OK", anchored((SPOT * 11n) / 10n)],
    ["more above it", "ReportOffAnchor", anchored((SPOT * 11n) / 10n + 1n)],
    ["a tenth below it", "OK", anchored((SPOT * 9n) / 10n)],
    ["more below it", "ReportOffAnchor", anchored((SPOT * 9n) / 10n - 1n)],
    ["far from an anchor that still counts", "ReportOffAnchor", anchored(2n * SPOT, ANCHOR_BOUND_AGE)],
    [
      "far from an anchor of the smallest price",
      "ReportOffAnchor",
      at(SPOT, { ...fresh, anchor: 1n, anchorTime: START }),
    ],
    ["far from one that does not", "OK", anchored(2n * SPOT, ANCHOR_BOUND_AGE + 1n)],

    ["as far up as a spot may move", "OK", at(4_600n * USD, quiet)],
    ["further up", "ReportJumps", at(4_600n * USD + 1n, quiet)],
    ["as far down as it may", "OK", at(3_400n * USD, quiet)],
    ["further down", "ReportJumps", at(3_400n * USD - 1n, quiet)],
    ["as far from the minute's low", "OK", at(4_370n * USD, wide)],
    ["further from it", "ReportJumps", at(4_370n * USD + 1n, wide)],
    ["as far from the minute's high", "OK", at(3_570n * USD, wide)],
    ["further from it", "ReportJumps", at(3_570n * USD - 1n, wide)],
    ["further from what is two minutes old", "OK", at(4_370n * USD + 1n, { ...wide, spotTime: START - 61n })],
    ["as far from the low of the minute before", "OK", moved(4_140n * USD, before)],
    ["further from it", "ReportJumps", moved(4_140n * USD + 1n, before)],
    ["as far from the high of the minute before", "OK", moved(3_740n * USD, before)],
    ["further from it", "ReportJumps", moved(3_740n * USD - 1n, before)],
    ["in the first minute of all", "OK", moved(4_140n * USD + 1n, { spotTime: START + 10n })],

    ["a jump that is confirmed as soon as it may be", "OK", confirmed(CONFIRM_AFTER)],
    ["a second sooner", "ReportJumps", confirmed(CONFIRM_AFTER - 1n)],
    ["in the minute after the last one's", "OK", soon],
    ["as late as it may be", "OK", confirmed(CONFIRM_WITHIN)],
    ["a second later", "ReportJumps", confirmed(CONFIRM_WITHIN + 1n)],
    ["by one a second after the last", "OK", confirmed(100n, undefined, START - 101n)],
    ["by one of the last one's time", "ReportJumps", confirmed(100n, undefined, START - 100n)],
    ["as far up from it as a spot may move", "OK", confirmed(100n, [5_000n * USD, 5_750n * USD])],
    ["further up", "ReportJumps", confirmed(100n, [5_000n * USD, 5_750n * USD + 1n])],
    ["as far down", "OK", confirmed(100n, [6_000n * USD, 5_100n * USD])],
    ["further down", "ReportJumps", confirmed(100n, [6_000n * USD, 5_100n * USD - 1n])],
    ["confirmed by too few", "SignersInvalid", { ...jump, earlier: { ...earlier, signed: [0, 1] } }],
    ["confirmed for another", "BadSignature", { ...jump, earlier: { ...earlier, signed: "one for another" } }],

    ["no forward", "ReportInvalid", curves({ forward: 0n })],
    ["a forward of the smallest price", "OK", curves({ forward: 1n }, 1n)],
    ["one of the largest", "OK", curves({ forward: MAX_PRICE }, MAX_PRICE)],
    ["a larger one", "ReportInvalid", curves({ forward: MAX_PRICE + 1n }, MAX_PRICE)],
    ["as far above the spot as interest goes", "OK", curves({ forward: round + reach }, round)],
    ["further above", "ReportInvalid", curves({ forward: round + reach + 1n }, round)],
    ["as far below", "OK", curves({ forward: round - reach }, round)],
    ["further below", "ReportInvalid", curves({ forward: round - reach - 1n }, round)],
    ["a vol below the market's", "ReportInvalid", flat({ minVol: 601_000n })],
    ["a vol above it", "ReportInvalid", flat({ maxVol: 599_000n })],
    ["a second before the expiry", "OK", ending(1n)],
    ["at the expiry", "ReportInvalid", ending(0n)],
    ["of an expiry whose price is fixed", "ReportInvalid", { ...curves({}), isPriced: true }],

    ["of as many curves as may be", "OK", many(next(MAX_CURVES))],
    ["of one more", "Malformed", many(next(MAX_CURVES + 1))],
    ["of two curves of a day", "Malformed", many([DAY, DAY])],
    ["of curves in the wrong order", "Malformed", many([DAY + 1, DAY])],
    ["that neither confirms nor does not", "Malformed", { spoil: (bytes) => bytes.with(-1, 2) }],
    ["of a vol that is both of the market's", "OK", smile({}, { minVol: 600_000n, maxVol: 600_000n })],
    ["of a vol a unit below", "ReportInvalid", smile({}, { minVol: 600_001n })],
    ["of a vol a unit above", "ReportInvalid", smile({}, { maxVol: 599_999n })],
    ["of a negative slope", "ReportInvalid", smile({ b: -1n })],
    ["of the largest slope", "OK", smile({ b: 2n * ONE, sigma: 1n })],
    ["of a larger slope", "ReportInvalid", smile({ b: 2n * ONE + 1n, sigma: 1n })],
    ["of the largest slope of a tilted smile", "OK", smile({ b: 160n * E10, rho: 25n * E10, sigma: 1n })],
    ["of one more tilted", "ReportInvalid", smile({ b: 160n * E10, rho: 25n * E10 + 1n, sigma: 1n })],
    ["of the largest slope of one tilted down", "OK", smile({ b: 160n * E10, rho: -25n * E10, sigma: 1n })],
    ["of one more tilted down", "ReportInvalid", smile({ b: 160n * E10, rho: -25n * E10 - 1n, sigma: 1n })],
    ["of the largest tilt", "OK", smile({ b: E10, rho: ONE - 1n })],
    ["of a full tilt", "ReportInvalid", smile({ b: E10, rho: ONE })],
    ["of the largest tilt down", "OK", smile({ b: E10, rho: 1n - ONE })],
    ["of a full tilt down", "ReportInvalid", smile({ b: E10, rho: -ONE })],
    ["of the farthest centre", "OK", smile({ b: E10, m: 10n * ONE })],
    ["of a farther one", "ReportInvalid", smile({ b: E10, m: 10n * ONE + 1n })],
    ["of the farthest centre below", "OK", smile({ b: E10, m: -10n * ONE })],
    ["of a farther one below", "ReportInvalid", smile({ b: E10, m: -10n * ONE - 1n })],
    ["of no width", "ReportInvalid", smile({ sigma: 0n })],
    ["of the smallest width", "OK", smile({ sigma: 1n })],
    ["of the largest width", "OK", smile({ sigma: 10n * ONE })],
    ["of a larger width", "ReportInvalid", smile({ sigma: 10n * ONE + 1n })],
    ["of no time", "ReportInvalid", smile({ refTau: 0n })],
    ["of a second", "OK", smile({ a: 20_000n, refTau: 1n })],
    ["of two years", "OK", smile({ refTau: 2n * SECONDS_PER_YEAR })],
    ["of a second more", "ReportInvalid", smile({ refTau: 2n * SECONDS_PER_YEAR + 1n })],
    ["of a smile that touches zero", "OK", smile({ a: -10n * E10, b: ONE, sigma: 10n * E10, m: ONE })],
    ["of one below zero", "ReportInvalid", smile({ a: -10n * E10 - 1n, b: ONE, sigma: 10n * E10, m: ONE })],
    [
      "of a tilted one that touches zero",
      "OK",
      smile({ a: -8n * E10, b: ONE, rho: 60n * E10, sigma: 10n * E10, m: -ONE }),
    ],
    [
      "of a tilted one below zero",
      "ReportInvalid",
      smile({ a: -8n * E10 - 1n, b: ONE, rho: 60n * E10, sigma: 10n * E10, m: -ONE }),
    ],

    ["by more than it takes", "OK", { signed: [0, 2, 3, 4] }],
    ["by the last ones", "OK", { signed: [2, 3, 4] }],
    ["by too few", "SignersInvalid", { signed: [0, 1] }],
    ["by somebody beyond the set", "SignersInvalid", { signed: "a stranger too" }],
    ["with one signature for another", "BadSignature", { signed: "one for another" }],
    ["before there are signers", "OracleUnset", { signed: "by nobody known" }],
  ];
  return cases.map(([name, expected, of]) => ({ ...runReport(chainId, of), name: `a report ${name}`, expected }));
}

function runReport(chainId: bigint, of: ReportCase): Edge {
  const { domain } = testConfig(chainId, INBOX);
  const { now = START, signed = [0, 1, 2] } = of;
  const report: Report = { market: MARKET, time: START, spot: SPOT, curves: [], ...of.report };
  const earlier = of.earlier && {
    ...{ time: of.earlier.time, spot: of.earlier.spot, curvesHash: keccak256(packCurves([])) },
    ...signatures(domain, { ...report, ...of.earlier, curves: [] }, of.earlier.signed ?? [0, 1, 2]),
  };
  const transaction = { type: TX_ORACLE_REPORT, ...report, ...signatures(domain, report, signed), earlier } as const;
  const bytes = encodeTransaction(transaction, now);
  const log = new InputLog();
  log.appendBatch(batchOf(encodeItem(of.spoil?.(bytes) ?? bytes), { messagesRead: 0n, l1Time: now, l2Time: now }));
  let root = stateWith(of.market);
  if (signed !== "by nobody known") root = set(root, SIGNERS_KEY, ORACLE);
  const expiry = { ...EMPTY_EXPIRY, price: of.isPriced === true ? SPOT : 0n };
  if (of.isPriced !== undefined) root = set(root, expiryKey((MARKET << 16) | DAY), expiry);
  return runEdge(chainId, root, log);
}

function signatures(domain: Uint8Array, report: Report, signed: Signed): ReportSignatures {
  const all = members(domain);
  const by = (i: number): Uint8Array => all[i]!.sign(report).signature;
  const named = typeof signed === "string" ? [0, 1, 2] : signed;
  const signers = named.reduce((bits, i) => bits | (1 << i), 0);
  const own = { signers, signatures: named.map(by) };
  if (signed === "a stranger too")
    return { signers: signers | (1 << all.length), signatures: [...own.signatures, by(0)] };
  return signed === "one for another" ? { signers, signatures: [by(0), by(1), by(3)] } : own;
}

/** A market that has marks, with the spot in the middle of its window. */
function stateWith(market: Partial<Market> = {}): TreeRoot {
  return set(genesisRoot(signerAddress(0)), marketKey(MARKET), {
    ...BTC,
    ...{ anchor: 0n, anchorTime: 0n, minVol: MIN_VOL, maxVol: MAX_VOL, bandFloor: 1n },
    ...{ spot: SPOT, spotTime: START - 300n, low: SPOT, high: SPOT, lowBefore: 0n, highBefore: 0n },
    ...market,
  });
}
