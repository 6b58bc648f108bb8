import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Processes } from "../../../scripts/fork/Processes.ts";

const EVENTS = ["exit", "SIGINT", "SIGTERM", "SIGHUP"] as const;
const SLEEP = "setInterval(() => undefined, 1_000)";

/** Is there a process of this number? */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("processes that none may outlive", () => {
  const listeners = (): number[] => EVENTS.map((event) => process.listenerCount(event));

  it("are ended together, and nothing listens when none is left", async () => {
    const before = listeners();
    const processes = new Processes();
    expect(listeners()).to.deep.equal(before);
    const children = [1, 2].map(() => processes.add(spawn(process.execPath, ["-e", SLEEP])));
    expect(listeners()).to.deep.equal(before.map((count) => count + 1));
    await processes.end();
    expect(children.map(({ signalCode }) => signalCode)).to.deep.equal(["SIGKILL", "SIGKILL"]);
    expect(listeners()).to.deep.equal(before);
    expect(processes.exitCode).to.equal(undefined);
  });

  it("end with the one that has started them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenor-"));
    try {
      const module = JSON.stringify(new URL("../../../scripts/fork/Processes.ts", import.meta.url).href);
      const file = join(folder, "parent.mjs");
      writeFileSync(
        file,
        `import { spawn } from "node:child_process";
         import { Processes } from ${module};
         const child = new Processes().add(spawn(process.execPath, ["-e", ${JSON.stringify(SLEEP)}]));
         console.log(child.pid);`,
      );
      const parent = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(line.toString());
      expect(isAlive(pid)).to.equal(true);
      parent.kill("SIGTERM");
      expect(await once(parent, "exit")).to.deep.equal([143, null]);
      expect(isAlive(pid)).to.equal(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
