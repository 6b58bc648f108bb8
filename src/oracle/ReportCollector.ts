import { equalBytes } from "../crypto/bytes.ts";
import { MAX_CURVES, MAX_TIME } from "../machine/Constants.ts";
import { signedBy, type MachineConfig } from "../machine/Execution.ts";
import { reportDigest, type Report, type SignedReport } from "../machine/OracleReports.ts";
import type { Curve, Signers } from "../machine/Slots.ts";
import { OracleError } from "./OracleError.ts";
import type { MemberSignature } from "./ReportSigner.ts";

/** Gathers the signatures of k of n members under one report. */
export class ReportCollector {
  readonly #recover: MachineConfig["recover"];
  readonly #signers: Signers;
  readonly #report: Report;
  readonly #digest: Uint8Array;
  /** By the signer's place in the set. */
  readonly #signatures = new Map<number, Uint8Array>();

  /**
   * @param signers The set that L1 has named.
   * @throws {@link OracleError} `MALFORMED` if the report has no encoding.
   */
  constructor(config: Pick<MachineConfig, "domain" | "recover">, signers: Signers, report: Report) {
    const field = fieldOutside(report);
    if (field !== undefined) throw new OracleError("MALFORMED", "a field has no encoding", { fields: { field } });
    this.#recover = config.recover;
    this.#signers = signers;
    this.#report = report;
    this.#digest = reportDigest(config.domain, report);
  }

  /** Whether enough members have signed. */
  get isComplete(): boolean {
    return this.#signatures.size >= this.#signers.threshold;
  }

  /**
   * Takes a member's signature; one that is there already changes nothing.
   *
   * @throws {@link OracleError} `UNKNOWN_SIGNER`, or `BAD_SIGNATURE` if it is not the member's, or not under this report.
   */
  add({ signer, signature }: MemberSignature): void {
    const place = this.#signers.addresses.findIndex((address) => equalBytes(address, signer));
    if (place === -1) throw new OracleError("UNKNOWN_SIGNER", "not a signer of the oracle", { fields: { signer } });
    if (signature.length !== 64 || !signedBy(this.#recover(this.#digest, signature), signer)) {
      throw new OracleError("BAD_SIGNATURE", "not this signer's word for this report", { fields: { signer } });
    }
    this.#signatures.set(place, signature);
  }

  /**
   * The report with as many signatures as it needs, in the order of the set.
   *
   * @throws {@link OracleError} `TOO_FEW_SIGNERS`.
   */
  finish(): SignedReport {
    const { threshold } = this.#signers;
    if (!this.isComplete) {
      throw new OracleError("TOO_FEW_SIGNERS", "not enough members have signed", {
        fields: { signed: this.#signatures.size, threshold },
      });
    }
    const chosen = [...this.#signatures].slice(0, threshold).sort(([a], [b]) => a - b);
    return {
      ...this.#report,
      signers: chosen.reduce((bits, [place]) => bits | (1 << place), 0),
      signatures: chosen.map(([, signature]) => signature),
      earlier: undefined,
    };
  }
}

const MAX_U64 = (1n << 64n) - 1n;
const MAX_I64 = (1n << 63n) - 1n;

/** The first field of a report that the wire has no place for, if any. */
export function fieldOutside({ market, time, spot, curves }: Report): string | undefined {
  if (!isUint(market, 0xff)) return "market";
  if (time < 0n || time > MAX_TIME) return "time";
  if (spot < 0n || spot > MAX_U64) return "spot";
  if (curves.length > MAX_CURVES) return "curves";
  for (const [i, { day, forward, curve }] of curves.entries()) {
    if (!isUint(day, 0xffff) || (i > 0 && curves[i - 1]!.day >= day)) return "day";
    if (forward < 0n || forward > MAX_U64) return "forward";
    if (curve.refTau < 0n || curve.refTau > 0xffffffffn) return "refTau";
    const names = ["a", "b", "rho", "m", "sigma"] as const satisfies readonly (keyof Curve)[];
    const wide = names.find((name) => curve[name] < -MAX_I64 - 1n || curve[name] > MAX_I64);
    if (wide !== undefined) return wide;
  }
  return undefined;
}

function isUint(value: number, maximum: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maximum;
}
