import type { PayloadStats } from "../../src/replay/PayloadStats.ts";
import { fieldBytes, fillBytes } from "../../src/replay/PayloadStats.ts";
import {
  TX_BID,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FUND_BID,
  TX_ORACLE_REPORT,
  TX_START_AUCTION,
} from "../../src/machine/Wire.ts";
import { MARKETS } from "../../src/market/types.ts";
import type { ReplayCounts } from "../../src/replay/ReplayCounts.ts";
import type { MarginHeld, RiskReport } from "../../src/roles/RiskReport.ts";
import type { DemoReport, MarginInUsdc } from "./DemoReport.ts";
import { exchangeRows } from "./exchangeRows.ts";
import type { DisputeReport } from "./fraud/dispute.ts";
import type { FollowerSummary } from "../node/follower.ts";
import type { JudgeReport } from "./judge.ts";

/** What the report is made of. */
export interface ReportInputs {
  readonly source: string;
  readonly brokenRows: number;
  readonly counts: ReplayCounts;
  readonly payload: PayloadStats;
  readonly risk: RiskReport;
  readonly replaySeconds: number;
  readonly seconds: number;
  readonly gas: ReadonlyMap<string, readonly bigint[]>;
  readonly second: FollowerSummary;
  readonly judge: JudgeReport;
  readonly stateRoot: string;
  readonly exitSeconds: bigint;
  readonly dispute: DisputeReport | undefined;
}

/** Units of a USDC, and of a contract. */
const USDC = 1e6;
const CONTRACT = 1e6;

/** Calldata of appendBatch beside the payload: selector, three numbers, offset and length of the payload. */
const CALL_HEAD = 4 + 5 * 32;

/** Puts the report together. */
export function makeReport(inputs: ReportInputs): DemoReport {
  const { counts, payload, gas, second, judge, risk } = inputs;
  const fills = Math.max(1, counts.fills);
  const recordBytes = fieldBytes(payload, "fill: ");
  const orderBytes = fillBytes(payload) - recordBytes;
  const paid = gas.get("withdrawal, finalize")?.length ?? 0;
  return {
    source: inputs.source,
    brokenRows: inputs.brokenRows,
    orders: counts.orders,
    fills: counts.fills,
    rejected: counts.rejected,
    rejectedBy: counts.rejectedBy,
    batches: payload.batches,
    messages: second.messages,
    bytesPerFill: fillBytes(payload) / fills,
    bytesPerFillAllIn: (payload.bytes + payload.batches * CALL_HEAD) / fills,
    bytesPerNewOrder: orderBytes / Math.max(1, payload.makerOrders + payload.takerOrders),
    bytesPerFillRecord: recordBytes / fills,
    expiriesSettled: counts.expiriesSettled,
    openInterest: byMarket(risk.openInterest),
    exposure: byMarket(risk.exposure),
    standardAccounts: risk.standardAccounts,
    standardMargin: inUsdc(risk.standard),
    collateralisedMargin: inUsdc(risk.collateralised),
    payouts: Number(risk.payouts) / USDC,
    fund: Number(risk.fund) / USDC,
    liquidation: {
      "auctions started": counts.executed.get(TX_START_AUCTION) ?? 0,
      bids: counts.executed.get(TX_BID) ?? 0,
      "bids of the fund": counts.executed.get(TX_FUND_BID) ?? 0,
      "auctions ended": counts.executed.get(TX_END_AUCTION) ?? 0,
      "collections of the fund": counts.executed.get(TX_COLLECT_FUND) ?? 0,
    },
    reportsMade: counts.reports,
    reportsRefused: counts.refusedReports,
    reportsPosted: counts.executed.get(TX_ORACLE_REPORT) ?? 0,
    reportBytes: payload.fields[`other: type 0x${TX_ORACLE_REPORT.toString(16)}`] ?? 0,
    conservationChecks: counts.checks,
    conservation: second.conservation,
    gas: Object.fromEntries([...gas].map(([name, values]) => [name, median(values)])),
    batchGasPerFill: Number((gas.get("batch") ?? []).reduce((a, b) => a + b, 0n)) / fills,
    fillsPerSecond: counts.fills / inputs.replaySeconds,
    stepsPerSecond: second.steps / second.seconds,
    steps: judge.steps,
    judgedSteps: judge.judged,
    stateRoot: inputs.stateRoot,
    rebuiltStateRoot: second.stateRoot,
    withdrawalsPaid: paid,
    withdrawalPaid: paid > 0,
    exitSeconds: Number(inputs.exitSeconds),
    dispute: inputs.dispute,
    seconds: inputs.seconds,
  };
}

