import { concat, readU16, readU64, writeU16, writeU64 } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { MAX_CURVES } from "./Constants.ts";
import { readCurve, readU40, writeCurve, writeU40 } from "./SlotCodec.ts";
import type { Curve } from "./Slots.ts";
import { oracleReportDigest } from "./TypedData.ts";
import type { Reader } from "./Varint.ts";

/**
 * Reports of the oracle as bytes (docs/specification.md, section 3).
 *
 * | report | market u8 | time u40 | spot u64 | count u8 | count × curve | signatures | confirms u8 | [earlier report] |
 * | ------ | --------- | -------- | -------- | -------- | ------------- | ---------- | ----------- | ---------------- |
 *
 * | curve          | day u16 | forward u64 | a, b, ρ, m, σ i64 | reference time u32 |
 * | -------------- | ------- | ----------- | ----------------- | ------------------ |
 * | signatures     | signers u16, bit i for signer i | 64 bytes each, ascending by signer |
 * | earlier report | time u40 | spot u64 | hash of its curves, 32 bytes | signatures |
 */

/** Forward and smile of one expiry. */
export interface ReportedCurve {
  readonly day: number;
  /** 1e-4 USD. */
  readonly forward: bigint;
  readonly curve: Curve;
}

/** Who signed, and how. */
export interface ReportSignatures {
  /** Bit i: signer i of the set. */
  readonly signers: number;
  /** 64 bytes each, ascending by signer. */
  readonly signatures: readonly Uint8Array[];
}

/** What the oracle says of a market at one time. */
export interface Report {
  readonly market: number;
  /** Seconds. */
  readonly time: bigint;
  /** 1e-4 USD. */
  readonly spot: bigint;
  /** Ascending by day. */
  readonly curves: readonly ReportedCurve[];
}

/** A report by which a jump had shown already; of its curves only the hash is needed. */
export interface EarlierReport extends ReportSignatures {
  readonly time: bigint;
  readonly spot: bigint;
  readonly curvesHash: Uint8Array;
}

/** A report with its signatures, and with the earlier one that confirms a jump. */
export interface SignedReport extends Report, ReportSignatures {
  readonly earlier: EarlierReport | undefined;
}

const CURVE_LENGTH = 54;

/** The packed curves of a report. */
export function packCurves(curves: readonly ReportedCurve[]): Uint8Array {
  const bytes = new Uint8Array(CURVE_LENGTH * curves.length);
  curves.forEach(({ day, forward, curve }, i) => {
    const at = CURVE_LENGTH * i;
    writeU16(bytes, at, day);
    writeU64(bytes, at + 2, forward);
    writeCurve(bytes, at + 10, curve);
  });
  return bytes;
}

/** What the signers of a report sign. */
export function reportDigest(domain: Uint8Array, report: Report): Uint8Array {
  return oracleReportDigest(domain, report.market, report.time, report.spot, keccak256(packCurves(report.curves)));
}

/** What the signers of an earlier report of the same market have signed. */
export function earlierDigest(domain: Uint8Array, market: number, earlier: EarlierReport): Uint8Array {
  return oracleReportDigest(domain, market, earlier.time, earlier.spot, earlier.curvesHash);
}

/** Reads a report behind its type byte; marks the reader as failed if it is malformed. */
export function readReport(r: Reader): SignedReport {
  const market = r.u8();
  const [time, spot] = [readTime(r), readPrice(r)];
  const curves = readCurves(r);
  const signed = readSignatures(r);
  const confirms = r.u8();
  if (confirms > 1) r.fail();
  const earlier =
    confirms === 1
      ? { time: readTime(r), spot: readPrice(r), curvesHash: r.take(32), ...readSignatures(r) }
      : undefined;
  return { market, time, spot, curves, ...signed, earlier };
}

/** The bytes of a report behind its type byte: the inverse of {@link readReport}. */
export function encodeReport(report: SignedReport): Uint8Array {
  const { earlier } = report;
  const curves = packCurves(report.curves);
  const parts = [
    Uint8Array.of(report.market),
    timeAndSpot(report),
    Uint8Array.of(report.curves.length),
    curves,
    encodeSignatures(report),
    Uint8Array.of(earlier === undefined ? 0 : 1),
  ];
  if (earlier !== undefined) parts.push(timeAndSpot(earlier), earlier.curvesHash, encodeSignatures(earlier));
  return concat(...parts);
}

function timeAndSpot({ time, spot }: { time: bigint; spot: bigint }): Uint8Array {
  const bytes = new Uint8Array(13);
  writeU40(bytes, 0, time);
  writeU64(bytes, 5, spot);
  return bytes;
}

function encodeSignatures({ signers, signatures }: ReportSignatures): Uint8Array {
  const head = new Uint8Array(2);
  writeU16(head, 0, signers);
  return concat(head, ...signatures);
}

function readCurves(r: Reader): readonly ReportedCurve[] {
  const count = r.u8();
  if (count > MAX_CURVES) r.fail();
  const curves: ReportedCurve[] = [];
  for (let i = 0, last = -1; i < count && !r.failed; i++) {
    const bytes = r.take(CURVE_LENGTH);
    const day = readU16(bytes, 0);
    if (day <= last) r.fail();
    last = day;
    curves.push({ day, forward: readU64(bytes, 2), curve: readCurve(bytes, 10) });
  }
  return curves;
}

function readSignatures(r: Reader): ReportSignatures {
  const signers = r.u16();
  const signatures: Uint8Array[] = [];
  for (let rest = signers; rest !== 0; rest >>>= 1) if ((rest & 1) === 1) signatures.push(r.take(64));
  return { signers, signatures };
}

function readTime(r: Reader): bigint {
  return readU40(r.take(5), 0);
}

function readPrice(r: Reader): bigint {
  return readU64(r.take(8), 0);
}
