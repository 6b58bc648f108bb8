import type { MachineConfig } from "../machine/Execution.ts";
import { ResultCode, resultName } from "../machine/ResultCodes.ts";
import { State } from "../machine/State.ts";
import { TX_FILL, TX_ORACLE_REPORT, TX_SETTLE, type Transaction } from "../machine/Wire.ts";
import { encodeTransaction } from "../machine/WireEncoding.ts";
import type { Logger } from "../roles/Logger.ts";
import { BatchBuilder, type BatchLimits, type ReadMessage, type SealedBatch } from "./BatchBuilder.ts";
import type { Changes } from "./Changes.ts";
import type { Checkpoint, L1View } from "./DerivedState.ts";
import type { PlannedBatch, PlannedItem, SettledAccount } from "./OrderRecord.ts";
import type { MachineReason } from "./Refusal.ts";

/** Bytes that any item stays below, prefix included, but for Settle and the oracle's reports. */
const ITEM_RESERVE = 512;
/** Bytes of an item's length at most. */
const LENGTH_PREFIX = 2;

/** What the machine holds against a transaction, and whether the maker's side of a fill had passed. */
export interface ItemRefusal {
  readonly reason: MachineReason;
  readonly makerPassed: boolean;
}

/** The batches that are not final with their items, and the machine that builds the last of them. */
export class BatchPlan {
  /** In order; the last may be open. */
  readonly batches: PlannedBatch[] = [];
  readonly #config: MachineConfig;
  readonly #limits: BatchLimits;
  readonly #changes: Changes;
  readonly #logger: Logger;
  /** Is told of every item. */
  readonly #note: (transaction: Transaction) => void;
  #builder: BatchBuilder;
  #l1: L1View;
  #latestL1Time = 0n;
  #nextId: number;

  constructor(
    config: MachineConfig,
    limits: BatchLimits,
    from: Checkpoint,
    l1: L1View,
    changes: Changes,
    logger: Logger,
    nextId: number,
    note: (transaction: Transaction) => void,
  ) {
    this.#note = note;
    this.#config = config;
    this.#limits = limits;
    this.#changes = changes;
    this.#logger = logger;
    this.#l1 = l1;
    this.#nextId = nextId;
    this.#builder = new BatchBuilder(config, limits, from);
  }

  /** The batch builder: for reading. */
  get builder(): BatchBuilder {
    return this.#builder;
  }

  /** The state after everything that is in the batches. */
  get state(): State {
    return this.#builder.machine.state;
  }

  /** The open batch, if there is one. */
  get open(): PlannedBatch | undefined {
    const last = this.batches.at(-1);
    return last?.status === "open" ? last : undefined;
  }

  /** Upper bound of the time at which the open batch is mined, seconds. */
  get latestL1Time(): bigint {
    return this.#latestL1Time;
  }

  /** The next number for an order, an item or a batch. */
  get nextId(): number {
    return this.#nextId;
  }

  /** A number that nothing else has. */
  takeId(): number {
    return this.#nextId++;
  }

  /** Goes back to a state of L1. The batches stay; the caller drops those that no longer stand. */
  reset(from: Checkpoint, l1: L1View): void {
    this.#builder = new BatchBuilder(this.#config, this.#limits, from);
    this.#l1 = l1;
  }

  /**
   * Opens a batch and reads its messages.
   *
   * @param latestL1Time Upper bound of the time at which it is mined.
   */
  openBatch(
    l1: L1View,
    messagesRead: bigint,
    l2Time: bigint,
    latestL1Time: bigint,
    serial = this.takeId(),
  ): { batch: PlannedBatch; read: readonly ReadMessage[] } {
    this.#l1 = l1;
    this.#latestL1Time = latestL1Time;
    const read = this.#builder.open((index) => l1.message(index), messagesRead, l2Time, latestL1Time);
    const { messagesRoot } = l1.context(0n, 0n, messagesRead);
    const batch: PlannedBatch = { serial, messagesRead, l2Time, items: [], status: "open", messagesRoot };
    this.batches.push(batch);
    return { batch, read };
  }

