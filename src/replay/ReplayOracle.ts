import { keccak256 } from "../crypto/keccak.ts";
import { addressOf } from "../crypto/secp256k1.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { Report, SignedReport } from "../machine/OracleReports.ts";
import { KIND_SIGNERS, type Signers } from "../machine/Slots.ts";
import { buildReport, spotReport, type MarketModel } from "../oracle/MarketModel.ts";
import { ReportCollector } from "../oracle/ReportCollector.ts";
import { ReportSigner } from "../oracle/ReportSigner.ts";

const MEMBERS = 5;
const THRESHOLD = 3;
const KEYS = Array.from({ length: MEMBERS }, (_, i) =>
  keccak256(new TextEncoder().encode(`Tenor replay, oracle member ${i}`)),
);

/** The oracle of a replay: three of five members. The keys are worth nothing. */
export const REPLAY_SIGNERS: Signers = {
  kind: KIND_SIGNERS,
  threshold: THRESHOLD,
  addresses: KEYS.map((key) => addressOf(key)),
};

/** Makes what the members of a replay's oracle see into reports that enough of them have signed. */
export class ReplayOracle {
  readonly #config: Pick<MachineConfig, "domain" | "recover">;
  readonly #members: readonly ReportSigner[];

  constructor(config: Pick<MachineConfig, "domain" | "recover">) {
    this.#config = config;
    this.#members = KEYS.map((key) => new ReportSigner(config.domain, key));
  }

  /** A report with the smiles of all expiries, and one of the spot alone, which is shorter; all at `time`, seconds. */
  observe(model: MarketModel, time: bigint): SignedReport[] {
    const full = buildReport(model, time);
    const spot = this.#sign(spotReport(model, time));
    return full.curves.length === 0 ? [spot] : [this.#sign(full), spot];
  }

  /** Some members are late, others each time. */
  #sign(report: Report): SignedReport {
    const collector = new ReportCollector(this.#config, REPLAY_SIGNERS, report);
    const first = Number(report.time % BigInt(MEMBERS));
    for (let i = 0; !collector.isComplete; i++) collector.add(this.#members[(first + i) % MEMBERS]!.sign(report));
    return collector.finish();
  }
}
