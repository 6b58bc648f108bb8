import { closeSync, openSync } from "node:fs";

/** A name that SQLite keeps in memory. */
const IN_MEMORY = ":memory:";

/**
 * Makes a file that its owner alone can read, unless it is there; one that is keeps the rights that somebody gave it. SQLite gives the
 * files beside it the same.
 *
 * @returns The path, for what opens it next. @throws What the system says if it can't be made.
 */
export function privateFile(path: string): string {
  if (path !== IN_MEMORY) closeSync(openSync(path, "a", 0o600));
  return path;
}
