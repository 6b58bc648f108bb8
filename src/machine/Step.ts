import { BYTES_PER_ELEMENT } from "./BlobPayload.ts";
import { CHUNK, BYTES_PER_ITEM } from "./Constants.ts";
import {
  cancel,
  cancelAll,
  collectFees,
  deposit,
  revokeKey,
  setKey,
  setMode,
  transfer,
  withdraw,
} from "./AccountExecutor.ts";
import type { Execution, MachineConfig } from "./Execution.ts";
import { fill } from "./FillExecutor.ts";
import {
  DATA_BLOBS,
  MESSAGE_ANCHOR,
  MESSAGE_DEPOSIT,
  MESSAGE_FIX_PRICE,
  MESSAGE_FORCED,
  MESSAGE_LIST_MARKET,
  MESSAGE_SET_MARKET,
  MESSAGE_SET_SIGNERS,
  type Batch,
  type BatchRecord,
  type Message,
} from "./Inputs.ts";
import { bid, collectFund, endAuction, fundBid, startAuction } from "./LiquidationExecutor.ts";
import { machineStateHash, type Cursor, type MachineState } from "./MachineState.ts";
import { oracleReport, setMarket, setSigners } from "./OracleExecutor.ts";
import { ResultCode } from "./ResultCodes.ts";
import { anchor, fixPrice, listMarket, settle } from "./SettlementExecutor.ts";
import { State } from "./State.ts";
import type { TreeRoot } from "./StateTree.ts";
import {
  decodeTransaction,
  frameAt,
  TX_BID,
  TX_CANCEL,
  TX_CANCEL_ALL,
  TX_COLLECT_FEES,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FILL,
  TX_FUND_BID,
  TX_ORACLE_REPORT,
  TX_REVOKE_KEY,
  TX_SET_KEY,
  TX_SET_MODE,
  TX_SETTLE,
  TX_START_AUCTION,
  TX_TRANSFER,
  TX_WITHDRAW,
  type Transaction,
} from "./Wire.ts";

/** The machine: one step after another over the inputs of L1. docs/specification.md, section 5. */

/** Where a machine reads its inputs. Indices are below what the target promises. */
export interface InputSource {
  batch(index: bigint): Batch;
  message(index: bigint): Message;
}

/** What kind of step it was. */
export type StepKind = "identity" | "message" | "item" | "next batch" | "item limit" | "framing error";

/** What a step did. */
export interface StepResult {
  readonly kind: StepKind;
  /** OK for steps that execute nothing. */
  readonly code: ResultCode;
}

/** A step with all that proves it. */
export interface ProvenStep extends StepResult {
  readonly pre: MachineState;
  readonly post: MachineState;
  /** One item for each slot that the step opened; the prover takes them one behind the other. */
  readonly witness: readonly Uint8Array[];
  /** What the prover has to be shown of the inputs; all undefined for the identity. */
  readonly input: StepInput;
}

/** The inputs that one step reads. */
export interface StepInput {
  readonly batch: bigint | undefined;
  readonly message: bigint | undefined;
  /** First and last chunk of the payload, of one in blobs first and last field element. */
  readonly chunks: { readonly low: number; readonly high: number } | undefined;
}

/** One machine: state, cursor, inputs. */
export class Machine {
  readonly config: MachineConfig;
  readonly state: State;
  cursor: Cursor;
  readonly #inputs: InputSource;
  #input: StepInput = NO_INPUT;
  /** The transaction being executed in parts, so that it is decoded once. */
  #decoded: { bytes: Uint8Array; transaction: Transaction | undefined } | undefined;

  constructor(config: MachineConfig, inputs: InputSource, root: TreeRoot, cursor: Cursor) {
    this.config = config;
    this.state = new State(root);
    this.cursor = cursor;
    this.#inputs = inputs;
  }

  /** The commitment to the machine as it stands. */
  machineState(): MachineState {
    return { ...this.cursor, stateRoot: this.state.hash() };
  }

