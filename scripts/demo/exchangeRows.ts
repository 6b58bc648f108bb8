import type { DemoReport, MarginInUsdc } from "./DemoReport.ts";

/** The rows of the closing table about what was traded and what it is backed by. */
export function exchangeRows(report: DemoReport): [string, string][] {
  const margin = ({ initial, maintenance, cash }: MarginInUsdc): string =>
    `initial ${usd(initial)}, maintenance ${usd(maintenance)}, cash ${usd(cash)} USDC`;
  const pairs = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count.toLocaleString("en-US")}`)
      .join(", ");
  const { reportsPosted, reportBytes } = report;
  return [
    ["expiries settled", String(report.expiriesSettled)],
    ["payouts of options", `${usd(report.payouts)} USDC`],
    ["open interest, contracts", pairs(report.openInterest)],
    ["short on standard margin", pairs(report.exposure)],
    [`margin, ${report.standardAccounts} standard accounts`, margin(report.standardMargin)],
    ["margin, the others", margin(report.collateralisedMargin)],
    ["insurance fund", `${usd(report.fund)} USDC`],
    ["liquidation", pairs(report.liquidation)],
    ["oracle reports", `${reportsPosted} in batches of ${report.reportsMade} made ${refusals(report.reportsRefused)}`],
    [
      "bytes of reports",
      `${reportBytes.toLocaleString("en-US")}, ${(reportBytes / Math.max(1, reportsPosted)).toFixed(0)} each`,
    ],
    ["conservation checked", `${report.conservationChecks} times, after every batch too, to the unit`],
  ];
}

function refusals(refused: Readonly<Record<string, number>>): string {
  return Object.keys(refused).length === 0 ? "" : JSON.stringify(refused);
}

function usd(amount: number): string {
  return amount.toLocaleString("en-US", { maximumFractionDigits: 0 });
}
