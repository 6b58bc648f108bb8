import { expect } from "chai";
import { readFileSync } from "node:fs";
import { posterCommand } from "../../scripts/poster/options.ts";
import { POSTER_ALARMS } from "../../src/poster/PosterHealth.ts";
import { PosterMetrics } from "../../src/poster/PosterMetrics.ts";

/** The rows of the table under a heading, by their cells without code marks. */
function tableOf(heading: string): string[][] {
  const text = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))!;
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

describe("docs/operations.md", () => {
  it("lists the poster's flags with their defaults", () => {
    const flags = posterCommand().options.map(({ flags: names, defaultValue }) => [
      names,
      defaultValue === undefined ? "" : String(defaultValue as unknown),
    ]);
    expect(tableOf("Flags").map(([name, value]) => [name, value])).to.deep.equal(flags);
  });

  it("lists the metrics with what they mean", async () => {
    const metrics = await new PosterMetrics().registry.getMetricsAsJSON();
    expect(tableOf("What it shows")).to.deep.equal(metrics.map(({ name, help }) => [name, help]));
  });

  it("says what to do about each alarm", () => {
    expect(tableOf("Alarms").map(([alarm]) => alarm)).to.deep.equal([...POSTER_ALARMS]);
  });
});