  /** The hash of {@link machineState}. */
  hash(): Uint8Array {
    return machineStateHash(this.machineState());
  }

  /** Whether all batches before `target` have been executed. */
  finished(target: bigint): boolean {
    return this.cursor.batch === target;
  }

  /** Runs one step of a range of `target` batches. */
  step(target: bigint): StepResult {
    return this.#run(target, false);
  }

  /** Runs one step and records all that its proof needs. */
  provenStep(target: bigint): ProvenStep {
    const pre = this.machineState();
    const result = this.#run(target, true);
    const witness = this.state.witness();
    this.state.begin(false);
    return { ...result, pre, post: this.machineState(), witness, input: this.#input };
  }

  #run(target: bigint, record: boolean): StepResult {
    this.state.begin(record);
    this.#input = NO_INPUT;
    if (this.finished(target)) return { kind: "identity", code: ResultCode.OK };
    const { cursor } = this;
    const batch = this.#inputs.batch(cursor.batch);
    const { record: recordOfBatch } = batch;
    if (cursor.message < recordOfBatch.messagesRead) return this.#messageStep();

    this.#input = { batch: cursor.batch, message: undefined, chunks: undefined };
    const l2Time = later(cursor.l2Time, recordOfBatch.l2Time);
    if (cursor.offset === recordOfBatch.length) {
      this.cursor = { batch: cursor.batch + 1n, message: cursor.message, offset: 0, items: 0, part: 0, l2Time };
      return { kind: "next batch", code: ResultCode.OK };
    }
    if (cursor.items === itemLimit(recordOfBatch.length)) {
      this.cursor = { ...cursor, offset: recordOfBatch.length, part: 0, l2Time };
      return { kind: "item limit", code: ResultCode.OK };
    }
    const frame = frameAt(batch.payload, cursor.offset);
    const evidenceEnd = frame?.end ?? lengthPrefixEnd(batch.payload, cursor.offset);
    this.#input = { ...this.#input, chunks: chunkRange(recordOfBatch, cursor.offset, evidenceEnd) };
    if (frame === undefined) {
      this.cursor = { ...cursor, offset: recordOfBatch.length, part: 0, l2Time };
      return { kind: "framing error", code: ResultCode.OK };
    }
    return this.#itemStep(recordOfBatch, batch.payload.subarray(frame.start, frame.end), frame.end, l2Time);
  }

  #messageStep(): StepResult {
    const { cursor } = this;
    const message = this.#inputs.message(cursor.message);
    this.#input = { batch: cursor.batch, message: cursor.message, chunks: undefined };
    const l2Time = later(cursor.l2Time, message.l1Time);
    const execution = this.#execution(l2Time, message.l1Time, message.sender);
    const before = this.state.root;
    let code: ResultCode;
    let partsLeft = false;
    if (message.kind === MESSAGE_FORCED) {
      const transaction = this.#decode(message.payload, 0n, true);
      partsLeft = hasPartsLeft(transaction, cursor.part);
      code = executeTransaction(execution, transaction, cursor.part);
    } else {
      code = executeMessage(execution, message);
    }
    if (code !== ResultCode.OK) this.state.root = before;
    this.cursor = partsLeft
      ? { ...cursor, part: cursor.part + 1, l2Time }
      : { ...cursor, message: cursor.message + 1n, part: 0, l2Time };
    return { kind: "message", code };
  }

  #itemStep(record: BatchRecord, item: Uint8Array, end: number, l2Time: bigint): StepResult {
    const { cursor } = this;
    const transaction = this.#decode(item, record.l2Time, false);
    const execution = this.#execution(l2Time, record.l1Time, undefined);
    const before = this.state.root;
    const code = executeTransaction(execution, transaction, cursor.part);
    if (code !== ResultCode.OK) this.state.root = before;
    const items = cursor.items + 1;
    this.cursor = hasPartsLeft(transaction, cursor.part)
      ? { ...cursor, items, part: cursor.part + 1, l2Time }
      : { ...cursor, items, offset: end, part: 0, l2Time };
    return { kind: "item", code };
  }

  #execution(now: bigint, l1Time: bigint, sender: Uint8Array | undefined): Execution {
    return { config: this.config, state: this.state, now, l1Time, sender };
  }

  #decode(bytes: Uint8Array, timeBase: bigint, forced: boolean): Transaction | undefined {
    if (
      this.cursor.part > 0 &&
      this.#decoded?.bytes.byteOffset === bytes.byteOffset &&
      this.#decoded.bytes.buffer === bytes.buffer
    ) {
      return this.#decoded.transaction;
    }
    const transaction = decodeTransaction(bytes, timeBase, forced);
    this.#decoded = { bytes, transaction };
    return transaction;
  }
}

