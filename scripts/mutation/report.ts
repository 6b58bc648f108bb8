import type { MutantResult } from "./mutate.ts";

/** Share of the mutants that compile which were killed. */
export function scoreOf(results: readonly MutantResult[]): number {
  const judged = results.filter(({ fate }) => fate !== "does not compile");
  return judged.filter(({ fate }) => fate === "killed").length / judged.length;
}

/** Numbers by file and operator, and every survivor. */
export function formatResults(results: readonly MutantResult[]): string {
  const lines = ["", table("file", results, ({ mutant }) => mutant.file.replace("project/contracts/", "")), ""];
  lines.push(
    table("operator", results, ({ mutant }) => mutant.operator),
    "",
  );
  for (const { mutant, fate } of results) {
    if (fate !== "survived") continue;
    const { file, line, where, operator, original, replacement } = mutant;
    lines.push(`survived: ${file.replace("project/", "")}:${line} ${where}, ${operator}`);
    lines.push(`  - ${oneLine(original)}`, `  + ${oneLine(replacement)}`);
  }
  const count = (fate: MutantResult["fate"]): number => results.filter((result) => result.fate === fate).length;
  lines.push(
    "",
    `${count("killed")} killed, ${count("survived")} survived, ${count("does not compile")} do not compile: ` +
      `${(100 * scoreOf(results)).toFixed(1)} %`,
  );
  return lines.join("\n");
}

/** The results as plain objects. */
export function toRows(results: readonly MutantResult[]): readonly Record<string, unknown>[] {
  return results.map(({ mutant, fate }) => ({ fate, ...mutant }));
}

function table(head: string, results: readonly MutantResult[], nameOf: (result: MutantResult) => string): string {
  const rows = new Map<string, { killed: number; survived: number }>();
  for (const result of results) {
    if (result.fate === "does not compile") continue;
    const row = rows.get(nameOf(result)) ?? { killed: 0, survived: 0 };
    row[result.fate]++;
    rows.set(nameOf(result), row);
  }
  const lines = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${head.padEnd(34)} killed survived`,
    ...lines.map(
      ([name, { killed, survived }]) =>
        `${name.padEnd(34)} ${String(killed).padStart(6)} ${String(survived).padStart(8)}`,
    ),
  ].join("\n");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 160) || "(nothing)";
}
