import { concat, fromHex, writeU32, writeU64 } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import type { CurveRecord } from "./MarginModel.ts";
import { packedCurves, reportDigest, type CurveWords, type SigningDomain } from "./signing.ts";

/** Oracles for tests: their messages and their signed reports. */

/** A report with its signatures. */
export type OracleReport = Extract<Transaction, { type: 0x20 }>;
type EarlierReport = NonNullable<OracleReport["earlier"]>;

/** SetSigners. */
export function signersPayload(threshold: number, addresses: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(threshold), ...addresses);
}

/** What SetMarket says of a market: vols in 1e-6, the floor in 1e-4 USD. */
export interface MarketTerms {
  readonly minVol: number;
  readonly maxVol: number;
  readonly bandFloor: bigint;
  readonly exposureMultiple: number;
}

/** SetMarket. */
export function marketPayload(market: number, terms: MarketTerms): Uint8Array {
  const payload = new Uint8Array(21);
  payload[0] = market;
  writeU32(payload, 1, terms.minVol);
  writeU32(payload, 5, terms.maxVol);
  writeU64(payload, 9, terms.bandFloor);
  writeU32(payload, 17, terms.exposureMultiple);
  return payload;
}

/** A smile whose vol at the money is `vol` for `seconds` until expiry, a little skewed. */
export function smileOf(vol: number, seconds: bigint): CurveRecord {
  const variance = (vol * vol * Number(seconds)) / 31_536_000;
  const units = (value: number): bigint => BigInt(Math.round(value * 1e12));
  // b·σ is a tenth of the variance at the money.
  const [rho, sigma] = [-0.25, 0.2];
  const b = (0.1 * variance) / sigma;
  return {
    a: units(0.9 * variance),
    b: units(b),
    rho: units(rho),
    m: 0n,
    sigma: units(sigma),
    refTau: seconds > 0n ? seconds : 1n,
  };
}

/** A report without its signatures. */
export interface PlainReport {
  readonly market: number;
  readonly time: bigint;
  readonly spot: bigint;
  readonly curves: readonly CurveWords[];
}

/** What signs a report: the number of a signer, and how it signs. */
export type ReportSigner = readonly [number, (digest: Uint8Array) => Uint8Array];

/** Signs a report; `earlier` confirms a jump. */
export function signReport(
  domain: SigningDomain,
  report: PlainReport,
  signers: readonly ReportSigner[],
  earlier?: EarlierReport,
): OracleReport {
  const digest = reportDigest(domain, report);
  const ascending = [...signers].sort(([a], [b]) => a - b);
  return {
    type: 0x20,
    ...report,
    signers: ascending.reduce((bits, [index]) => bits + 2 ** index, 0),
    signatures: ascending.map(([, sign]) => sign(digest)),
    earlier,
  };
}

/** A report as the one that shows a jump first. */
export function asEarlier({ time, spot, curves, signers, signatures }: OracleReport): EarlierReport {
  return { time, spot, curvesHash: keccak256(fromHex(packedCurves(curves))), signers, signatures };
}
