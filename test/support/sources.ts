import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { ROOT } from "./documents.ts";

/** Which files of this repository use which, by their paths from its folder. */

const texts = new Map<string, string>();

/** What a file holds. */
export function textOf(path: string): string {
  const text = texts.get(path) ?? readFileSync(new URL(path, ROOT), "utf8");
  texts.set(path, text);
  return text;
}

/** The files of this repository that a file imports itself. */
export function importsOf(path: string): string[] {
  const names = [...textOf(path).matchAll(/^(?:import|export|\}) .*?from "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm)];
  return names.map(([, name, dynamic]) => posix.join(posix.dirname(path), (name ?? dynamic)!));
}

/** A test with all that it is made of: what it imports from the tests and the scripts, and they do. */
export function importedFiles(path: string): string[] {
  const found = new Set([path]);
  for (const file of found) {
    if (!file.endsWith(".ts")) continue;
    for (const name of importsOf(file)) if (/^(test|scripts)\//.test(name)) found.add(name);
  }
  return [...found];
}
