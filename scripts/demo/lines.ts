import { readFileSync } from "node:fs";

/** Number of lines of a file, for progress; undefined if it can't be read. */
export function countLines(file: string): number | undefined {
  try {
    return readFileSync(file, "latin1").split("\n").length;
  } catch {
    return undefined;
  }
}
