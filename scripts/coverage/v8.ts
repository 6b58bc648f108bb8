import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { locator, type CachedSourceMap } from "./sourceMap.ts";
import { statementsOf } from "./statements.ts";
import type { FileLines } from "./table.ts";

/** What V8 writes into the folder that NODE_V8_COVERAGE names, one file for each process and thread. */
interface Report {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly Range[] }[];
  }[];
  readonly "source-map-cache"?: Readonly<Record<string, CachedSourceMap>>;
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** Lines of all TypeScript files below a folder that some process has executed. */
export function executedLines(reports: string, folder: URL): readonly FileLines[] {
  const root = fileURLToPath(folder);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort();
  const statements = new Map(
    files.map((name) => [name, statementsOf(readFileSync(join(root, name), "utf8"))] as const),
  );
  const executed = new Map(files.map((name) => [name, new Set<number>()] as const));
  for (const report of readdirSync(reports)) {
    const { result, "source-map-cache": maps = {} } = JSON.parse(readFileSync(join(reports, report), "utf8")) as Report;
    for (const { url, functions } of result) {
      if (!url.startsWith(folder.href)) continue;
      const name = decodeURIComponent(url.slice(folder.href.length).split("?")[0]!);
      const found = statements.get(name);
      if (found === undefined) continue;
      const ranges = functions.flatMap((one) => one.ranges);
      const map = maps[url];
      const locate = map === undefined ? undefined : locator(map);
      for (const { offset, line, column } of found) {
        const place = locate === undefined ? offset : locate(line - 1, column);
        if (place !== undefined && countAt(ranges, place) > 0) executed.get(name)!.add(offset);
      }
    }
  }
  return files.map((file) => {
    const lines = new Map<number, boolean>();
    for (const { offset, line } of statements.get(file)!) {
      lines.set(line, (lines.get(line) ?? true) && executed.get(file)!.has(offset));
    }
    return { file, lines };
  });
}

/** How often the innermost range around a place was executed. */
function countAt(ranges: readonly Range[], offset: number): number {
  let innermost: Range | undefined;
  for (const range of ranges) {
    if (offset < range.startOffset || offset >= range.endOffset) continue;
    const size = range.endOffset - range.startOffset;
    if (innermost === undefined || size <= innermost.endOffset - innermost.startOffset) innermost = range;
  }
  return innermost?.count ?? 0;
}
