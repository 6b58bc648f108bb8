import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { literalsOf, type TestLiterals } from "../support/testLiterals.ts";

/** Every threat there is, by the number that docs/threats.md keeps for it. */
const THREATS: readonly string[] = [
  ...["1", "2", "3", "4", "5", "6", "7", "8", "8a", "8b", "9", "10", "11", "12", "13", "14", "14a", "14b", "15", "16"],
  ...["17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "26a", "26b", "26c", "26d", "26e", "27"],
  ...["28", "29", "30", "31", "32", "33", "34"],
];

const ROOT = new URL("../../", import.meta.url);

interface Reference {
  readonly file: string;
  readonly title: string;
  /** A row of the file's tables. */
  readonly row: string | undefined;
}

interface Line {
  readonly threat: string;
  readonly attack: string;
  readonly tests: readonly Reference[];
}

/** The lines of the page with the tests below each. */
function linesOf(page: string): readonly Line[] {
  const lines: { threat: string; attack: string; tests: Reference[] }[] = [];
  for (const text of page.split("\n")) {
    const attack = /^- (\d+[a-e]?) · (.+)$/.exec(text);
    if (attack !== null) lines.push({ threat: attack[1]!, attack: attack[2]!, tests: [] });
    if (!text.startsWith("  - ")) continue;
    const test = /^ {2}- \[.+\]\(\.\.\/(test\/[\w./-]+\.ts)\): “(.+?)”(?: › “(.+)”)?$/.exec(text);
    expect(test, `no reference to a test: ${text}`).to.not.equal(null);
    lines.at(-1)!.tests.push({ file: test![1]!, title: test![2]!, row: test![3] });
  }
  return lines;
}

describe("docs/threats.md", () => {
  const lines = linesOf(readFileSync(new URL("docs/threats.md", ROOT), "utf8"));

  it("has a line for every threat, and a test for every line", () => {
    const found = new Set(lines.map(({ threat }) => threat));
    expect(THREATS.filter((threat) => !found.has(threat))).to.deep.equal([]);
    expect([...found].filter((threat) => !THREATS.includes(threat))).to.deep.equal([]);
    expect(lines.filter(({ tests }) => tests.length === 0)).to.deep.equal([]);
  });

  it("names tests that are there", () => {
    const files = new Map<string, TestLiterals>();
    const wrong: string[] = [];
    for (const { threat, tests } of lines) {
      for (const { file, title, row } of tests) {
        const url = new URL(file, ROOT);
        if (!files.has(file) && existsSync(url)) files.set(file, literalsOf(readFileSync(url, "utf8")));
        const literals = files.get(file);
        // What several suites share has no titles of its own, but the rows of their tables.
        const titles = literals?.titles.size === 0 ? literals.all : literals?.titles;
        if (titles?.has(title) !== true) wrong.push(`${threat}: ${file} has no “${title}”`);
        else if (row !== undefined && !literals!.all.has(row)) wrong.push(`${threat}: ${file} has no “${row}”`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });
});