/** What is wrong with the outcome; empty if the day went through as it must. */
export function findFaults(report: DemoReport): string[] {
  const faults: string[] = [];
  if (report.stateRoot !== report.rebuiltStateRoot) faults.push("the second node has another state root");
  if (report.conservation.difference !== "0") faults.push("money is missing or made up");
  if (!report.withdrawalPaid) faults.push("no withdrawal was paid");
  if (report.dispute !== undefined && !report.dispute.alarms.includes("wrong assertion")) {
    faults.push("the defender has raised no alarm");
  }
  if (report.dispute?.defenderStakeBack === false) faults.push("the defender's stake did not come back");
  if (report.fills === 0) faults.push("nothing was traded");
  return faults;
}

/** The report as JSON. Amounts are integers of full precision, which JSON has and JavaScript's numbers have not. */
export function toJson(report: DemoReport): string {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };
  const amounts = Object.entries(report.conservation).map(([name, value]) => [name, rawJSON(value)]);
  return `${JSON.stringify({ ...report, conservation: Object.fromEntries(amounts) as unknown }, undefined, 2)}\n`;
}

/** Prints the closing table. */
export function printReport(report: DemoReport): void {
  const usdc = (value: string | undefined): string => `${(Number(value ?? 0) / 1e6).toLocaleString("en-US")} USDC`;
  const rows: [string, string][] = [
    ["source", report.source],
    ["broken rows skipped", String(report.brokenRows)],
    ["orders", String(report.orders)],
    ["fills", String(report.fills)],
    ["rejected orders", `${report.rejected} ${JSON.stringify(report.rejectedBy)}`],
    ...exchangeRows(report),
    ["batches, messages", `${report.batches}, ${report.messages}`],
    [
      "bytes per fill",
      `${report.bytesPerFill.toFixed(1)} orders and fills, ${report.bytesPerFillAllIn.toFixed(1)} all in`,
    ],
    ["bytes per new order", `${report.bytesPerNewOrder.toFixed(1)} (target 78)`],
    ["bytes per fill record", `${report.bytesPerFillRecord.toFixed(1)} (target 6)`],
    ["L1 gas of batches per fill", report.batchGasPerFill.toFixed(0)],
    ...Object.entries(report.gas).map(([name, gas]): [string, string] => [
      `L1 gas, ${name}`,
      gas.toLocaleString("en-US"),
    ]),
    ["fills a second", `${report.fillsPerSecond.toFixed(0)} (signing, matching, journal and L1 included)`],
    ["steps a second", `${report.stepsPerSecond.toFixed(0)} (second node, signatures checked)`],
    ["steps judged on L1", `${report.judgedSteps} of ${report.steps}, all equal`],
    ["state root", report.stateRoot],
    ["rebuilt by second node", report.rebuiltStateRoot],
    ...Object.entries(report.conservation).map(([name, value]): [string, string] => [
      `conservation, ${name}`,
      usdc(value),
    ]),
    ["withdrawals paid", `${report.withdrawalsPaid}, ${report.exitSeconds} s of chain time after the last batch`],
    ...disputeRows(report.dispute),
    ["time", `${report.seconds.toFixed(1)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  console.log("");
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`);
}

function byMarket(quantities: ReadonlyMap<number, bigint>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...quantities]
      .sort(([a], [b]) => a - b)
      .map(([market, quantity]) => {
        const name = MARKETS.find(({ id }) => id === market)?.name ?? String(market);
        return [name, Number(quantity) / CONTRACT];
      }),
  );
}

function inUsdc({ cash, initial, maintenance }: MarginHeld): MarginInUsdc {
  return { cash: Number(cash) / USDC, initial: Number(initial) / USDC, maintenance: Number(maintenance) / USDC };
}

function disputeRows(dispute: DisputeReport | undefined): [string, string][] {
  if (dispute === undefined) return [];
  const { moves, transactions, gas, openings, operatorGas, seconds } = dispute;
  const made = Object.entries(moves).map(([move, count]) => `${count} ${move}`);
  const ether = (wei: string): string => `${(Number(wei) / 1e18).toFixed(6)} ETH`;
  return [
    ["fraud", `${dispute.fraud}: the operator ${dispute.what}; first wrong state: number ${dispute.firstWrong}`],
    ["dispute, defender", `${transactions} transactions, ${gas.toLocaleString("en-US")} gas: ${made.join(", ")}`],
    ["dispute, operator", `${openings} openings, ${operatorGas.toLocaleString("en-US")} gas, and lost`],
    ["dispute, chain time", `${seconds} s from the lie to the right assertion's confirmation`],
    ["stake lost by the operator", ether(dispute.stakeLost)],
    ["of it, to the defender", `${ether(dispute.refunded)} for the gas of its moves`],
    ["of it, to the treasury", ether(dispute.toTreasury)],
    ["defender's own stake", dispute.defenderStakeBack ? "came back" : "did not come back"],
  ];
}

function median(values: readonly bigint[]): number {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : 1));
  return Number(sorted[Math.floor(sorted.length / 2)] ?? 0n);
}
