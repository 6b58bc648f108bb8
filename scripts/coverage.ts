import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./cli/runCommand.ts";
import { EXIT } from "./cli/runScript.ts";
import { readLcov } from "./coverage/lcov.ts";
import { coverageCommand, type CoverageOptions } from "./coverage/options.ts";
import { formatMissed, formatTable, reaches, shareOf, type FileLines } from "./coverage/table.ts";
import { executedLines } from "./coverage/v8.ts";

/**
 * Prints which share of the lines the tests execute: `npm run coverage`.
 *
 * The contracts are built anew for it, with instruments in them, and once more afterwards. What runs on anvil is not seen by Hardhat, so
 * the judge of the parity tests runs on the simulator then.
 */

const TARGETS = { src: 92, contracts: 98 } as const;
const ROOT = new URL("../", import.meta.url);
/** Folders of tests whose subject are contracts. */
const CONTRACT_TESTS = ["contracts", "findings", "parity", "scenarios/game", "scenarios/exchange"];
/** Of thousands of random steps, which take hours on the simulator: the edges are judged by the same contracts. */
const TOO_SLOW = ["exchange.test.ts", "random.test.ts", "replays.test.ts"];

await runCommand(coverageCommand(), (options: CoverageOptions, files) => {
  const both = options.src === options.contracts;
  const results: boolean[] = [];
  if (both || options.src) results.push(measureSource(files, options.missed));
  if (both || options.contracts) results.push(measureContracts(files, options.missed));
  return results.every(Boolean) ? EXIT.done : EXIT.failed;
});

/** Runs Hardhat; what it prints is shown. */
function hardhat(args: readonly string[], env: NodeJS.ProcessEnv = {}): boolean {
  const script = fileURLToPath(new URL("cli.js", import.meta.resolve("hardhat")));
  const options = { cwd: fileURLToPath(ROOT), stdio: "inherit", env: { ...process.env, ...env } } as const;
  return spawnSync(process.execPath, [script, ...args], options).status === 0;
}

/** @returns Whether the tests pass and the target is reached. */
function measureSource(tests: readonly string[], showMissed: boolean): boolean {
  const reports = mkdtempSync(join(tmpdir(), "tenor-coverage-"));
  try {
    const passes = hardhat(["test", "mocha", "--no-compile", ...tests], { NODE_V8_COVERAGE: reports });
    const reached = report("src", executedLines(reports, new URL("src/", ROOT)), showMissed);
    return passes && reached;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

/** All test files of a folder below `test`. */
function testsOf(folder: string): string[] {
  const path = fileURLToPath(new URL(`test/${folder}/`, ROOT));
  return readdirSync(path)
    .filter((name) => name.endsWith(".test.ts") && !TOO_SLOW.includes(name))
    .map((name) => join(path, name));
}

/**
 * Tests that hold gas and sizes of code fail here, for instruments cost both; whether tests pass is for `npm test` to say.
 *
 * @returns Whether the target is reached.
 */
function measureContracts(given: readonly string[], showMissed: boolean): boolean {
  const tests = given.length > 0 ? given : CONTRACT_TESTS.flatMap(testsOf);
  const file = fileURLToPath(new URL("coverage/lcov.info", ROOT));
  rmSync(file, { force: true });
  hardhat(["test", "mocha", "--coverage", ...tests], { TENOR_COVERAGE: "1" });
  const files = readLcov(file, "contracts/");
  const counted = files.filter(({ file: name }) => !name.startsWith("test/") && !name.startsWith("interfaces/"));
  return report("contracts", counted, showMissed);
}

/** @returns Whether the target is reached. */
function report(name: keyof typeof TARGETS, files: readonly FileLines[], showMissed: boolean): boolean {
  if (showMissed) console.log(`\n${formatMissed(files)}`);
  console.log(`\n${formatTable(name, files, TARGETS[name])}`);
  return reaches(shareOf(files), TARGETS[name]);
}
