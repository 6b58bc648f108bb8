import { checkpointIdentity } from "../../src/roles/Checkpoints.ts";
import { Execution } from "../../src/roles/Execution.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { SqliteCheckpoints } from "../../src/roles/SqliteCheckpoints.ts";
import { CONFIG, makeInputs, reachableRoot } from "./traffic/inputs.ts";

const BATCHES = 12;

/** Stores one checkpoint after the other until it is killed; says so when the first one is on the disk. */
async function runChild(path: string): Promise<never> {
  const { log } = makeInputs(20260506, BATCHES, reachableRoot());
  const execution = new Execution(CONFIG, log, reachableRoot());
  await execution.advance(BigInt(BATCHES));
  const store = new SqliteCheckpoints(path, checkpointIdentity(CONFIG, reachableRoot()), SILENT);
  for (let i = 0; ; i++) {
    store.save(execution.at(BigInt(1 + (i % BATCHES)))!, log);
    if (i === 0) process.stdout.write("stored\n");
  }
}

await runChild(process.argv[2]!);
