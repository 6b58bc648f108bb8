import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureAll } from "./gas/measure.ts";
import { formatTable, missesTarget, toRows } from "./gas/table.ts";

/**
 * Prints the gas of every L1 operation beside its target and the peers' figures; `--json FILE` writes the rows. Fails if an
 * operation misses its target. `--next-fork` measures by the rules of the next fork instead, for which there are no targets yet.
 */

const { values } = parseArgs({
  options: { json: { type: "string" }, "next-fork": { type: "boolean", default: false } },
});
const measurements = await measureAll(values["next-fork"] ? "next fork" : "today");
console.log(formatTable(measurements));
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify(toRows(measurements), undefined, 2)}\n`);
}
if (!values["next-fork"] && measurements.some(missesTarget)) process.exitCode = 1;
