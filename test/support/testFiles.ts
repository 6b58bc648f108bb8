import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Imports what one process has to run, for all of it needs what takes a process long to load. */
const TOGETHER = join(ROOT, "test/blobs.ts");

/**
 * What Mocha loads when no file is named: the tests below a folder, each by itself and in any process, but for those that
 * `test/blobs.ts` has run together, which come first, since they take longest.
 */
export function testFiles(folder: string): readonly string[] {
  const files = globSync(join(ROOT, folder, "**/*.test.ts")).sort();
  const members = Array.from(readFileSync(TOGETHER, "utf8").matchAll(/^import "(.+)";$/gm), ([, path]) =>
    join(dirname(TOGETHER), path!),
  );
  const alone = files.filter((file) => !members.includes(file));
  return alone.length === files.length ? files : [TOGETHER, ...alone];
}
