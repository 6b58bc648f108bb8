import { readFileSync } from "node:fs";
import type { CodeHashes } from "../src/l1/codeHashes.ts";

/** Where the hashes of the contracts are committed: `npm run prover-hash`. */
export const CODE_HASHES = new URL("./code-hashes.json", import.meta.url);

/** The hashes that this version of the source is known by. */
export function committedHashes(): CodeHashes {
  return JSON.parse(readFileSync(CODE_HASHES, "utf8")) as CodeHashes;
}

/** Names of the contracts whose hashes differ. */
export function differingContracts(actual: CodeHashes["contracts"], expected: CodeHashes["contracts"]): string[] {
  return Object.keys({ ...expected, ...actual }).filter((name) => actual[name] !== expected[name]);
}
