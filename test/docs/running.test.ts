import type { Command, Option } from "commander";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { devnetCommand } from "../../scripts/devnet/options.ts";
import { NODE_EXIT } from "../../scripts/node/exitCodes.ts";
import { ROLES } from "../../scripts/node/roles.ts";
import { statusCommand } from "../../scripts/status/options.ts";
import { NODE_ALARMS, NodeMetrics } from "../../src/roles/NodeMetrics.ts";
import { ATTENTION_CODES } from "../../src/status/Status.ts";

type Row = readonly (string | undefined)[];

/** The rows of all tables under a heading, by their cells without code marks; the empty heading is the part before the first one. */
function tableOf(heading: string, column: string): Row[] {
  const text = readFileSync(new URL("../../docs/running.md", import.meta.url), "utf8");
  const section = text.split(/^## /m).find((part, i) => (heading === "" ? i === 0 : part.startsWith(`${heading}\n`)))!;
  const tables = section.split("\n\n").filter((part) => part.startsWith(`| ${column} `));
  expect(tables, `tables of ${column} under ${heading}`).to.have.length(1);
  const cells = (line: string): string[] =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", ""));
  return tables[0]!.trim().split("\n").slice(2).map(cells);
}

/** The flags of a command with their defaults. */
function flagsOf(command: Command): Row[] {
  return command.options.map((option) => [option.flags, option.defaultValueDescription ?? defaultOf(option)]);
}

function defaultOf(option: Pick<Option, "defaultValue"> | undefined): string {
  const value = option?.defaultValue as string | number | boolean | readonly string[] | undefined;
  return value === undefined ? "" : String(value);
}

function shown(rows: readonly Row[]): Row[] {
  return rows.map(([name, value]) => [name, value]);
}

const ALL = "Flags, environment and file";

/** What a role's table and that of all roles should say together. */
function expectFlags(command: Command, own: readonly Row[]): void {
  const common = shown(tableOf(ALL, "flag")).filter(([name]) => name !== "--status-port <port>");
  const all = flagsOf(command).filter(([name]) => name !== "--status-port <port>");
  expect(all).to.have.deep.members([...common, ...own]);
}

describe("docs/running.md", () => {
  it("lists the roles with their ports and keys", () => {
    const roles = Object.entries(ROLES).map(([name, role]) => {
      const option = (flag: string): string => defaultOf(role.command().options.find(({ long }) => long === flag));
      return [name, option("--status-port"), option("--key") || option("--receipt-key")];
    });
    expect(tableOf("", "role").map((cells) => cells.slice(0, 3))).to.deep.equal(roles);
  });

  it("lists each role's flags with their defaults", () => {
    expectFlags(ROLES.sequencer.command(), shown(tableOf("Sequencer", "flag")));
    expectFlags(ROLES.follower.command(), shown(tableOf("Follower", "flag")));
    expectFlags(ROLES.keeper.command(), shown(tableOf("Keeper", "flag")));
    expectFlags(ROLES.page.command(), shown(tableOf("The page", "flag")));
    const challengers = shown(tableOf("Proposer, defender, watchtower", "flag"));
    expectFlags(ROLES.proposer.command(), challengers);
    expectFlags(ROLES.watchtower.command(), challengers.slice(0, -4));
    const ofDefender = challengers.map(([name, value]) => [name, value?.replace("PROPOSER", "DEFENDER")]);
    expectFlags(ROLES.defender.command(), ofDefender);
  });

  it("lists the flags of the status and of the devnet", () => {
    expect(shown(tableOf("How it stands", "flag"))).to.deep.equal(flagsOf(statusCommand()));
    expect(shown(tableOf("A devnet", "flag"))).to.deep.equal(flagsOf(devnetCommand()));
  });

  it("lists the metrics with what they mean", async () => {
    const metrics = await new NodeMetrics().registry.getMetricsAsJSON();
    expect(tableOf("What to watch", "metric")).to.deep.equal(metrics.map(({ name, help }) => [name, help]));
  });

  it("says what to do about each alarm, each exit code, and whatever needs attention", () => {
    expect(tableOf("What to watch", "alarm").map(([alarm]) => alarm)).to.deep.equal([...NODE_ALARMS]);
    expect(tableOf("Exit codes", "code").map(([code]) => Number(code))).to.deep.equal(Object.values(NODE_EXIT));
    expect(tableOf("How it stands", "attention").map(([code]) => code)).to.deep.equal([...ATTENTION_CODES]);
  });
});
