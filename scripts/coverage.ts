import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readLcov } from "./coverage/lcov.ts";
import { formatMissed, formatTable, reaches, shareOf, type FileLines } from "./coverage/table.ts";
import { executedLines } from "./coverage/v8.ts";

/**
 * Prints which share of the lines the tests execute, by folder, and fails below the targets. Test files may be named; without any all of
 * them run. `--src` or `--contracts` measures one of the two alone, `--missed` names the lines that nothing executes.
 *
 * The contracts are built anew for it, with instruments in them, and once more afterwards. What runs on anvil is not seen by Hardhat, so
 * the parity tests do not count.
 */

const TARGETS = { src: 92, contracts: 98 } as const;
const ROOT = new URL("../", import.meta.url);

const { values, positionals } = parseArgs({
  options: {
    src: { type: "boolean", default: false },
    contracts: { type: "boolean", default: false },
    missed: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const both = values.src === values.contracts;

/** Runs Hardhat; what it prints is shown. */
function hardhat(args: readonly string[], env: NodeJS.ProcessEnv = {}): boolean {
  const script = fileURLToPath(new URL("cli.js", import.meta.resolve("hardhat")));
  const options = { cwd: fileURLToPath(ROOT), stdio: "inherit", env: { ...process.env, ...env } } as const;
  return spawnSync(process.execPath, [script, ...args], options).status === 0;
}

function report(name: keyof typeof TARGETS, files: readonly FileLines[]): void {
  if (values.missed) console.log(`\n${formatMissed(files)}`);
  console.log(`\n${formatTable(name, files, TARGETS[name])}`);
  if (!reaches(shareOf(files), TARGETS[name])) process.exitCode = 1;
}

if (both || values.src) {
  const reports = mkdtempSync(join(tmpdir(), "tenor-coverage-"));
  try {
    if (!hardhat(["test", "mocha", "--no-compile", ...positionals], { NODE_V8_COVERAGE: reports }))
      process.exitCode = 1;
    report("src", executedLines(reports, new URL("src/", ROOT)));
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}
if (both || values.contracts) {
  if (!hardhat(["test", "mocha", "--coverage", ...positionals])) process.exitCode = 1;
  const files = readLcov(fileURLToPath(new URL("coverage/lcov.info", ROOT)), "contracts/");
  report(
    "contracts",
    files.filter(({ file }) => !file.startsWith("test/") && !file.startsWith("interfaces/")),
  );
}
