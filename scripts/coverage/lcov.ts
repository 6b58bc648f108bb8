import { readFileSync } from "node:fs";
import type { FileLines } from "./table.ts";

/** Lines of the files in an lcov report that lie in a folder, by their names in it. */
export function readLcov(report: string, folder: string): readonly FileLines[] {
  const files: { file: string; lines: Map<number, boolean> }[] = [];
  let isInFolder = false;
  for (const text of readFileSync(report, "utf8").split("\n")) {
    if (text.startsWith("SF:")) {
      const file = /^SF:(?:.*\/)?((?:contracts|src)\/.+)$/.exec(text)?.[1];
      isInFolder = file?.startsWith(folder) === true;
      if (isInFolder) files.push({ file: file!.slice(folder.length), lines: new Map() });
    }
    const line = /^DA:(\d+),(\d+)/.exec(text);
    if (line !== null && isInFolder) files.at(-1)!.lines.set(Number(line[1]), Number(line[2]) > 0);
  }
  return files;
}
