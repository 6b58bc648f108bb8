import { concat, readU16, readU32, writeU16, writeU32 } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { TenorError } from "../errors.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import type { InputLog } from "../machine/InputLog.ts";
import { decodeSlot, encodeSlot } from "../machine/SlotCodec.ts";
import { set, slots, type TreeRoot } from "../machine/StateTree.ts";
import { genesisSnapshot, snapshotHash, type Snapshot } from "./Execution.ts";
import type { InputsRead } from "./InputsRead.ts";

/** Why a stored checkpoint is not used. */
export type CheckpointErrorCode =
  /** The file was made by another program, for another deployment, or by software with other rules. */
  | "CHECKPOINT_FOREIGN"
  /** What was read is not what was written. The file can be deleted at any time. */
  | "CHECKPOINT_DAMAGED";

/** A checkpoint that is not used; the node computes instead. */
export class CheckpointError extends TenorError<CheckpointErrorCode> {
  override readonly name = "CheckpointError";
}

/**
 * Where a node keeps what it has computed, so that it need not compute it again when it is started again. It is a cache: it never
 * throws, it may forget, and what it gives is what was put in, for the inputs that the log has now.
 */
export interface CheckpointStore {
  /** The newest machine at the start of a batch behind `above`, up to `batch`, whose inputs the log has. */
  newest(batch: bigint, above: bigint, log: InputLog): Snapshot | undefined;
  /** Keeps a machine at the start of a batch, and forgets those that no start needs any more. */
  save(snapshot: Snapshot, log: InputLog): void;
  /** Notes that an assertion about these inputs is right. */
  rememberRight(assertion: Uint8Array, inputs: InputsRead): void;
  /** Whether the assertion was found right, by inputs that the log has. */
  wasRight(assertion: Uint8Array, log: InputLog): boolean;
  /** Tells where the unconfirmed part begins: the newest machine up to there is kept. */
  confirmed(batch: bigint): void;
  close(): void;
}

/** Changes with the rules of the machine and with the form of what is stored: older files are of no use then. */
const VERSION = 1;

/** Bytes of slots in one piece. */
const PIECE = 2 ** 20;

/** kind and key, and the length of the content. */
const SLOT_HEAD = 10;

/**
 * What a checkpoint belongs to: the signing domain has the chain's id and the inbox's address, and with the other contracts and the
 * genesis state this is all that a machine depends on beside its inputs.
 */
export function checkpointIdentity(config: Omit<MachineConfig, "recover">, genesis: TreeRoot): Uint8Array {
  const { domain, bridge, settlement } = config;
  return keccak256(concat(Uint8Array.of(VERSION), domain, bridge, settlement, snapshotHash(genesisSnapshot(genesis))));
}

/** All slots of a state, in pieces of about a megabyte. */
export function* encodeState(root: TreeRoot): Generator<Uint8Array> {
  let piece = new Uint8Array(PIECE);
  let length = 0;
  for (const { key, slot } of slots(root)) {
    const content = encodeSlot(slot);
    if (length + SLOT_HEAD + content.length > PIECE) {
      yield piece.slice(0, length);
      piece = new Uint8Array(PIECE);
      length = 0;
    }
    writeU32(piece, length, key.hi);
    writeU32(piece, length + 4, key.lo);
    writeU16(piece, length + 8, content.length);
    piece.set(content, length + SLOT_HEAD);
    length += SLOT_HEAD + content.length;
  }
  if (length > 0) yield piece.slice(0, length);
}

/**
 * The state of which these are the slots. The caller compares its hash.
 *
 * @throws SlotError or BytesError if the bytes are no slots.
 */
export function decodeState(pieces: Iterable<Uint8Array>): TreeRoot {
  let root: TreeRoot;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const key = { hi: readU32(piece, at), lo: readU32(piece, at + 4) };
      const end = at + SLOT_HEAD + readU16(piece, at + 8);
      root = set(root, key, decodeSlot(key.hi >>> 24, piece.subarray(at + SLOT_HEAD, end)));
      at = end;
    }
  }
  return root;
}
