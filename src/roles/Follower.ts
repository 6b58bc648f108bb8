import { toHex } from "../crypto/bytes.ts";
import { Derivation, type DeriveUpdate, type Reorg } from "../derive/Derivation.ts";
import type { BridgeSource, InboxSource, L1Block } from "../l1/L1Source.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { InputLog } from "../machine/InputLog.ts";
import type { MachineState } from "../machine/MachineState.ts";
import { State } from "../machine/State.ts";
import type { TreeRoot } from "../machine/StateTree.ts";
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
import { SILENT, type Logger } from "./Logger.ts";

/** What a follower is made of: an L1 endpoint and what is fixed for the deployment. */
export interface FollowerOptions {
  readonly inbox: InboxSource;
  readonly bridge: BridgeSource;
  readonly config: MachineConfig;
  readonly genesis: TreeRoot;
  /** The block of the inbox's deployment, or an earlier one. */
  readonly startBlock: number;
  readonly logger?: Logger;
  /** Told of every step that leads to the current state. */
  readonly observer?: StepObserver;
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

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    this.#derivation = new Derivation(options.inbox, options.startBlock);
    this.#execution = new Execution(options.config, this.#derivation.log, options.genesis);
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
  range(start: Snapshot, target: bigint, height: number): Promise<RangeHistory> {
    return this.#serially(() => this.#execution.range(start, target, height));
  }

  /** Step number `index` of a range with all that the judge has to be shown, at the counts that the game has recorded. */
  stepAt(range: RangeHistory, index: number, recorded?: RecordedCounts): Promise<StepEvidence> {
    return this.#serially(() => this.#execution.stepAt(range, index, recorded));
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
      const { inbox, startBlock, config, genesis } = this.#options;
      this.#derivation = new Derivation(inbox, startBlock);
      this.#execution = new Execution(config, this.#derivation.log, genesis);
      this.#head = undefined;
      this.#goBack({ commonBlock: startBlock - 1, batch: 0n, message: 0n });
    });
    const update = await this.sync();
    this.#logger.info({ root: toHex(this.machineState.stateRoot) }, "rebuilt from L1");
    return update;
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
