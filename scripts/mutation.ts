import { writeFileSync } from "node:fs";
import { runCommand } from "./cli/runCommand.ts";
import { EXIT } from "./cli/runScript.ts";
import { mutationCommand, type MutationCommandOptions } from "./mutation/options.ts";
import { mutateProver } from "./mutation/proverMutants.ts";
import { formatResults, toRows } from "./mutation/report.ts";

/** Counts which changes of the judge recorded steps notice: docs/mutation.md. */

await runCommand(mutationCommand(), async ({ sample, seed, only, json }: MutationCommandOptions) => {
  const onProgress = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
  const results = await mutateProver({ sample, seed, only, onProgress });
  console.log(formatResults(results));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(toRows(results), undefined, 2)}\n`);
  return EXIT.done;
});
