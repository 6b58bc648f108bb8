import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readLcov } from "../../../scripts/coverage/lcov.ts";
import { locator } from "../../../scripts/coverage/sourceMap.ts";
import { statementsOf } from "../../../scripts/coverage/statements.ts";
import { formatMissed, formatTable, reaches, shareOf } from "../../../scripts/coverage/table.ts";
import { executedLines } from "../../../scripts/coverage/v8.ts";

const SOURCE = `import { a } from "./a.ts";
interface Shape {
  readonly side: number;
}
export const double = (x: number): number => x * 2;
export function half(x: number): number {
  if (x < 0) {
    return 0;
  }
  return x / 2;
}
`;

describe("lines that tests execute", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tenor-coverage-test-"));
    for (const name of ["src", "reports"]) mkdirSync(join(folder, name));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const src = (): URL => pathToFileURL(`${join(folder, "src")}/`);
  const report = (name: string, ranges: readonly (readonly [number, number, number])[]): void => {
    const functions = ranges.map(([startOffset, endOffset, count]) => ({
      ranges: [{ startOffset, endOffset, count }],
    }));
    const text = JSON.stringify({ result: [{ url: new URL("one.ts", src()).href, functions }] });
    writeFileSync(join(folder, "reports", name), text);
  };

  it("are those of statements, not of types", () => {
    expect(statementsOf(SOURCE).map(({ line }) => line)).to.deep.equal([5, 5, 7, 8, 10]);
  });

  it("are executed if any process has executed them, judged by the innermost range", () => {
    writeFileSync(join(folder, "src", "one.ts"), SOURCE);
    writeFileSync(join(folder, "src", "never.ts"), "export const x = 1;\n");
    const [from, block] = [SOURCE.indexOf("export function"), SOURCE.indexOf("{\n    return 0")];
    const whole = [0, SOURCE.length, 1] as const;
    const arrow = [SOURCE.indexOf("(x: number): number =>"), SOURCE.indexOf(";\nexport function"), 0] as const;
    const branch = [block, SOURCE.indexOf("return x / 2") - 3, 0] as const;
    report("first.json", [whole, arrow, [from, SOURCE.length - 1, 3], branch]);
    const linesOf = (): unknown =>
      executedLines(join(folder, "reports"), src()).map(({ file, lines }) => [file, [...lines]]);
    const never = ["never.ts", [[1, false]]];
    expect(linesOf()).to.deep.equal([
      never,
      [
        "one.ts",
        [
          [5, false],
          [7, true],
          [8, false],
          [10, true],
        ],
      ],
    ]);
    report("second.json", [whole, [arrow[0], arrow[1], 2], [from, SOURCE.length - 1, 0]]);
    expect(linesOf()).to.deep.equal([
      never,
      [
        "one.ts",
        [
          [5, true],
          [7, true],
          [8, false],
          [10, true],
        ],
      ],
    ]);
  });

  it("are found through a source map", () => {
    // "a;b" made of "a" in the first line and "b" in the third, and a second line made of the fifth.
    const locate = locator({ lineLengths: [3, 1], data: { mappings: "AAAA,EAEA;AAEE" } });
    expect(locate(0, 0)).to.equal(0);
    expect(locate(2, 0)).to.equal(2);
    expect(locate(4, 1), "the token behind").to.equal(4);
    expect(locate(4, 3)).to.equal(undefined);
    expect(locate(1, 0)).to.equal(undefined);
  });

  it("of contracts are read from an lcov report", () => {
    const file = join(folder, "lcov.info");
    writeFileSync(
      file,
      "TN:\nSF:contracts/a/A.sol\nDA:3,1\nDA:4,0\nend_of_record\nSF:npm/b/B.sol\nDA:1,0\nend_of_record\n",
    );
    const files = readLcov(file, "contracts/");
    expect(files.map(({ file: name, lines }) => [name, [...lines]])).to.deep.equal([
      [
        "a/A.sol",
        [
          [3, true],
          [4, false],
        ],
      ],
    ]);
    expect(shareOf(files)).to.deep.equal({ executed: 1, all: 2 });
    expect(formatMissed(files)).to.equal("a/A.sol: 4");
    expect(formatTable("contracts", files, 98)).to.match(/all +1 \/ +2 +50.0 % {2}\(target 98 %\)/);
    expect([reaches(shareOf(files), 50), reaches(shareOf(files), 51)]).to.deep.equal([true, false]);
  });
});
