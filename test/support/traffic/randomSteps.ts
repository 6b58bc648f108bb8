import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { frameAt } from "../../../src/machine/Framing.ts";
import { decodeTransaction, TX_FILL, type Transaction } from "../../../src/machine/Wire.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import { Random } from "../../../src/market/random.ts";
import { RandomTraffic } from "./RandomTraffic.ts";
import { INBOX, preparedRoot, START, testConfig } from "./world.ts";

/** Steps of random traffic, all of whose inputs are in the log. */
export function randomSteps(chainId: bigint, seed: number, count: number): { log: InputLog; steps: ProvenStep[] } {
  const log = new InputLog();
  const machine = new Machine(testConfig(chainId, INBOX), log, preparedRoot(), { ...GENESIS_CURSOR, l2Time: START });
  const traffic = new RandomTraffic(new Random(seed), machine, log);
  const steps: ProvenStep[] = [];
  while (steps.length < count) {
    traffic.appendBatch(1 + traffic.random.uint(5));
    while (!machine.finished(log.batchCount)) steps.push(machine.provenStep(log.batchCount));
  }
  steps.push(machine.provenStep(log.batchCount));
  return { log, steps };
}

/** Types of the transactions and kinds of the messages in a log, by name. */
export function inputKinds(log: InputLog): ReadonlySet<string> {
  const kinds = new Set<string>();
  for (let index = 0n; index < log.messageCount; index++) {
    const { kind, payload } = log.message(index);
    kinds.add(`message ${kind}`);
    if (kind === MESSAGE_FORCED) addType(kinds, "forced", decodeTransaction(payload, 0n, true));
  }
  for (let index = 0n; index < log.batchCount; index++) {
    const { record, payload } = log.batch(index);
    for (let offset = 0; offset < payload.length;) {
      const frame = frameAt(payload, offset);
      if (frame === undefined) break;
      addType(kinds, "item", decodeTransaction(payload.subarray(frame.start, frame.end), record.l2Time, false));
      offset = frame.end;
    }
  }
  return kinds;
}

/** What {@link inputKinds} finds where nothing is left out. */
export const ALL_KINDS: readonly string[] = [
  ...[1, 2, 3, 4, 5].map((kind) => `message ${kind}`),
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((type) => `item ${type}`),
  ...["new, new", "stored, new", "new, stored", "stored, stored"].map((orders) => `item fill, ${orders}`),
  ...[1, 2, 3, 4, 5, 6, 8].map((type) => `forced ${type}`),
  "forced fill, new, new",
];

function addType(kinds: Set<string>, where: string, transaction: Transaction | undefined): void {
  if (transaction === undefined) return;
  if (transaction.type !== TX_FILL) kinds.add(`${where} ${transaction.type}`);
  else {
    const [maker, taker] = [transaction.maker, transaction.taker].map(({ stored }) => (stored ? "stored" : "new"));
    kinds.add(`${where} fill, ${maker}, ${taker}`);
  }
}
