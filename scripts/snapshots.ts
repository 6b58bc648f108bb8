import { mkdirSync, writeFileSync } from "node:fs";
import { snapshots } from "./audit/snapshots.ts";

/** Writes what test/audit/snapshots.test.ts compares: storage layouts, selectors and sizes of the contracts as they are built. */

const folder = new URL("../test/audit/snapshots/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [file, text] of snapshots()) writeFileSync(new URL(file, folder), text);
