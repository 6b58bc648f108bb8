/** Lines of a table with columns of equal width; the first row is the head. */
export function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  const [head, ...rest] = rows;
  return [line(head!), widths.map((width) => "-".repeat(width)).join("  "), ...rest.map(line)];
}

/** Wei in ether with six digits behind the point, rounded up. */
export function ether(wei: bigint): string {
  const micro = (wei + 10n ** 12n - 1n) / 10n ** 12n;
  return `${micro / 1_000_000n}.${String(micro % 1_000_000n).padStart(6, "0")} ETH`;
}
