import { equalBytes } from "../crypto/bytes.ts";
import { HistoryError } from "../history/HistorySource.ts";
import { SegmentCache } from "../history/SegmentCache.ts";
import { SegmentedHistoryBuilder, type SegmentedHistory, type SegmentOptions } from "../history/SegmentedHistory.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { InputEvidence, InputLog, StepContext } from "../machine/InputLog.ts";
import { GENESIS_CURSOR, machineStateHash, type Cursor, type MachineState } from "../machine/MachineState.ts";
import { rootHash, type TreeRoot } from "../machine/StateTree.ts";
import { Machine, type ProvenStep, type StepResult } from "../machine/Step.ts";
import { beginsWith, inputsBefore, type InputsRead } from "./InputsRead.ts";

/** Where a machine stands in its inputs. */
export interface Place {
  readonly cursor: Cursor;
  /** Steps since genesis. */
  readonly steps: number;
}

/** A machine at rest. The tree is persistent, so this is a reference and not a copy; but what it refers to stays in memory. */
export interface Snapshot extends Place {
  readonly root: TreeRoot;
}

/** What came out of a range of inputs. */
export interface RangeEnd {
  readonly start: Snapshot;
  readonly end: Snapshot;
  readonly target: bigint;
  /** Whether the range stopped at 2^height steps, before its target. */
  readonly overflow: boolean;
}

/** A range with the commitment to every step of it. It holds no state, for a node has hundreds of unconfirmed ranges. */
export interface RangeHistory {
  readonly start: Place;
  readonly end: Place;
  readonly target: bigint;
  readonly history: SegmentedHistory;
  /** The inputs that the range is about. */
  readonly inputs: InputsRead;
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

/** What an execution can be given beside its inputs. */
export interface ExecutionOptions {
  /** Runs a job while nobody changes the log. */
  readonly exclusively?: <T>(job: () => Promise<T>) => Promise<T>;
  /** The newest machine at the start of a batch behind `above`, up to `batch`, that was kept elsewhere for these inputs. */
  readonly earlier?: (batch: bigint, above: bigint) => Snapshot | undefined;
  /** Told of every batch that {@link Execution.advance} has executed. */
  readonly afterBatch?: (snapshot: Snapshot) => void;
  /** How the histories of ranges are kept. */
  readonly segments?: SegmentOptions;
}

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

/** Newest batches of which every snapshot is kept: reorganisations of L1 go back no further as a rule. */
const DENSE = 32;
/** Snapshots that are kept of older batches. Each can hold a state of its own, some megabytes for thousands of active accounts. */
const SPARSE = 64;

/**
 * The machine run over the inputs, with snapshots at the start of batches: of all of the newest ones, so that it goes back at
 * no cost, and of some older ones, from which it runs any range again.
 */
export class Execution {
  readonly #config: MachineConfig;
  readonly #inputs: InputLog;
  readonly #genesis: Snapshot;
  readonly #options: ExecutionOptions;
  /** Snapshots at the start of batches, by batch. */
  readonly #snapshots = new Map<bigint, Snapshot>();
  /** One for all ranges, so that many unconfirmed ones take no more than one. */
  readonly #segments: SegmentOptions;
  #current: Snapshot;
  /** No snapshot below this batch is kept, but for genesis. */
  #pruned = 0n;

