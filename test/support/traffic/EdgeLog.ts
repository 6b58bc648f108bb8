import { InputLog } from "../../../src/machine/InputLog.ts";
import type { Message } from "../../../src/machine/Inputs.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { resultName, type ResultName } from "../../../src/machine/ResultCodes.ts";
import type { TreeRoot } from "../../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import { encodeItem } from "../../../src/machine/WireEncoding.ts";
import { batchOf } from "../batch.ts";
import { INBOX, testConfig } from "./world.ts";

/** One input, and what has to become of it. */
export interface NamedEdge {
  readonly name: string;
  readonly expected: ResultName;
  /** The result of the machine in TypeScript. */
  readonly result: ResultName;
  /** The state behind it. */
  readonly root: TreeRoot;
}

/** Inputs at which something ends, whose steps are all judged against one log: that is one call instead of one for each. */
export class EdgeLog {
  readonly log = new InputLog();
  readonly steps: ProvenStep[] = [];
  readonly edges: NamedEdge[] = [];
  readonly #chainId: bigint;

  constructor(chainId: bigint) {
    this.#chainId = chainId;
  }

  /** Adds a batch at `now` (seconds) that has one item, which is run in a state of its own. */
  addItem(name: string, expected: ResultName, root: TreeRoot, now: bigint, item: Uint8Array): void {
    this.#run(name, expected, root, now, encodeItem(item), undefined);
  }

  /** The same with one message. */
  addMessage(name: string, expected: ResultName, root: TreeRoot, now: bigint, message: Message): void {
    this.#run(name, expected, root, now, new Uint8Array(0), message);
  }

  #run(
    name: string,
    expected: ResultName,
    root: TreeRoot,
    now: bigint,
    payload: Uint8Array,
    message: Message | undefined,
  ): void {
    const { log, steps } = this;
    const cursor = { ...GENESIS_CURSOR, batch: log.batchCount, message: log.messageCount, l2Time: now };
    if (message !== undefined) log.appendMessage(message);
    const read = { messagesRead: log.messageCount, l1Time: now, l2Time: now };
    log.appendBatch(batchOf(payload, read, payload.length === 0 ? 0 : 1));
    const machine = new Machine(testConfig(this.#chainId, INBOX), log, root, cursor);
    const step = machine.provenStep(log.batchCount);
    steps.push(step);
    this.edges.push({ name, expected, result: resultName(step.code), root: machine.state.root });
  }
}
