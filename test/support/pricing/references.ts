import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { marketData } from "../../../scripts/cli/marketData.ts";

const FOLDER = marketData("pricing");

/** The rows of a table of published or precise values; skips the test if it is not there. */
export function referenceRows(test: Mocha.Context, name: string): Record<string, string>[] {
  const file = join(FOLDER, name);
  if (!existsSync(file)) {
    console.log(`      skipped: no ${file}; point TENOR_DATA at the data to run this`);
    test.skip();
  }
  const [header, ...lines] = readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const names = header!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((value, i) => [names[i]!, value])));
}

/** A decimal number times 10^places, rounded towards zero. */
export function decimal(text: string, places: number): bigint {
  const negative = text.startsWith("-");
  const [whole, fraction = ""] = text.replace("-", "").split(".");
  const size = BigInt(whole! + fraction.padEnd(places, "0").slice(0, places));
  return negative ? -size : size;
}
