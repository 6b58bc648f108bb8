import { mkdirSync, writeFileSync } from "node:fs";
import { snapshotsCommand } from "./audit/options.ts";
import { snapshots } from "./audit/snapshots.ts";
import { runCommand } from "./cli/runCommand.ts";
import { EXIT } from "./cli/runScript.ts";

/** Writes what test/audit/snapshots.test.ts compares: storage layouts, selectors and sizes of the contracts as they are built. */

const FOLDER = new URL("../test/audit/snapshots/", import.meta.url);

await runCommand(snapshotsCommand(), () => {
  mkdirSync(FOLDER, { recursive: true });
  for (const [file, text] of snapshots()) writeFileSync(new URL(file, FOLDER), text);
  return EXIT.done;
});
