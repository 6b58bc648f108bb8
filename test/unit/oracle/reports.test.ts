import { expect } from "chai";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { recoverAddress } from "../../../src/crypto/secp256k1.ts";
import type { Report, SignedReport } from "../../../src/machine/OracleReports.ts";
import { ResultCode } from "../../../src/machine/ResultCodes.ts";
import { expiryTime, KIND_MARKET, marketKey, SIGNERS_KEY, UNLISTED, type Market } from "../../../src/machine/Slots.ts";
import { set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { domainSeparator } from "../../../src/machine/TypedData.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { decodeTransaction } from "../../../src/machine/Wire.ts";
import { buildReport, spotReport, type MarketModel } from "../../../src/oracle/MarketModel.ts";
import { isTenorError } from "../../../src/errors.ts";
import { ReportAssembler } from "../../../src/oracle/ReportAssembler.ts";
import { ReportCollector } from "../../../src/oracle/ReportCollector.ts";
import { ReportSigner } from "../../../src/oracle/ReportSigner.ts";
import { flatCurve, members, ORACLE, reportOf, signed } from "../../support/oracle.ts";

const DOMAIN = domainSeparator(31_337n, new Uint8Array(20).fill(1));
const CONFIG = { domain: DOMAIN, bridge: new Uint8Array(20), settlement: new Uint8Array(20), recover: recoverAddress };
const USD = 10_000n;
const SPOT = 4_000n * USD;
const DAY = 20_000;
/** A day before the expiry. */
const NOW = expiryTime(DAY) - 86_400n;

/** A state with the oracle and a market that was last reported a minute ago. */
function stateOf(change: Partial<Market> = {}, signers = ORACLE): TreeRoot {
  const market: Market = {
    ...UNLISTED,
    kind: KIND_MARKET,
    tick: 1n,
    lot: 1n,
    maxVol: 5_000_000n,
    minVol: 50_000n,
    spot: SPOT,
    spotTime: NOW - 60n,
    low: SPOT,
    high: SPOT,
    ...change,
  };
  return set(set(undefined, marketKey(1), market), SIGNERS_KEY, signers);
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isTenorError(error)) return error.code;
    throw error;
  }
  return "none";
}

function assemble(report: SignedReport, root = stateOf(), now = NOW): string {
  return codeOf(() => new ReportAssembler(CONFIG).assemble(report, { root, now }));
}

const good = (change: Partial<Report> = {}): Report => ({ ...reportOf(1, NOW, SPOT, [DAY, DAY + 7]), ...change });

describe("a collector of signatures", () => {
  it("is content with any three of five, and puts them in the order of the set", () => {
    for (const who of [
      [0, 1, 2],
      [4, 2, 0],
      [3, 4, 1],
    ]) {
      const report = signed(CONFIG, good(), who);
      expect(report.signers).to.equal(who.reduce((bits, i) => bits | (1 << i), 0));
      expect(assemble(report)).to.equal("none");
    }
  });

  it("takes no more than it needs, and the same member once", () => {
    const collector = new ReportCollector(CONFIG, ORACLE, good());
    const all = members(DOMAIN);
    for (const i of [1, 1, 1, 0]) collector.add(all[i]!.sign(good()));
    expect(collector.isComplete).to.equal(false);
    expect(codeOf(() => collector.finish())).to.equal("TOO_FEW_SIGNERS");
    for (const i of [4, 3, 2]) collector.add(all[i]!.sign(good()));
    expect(collector.isComplete).to.equal(true);
    expect(collector.finish().signatures.length).to.equal(3);
  });

  it("refuses strangers, and signatures of something else", () => {
    const collector = new ReportCollector(CONFIG, ORACLE, good());
    const stranger = new ReportSigner(DOMAIN, keccak256(Uint8Array.of(1)));
    const [first, second] = members(DOMAIN);
    expect(codeOf(() => collector.add(stranger.sign(good())))).to.equal("UNKNOWN_SIGNER");
    expect(codeOf(() => collector.add(first!.sign(good({ spot: SPOT + 1n }))))).to.equal("BAD_SIGNATURE");
    const { signature } = second!.sign(good());
    expect(codeOf(() => collector.add({ signer: first!.address, signature }))).to.equal("BAD_SIGNATURE");
    expect(codeOf(() => collector.add({ signer: first!.address, signature: new Uint8Array(3) }))).to.equal(
      "BAD_SIGNATURE",
    );
  });

  it("refuses what has no encoding", () => {
    const curve = flatCurve(DAY, SPOT, NOW);
    const broken: [string, Partial<Report>][] = [
      ["market", { market: 256 }],
      ["time", { time: 1n << 40n }],
      ["spot", { spot: 1n << 64n }],
      ["spot", { spot: -1n }],
      ["curves", { curves: Array.from({ length: 17 }, (_, i) => ({ ...curve, day: DAY + i })) }],
      ["day", { curves: [curve, curve] }],
      ["day", { curves: [{ ...curve, day: 65_536 }] }],
      ["forward", { curves: [{ ...curve, forward: 1n << 64n }] }],
      ["refTau", { curves: [{ ...curve, curve: { ...curve.curve, refTau: 1n << 32n } }] }],
      ["rho", { curves: [{ ...curve, curve: { ...curve.curve, rho: 1n << 63n } }] }],
    ];
    for (const [field, change] of broken) {
      const attempt = (): unknown => new ReportCollector(CONFIG, ORACLE, good(change));
      expect(codeOf(attempt), field).to.equal("MALFORMED");
    }
  });
});

