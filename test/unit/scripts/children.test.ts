import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { Children, type Death } from "../../../scripts/devnet/Children.ts";

describe("the processes of a devnet", () => {
  let folder: string;
  let children: Children;
  let deaths: Death[];
  let died: Promise<Death>;
  let lines: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tenor-"));
    [deaths, lines] = [[], []];
    died = new Promise((resolve) => {
      children = new Children({
        died: (death) => {
          deaths.push(death);
          resolve(death);
        },
        logged: (name, line) => lines.push(`${name}: ${line}`),
      });
    });
  });

  afterEach(async () => {
    await children.end();
    rmSync(folder, { recursive: true });
  });

  /** Starts a process that runs this program, and waits until it says that it is ready. */
  function start(name: string, program: string, args: readonly string[] = []): Promise<string> {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, program);
    const logFile = join(folder, `${name}.log`);
    return children.start(name, pathToFileURL(file), args, "ready", { env: { GREETING: "hello" }, logFile });
  }

  const LASTING = "setInterval(() => undefined, 1000);process.on('SIGTERM', () => process.exit(7));";

  it("are waited for until they are ready, get arguments and environment, and log to files", async () => {
    const line = await start(
      "one",
      `${LASTING}console.log("first");console.log("ready", process.argv[2], process.env.GREETING);`,
      ["x"],
    );
    expect(line).to.equal("ready x hello");
    expect(lines).to.deep.equal(["one: first", "one: ready x hello"]);
    const [exit] = await children.end();
    expect(exit).to.deep.equal({ name: "one", code: 7, signal: null });
    expect(deaths).to.deep.equal([]);
    expect(readFileSync(join(folder, "one.log"), "utf8")).to.equal("first\nready x hello\n");
  });

  it("are reported with their last words when one dies by itself", async () => {
    await start(
      "two",
      `console.log("ready"); for (let i = 0; i < 9; i++) console.error("word", i); process.exitCode = 3;`,
    );
    const { lastLines, ...exit } = await died;
    expect(exit).to.deep.equal({ name: "two", code: 3, signal: null });
    expect(lastLines).to.deep.equal([4, 5, 6, 7, 8].map((i) => `word ${i}`));
    expect(await children.end()).to.deep.equal([]);
  });

  it("fail to start when they end before they are ready", async () => {
    const failed = await start("three", `console.error("no"); process.exitCode = 2;`).catch(
      (error: Error) => error.message,
    );
    expect(failed).to.equal("three ended before it was ready");
    expect((await died).code).to.equal(2);
  });
});
