import { keccak256 } from "../../src/crypto/keccak.ts";
import { addressOf } from "../../src/crypto/secp256k1.ts";
import type { MachineConfig } from "../../src/machine/Execution.ts";
import type { Report, ReportedCurve, SignedReport } from "../../src/machine/OracleReports.ts";
import { expiryTime, KIND_SIGNERS, type Signers } from "../../src/machine/Slots.ts";
import { ReportCollector } from "../../src/oracle/ReportCollector.ts";
import { ReportSigner } from "../../src/oracle/ReportSigner.ts";
import { flatSmile } from "../../src/oracle/Smile.ts";

/** Three of five members who say what a test wants. */

const KEYS = Array.from({ length: 5 }, (_, i) => keccak256(new TextEncoder().encode(`oracle member ${i}`)));

export const ORACLE: Signers = { kind: KIND_SIGNERS, threshold: 3, addresses: KEYS.map((key) => addressOf(key)) };

/** The members, in the order of the set. */
export function members(domain: Uint8Array): ReportSigner[] {
  return KEYS.map((key) => new ReportSigner(domain, key));
}

/** A curve of one vol with the spot as forward. */
export function flatCurve(day: number, spot: bigint, time: bigint, vol = 0.6, forward = spot): ReportedCurve {
  const seconds = expiryTime(day) - time;
  return { day, forward, curve: flatSmile(vol, Number(seconds) / 31_536_000, seconds > 0n ? seconds : 1n) };
}

/** A report of a market with a flat curve for each day. */
export function reportOf(market: number, time: bigint, spot: bigint, days: readonly number[] = [], vol = 0.6): Report {
  return { market, time, spot, curves: days.map((day) => flatCurve(day, spot, time, vol)) };
}

/** The report with the signatures of some members: by default the first three. */
export function signed(
  config: Pick<MachineConfig, "domain" | "recover">,
  report: Report,
  who: readonly number[] = [0, 1, 2],
): SignedReport {
  const collector = new ReportCollector(config, ORACLE, report);
  const all = members(config.domain);
  for (const i of who) collector.add(all[i]!.sign(report));
  return collector.finish();
}
