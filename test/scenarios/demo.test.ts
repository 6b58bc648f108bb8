import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DemoReport } from "../../scripts/demo/DemoReport.ts";
import { ScriptProcess } from "../support/scripts.ts";

describe("Scenario: npm run demo", () => {
  it("a short, quiet day from the first deposit to the last withdrawal, with an operator that lies about it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenor-"));
    try {
      const file = join(folder, "report.json");
      const script = new ScriptProcess("scripts/demo.ts", [
        "--hours",
        "6",
        "--fills",
        "20",
        "--judge",
        "20",
        "--json",
        file,
      ]);
      const { code, stdout, stderr } = await script.end;
      expect(code, stdout + stderr).to.equal(0);
      const report = JSON.parse(readFileSync(file, "utf8")) as DemoReport;
      expect(report).to.include({ judgedSteps: 20, withdrawalsPaid: 2 });
      expect(report.conservationChecks).to.be.at.least(report.batches);
      expect(report.fills).to.be.at.least(20);
      expect(report.expiriesSettled).to.be.at.least(1);
      expect(report.rebuiltStateRoot).to.equal(report.stateRoot);
      expect(report.conservation.difference).to.equal(0);
      expect(report.dispute?.fraud).to.equal("balance");
      expect(report.dispute?.defenderStakeBack).to.equal(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