describe("an assembler of reports", () => {
  it("makes the transaction that the machine decodes again", () => {
    const transaction = new ReportAssembler(CONFIG).assemble(signed(CONFIG, good()), { root: stateOf(), now: NOW });
    expect(decodeTransaction(encodeTransaction(transaction, NOW), NOW, false)).to.deep.equal(transaction);
  });

  it("refuses by name what the machine would refuse", () => {
    const curve = flatCurve(DAY, SPOT, NOW);
    const twoOnly = { ...ORACLE, threshold: 4 };
    const cases: [string, SignedReport, TreeRoot?, bigint?][] = [
      ["REPORT_EARLY", signed(CONFIG, good({ time: NOW + 1n }))],
      ["REPORT_LATE", signed(CONFIG, good()), stateOf(), NOW + 121n],
      ["REPORT_OUTDATED", signed(CONFIG, good({ time: NOW - 60n }))],
      ["TOO_FEW_SIGNERS", signed(CONFIG, good()), stateOf({}, twoOnly)],
      ["BAD_SIGNATURE", { ...signed(CONFIG, good()), spot: SPOT + 1n }],
      ["PRICE_INVALID", signed(CONFIG, good({ spot: 0n }))],
      ["MARKET_UNKNOWN", signed(CONFIG, good({ market: 2 }))],
      ["MARKET_UNSET", signed(CONFIG, good()), stateOf({ maxVol: 0n })],
      ["ORACLE_UNSET", signed(CONFIG, good()), undefined],
      ["CURVE_INVALID", signed(CONFIG, good({ curves: [{ ...curve, forward: 3n * SPOT }] }))],
      ["CURVE_INVALID", signed(CONFIG, good({ curves: [{ ...curve, curve: { ...curve.curve, sigma: 0n } }] }))],
      ["REPORT_OFF_ANCHOR", signed(CONFIG, good()), stateOf({ anchor: 2n * SPOT, anchorTime: NOW })],
      ["REPORT_JUMPS", signed(CONFIG, good({ spot: (SPOT * 116n) / 100n, curves: [] }))],
      ["MALFORMED", { ...signed(CONFIG, good()), curves: [curve, curve] }],
    ];
    for (const [code, report, root, now] of cases) {
      const state = code === "ORACLE_UNSET" ? undefined : (root ?? stateOf());
      const attempt = (): unknown => new ReportAssembler(CONFIG).assemble(report, { root: state, now: now ?? NOW });
      expect(codeOf(attempt), code).to.equal(code);
    }
  });

  it("keeps a report that jumps, and has it confirm the one that finds the price there a minute later", () => {
    const assembler = new ReportAssembler(CONFIG);
    const root = stateOf();
    const jumped = (SPOT * 120n) / 100n;
    const at = (time: bigint, spot: bigint): SignedReport => signed(CONFIG, reportOf(1, time, spot));
    const offer = (time: bigint, spot: bigint): string =>
      codeOf(() => assembler.assemble(at(time, spot), { root, now: time }));
    expect(offer(NOW, jumped)).to.equal("REPORT_JUMPS");
    expect(offer(NOW + 59n, jumped)).to.equal("REPORT_JUMPS");
    // Elsewhere again: neither is near enough to confirm it.
    expect(offer(NOW + 60n, 2n * SPOT)).to.equal("REPORT_JUMPS");
    const report = assembler.assemble(at(NOW + 61n, jumped + USD), { root, now: NOW + 61n });
    expect(report.earlier?.time).to.equal(NOW);
    // A report that is older than ten minutes confirms nothing.
    const late = NOW + 61n + 601n;
    expect(assembler.find(at(late, jumped), { root, now: late })).to.equal(ResultCode.ReportJumps);
  });

  it("does not take for a confirmation what was not signed", () => {
    const assembler = new ReportAssembler(CONFIG);
    const root = stateOf();
    const jumped = (SPOT * 120n) / 100n;
    const forged = { ...signed(CONFIG, reportOf(1, NOW, SPOT)), spot: jumped };
    expect(codeOf(() => assembler.assemble(forged, { root, now: NOW }))).to.equal("BAD_SIGNATURE");
    const second = signed(CONFIG, reportOf(1, NOW + 60n, jumped));
    expect(codeOf(() => assembler.assemble(second, { root, now: NOW + 60n }))).to.equal("REPORT_JUMPS");
  });
});

