import { writeFileSync } from "node:fs";
import { runCommand } from "./cli/runCommand.ts";
import { EXIT } from "./cli/runScript.ts";
import { mutate } from "./mutation/mutate.ts";
import { mutationCommand, type MutationCommandOptions } from "./mutation/options.ts";
import { formatResults, toRows } from "./mutation/report.ts";
import { SUBJECTS } from "./mutation/subjects.ts";

/** Counts which changes of contracts are noticed by what was recorded of them, steps or games: docs/mutation.md. */

await runCommand(mutationCommand(), async ({ of, sample, seed, only, json }: MutationCommandOptions) => {
  const onProgress = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
  const results = await mutate(SUBJECTS[of], { sample, seed, only, onProgress });
  console.log(formatResults(results));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(toRows(results), undefined, 2)}\n`);
  return EXIT.done;
});