  constructor(config: MachineConfig, inputs: InputLog, genesis: TreeRoot, options: ExecutionOptions = {}) {
    this.#config = config;
    this.#inputs = inputs;
    this.#genesis = genesisSnapshot(genesis);
    this.#options = options;
    this.#segments = { cache: new SegmentCache(), ...options.segments };
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
    for (const known of this.#snapshots.keys()) if (known > batch) this.#snapshots.delete(known);
    this.#current = this.#nearest(batch);
    if (this.#current.cursor.batch < this.#pruned) this.#pruned = 0n;
  }

  /**
   * Forgets the snapshots before the newest one at the start of `batch` or before. To go back further means to start at an older
   * checkpoint, or at genesis.
   */
  prune(batch: bigint): void {
    let kept = 0n;
    for (const known of this.#snapshots.keys()) if (known <= batch && known > kept) kept = known;
    for (const known of this.#snapshots.keys()) if (known > 0n && known < kept) this.#snapshots.delete(known);
    if (kept > this.#pruned) this.#pruned = kept;
  }

  /** Executes all batches before `target`. */
  async advance(target: bigint, observer?: StepObserver): Promise<void> {
    if (this.#current === this.#genesis) this.#current = this.#nearest(target);
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
        this.#thin();
        this.#options.afterBatch?.(this.#current);
      }
      if (steps % SLICE === 0) await turn();
    }
  }

  /** Where a range ends, without its history: at once if it starts at a batch and its end is known. */
  async rangeEnd(start: Snapshot, target: bigint, height: number): Promise<RangeEnd> {
    const nearest = this.#nearest(target);
    if (nearest.steps > start.steps) {
      const { end } = nearest.cursor.batch === target ? { end: nearest } : await this.#range(nearest, target, height);
      const complete = end.cursor.batch === target && end.steps - start.steps <= 2 ** height;
      if (complete) return { start, end, target, overflow: false };
    }
    return await this.#range(start, target, height);
  }

  /** Runs a range again and commits to each of its steps. Nodes of the history that were not kept are run again when asked for. */
  async range(start: Snapshot, target: bigint, height: number): Promise<RangeEnd & { readonly range: RangeHistory }> {
    const builder = new SegmentedHistoryBuilder(height, this.#segments);
    const inputs = inputsBefore(this.#inputs, target);
    const end = await this.#range(start, target, height, (machine) => builder.append(machine.hash()));
    const places = { start: placeOf(start), end: placeOf(end.end), target, inputs };
    const history = builder.finish((first, count) => this.#leaves(places, first, count));
    return { ...end, range: { ...places, history } };
  }

  /**
   * Step number `index` of a range with its evidence, proven at the counts that the game has recorded; the identity in the
   * padding.
   *
   * @throws HistoryError `HISTORY_NODE` behind the end; `HISTORY_CHANGED` if the inputs are no longer those of the range.
   */
  async stepAt(range: RangeHistory, index: number, recorded?: RecordedCounts): Promise<StepEvidence> {
    const { history, target } = range;
    const expected = await history.node(0, index);
    return await this.#exclusively(async () => {
      const machine = await this.#machineIn(range, Math.min(index, history.count));
      const step = machine.provenStep(target);
      if (!equalBytes(machineStateHash(step.post), expected)) throw changed(range);
      const context = this.#inputs.context(target, recorded?.batchCount, recorded?.messageCount);
      return { step, context, input: this.#inputs.evidence(step.input, context) };
    });
  }

  /**
   * The machine where it stands at `cursor`, run again from the nearest place that is kept; undefined if it never stands
   * there. The log must have the inputs before the cursor.
   */
  async find(cursor: Cursor): Promise<Snapshot | undefined> {
    const { batchCount } = this.#inputs;
    if (cursor.batch > batchCount) return undefined;
    const start = this.#nearest(cursor.batch);
    const machine = this.#machine(start);
    const target = cursor.batch < batchCount ? cursor.batch + 1n : cursor.batch;
    let taken = 0;
    while (!samePlace(machine.cursor, cursor)) {
      if (machine.cursor.batch > cursor.batch || machine.finished(target)) return undefined;
      taken += await this.#run(machine, start.steps + taken, 1, target);
      if (taken % SLICE === 0) await turn();
    }
    return { cursor: machine.cursor, root: machine.state.root, steps: start.steps + taken };
  }

  /** The machine-state hashes after some steps of a range, packed. */
  #leaves(range: Omit<RangeHistory, "history">, first: number, count: number): Promise<Uint8Array> {
    return this.#exclusively(async () => {
      const machine = await this.#machineIn(range, first);
      const leaves = new Uint8Array(32 * count);
      let done = 0;
      const append = (): void => leaves.set(machine.hash(), 32 * done++);
      await this.#run(machine, range.start.steps + first, count, range.target, append);
      return leaves;
    });
  }

  async #range(start: Snapshot, target: bigint, height: number, after?: AfterStep): Promise<RangeEnd> {
    const machine = this.#machine(start);
    const steps =
      start.steps + (await this.#run(machine, start.steps, 2 ** height, target, after, after !== undefined));
    const end = { cursor: machine.cursor, root: machine.state.root, steps };
    return { start, end, target, overflow: !machine.finished(target) };
  }

  /** The machine before step `index` of a range, `index` being at most the number of its real steps. */
  async #machineIn(range: Omit<RangeHistory, "history">, index: number): Promise<Machine> {
    if (!beginsWith(this.#inputs, range.inputs)) throw changed(range);
    const wanted = range.start.steps + index;
    let nearest = this.#nearest(range.start.cursor.batch);
    for (const known of this.#snapshots.values()) {
      if (known.steps <= wanted && known.steps > nearest.steps) nearest = known;
    }
    const machine = this.#machine(nearest);
    await this.#run(machine, nearest.steps, wanted - nearest.steps, range.target);
    return machine;
  }

  /** Runs up to `most` steps, the first being number `steps` since genesis. Returns how many there were before `target`. */
  async #run(
    machine: Machine,
    steps: number,
    most: number,
    target: bigint,
    after?: AfterStep,
    hashed = false,
  ): Promise<number> {
    let taken = 0;
    while (taken < most && !machine.finished(target)) {
      const { kind } = machine.step(target);
      taken++;
      after?.(machine);
      if (kind === "next batch") this.#keep(machine, steps + taken, hashed);
      if (taken % SLICE === 0) await turn();
    }
    return taken;
  }

  /**
   * Keeps a snapshot that was come by again, unless it is one of those that were forgotten on purpose. Where one is kept
   * already, a machine that is hashed goes on in its tree: that gets the hashes that a step's proof would need of it, and
   * the whole state is not held twice.
   */
  #keep(machine: Machine, steps: number, hashed: boolean): void {
    const { cursor, state } = machine;
    const known = this.#snapshots.get(cursor.batch);
    if (known !== undefined) {
      if (hashed && equalBytes(rootHash(known.root), state.hash())) state.root = known.root;
      return;
    }
    if (cursor.batch < this.#pruned || cursor.batch > this.#current.cursor.batch) return;
    this.#snapshots.set(cursor.batch, { cursor, root: state.root, steps });
    this.#thin();
  }

  /** Of the older snapshots, forgets the one whose neighbours are nearest to each other in steps, if there are too many. */
  #thin(): void {
    if (this.#snapshots.size <= DENSE + SPARSE) return;
    const limit = this.#current.cursor.batch - BigInt(DENSE);
    const ordered = [...this.#snapshots.values()].sort((a, b) => a.steps - b.steps);
    const old = ordered.filter(({ cursor }) => cursor.batch <= limit);
    if (old.length <= SPARSE) return;
    let least = 1;
    for (let i = 2; i + 1 < old.length; i++) {
      if (old[i + 1]!.steps - old[i - 1]!.steps < old[least + 1]!.steps - old[least - 1]!.steps) least = i;
    }
    this.#snapshots.delete(old[least]!.cursor.batch);
  }

  /** The newest snapshot at the start of `batch` or before, here or elsewhere. */
  #nearest(batch: bigint): Snapshot {
    let nearest = this.#genesis;
    for (const known of this.#snapshots.values()) {
      if (known.cursor.batch <= batch && known.steps > nearest.steps) nearest = known;
    }
    if (nearest.cursor.batch === batch) return nearest;
    const earlier = this.#options.earlier?.(batch, nearest.cursor.batch);
    if (earlier === undefined) return nearest;
    this.#snapshots.set(earlier.cursor.batch, earlier);
    return earlier;
  }

  #exclusively<T>(job: () => Promise<T>): Promise<T> {
    return this.#options.exclusively === undefined ? job() : this.#options.exclusively(job);
  }

  #machine(at: Snapshot): Machine {
    return new Machine(this.#config, this.#inputs, at.root, at.cursor);
  }
}

type AfterStep = (machine: Machine) => void;

function placeOf({ cursor, steps }: Snapshot): Place {
  return { cursor, steps };
}

function samePlace(a: Cursor, b: Cursor): boolean {
  const batchAndMessage = a.batch === b.batch && a.message === b.message;
  return batchAndMessage && a.offset === b.offset && a.items === b.items && a.part === b.part;
}

function changed({ target }: { readonly target: bigint }): HistoryError {
  return new HistoryError("HISTORY_CHANGED", "L1 no longer has the inputs of this history: run the range again", {
    fields: { target },
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
