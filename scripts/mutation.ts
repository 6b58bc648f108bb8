import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { AuditError } from "./audit/AuditError.ts";
import { mutate } from "./mutation/mutate.ts";
import { formatResults, toRows } from "./mutation/report.ts";
import { isSubject, SUBJECTS } from "./mutation/subjects.ts";

/**
 * Changes contracts in one place at a time, and counts how many of the changes what was recorded of them notices: steps for the machine and
 * its prover on L1, games for the dispute game and the chain of assertions.
 * `--of prover` or `game`; `--sample N` of the mutants, drawn by `--seed N`; `--only TEXT` of files whose name holds it; `--json FILE`
 * writes the rows.
 */

const { values } = parseArgs({
  options: {
    of: { type: "string", default: "prover" },
    sample: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    json: { type: "string" },
  },
});
if (!isSubject(values.of))
  throw new AuditError("USAGE", "--of is one of these", { fields: { of: Object.keys(SUBJECTS) } });
const results = await mutate(SUBJECTS[values.of], {
  sample: Number(values.sample),
  seed: Number(values.seed),
  only: values.only,
  onProgress: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
});
console.log(formatResults(results));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(toRows(results), undefined, 2)}\n`);