const NO_INPUT: StepInput = { batch: undefined, message: undefined, chunks: undefined };

/** Most item steps that a batch of `length` bytes may have. */
export function itemLimit(length: number): number {
  return Math.ceil(length / BYTES_PER_ITEM);
}

/** Executes a transaction; `part` selects the account of a Settle. On any code but OK the caller restores the state. */
export function executeTransaction(
  execution: Execution,
  transaction: Transaction | undefined,
  part: number,
): ResultCode {
  if (transaction === undefined) return ResultCode.Malformed;
  switch (transaction.type) {
    case TX_WITHDRAW:
      return withdraw(execution, transaction);
    case TX_TRANSFER:
      return transfer(execution, transaction);
    case TX_SET_KEY:
      return setKey(execution, transaction);
    case TX_REVOKE_KEY:
      return revokeKey(execution, transaction);
    case TX_CANCEL:
      return cancel(execution, transaction);
    case TX_CANCEL_ALL:
      return cancelAll(execution, transaction);
    case TX_COLLECT_FEES:
      return collectFees(execution);
    case TX_SETTLE:
      return settle(execution, transaction.market, transaction.day, transaction.accounts[part]!);
    case TX_SET_MODE:
      return setMode(execution, transaction);
    case TX_START_AUCTION:
      return startAuction(execution, transaction);
    case TX_END_AUCTION:
      return endAuction(execution, transaction);
    case TX_BID:
      return bid(execution, transaction);
    case TX_FUND_BID:
      return fundBid(execution, transaction);
    case TX_COLLECT_FUND:
      return collectFund(execution, transaction);
    case TX_ORACLE_REPORT:
      return oracleReport(execution, transaction);
    case TX_FILL:
      return fill(execution, transaction);
  }
}

function executeMessage(execution: Execution, message: Message): ResultCode {
  switch (message.kind) {
    case MESSAGE_DEPOSIT:
      return deposit(execution, message);
    case MESSAGE_LIST_MARKET:
      return listMarket(execution, message);
    case MESSAGE_ANCHOR:
      return anchor(execution, message);
    case MESSAGE_FIX_PRICE:
      return fixPrice(execution, message);
    case MESSAGE_SET_SIGNERS:
      return setSigners(execution, message);
    case MESSAGE_SET_MARKET:
      return setMarket(execution, message);
    default:
      return ResultCode.UnknownKind;
  }
}

/** Whether a Settle has accounts behind `part`. */
function hasPartsLeft(transaction: Transaction | undefined, part: number): boolean {
  return transaction?.type === TX_SETTLE && part + 1 < transaction.accounts.length;
}

/** End of the bytes that show a framing error: the one or two bytes of the length, as far as the payload goes. */
function lengthPrefixEnd(payload: Uint8Array, offset: number): number {
  return Math.min(payload[offset]! >= 0x80 ? offset + 2 : offset + 1, payload.length);
}

function chunkRange(record: BatchRecord, start: number, end: number): { low: number; high: number } {
  const unit = record.dataKind === DATA_BLOBS ? BYTES_PER_ELEMENT : CHUNK;
  return { low: Math.floor(start / unit), high: Math.floor((end - 1) / unit) };
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
