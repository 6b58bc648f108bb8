import { readFileSync } from "node:fs";

/** Number of lines of a file, for progress; 0 if it can't be read, which the reader of the file will say better. */
export function countLines(file: string): number {
  try {
    return readFileSync(file, "latin1").split("\n").length;
  } catch {
    return 0;
  }
}