  /** Seals the open batch. */
  sealBatch(): SealedBatch {
    const batch = this.batches.at(-1)!;
    batch.built = this.#builder.seal();
    batch.status = "sealed";
    this.#changes.batches.add(batch);
    const { index, messagesRead, l2Time, payload } = batch.built;
    this.#logger.info(
      { index, messagesRead, l2Time, bytes: payload.length, items: batch.items.length },
      "batch sealed",
    );
    return batch.built;
  }

  /** Drops the open batch, which has no item. */
  discardOpen(): PlannedBatch {
    this.#builder.discard();
    return this.batches.pop()!;
  }

  /**
   * Executes a transaction that may be refused by the machine; only a good one gets into the batch.
   *
   * @param series The series of a fill.
   * @param id The number of an item that was executed before.
   */
  append(
    transaction: Exclude<Transaction, { type: typeof TX_SETTLE }>,
    series?: bigint,
    id?: number,
  ): PlannedItem | ItemRefusal {
    this.#makeRoom(reserveOf(transaction), 1);
    const { code, makerPassed } = this.#builder.append(transaction, series);
    if (code !== ResultCode.OK) return { reason: resultName(code) as MachineReason, makerPassed };
    return this.#addItem(transaction, id);
  }

  /**
   * Settles those of the accounts that can be settled now.
   *
   * @param expiry market u8 ‖ day u16.
   * @param id The number of an item that was executed before.
   * @returns Whether there were any.
   */
  settle(expiry: number, accounts: readonly number[], id?: number): boolean {
    this.#makeRoom(ITEM_RESERVE, accounts.length);
    const before = new State(this.state.root);
    const settled = this.#builder.settle(expiry >>> 16, expiry & 0xffff, accounts);
    if (settled.length === 0) return false;
    const transaction = { type: TX_SETTLE, market: expiry >>> 16, day: expiry & 0xffff, accounts: settled } as const;
    const { id: item } = this.#addItem(transaction, id);
    const reports = settled.map((account) => settledAccount(account, expiry, before, this.state));
    this.#changes.events.push({ kind: "settled", item, expiry, accounts: reports });
    return true;
  }

  #addItem(transaction: Transaction, id = this.takeId()): PlannedItem {
    const item: PlannedItem = { id, transaction };
    const batch = this.batches.at(-1)!;
    batch.items.push(item);
    this.#changes.batches.add(batch);
    this.#changes.items.push({ item, serial: batch.serial });
    this.#note(transaction);
    if (transaction.type !== TX_FILL) this.#changes.events.push({ kind: "executed", item: item.id, transaction });
    return item;
  }

  /** Where the open batch is full, the next one continues with the same L2 time and no new message, so nothing else changes. */
  #makeRoom(bytes: number, steps: number): void {
    if (this.#builder.fits(bytes, steps) || this.#builder.steps === 0) return;
    const { messagesRead, l2Time } = this.batches.at(-1)!;
    this.sealBatch();
    this.openBatch(this.#l1, messagesRead, l2Time, this.#latestL1Time);
  }
}

/** What a settlement did to an account. INVARIANT: only accounts that are there are settled. */
function settledAccount(account: number, expiry: number, from: State, to: State): SettledAccount {
  const [before, after] = [from.openAccount(account)!, to.openAccount(account)!];
  const positions = before.positions.filter((position) => position.expiry === expiry);
  return { account, positions, cash: after.cash - before.cash, debt: after.debt - before.debt };
}

function reserveOf(transaction: Transaction): number {
  if (transaction.type !== TX_ORACLE_REPORT) return ITEM_RESERVE;
  return encodeTransaction(transaction, 0n).length + LENGTH_PREFIX;
}
