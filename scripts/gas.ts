import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureAll } from "./gas/measure.ts";
import { formatTable, toRows } from "./gas/table.ts";

/** Prints the gas of every L1 operation beside its target and the peers' figures; `--json FILE` writes the rows. */

const { values } = parseArgs({ options: { json: { type: "string" } } });
const measurements = await measureAll();
console.log(formatTable(measurements));
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify(toRows(measurements), undefined, 2)}\n`);
}
