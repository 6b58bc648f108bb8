import { History } from "../history/History.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { InputEvidence, InputLog, StepContext } from "../machine/InputLog.ts";
import { GENESIS_CURSOR, machineStateHash, type Cursor, type MachineState } from "../machine/MachineState.ts";
import { rootHash, type TreeRoot } from "../machine/StateTree.ts";
import { Machine, type ProvenStep, type StepResult } from "../machine/Step.ts";

/** A machine at rest. The tree is persistent, so this is a reference and not a copy. */
export interface Snapshot {
  readonly cursor: Cursor;
  readonly root: TreeRoot;
  /** Steps since genesis. */
  readonly steps: number;
}

/** What came out of a range of inputs. */
export interface RangeEnd {
  readonly start: Snapshot;
  readonly end: Snapshot;
  readonly target: bigint;
  /** Whether the range stopped at 2^height steps, before its target. */
  readonly overflow: boolean;
}

/** A range with the commitment to every step of it. */
export interface RangeHistory extends RangeEnd {
  readonly history: History;
}

/** One step of a range with all that the judge has to be shown. */
export interface StepEvidence {
  readonly step: ProvenStep;
  /** What the inputs are proven against. */
  readonly context: StepContext;
  readonly input: InputEvidence;
}

/** The counts at which the game has taken the inbox's roots. */
export type RecordedCounts = Pick<StepContext, "batchCount" | "messageCount">;

/** Told of every step, once; after a reorganisation of L1 the steps from the first changed batch on come again. */
export type StepObserver = (step: StepResult, before: Cursor) => void;

/** Steps after which the event loop gets a turn. */
const SLICE = 512;

/** The committed form of a snapshot. */
export function machineStateOf(snapshot: Snapshot): MachineState {
  return { ...snapshot.cursor, stateRoot: rootHash(snapshot.root) };
}

/** The hash of {@link machineStateOf}. */
export function snapshotHash(snapshot: Snapshot): Uint8Array {
  return machineStateHash(machineStateOf(snapshot));
}

/** The machine before its first input. */
export function genesisSnapshot(root: TreeRoot): Snapshot {
  return { cursor: GENESIS_CURSOR, root, steps: 0 };
}

/**
 * The machine run over the inputs, with a snapshot at the start of every batch, so that it goes back to any of them at no
 * cost and runs any range again.
 */
export class Execution {
  readonly #config: MachineConfig;
  readonly #inputs: InputLog;
  readonly #genesis: Snapshot;
  /** Snapshots at the start of batches, by batch. */
  readonly #snapshots = new Map<bigint, Snapshot>();
  #current: Snapshot;
  /** No snapshot below this batch is kept, but for genesis. */
  #pruned = 0n;

  constructor(config: MachineConfig, inputs: InputLog, genesis: TreeRoot) {
    this.#config = config;
    this.#inputs = inputs;
    this.#genesis = genesisSnapshot(genesis);
    this.#current = this.#genesis;
    this.#snapshots.set(0n, this.#genesis);
  }

  /** Where the machine stands: behind the last batch that was executed. */
  get current(): Snapshot {
    return this.#current;
  }

  /** The machine at the start of `batch`, if it is kept. */
  at(batch: bigint): Snapshot | undefined {
    return this.#snapshots.get(batch);
  }

  /** Goes back to the start of `batch`, or further if that was forgotten. */
  goBack(batch: bigint): void {
    if (batch >= this.#current.cursor.batch) return;
    this.#current = this.#snapshots.get(batch) ?? this.#restart();
    for (const known of this.#snapshots.keys()) if (known > batch) this.#snapshots.delete(known);
  }

  /** Forgets the snapshots below `batch`. To go back further means to start at genesis. */
  prune(batch: bigint): void {
    for (let known = this.#pruned === 0n ? 1n : this.#pruned; known < batch; known++) this.#snapshots.delete(known);
    if (batch > this.#pruned) this.#pruned = batch;
  }

  /** Executes all batches before `target`. */
  async advance(target: bigint, observer?: StepObserver): Promise<void> {
    const machine = this.#machine(this.#current);
    let { steps } = this.#current;
    while (!machine.finished(target)) {
      const before = machine.cursor;
      const step = machine.step(target);
      steps++;
      observer?.(step, before);
      if (step.kind === "next batch") {
        this.#current = { cursor: machine.cursor, root: machine.state.root, steps };
        this.#snapshots.set(machine.cursor.batch, this.#current);
      }
      if (steps % SLICE === 0) await turn();
    }
  }

  /** Where a range ends, without its history: at once if it starts at a batch and its end is known. */
  async rangeEnd(start: Snapshot, target: bigint, height: number): Promise<RangeEnd> {
    const end = this.#snapshots.get(target);
    if (end !== undefined && end.steps - start.steps <= 2 ** height) return { start, end, target, overflow: false };
    return await this.#run(start, target, height, undefined);
  }

  /** Runs a range again and commits to each of its steps. */
  async range(start: Snapshot, target: bigint, height: number): Promise<RangeHistory> {
    const history = new History(height);
    return { ...(await this.#run(start, target, height, history)), history };
  }

  /** Step number `index` of a range with its evidence, proven at the counts that the game has recorded; the identity in the padding. */
  async stepAt(range: RangeHistory, index: number, recorded?: RecordedCounts): Promise<StepEvidence> {
    const machine = this.#machine(range.start);
    for (let taken = 0; taken < index && !machine.finished(range.target);) {
      machine.step(range.target);
      if (++taken % SLICE === 0) await turn();
    }
    const step = machine.provenStep(range.target);
    const context = this.#inputs.context(range.target, recorded?.batchCount, recorded?.messageCount);
    return { step, context, input: this.#inputs.evidence(step.input, context) };
  }

  async #run(start: Snapshot, target: bigint, height: number, history: History | undefined): Promise<RangeEnd> {
    const machine = this.#machine(start);
    const most = 2 ** height;
    let taken = 0;
    while (taken < most && !machine.finished(target)) {
      machine.step(target);
      taken++;
      history?.append(machine.hash());
      if (taken % SLICE === 0) await turn();
    }
    const end = { cursor: machine.cursor, root: machine.state.root, steps: start.steps + taken };
    return { start, end, target, overflow: !machine.finished(target) };
  }

  #restart(): Snapshot {
    this.#pruned = 0n;
    return this.#genesis;
  }

  #machine(at: Snapshot): Machine {
    return new Machine(this.#config, this.#inputs, at.root, at.cursor);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