describe("a report made of what was seen", () => {
  const points = [3_000, 3_500, 4_000, 4_500, 5_000].map((strike) => ({
    strike: BigInt(strike) * USD,
    vol: 0.6,
    weight: 1,
  }));
  const model = (expiries: MarketModel["expiries"]): MarketModel => ({
    market: 1,
    spot: SPOT,
    minVol: 50_000n,
    maxVol: 5_000_000n,
    expiries,
  });

  it("has the expiries in order, without those that are over or of which nothing is known", () => {
    const seen = [DAY + 7, DAY - 2, DAY].map((day) => ({ day, forward: SPOT, points }));
    const report = buildReport(model(seen), NOW);
    expect(report.curves.map(({ day }) => day)).to.deep.equal([DAY, DAY + 7]);
    expect(assemble(signed(CONFIG, report))).to.equal("none");
    expect(buildReport(model([{ day: DAY, forward: SPOT, points: [] }]), NOW).curves).to.deep.equal([]);
    expect(spotReport(model(seen), NOW).curves).to.deep.equal([]);
  });

  it("gives an expiry without vols those of its neighbour", () => {
    const seen = [
      { day: DAY, forward: SPOT, points },
      { day: DAY + 1, forward: SPOT, points: [] },
    ];
    expect(buildReport(model(seen), NOW).curves.map(({ day }) => day)).to.deep.equal([DAY, DAY + 1]);
  });

  it("keeps to sixteen curves, the nearest ones, and forwards within their bound", () => {
    const seen = Array.from({ length: 20 }, (_, i) => ({ day: DAY + 19 - i, forward: 3n * SPOT, points }));
    const report = buildReport(model(seen), NOW);
    expect(report.curves.map(({ day }) => day)).to.deep.equal(Array.from({ length: 16 }, (_, i) => DAY + i));
    // 1 % and 40 % a year.
    const left = expiryTime(DAY) - NOW;
    const most = (SPOT * (31_536_000n + 40n * left)) / (100n * 31_536_000n);
    expect(report.curves[0]!.forward).to.equal(SPOT + most);
    expect(assemble(signed(CONFIG, report))).to.equal("none");
  });

  it("leaves out a smile beyond the market's limits, for the machine would refuse the whole report", () => {
    const calm = points.map((point) => ({ ...point, vol: 0.04 }));
    const seen = [
      { day: DAY, forward: SPOT, points },
      { day: DAY + 1, forward: SPOT, points: calm },
      { day: DAY + 2, forward: SPOT, points: calm.map((point) => ({ ...point, vol: 6 })) },
    ];
    expect(buildReport(model(seen), NOW).curves.map(({ day }) => day)).to.deep.equal([DAY]);
  });
});
