import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Journal, type Plan } from "../../../scripts/deploy/Journal.ts";
import { failure } from "../../support/failure.ts";

describe("the journal of a deployment", () => {
  const PLAN: Plan = {
    chainId: "31337",
    genesisHash: `0x${"11".repeat(32)}`,
    deployer: `0x${"22".repeat(20)}`,
    codeHash: `0x${"33".repeat(32)}`,
    parameters: { stakeWei: "1", timelockProposers: [`0x${"44".repeat(20)}`] },
  };
  let folder: string;
  let journal: Journal;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tenor-journal-"));
    journal = Journal.open(folder);
  });

  afterEach(() => {
    journal.close();
    rmSync(folder, { recursive: true });
  });

  it("goes on with the plan that it was begun with", () => {
    journal.requireSame(PLAN);
    journal.begin(PLAN);
    journal.begin(structuredClone(PLAN));
    expect(journal.plan).to.deep.equal(PLAN);
  });

  for (const [what, change] of [
    ["chainId", { chainId: "1" }],
    ["genesisHash", { genesisHash: `0x${"12".repeat(32)}` }],
    ["deployer", { deployer: `0x${"23".repeat(20)}` }],
    ["codeHash", { codeHash: `0x${"34".repeat(32)}` }],
    ["stakeWei", { parameters: { ...PLAN.parameters, stakeWei: "2" } }],
    ["timelockProposers", { parameters: { stakeWei: "1" } }],
  ] as const satisfies readonly (readonly [string, Partial<Plan>])[]) {
    it(`refuses one with another ${what}: NOT_RESUMABLE`, async () => {
      journal.begin(PLAN);
      for (const attempt of ["requireSame", "begin"] as const) {
        const { code, fields } = await failure(() => journal[attempt]({ ...PLAN, ...change }));
        expect(code).to.equal("NOT_RESUMABLE");
        expect(fields).to.include({ folder });
        expect(String(fields.what)).to.match(new RegExp(`^${what}`));
      }
      expect(journal.plan).to.deep.equal(PLAN);
    });
  }

  it("keeps others out until it is closed: IN_USE", async () => {
    expect((await failure(() => Journal.open(folder))).code).to.equal("IN_USE");
    journal.clear();
    expect((await failure(() => Journal.open(folder))).code).to.equal("IN_USE");
    journal.close();
    journal = Journal.open(folder);
  });

  it("is free as soon as the process that has it is killed, and not before", async () => {
    const elsewhere = join(folder, "elsewhere");
    const module = JSON.stringify(new URL("../../../scripts/deploy/Journal.ts", import.meta.url).href);
    const program = `import { Journal } from ${module};
      globalThis.journal = Journal.open(${JSON.stringify(elsewhere)});
      console.log("open");
      setInterval(() => undefined, 1_000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    expect((await failure(() => Journal.open(elsewhere))).code).to.equal("IN_USE");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    Journal.open(elsewhere).close();
  });
});
