import { toHex } from "../crypto/bytes.ts";
import type { BlobSource } from "../derive/BlobSource.ts";
import { Derivation, type DeriveUpdate, type Reorg } from "../derive/Derivation.ts";
import type { BridgeSource, InboxSource, L1Block } from "../l1/L1Source.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { InputLog } from "../machine/InputLog.ts";
import type { Cursor, MachineState } from "../machine/MachineState.ts";
import { State } from "../machine/State.ts";
import type { TreeRoot } from "../machine/StateTree.ts";
import type { CheckpointStore } from "./Checkpoints.ts";
import { conservationReport, type ConservationReport } from "./Conservation.ts";
import {
  Execution,
  genesisSnapshot,
  machineStateOf,
  type RangeEnd,
  type RangeHistory,
  type RecordedCounts,
  type Snapshot,
  type StepEvidence,
  type StepObserver,
} from "./Execution.ts";
import { inputsBefore } from "./InputsRead.ts";
import { SILENT, type Logger } from "./Logger.ts";

/** Steps after which the machine is stored while it runs: about a minute of work that a crash may cost. */
const CHECKPOINT_STEPS = 2 ** 18;

/** What a follower is made of: an L1 endpoint and what is fixed for the deployment. */
export interface FollowerOptions {
  readonly inbox: InboxSource;
  readonly bridge: BridgeSource;
  /** Where batches in blobs are read; without it, `sync` fails with `BLOB_UNAVAILABLE` when there is one. */
  readonly blobs?: BlobSource;
  readonly config: MachineConfig;
  readonly genesis: TreeRoot;
  /** The block of the inbox's deployment, or an earlier one. */
  readonly startBlock: number;
  readonly logger?: Logger;
  /** Told of every step that leads to the current state, from where the execution starts. */
  readonly observer?: StepObserver;
  /** Where to start from and what to keep for the next start; without it, execution starts at genesis. */
  readonly checkpoints?: CheckpointStore;
  /** Steps between two checkpoints. */
  readonly checkpointSteps?: number;
}

