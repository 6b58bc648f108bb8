import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { mutateProver } from "./mutation/proverMutants.ts";
import { formatResults, toRows } from "./mutation/report.ts";

/**
 * Changes the machine and its prover on L1 in one place at a time, and counts how many of the changes recorded steps notice.
 * `--sample N` of the mutants, drawn by `--seed N`; `--only TEXT` of files whose name holds it; `--json FILE` writes the rows.
 */

const { values } = parseArgs({
  options: {
    sample: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    json: { type: "string" },
  },
});
const results = await mutateProver({
  sample: Number(values.sample),
  seed: Number(values.seed),
  only: values.only,
  onProgress: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
});
console.log(formatResults(results));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(toRows(results), undefined, 2)}\n`);
