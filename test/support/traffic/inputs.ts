import { InputLog } from "../../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { MAX_POSITIONS } from "../../../src/machine/Constants.ts";
import { accountKey, type Account } from "../../../src/machine/Slots.ts";
import { get, set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { Machine } from "../../../src/machine/Step.ts";
import { Random } from "../../../src/market/random.ts";
import { withRecoverCache } from "../../../src/sequencer/RecoverCache.ts";
import { RandomTraffic } from "./RandomTraffic.ts";
import { COUNTERPARTY, INBOX, preparedRoot, testConfig } from "./world.ts";

/** The deployment that {@link makeInputs} signs for. The same inputs are run over and over. */
export const CONFIG = withRecoverCache(testConfig(31337n, INBOX));

/** What {@link makeInputs} makes. */
export interface Inputs {
  readonly log: InputLog;
  /** The machine-state hash after every step. */
  readonly hashes: Uint8Array[];
  /** Number of steps before each batch. */
  readonly starts: number[];
}

/** The prepared state without the positions that nobody can have: an account holds 64 at most. */
export function reachableRoot(): TreeRoot {
  const root = preparedRoot();
  const account = get(root, accountKey(COUNTERPARTY)) as Account;
  return set(root, accountKey(COUNTERPARTY), { ...account, positions: account.positions.slice(0, MAX_POSITIONS) });
}

/** Inputs of random traffic. */
export function makeInputs(seed: number, batches: number, root = preparedRoot()): Inputs {
  const log = new InputLog();
  const machine = new Machine(CONFIG, log, root, GENESIS_CURSOR);
  const traffic = new RandomTraffic(new Random(seed), machine, log);
  const hashes: Uint8Array[] = [];
  const starts = [0];
  for (let i = 0; i < batches; i++) {
    traffic.appendBatch(6);
    while (!machine.finished(log.batchCount)) {
      machine.step(log.batchCount);
      hashes.push(machine.hash());
    }
    starts.push(hashes.length);
  }
  return { log, hashes, starts };
}
