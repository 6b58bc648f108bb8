import { expect } from "chai";
import * as constants from "../../src/machine/Constants.ts";
import { textOf } from "../support/sources.ts";

const DAY = 86_400n;
const GWEI = 10n ** 9n;
const ETHER = 10n ** 18n;
const UNITS: Readonly<Record<string, bigint>> = { s: 1n, day: DAY, days: DAY };

/** The cells of the rows of the table whose head begins with these cells, without code marks. */
function tableOf(document: string, ...head: readonly string[]): string[][] {
  const tables = textOf(document).split(/\n\n+/);
  const cells = (line: string): string[] =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", ""));
  const table = tables.find((part) => head.every((name, i) => cells(part.split("\n")[0]!)[i] === name));
  expect(table, `a table of ${head.join(", ")} in ${document}`).not.to.equal(undefined);
  return table!.trim().split("\n").slice(2).map(cells);
}

/** A number as the specification writes it: `2^39 − 1`, `400 days`, `1/5` for one part in five. */
function valueOf(text: string): bigint {
  const [, base, exponent, less = "0", unit] =
    /^(?:1\/)?(\d+)(?:\^(\d+))?(?: − (\d+))?(?: ([a-z]+))?$/.exec(text) ?? [];
  expect(base, text).not.to.equal(undefined);
  return (BigInt(base!) ** BigInt(exponent ?? 1) - BigInt(less)) * (unit === undefined ? 1n : UNITS[unit]!);
}

describe("numbers in the documents", () => {
  it("docs/specification.md has the machine's constants", () => {
    const all = constants as Readonly<Record<string, bigint | number>>;
    const rows = tableOf("docs/specification.md", "constant", "value");
    expect(rows).to.have.length.above(40);
    for (const [names, values] of rows) {
      for (const [i, name] of names!.split(", ").entries()) {
        expect(BigInt(all[name]!), name).to.equal(valueOf(values!.split(", ")[i]!));
      }
    }
  });

  it("README.md has the parameters of the main network, and the caps of an account", () => {
    const parameters = JSON.parse(textOf("deploy/parameters/production.json")) as Readonly<
      Record<string, number | string>
    >;
    const of = (name: string): bigint => BigInt(parameters[name]!);
    const k = of("historyHeight");
    const m = of("sectionBits");
    expect(tableOf("README.md", "", "production")).to.deep.equal([
      ["challenge period", `${Number(of("challengePeriodSeconds")) / Number(DAY)} days`],
      ["history height k", `${k} (2^${k} steps in one range)`],
      ["force delay", `${of("forceDelaySeconds") / 3_600n} h`],
      [
        "batch time bounds",
        `at most ${of("maxFutureSeconds") / 60n} min after and ${of("maxPastSeconds") / 60n} min before its L1 block`,
      ],
      ["age of a parent before its child", `${of("minParentAgeSeconds") / 60n} min`],
      ["stake", `${of("stakeWei") / ETHER} ETH`],
      ["levels of a move, m", `${m} (a move shows 2^${m} hashes)`],
      ["highest price of a refund", `${of("refundPriceCapWei") / GWEI} gwei`],
      ["timelock's delay", `${of("timelockDelaySeconds") / DAY} days`],
      ["account caps", `${constants.MAX_POSITIONS} positions, ${constants.MAX_EXPIRIES} expiries`],
    ]);
  });

  it("docs/node.md has the times and rates of the main network", () => {
    const parameters = JSON.parse(textOf("deploy/parameters/production.json")) as Readonly<Record<string, number>>;
    const units: Readonly<Record<string, number>> = { hour: 3_600, days: 86_400 };
    const rows = tableOf("docs/node.md", "production value", "why");
    expect(rows).to.have.length(5);
    for (const [cell] of rows) {
      const [, name, number, unit] = /^(\w+) ([\d,]+)(?: (\w+))?$/.exec(cell!)!;
      expect(Number(number!.replaceAll(",", "")) * (unit === undefined ? 1 : units[unit]!), name).to.equal(
        parameters[name!],
      );
    }
  });
});
