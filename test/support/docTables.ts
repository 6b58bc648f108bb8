import { expect } from "chai";
import { readFileSync } from "node:fs";

/** Tables in the documents whose numbers a test computes again. */

/** A markdown table with right-aligned numbers in columns of equal width, as the formatter leaves it. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, 3, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** Expects that a document holds the table, and shows the one that it should hold if it does not. */
export function expectTable(document: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = markdownTable(head, rows);
  const text = readFileSync(new URL(`../../docs/${document}`, import.meta.url), "utf8");
  expect(text.includes(table), `docs/${document} should hold\n\n${table}\n`).to.equal(true);
}

/** An amount of 1e-6 USDC in whole cents, rounded half up: "1,234.56". */
export function usd(amount: bigint): string {
  const cents = (amount < 0n ? -amount : amount) + 5_000n;
  const whole = (cents / 1_000_000n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const rest = ((cents % 1_000_000n) / 10_000n).toString().padStart(2, "0");
  return `${amount < 0n ? "-" : ""}${whole}.${rest}`;
}
