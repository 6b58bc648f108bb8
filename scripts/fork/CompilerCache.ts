import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const FOLDER = new URL("../../cache/third-parties/", import.meta.url);

/** What a compiler said, and of which files that it asked for. */
interface Entry {
  /** SHA-256 of each, by its path. */
  readonly reads: Readonly<Record<string, string>>;
  readonly output: string;
}

/**
 * Runs a compiler, or says what it said the last time: the old ones are JavaScript and take seconds, and their sources never change.
 *
 * @param input All that decides about the output, but for the files that the compiler asks for.
 * @param read Reads one of these; throws if there is none.
 */
export function compileOnce(
  input: string,
  read: (path: string) => string,
  compile: (read: (path: string) => string) => string,
): string {
  const file = new URL(`${sha256(input)}.json`, FOLDER);
  const known = load(file);
  if (known !== undefined && Object.entries(known.reads).every(([path, hash]) => sha256(read(path)) === hash)) {
    return known.output;
  }
  const reads: Record<string, string> = {};
  const asked: string[] = [];
  const output = compile((path) => {
    asked.push(path);
    const source = read(path);
    reads[path] = sha256(source);
    return source;
  });
  // What it lacked may be there the next time.
  if (asked.some((path) => !(path in reads))) return output;
  mkdirSync(FOLDER, { recursive: true });
  // Others may read or write it at the same time.
  const own = new URL(`${file.pathname}.${process.pid}`, file);
  writeFileSync(own, JSON.stringify({ reads, output } satisfies Entry));
  renameSync(own, file);
  return output;
}

function load(file: URL): Entry | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Entry;
  } catch {
    // There is none, or not a whole one: the compiler says it again.
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
