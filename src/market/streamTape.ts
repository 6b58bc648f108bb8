import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type BrokenRow, isPrint, type Print, TapeParser } from "./tape.ts";
import { type MarketSpec, MARKETS } from "./types.ts";

/**
 * Streams the prints of a tape file, line by line. This is the only function of the folder that touches the outside.
 *
 * @param path a CSV file of option trades
 * @param onBroken told of every row that is left out, and why
 * @throws TapeHeaderError if the file does not begin with a header; the file system's own error if it can't be read.
 */
export async function* streamTape(
  path: string,
  onBroken: (row: BrokenRow) => void,
  markets: readonly MarketSpec[] = MARKETS,
): AsyncGenerator<Print> {
  const parser = new TapeParser(markets);
  const input = createReadStream(path, "utf8");
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const row = parser.read(line);
      if (row === undefined) continue;
      if (isPrint(row)) yield row;
      else onBroken(row);
    }
    parser.end();
  } finally {
    input.destroy();
  }
}
