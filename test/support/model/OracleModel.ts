import { readU32, readU64, toHex } from "../../../src/crypto/bytes.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import * as Svi from "../../../src/pricing/Svi.ts";
import { curveToWad } from "./MarginModel.ts";
import { NO_EXPIRY, type MarketRecord, type ModelContext, type ModelState, type SignersRecord } from "./ModelState.ts";
import { hashedReportDigest, reportDigest } from "./signing.ts";
import { demand, instantOf, larger, LARGEST_PRICE, refuse, size, smaller, ZERO_ADDRESS } from "./words.ts";

/** The oracle: who reports, what markets allow, and what a report says. */

type OracleReport = Extract<Transaction, { type: 0x20 }>;

/** 15 %, in parts of 10,000. */
const JUMP = 1500n;

export function setSigners(state: ModelState, sender: string, payload: Uint8Array): void {
  demand(sender === state.config.settlement, "WrongSender");
  const count = (payload.length - 1) / 20;
  demand(Number.isInteger(count) && count >= 1 && count <= 16, "Malformed");
  const threshold = payload[0]!;
  const addresses = Array.from({ length: count }, (_, i) => toHex(payload.slice(1 + 20 * i, 21 + 20 * i)));
  demand(threshold >= 1 && threshold <= count, "SignersInvalid");
  demand(!addresses.includes(ZERO_ADDRESS) && new Set(addresses).size === count, "SignersInvalid");
  state.signers.set("", { threshold, addresses });
}

export function setMarket(state: ModelState, sender: string, payload: Uint8Array): void {
  demand(sender === state.config.settlement, "WrongSender");
  demand(payload.length === 21, "Malformed");
  const [market, minVol, maxVol] = [payload[0]!, BigInt(readU32(payload, 1)), BigInt(readU32(payload, 5))];
  const [bandFloor, exposureMultiple] = [readU64(payload, 9), BigInt(readU32(payload, 17))];
  demand(minVol >= 10_000n && maxVol <= 10_000_000n && minVol <= maxVol, "MarketInvalid");
  demand(bandFloor > 0n && bandFloor <= LARGEST_PRICE && exposureMultiple <= 1000n, "MarketInvalid");
  const before = state.markets.get(String(market)) ?? refuse("MarketUnknown");
  state.markets.set(String(market), { ...before, minVol, maxVol, bandFloor, exposureMultiple });
}

/** What was signed, and by whom. */
interface Signed {
  readonly digest: Uint8Array;
  readonly signers: number;
  readonly signatures: readonly Uint8Array[];
}

/** Refuses unless enough signers signed each report, and every one that is named did. */
function demandSigned(state: ModelState, { threshold, addresses }: SignersRecord, reports: readonly Signed[]): void {
  const named = ({ signers }: Signed): number[] =>
    Array.from({ length: 16 }, (_, i) => i).filter((i) => Math.floor(signers / 2 ** i) % 2 === 1);
  for (const report of reports) {
    const who = named(report);
    demand(who.length >= threshold && who.every((i) => i < addresses.length), "SignersInvalid");
  }
  for (const report of reports) {
    named(report).forEach((i, position) => {
      const signer = state.signerOf(report.digest, report.signatures[position]!);
      demand(signer === addresses[i], "BadSignature");
    });
  }
}

/** The spots that a report is held against: those of its own minute and of the one before, and the last one of all. */
function recentSpots(market: MarketRecord, time: bigint): bigint[] {
  if (market.spot === 0n) return [];
  const [last, next] = [market.spotTime / 60n, time / 60n];
  const spots = [market.spot];
  if (last + 1n >= next) spots.push(market.low, market.high);
  if (last === next) spots.push(market.lowBefore, market.highBefore);
  return spots.filter((spot) => spot > 0n);
}

function isJump(spot: bigint, recent: readonly bigint[]): boolean {
  if (recent.length === 0) return false;
  const [lowest, highest] = [smaller(...recent), larger(...recent)];
  return spot * 10_000n > lowest * (10_000n + JUMP) || spot * 10_000n < highest * (10_000n - JUMP);
}

/** How far a forward may lie from the spot: 1 % and 40 % a year; rounded down. */
function largestBasis(spot: bigint, seconds: bigint): bigint {
  const year = 365n * 86_400n;
  return (spot * (year + 40n * seconds)) / (100n * year);
}

export function oracleReport(state: ModelState, context: ModelContext, tx: OracleReport): void {
  const { market: id, time, spot, earlier } = tx;
  const signers = state.signers.get("") ?? refuse("OracleUnset");
  const reports: Signed[] = [{ ...tx, digest: reportDigest(state.config, tx) }];
  if (earlier !== undefined)
    reports.push({ ...earlier, digest: hashedReportDigest(state.config, { market: id, ...earlier }) });
  demandSigned(state, signers, reports);
  demand(time <= context.now, "ReportEarly");
  demand(context.now <= time + 120n, "ReportLate");
  demand(spot > 0n && spot <= LARGEST_PRICE, "PriceInvalid");
  const market = state.markets.get(String(id)) ?? refuse("MarketUnknown");
  demand(market.maxVol > 0n, "MarketInvalid");
  demand(time > market.spotTime, "ReportOutdated");
  if (market.anchor > 0n && context.now <= market.anchorTime + 3600n) {
    demand(size(spot - market.anchor) * 10_000n <= 1000n * market.anchor, "ReportOffAnchor");
  }
  const jumps = isJump(spot, recentSpots(market, time));
  if (jumps) {
    if (earlier === undefined) refuse("ReportJumps");
    const between = earlier.time > market.spotTime && time >= earlier.time + 60n && time <= earlier.time + 600n;
    demand(between && size(spot - earlier.spot) * 10_000n <= JUMP * earlier.spot, "ReportJumps");
  }
  for (const { day, forward, curve } of tx.curves) {
    demand(instantOf(day) > time && forward > 0n && forward <= LARGEST_PRICE, "ReportInvalid");
    demand(size(forward - spot) <= largestBasis(spot, instantOf(day) - time) && curve.refTau > 0n, "ReportInvalid");
    demand(Svi.isValid(curveToWad(curve)), "ReportInvalid");
    const atTheMoney = Svi.vol(curveToWad(curve), forward, forward, 0n, 10n ** 40n);
    const million = 10n ** 12n;
    demand(atTheMoney >= market.minVol * million && atTheMoney <= market.maxVol * million, "ReportInvalid");
  }

  const [last, next] = [market.spotTime / 60n, time / 60n];
  const before = jumps || market.spot === 0n ? "nothing" : last === next ? "same" : last + 1n === next ? "next" : "";
  const window =
    before === "same"
      ? { low: smaller(market.low, spot), high: larger(market.high, spot) }
      : before === "next"
        ? { low: spot, high: spot, lowBefore: market.low, highBefore: market.high }
        : { low: spot, high: spot, lowBefore: 0n, highBefore: 0n };
  state.markets.set(String(id), { ...market, spot, spotTime: time, ...window });
  for (const { day, forward, curve } of tx.curves) {
    const name = `${id}/${day}`;
    const expiry = state.expiries.get(name) ?? NO_EXPIRY;
    demand(expiry.price === 0n, "ReportInvalid");
    const { a, b, rho, m, sigma, refTau } = curve;
    const smile = { a, b, rho, m, sigma, refTau };
    state.expiries.set(name, { ...expiry, forward, curveSpot: spot, curveTime: time, curve: smile });
  }
}