/**
 * A node that believes nothing but L1: it derives the inputs, runs the machine over them, and can be thrown away at any
 * moment, since all that it knows can be had again from the endpoint.
 *
 * Its methods run one after another, in the order of the calls; so a range is never run over a log that changes.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #logger: Logger;
  #derivation: Derivation;
  #execution: Execution;
  #head: L1Block | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #listeners: ((reorg: Reorg) => void)[] = [];
  /** Steps of the last machine that was stored or loaded. */
  #storedSteps = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    this.#derivation = new Derivation(options.inbox, options.startBlock, { blobs: options.blobs });
    this.#execution = this.#newExecution();
  }

  /** The inputs as far as L1 was read. */
  get log(): InputLog {
    return this.#derivation.log;
  }

  /** The L1 block that the state belongs to; undefined before the first `sync`. */
  get head(): L1Block | undefined {
    return this.#head;
  }

  /** Has `listener` told of every reorganisation of L1, before the inputs that came instead are executed. */
  onReorg(listener: (reorg: Reorg) => void): void {
    this.#listeners.push(listener);
  }

  /** The machine before its first input. */
  get genesis(): Snapshot {
    return genesisSnapshot(this.#options.genesis);
  }

  /** The machine behind the last batch. */
  get snapshot(): Snapshot {
    return this.#execution.current;
  }

  /** The committed form of {@link snapshot}. */
  get machineState(): MachineState {
    return machineStateOf(this.snapshot);
  }

  /** The current slots, to read. */
  get state(): State {
    return new State(this.snapshot.root);
  }

  /** The machine at the start of `batch`, if that was executed and not pruned. */
  snapshotAt(batch: bigint): Snapshot | undefined {
    return this.#execution.at(batch);
  }

  /**
   * Reads what is new on L1 and executes it. A failure leaves a consistent older state.
   *
   * @throws DeriveError if the endpoint contradicts itself, L1Error if it does not answer.
   */
  sync(): Promise<DeriveUpdate> {
    return this.#serially(async () => {
      const update = await this.#derivation.sync();
      const { reorg, head } = update;
      if (reorg !== undefined) {
        this.#logger.warn(reorg, "L1 was reorganised: going back");
        this.#goBack(reorg);
      }
      if (!update.behind) this.#head = head;
      await this.#execution.advance(this.log.batchCount, this.#options.observer);
      this.#logger.debug({ block: head.number, batches: this.log.batchCount }, "in step with L1");
      return update;
    });
  }

  /** Where a range of inputs ends; the log must have `target` batches. */
  rangeEnd(start: Snapshot, target: bigint, height: number): Promise<RangeEnd> {
    return this.#serially(() => this.#execution.rangeEnd(start, target, height));
  }

  /** Runs a range again with a commitment to each of its steps; the log must have `target` batches. */
  range(start: Snapshot, target: bigint, height: number): Promise<RangeEnd & { readonly range: RangeHistory }> {
    return this.#serially(() => this.#execution.range(start, target, height));
  }

  /**
   * Step number `index` of a range with all that the judge has to be shown, at the counts that the game has recorded.
   *
   * @throws HistoryError `HISTORY_CHANGED` if L1 has taken back inputs of the range.
   */
  stepAt(range: RangeHistory, index: number, recorded?: RecordedCounts): Promise<StepEvidence> {
    return this.#execution.stepAt(range, index, recorded);
  }

  /** The machine where it stands at `cursor`, which is run again if it is not kept; undefined if it never stands there. */
  find(cursor: Cursor): Promise<Snapshot | undefined> {
    return this.#serially(() => this.#execution.find(cursor));
  }

  /** Notes that an assertion about the first `target` batches is right, and need not be computed after the next start. */
  rememberRight(assertion: Uint8Array, target: bigint): void {
    this.#options.checkpoints?.rememberRight(assertion, inputsBefore(this.log, target));
  }

  /** Whether the assertion is known to be right, perhaps from an earlier process. */
  wasRight(assertion: Uint8Array): boolean {
    return this.#options.checkpoints?.wasRight(assertion, this.log) ?? false;
  }

  /** Whether anything is kept for the next process. */
  get hasCheckpoints(): boolean {
    return this.#options.checkpoints !== undefined;
  }

  /** Stores the machine at the start of the unconfirmed part, from where the next process judges what is new. */
  storeConfirmed(end: Snapshot): void {
    this.#options.checkpoints?.save(end, this.log);
    this.#options.checkpoints?.confirmed(end.cursor.batch);
  }

  /** Forgets the snapshots before `batch`, which is the start of the unconfirmed part. */
  prune(batch: bigint): void {
    this.#execution.prune(batch);
  }

  /** Where the collateral is, by L1 and by the state at the same block. */
  conservation(): Promise<ConservationReport> {
    return this.#serially(async () => {
      const { bridge, startBlock, config } = this.#options;
      const block = this.#head?.number ?? startBlock;
      const [accounted, finalized] = await Promise.all([
        bridge.accounted(block),
        bridge.finalizedWithdrawals(startBlock, block),
      ]);
      const { root, cursor } = this.snapshot;
      const paid = new Set(finalized.map((withdrawal) => withdrawal.number));
      const messagesRead = cursor.message;
      return conservationReport({ accounted, paid, root, log: this.log, messagesRead, bridge: config.bridge });
    });
  }

  /** Forgets everything and reads L1 from the start: what any other node would compute. */
  async rebuild(): Promise<DeriveUpdate> {
    await this.#serially(async () => {
      const { inbox, startBlock, blobs } = this.#options;
      this.#derivation = new Derivation(inbox, startBlock, { blobs });
      this.#execution = this.#newExecution(false);
      this.#head = undefined;
      this.#goBack({ commonBlock: startBlock - 1, batch: 0n, message: 0n });
    });
    const update = await this.sync();
    this.#logger.info({ root: toHex(this.machineState.stateRoot) }, "rebuilt from L1");
    return update;
  }

  #newExecution(useCheckpoints = true): Execution {
    const { config, genesis } = this.#options;
    const { log } = this.#derivation;
    return new Execution(config, log, genesis, {
      exclusively: (job) => this.#serially(job),
      afterBatch: (snapshot) => this.#store(snapshot),
      ...(useCheckpoints ? { earlier: (batch, above) => this.#load(batch, above) } : {}),
    });
  }

  #load(batch: bigint, above: bigint): Snapshot | undefined {
    const snapshot = this.#options.checkpoints?.newest(batch, above, this.log);
    if (snapshot === undefined) return undefined;
    this.#storedSteps = snapshot.steps;
    this.#logger.info({ batch: snapshot.cursor.batch, steps: snapshot.steps }, "going on from a checkpoint");
    return snapshot;
  }

  #store(snapshot: Snapshot): void {
    const { checkpoints, checkpointSteps = CHECKPOINT_STEPS } = this.#options;
    // After going back the machine may be below what was stored: that is replaced as it comes by.
    if (Math.abs(snapshot.steps - this.#storedSteps) < checkpointSteps) return;
    checkpoints?.save(snapshot, this.log);
    this.#storedSteps = snapshot.steps;
  }

  #goBack(reorg: Reorg): void {
    this.#execution.goBack(reorg.batch);
    for (const listener of this.#listeners) listener(reorg);
  }

  #serially<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(job);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
