import { equalBytes } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { GENESIS_CURSOR, type Cursor } from "../machine/MachineState.ts";
import type { ResultCode } from "../machine/ResultCodes.ts";
import type { TreeRoot } from "../machine/StateTree.ts";
import { Machine, type InputSource } from "../machine/Step.ts";
import type { StepContext } from "../machine/InputLog.ts";
import { frameAt } from "../machine/Framing.ts";

/**
 * The two sequences of L1 as they are known at this moment; `InputLog` is one. Where L1 reorganises, it drops what went and
 * appends what came.
 */
export interface L1View extends InputSource {
  readonly batchCount: bigint;
  readonly messageCount: bigint;
  /** The roots of the sequences at given counts, by which a reorg shows. */
  context(target: bigint, batchCount?: bigint, messageCount?: bigint): StepContext;
}

/** The machine between two batches. */
export interface Checkpoint {
  readonly root: TreeRoot;
  readonly cursor: Cursor;
}

/** Failures of following L1. */
export type DerivedStateErrorCode = "L1_BEHIND_CHECKPOINT" | "INPUT_MISSING";

/** L1 cannot be followed from where this process stands. */
export class DerivedStateError extends TenorError<DerivedStateErrorCode> {
  override readonly name = "DerivedStateError";
}

/** An item as the machine judged it. */
export interface ExecutedItem {
  readonly bytes: Uint8Array;
  /** What its times are relative to: the L2 time of its batch. */
  readonly timeBase: bigint;
  readonly code: ResultCode;
}

interface Point extends Checkpoint {
  /** Root of the batches that have been executed. */
  readonly batchesRoot: Uint8Array;
  /** Root of the messages that have been read. */
  readonly messagesRoot: Uint8Array;
}

/** The genesis checkpoint. */
export function genesisCheckpoint(root: TreeRoot): Checkpoint {
  return { root, cursor: GENESIS_CURSOR };
}

/**
 * The state that L1 alone determines, batch by batch, with a way back: snapshots share structure, so one is kept for each
 * batch that is not final.
 */
export class DerivedState {
  readonly #config: MachineConfig;
  readonly #points: Point[];

  /** @param start A state that L1 cannot take back: genesis, or a snapshot at a finalised batch. */
  constructor(config: MachineConfig, start: Checkpoint, l1: L1View) {
    this.#config = config;
    if (l1.batchCount < start.cursor.batch || l1.messageCount < start.cursor.message) {
      throw new DerivedStateError("L1_BEHIND_CHECKPOINT", "L1 has fewer inputs than the checkpoint has read", {
        fields: { batchCount: l1.batchCount, batch: start.cursor.batch },
      });
    }
    this.#points = [withRoots(start, l1)];
  }

  /** The state after the last executed batch. */
  get current(): Checkpoint {
    return this.#points.at(-1)!;
  }

  /** The last state that L1 can't take back. */
  get final(): Checkpoint {
    return this.#points[0]!;
  }

  /**
   * Goes back to the last state whose inputs L1 still has.
   *
   * @returns Whether anything had to be taken back.
   * @throws {@link DerivedStateError} `L1_BEHIND_CHECKPOINT` if even the start has gone.
   */
  rollback(l1: L1View): boolean {
    let rolledBack = false;
    while (!isPrefix(this.#points.at(-1)!, l1)) {
      if (this.#points.length === 1) {
        throw new DerivedStateError("L1_BEHIND_CHECKPOINT", "L1 took back what was final", {
          fields: { batch: this.current.cursor.batch, batchCount: l1.batchCount },
        });
      }
      this.#points.pop();
      rolledBack = true;
    }
    return rolledBack;
  }

  /** Executes the next batch of L1. */
  run(l1: L1View, onItem?: (item: ExecutedItem) => void): void {
    const { root, cursor } = this.current;
    if (cursor.batch >= l1.batchCount) {
      throw new DerivedStateError("INPUT_MISSING", "L1 has no such batch", { fields: { batch: cursor.batch } });
    }
    const point = runBatch(this.#config, l1, { root, cursor }, onItem);
    this.#points.push(withRoots(point, l1));
  }

  /**
   * Takes over the state after the next batch from whoever executed it.
   *
   * SAFETY: the caller knows that the state before, the messages, the batch and the machine are the same.
   */
  adopt(after: Checkpoint, l1: L1View): void {
    this.#points.push(withRoots(after, l1));
  }

  /** Forgets the way back behind batch number `batches`. */
  finalize(batches: bigint): void {
    while (this.#points.length > 1 && this.#points[1]!.cursor.batch <= batches) this.#points.shift();
  }
}

/** Runs the machine over the batch at which `from` stands. */
export function runBatch(
  config: MachineConfig,
  l1: InputSource,
  from: Checkpoint,
  onItem?: (item: ExecutedItem) => void,
): Checkpoint {
  const machine = new Machine(config, l1, from.root, from.cursor);
  const { batch: index } = from.cursor;
  const batch = l1.batch(index);
  while (!machine.finished(index + 1n)) {
    const { offset, part } = machine.cursor;
    const { kind, code } = machine.step(index + 1n);
    if (kind !== "item" || onItem === undefined || part > 0) continue;
    const frame = frameAt(batch.payload, offset)!;
    onItem({ bytes: batch.payload.subarray(frame.start, frame.end), timeBase: batch.record.l2Time, code });
  }
  return { root: machine.state.root, cursor: machine.cursor };
}

function withRoots({ root, cursor }: Checkpoint, l1: L1View): Point {
  const { batchesRoot, messagesRoot } = l1.context(cursor.batch, cursor.batch, cursor.message);
  return { root, cursor, batchesRoot, messagesRoot };
}

function isPrefix({ cursor, batchesRoot, messagesRoot }: Point, l1: L1View): boolean {
  if (l1.batchCount < cursor.batch || l1.messageCount < cursor.message) return false;
  const context = l1.context(cursor.batch, cursor.batch, cursor.message);
  return equalBytes(context.batchesRoot, batchesRoot) && equalBytes(context.messagesRoot, messagesRoot);
}
