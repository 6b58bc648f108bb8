import { keccak256 } from "../crypto/keccak.ts";
import { BASIS, CONFIRM_AFTER, CONFIRM_WITHIN, JUMP } from "../machine/Constants.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { oracleReport } from "../machine/OracleExecutor.ts";
import { packCurves, type SignedReport } from "../machine/OracleReports.ts";
import { ResultCode } from "../machine/ResultCodes.ts";
import { State } from "../machine/State.ts";
import type { TreeRoot } from "../machine/StateTree.ts";
import { TX_ORACLE_REPORT, type OracleReport } from "../machine/Wire.ts";
import { errorOf } from "./OracleError.ts";
import { fieldOutside } from "./ReportCollector.ts";

/** The state that a report is to meet. */
export interface Ledger {
  readonly root: TreeRoot;
  /** L2 time, seconds. */
  readonly now: bigint;
}

/** Most reports of a market that are remembered: one a second for as long as they can confirm anything, and some. */
const MOST_KEPT = 1_024;

/**
 * Makes transactions of signed reports. What the machine would say is found out by asking it, on a state that is thrown away.
 *
 * A report whose spot has jumped is refused and kept. When a later one has the price still there, the kept one goes with it
 * as its confirmation.
 */
export class ReportAssembler {
  readonly #config: MachineConfig;
  /** By market, ascending by time: what may confirm a later one. */
  readonly #kept = new Map<number, SignedReport[]>();

  constructor(config: MachineConfig) {
    this.#config = config;
  }

  /**
   * Remembers the report, and makes the transaction of it.
   *
   * @throws `OracleError` with the reason for which the machine would refuse it.
   */
  assemble(report: SignedReport, ledger: Ledger): OracleReport {
    const found = this.offer(report, ledger);
    if (typeof found !== "number") return found;
    const { market, time, spot } = report;
    throw errorOf(found, { market, time, spot, now: ledger.now, field: fieldOutside(report) });
  }

  /** The same without throwing: the transaction, or what the machine would say. */
  offer(report: SignedReport, ledger: Ledger): OracleReport | ResultCode {
    if (fieldOutside(report) !== undefined) return ResultCode.Malformed;
    const found = this.find(report, ledger);
    // Only what enough signers have said may confirm anything later.
    if (typeof found !== "number" || found === ResultCode.ReportJumps) this.#keep(report);
    return found;
  }

  /** The transaction of a report with the confirmation that it needs, or why the machine would refuse it. */
  find(report: SignedReport, ledger: Ledger): OracleReport | ResultCode {
    const plain: OracleReport = { ...report, type: TX_ORACLE_REPORT, earlier: undefined };
    const result = this.#judge(plain, ledger);
    if (result === ResultCode.OK) return plain;
    if (result !== ResultCode.ReportJumps) return result;
    for (const candidate of this.#candidates(report)) {
      const { time, spot, signers, signatures } = candidate;
      const curvesHash = keccak256(packCurves(candidate.curves));
      const confirmed = { ...plain, earlier: { time, spot, signers, signatures, curvesHash } };
      if (this.#judge(confirmed, ledger) === ResultCode.OK) return confirmed;
    }
    return result;
  }

  #judge(report: OracleReport, { root, now }: Ledger): ResultCode {
    const state = new State(root);
    return oracleReport({ config: this.#config, state, now, l1Time: now, sender: undefined }, report);
  }

  /** Reports of before that are at the right distance in time and price, the newest first. */
  #candidates({ market, time, spot }: SignedReport): SignedReport[] {
    return (this.#kept.get(market) ?? [])
      .filter((kept) => {
        const age = time - kept.time;
        const distance = spot > kept.spot ? spot - kept.spot : kept.spot - spot;
        return age >= CONFIRM_AFTER && age <= CONFIRM_WITHIN && distance * BASIS <= JUMP * kept.spot;
      })
      .reverse();
  }

  #keep(report: SignedReport): void {
    const kept = this.#kept.get(report.market) ?? [];
    const others = kept.filter(({ time }) => time !== report.time && time + CONFIRM_WITHIN >= report.time);
    others.push(report);
    others.sort((a, b) => Number(a.time - b.time));
    this.#kept.set(report.market, others.slice(-MOST_KEPT));
  }
}
