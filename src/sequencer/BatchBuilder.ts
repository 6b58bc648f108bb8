import { TenorError } from "../errors.ts";
import { chunkCommitment, chunkLevels } from "../machine/ChunkTree.ts";
import type { Execution, MachineConfig } from "../machine/Execution.ts";
import { DATA_CALLDATA, type BatchRecord, type Message } from "../machine/Inputs.ts";
import { ResultCode } from "../machine/ResultCodes.ts";
import { executeTransaction, Machine, type InputSource } from "../machine/Step.ts";
import { decodeTransaction, TX_FILL, TX_SETTLE, type Transaction } from "../machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../machine/WireEncoding.ts";
import { paddedLength, tenorClass } from "./BatchRules.ts";
import type { Checkpoint } from "./DerivedState.ts";

/**
 * Builds one batch after another on the machine itself.
 *
 * A batch fixes at its opening how many messages it reads and its L2 time. The messages run through the machine's own steps, and
 * every item is encoded, decoded again and executed by the machine's own function with the time that it will have. So what
 * the builder says of an item is what the machine will say, with one reservation, the L1 time:
 *
 * **L1 time.** A batch has the time of the block that mines it, which nobody knows beforehand. The inbox accepts it only
 * within [L2 time − `maxFuture`, L2 time + `maxPast`]. Two rules depend on it: nothing is filled from the expiry instant on, and
 * the tenor decides on which strike step a position may grow. Items are executed at an upper bound of the L1 time; the first
 * rule is monotone, so what passes there passes before. The second isn't (steps need not divide each other, and beyond
 * `MAX_TENOR` an earlier time is the stricter one); where the tenor changes its class between the bounds, the item is also
 * executed at the lower bound, and must pass at both. It has then the same effect at every time between, since the bounds are
 * minutes apart, the classes days, and the L1 time has no other effect.
 *
 * **Item limit.** A batch of n bytes has at most ⌈n / 64⌉ item steps, and a fill of two stored orders takes about ten bytes. A
 * batch that is sealed early has the same ratio, so sealing doesn't help; the payload is padded with zeros up to the least
 * length that allows its steps. The machine reads the first of them as an item of length zero, a framing error, and skips
 * the rest in one step. A zero byte costs no more than 10 gas.
 */

/** What the inbox allows, and how far the builder stays away from it. */
export interface BatchLimits {
  /** Seconds by which the L2 time may lie behind the L1 time. */
  readonly maxPast: bigint;
  /** Seconds by which the L2 time may lie ahead of the L1 time. */
  readonly maxFuture: bigint;
  /** Longest payload in bytes. */
  readonly maxPayload: number;
}

/** Misuse of the builder. */
export type BatchBuilderErrorCode = "NO_OPEN_BATCH" | "BATCH_OPEN" | "MESSAGES_READ_FALLS";

/** Misuse of the builder. */
export class BatchBuilderError extends TenorError<BatchBuilderErrorCode> {
  override readonly name = "BatchBuilderError";
}

/** A finished batch, ready to be appended to the inbox. */
export interface SealedBatch {
  readonly index: bigint;
  /** Messages read when it has been executed. */
  readonly messagesRead: bigint;
  /** Seconds. */
  readonly l2Time: bigint;
  readonly payload: Uint8Array;
  /** Top of the payload's chunk tree; zero if it is empty. */
  readonly commitment: Uint8Array;
  /** The machine before and after. */
  readonly before: Checkpoint;
  readonly after: Checkpoint;
}

/** A message as it was read. */
export interface ReadMessage {
  readonly message: Message;
  readonly code: ResultCode;
}

/** What became of an item. `makerPassed` tells whose fault a refused fill is: the maker's side is judged first. */
export interface ItemResult {
  readonly code: ResultCode;
  readonly makerPassed: boolean;
}

interface Open {
  readonly before: Checkpoint;
  readonly messagesRead: bigint;
  readonly l2Time: bigint;
  /** Latest L1 time for which the items are judged. */
  readonly latestL1Time: bigint;
  readonly items: Uint8Array[];
  length: number;
  steps: number;
}

/** The machine with the batch that is being built on it. */
export class BatchBuilder {
  readonly #config: MachineConfig;
  readonly #limits: BatchLimits;
  readonly #machine: Machine;
  #messages: InputSource["message"] | undefined;
  #open: Open | undefined;

