import { writeFileSync } from "node:fs";
import { runCommand } from "./cli/runCommand.ts";
import { EXIT } from "./cli/runScript.ts";
import { measureAll } from "./gas/measure.ts";
import { gasCommand, type GasOptions } from "./gas/options.ts";
import { formatTable, missesTarget, toRows } from "./gas/table.ts";

/** Prints the gas of every L1 operation: `npm run gas`. */

await runCommand(gasCommand(), async ({ json, nextFork }: GasOptions) => {
  const measurements = await measureAll(nextFork ? "next fork" : "today");
  console.log(formatTable(measurements));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(toRows(measurements), undefined, 2)}\n`);
  return !nextFork && measurements.some(missesTarget) ? EXIT.failed : EXIT.done;
});
