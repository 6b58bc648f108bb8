import { writeU16, writeU32, writeU64 } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { TAG_MACHINE_STATE } from "./Tags.ts";

/** Where a machine stands in its inputs: docs/specification.md, section 2.3. */
export interface Cursor {
  /** Index of the batch being read. */
  readonly batch: bigint;
  /** Number of messages read. */
  readonly message: bigint;
  /** Position in the batch's payload. */
  readonly offset: number;
  /** Item steps taken from the batch. */
  readonly items: number;
  /** Position inside a Settle of several accounts. */
  readonly part: number;
  /** L2 time, seconds. */
  readonly l2Time: bigint;
}

/** The commitment to a whole machine. */
export interface MachineState extends Cursor {
  readonly stateRoot: Uint8Array;
}

/** The cursor at genesis. */
export const GENESIS_CURSOR: Cursor = { batch: 0n, message: 0n, offset: 0, items: 0, part: 0, l2Time: 0n };

/** H(0x04 ‖ state root ‖ batch u64 ‖ message u64 ‖ offset u32 ‖ items u32 ‖ part u16 ‖ L2 time u64). */
export function machineStateHash(state: MachineState): Uint8Array {
  const bytes = new Uint8Array(67);
  bytes[0] = TAG_MACHINE_STATE;
  bytes.set(state.stateRoot, 1);
  writeU64(bytes, 33, state.batch);
  writeU64(bytes, 41, state.message);
  writeU32(bytes, 49, state.offset);
  writeU32(bytes, 53, state.items);
  writeU16(bytes, 57, state.part);
  writeU64(bytes, 59, state.l2Time);
  return keccak256(bytes);
}