  constructor(config: MachineConfig, limits: BatchLimits, from: Checkpoint) {
    this.#config = config;
    this.#limits = limits;
    const source: InputSource = {
      batch: () => ({ record: this.#record(), payload: new Uint8Array(0) }),
      message: (index) => this.#messages!(index),
    };
    this.#machine = new Machine(config, source, from.root, from.cursor);
  }

  /** The machine as it stands: read it, never write to it. */
  get machine(): Machine {
    return this.#machine;
  }

  /** Whether a batch is open. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** The machine before the open batch, or as it stands if none is open. */
  get before(): Checkpoint {
    return this.#open?.before ?? { root: this.#machine.state.root, cursor: this.#machine.cursor };
  }

  /** The L2 time by which the machine judges the open batch, seconds; never before the batch's own. */
  get now(): bigint {
    return this.#machine.cursor.l2Time;
  }

  /** The open batch's own L2 time, to which its deadlines are relative. */
  get l2Time(): bigint {
    return this.#opened().l2Time;
  }

  /** Messages read by the end of the open batch. */
  get messagesRead(): bigint {
    return this.#opened().messagesRead;
  }

  /** Item steps of the open batch. */
  get steps(): number {
    return this.#opened().steps;
  }

  /**
   * Opens a batch and reads its messages.
   *
   * @param latestL1Time Upper bound of the time at which it is mined; items that would fail there are refused.
   */
  open(messages: InputSource["message"], messagesRead: bigint, l2Time: bigint, latestL1Time: bigint): ReadMessage[] {
    if (this.#open !== undefined) throw new BatchBuilderError("BATCH_OPEN", "a batch is open already");
    const { root } = this.#machine.state;
    const { cursor } = this.#machine;
    if (messagesRead < cursor.message) {
      throw new BatchBuilderError("MESSAGES_READ_FALLS", "a batch cannot unread messages", {
        fields: { messagesRead, read: cursor.message },
      });
    }
    this.#messages = messages;
    this.#open = { before: { root, cursor }, messagesRead, l2Time, latestL1Time, items: [], length: 0, steps: 0 };
    const read: ReadMessage[] = [];
    while (this.#machine.cursor.message < messagesRead) {
      const message = messages(this.#machine.cursor.message);
      read.push({ message, code: this.#machine.step(cursor.batch + 1n).code });
    }
    const now = this.#machine.cursor.l2Time > l2Time ? this.#machine.cursor.l2Time : l2Time;
    this.#machine.cursor = { ...this.#machine.cursor, l2Time: now };
    return read;
  }

  /** Whether `steps` more items with `bytes` in all have room in the open batch. */
  fits(bytes: number, steps: number): boolean {
    const open = this.#opened();
    return paddedLength(open.length + bytes, open.steps + steps) <= this.#limits.maxPayload;
  }

  /**
   * Executes a transaction, anything but a Settle, at the end of the open batch. Unless the result is OK the state is as before
   * and the batch doesn't have it.
   *
   * @param series The series of a fill.
   */
  append(transaction: Transaction, series?: bigint): ItemResult {
    const open = this.#opened();
    const bytes = encodeTransaction(transaction, open.l2Time);
    const decoded = decodeTransaction(bytes, open.l2Time, false);
    const { state } = this.#machine;
    const before = state.root;
    const makerBefore = transaction.type === TX_FILL ? state.openAccount(transaction.maker.account) : undefined;
    let code = this.#execute(decoded, 0, open.latestL1Time);
    const earliest = open.l2Time - this.#limits.maxFuture;
    if (
      code === ResultCode.OK &&
      series !== undefined &&
      tenorClass(series, earliest) !== tenorClass(series, open.latestL1Time)
    ) {
      state.root = before;
      code = this.#execute(decoded, 0, earliest);
    }
    if (code !== ResultCode.OK) {
      // The maker's account is written when its side has passed, just before the taker's side begins.
      const makerPassed = transaction.type === TX_FILL && state.openAccount(transaction.maker.account) !== makerBefore;
      state.root = before;
      return { code, makerPassed };
    }
    this.#push(encodeItem(bytes), 1);
    return { code, makerPassed: true };
  }

  /**
   * Settles those of the accounts that can be settled now, in one item.
   *
   * @returns The accounts that were; if there are none, the batch has no item more.
   */
  settle(market: number, day: number, accounts: readonly number[]): number[] {
    const open = this.#opened();
    const { state } = this.#machine;
    const settled = accounts.filter((account) => {
      const before = state.root;
      const code = this.#execute({ type: TX_SETTLE, market, day, accounts: [account] }, 0, open.latestL1Time);
      if (code !== ResultCode.OK) state.root = before;
      return code === ResultCode.OK;
    });
    if (settled.length > 0) {
      const bytes = encodeTransaction({ type: TX_SETTLE, market, day, accounts: settled }, open.l2Time);
      this.#push(encodeItem(bytes), settled.length);
    }
    return settled;
  }

  /** Closes the open batch. */
  seal(): SealedBatch {
    const open = this.#opened();
    const payload = new Uint8Array(paddedLength(open.length, open.steps));
    let offset = 0;
    for (const item of open.items) {
      payload.set(item, offset);
      offset += item.length;
    }
    const { batch: index } = open.before.cursor;
    this.#machine.cursor = { ...this.#machine.cursor, batch: index + 1n, offset: 0, items: 0, part: 0 };
    this.#open = undefined;
    return {
      index,
      messagesRead: open.messagesRead,
      l2Time: open.l2Time,
      payload,
      commitment: chunkCommitment(chunkLevels(payload)),
      before: open.before,
      after: { root: this.#machine.state.root, cursor: this.#machine.cursor },
    };
  }

  /** Drops the open batch and whatever it did. */
  discard(): void {
    const { before } = this.#opened();
    this.#machine.state.root = before.root;
    this.#machine.cursor = before.cursor;
    this.#open = undefined;
  }

  #execute(transaction: Transaction | undefined, part: number, l1Time: bigint): ResultCode {
    const { state } = this.#machine;
    state.begin(false);
    const execution: Execution = { config: this.#config, state, now: this.now, l1Time, sender: undefined };
    return executeTransaction(execution, transaction, part);
  }

  #push(item: Uint8Array, steps: number): void {
    const open = this.#opened();
    open.items.push(item);
    open.length += item.length;
    open.steps += steps;
  }

  #opened(): Open {
    if (this.#open === undefined) throw new BatchBuilderError("NO_OPEN_BATCH", "no batch is open");
    return this.#open;
  }

  /** The open batch as far as its messages need it. */
  #record(): BatchRecord {
    const { messagesRead, l2Time } = this.#opened();
    return { dataKind: DATA_CALLDATA, commitment: new Uint8Array(32), length: 0, messagesRead, l1Time: 0n, l2Time };
  }
}
