import type { Confirm, Move, Update } from "./Move.ts";

/** What one transaction may take. */
export interface TransactionLimits {
  /** Gas by estimate. */
  readonly gas: number;
  /** Bytes of calldata. */
  readonly bytes: number;
}

/**
 * L1 takes at most 2^24 gas in one transaction, and nodes pass on at most 128 kB. The margin of gas is for estimates that are too
 * low and for the multicall itself.
 */
export const TRANSACTION_LIMITS: TransactionLimits = { gas: 2 ** 24 - 2 ** 21, bytes: 100_000 };

/** Gas of a byte of calldata at the floor price, if none is zero. */
const BYTE_GAS = 40;
/** Storage, events and hashes of a move, beside what grows with its calldata. */
const MOVE_GAS = 200_000;
/** The prover's own: a fill between the largest accounts with the deepest paths takes 2.2 M gas. */
const STEP_GAS = 2_500_000;

/** An estimate of a move's gas, rather too high. */
function gasOf(move: Move, bytes: number): number {
  return MOVE_GAS + BYTE_GAS * bytes + (move.type === "prove" ? STEP_GAS : 0);
}

/**
 * Moves as groups that fit one transaction each, in their order. A move that is too large alone has a group of its own, since
 * nothing smaller can be made of it.
 *
 * @param bytesOf A move's calldata.
 */
export function groupMoves<T extends Move>(
  moves: readonly T[],
  bytesOf: (move: T) => number,
  limits = TRANSACTION_LIMITS,
): T[][] {
  const groups: T[][] = [];
  let [gas, bytes] = [Infinity, 0];
  for (const move of moves) {
    // Each call of a multicall takes its length, its offset and up to a word of padding.
    const length = bytesOf(move) + 96;
    const cost = gasOf(move, length);
    if (gas + cost > limits.gas || bytes + length > limits.bytes) {
      groups.push([]);
      [gas, bytes] = [0, 0];
    }
    groups.at(-1)!.push(move);
    gas += cost;
    bytes += length;
  }
  return groups;
}

/** Words of an update with its position, span, and the list of children. */
const UPDATE_WORDS = 8;
/** Words of a child, beside its siblings. */
const CHILD_WORDS = 4;
/** A look at each of its possible children, a hash for each sibling, and a word read and written. */
const UPDATE_GAS = 40_000;
const CHILD_GAS = 20_000;

/**
 * A confirmation whose updates are too many for one transaction, as updates that go before it and the confirmation with the last
 * of them: children stay before parents.
 */
export function splitConfirm(
  confirm: Confirm,
  limits = TRANSACTION_LIMITS,
): { readonly before: readonly (readonly Update[])[]; readonly confirm: Confirm } {
  const groups: Update[][] = [[]];
  let [gas, bytes] = [0, 0];
  for (const update of confirm.updates) {
    const words = update.children.reduce((sum, child) => sum + CHILD_WORDS + child.siblings.length, UPDATE_WORDS);
    const length = 32 * words;
    const cost = UPDATE_GAS + CHILD_GAS * update.children.length + BYTE_GAS * length;
    if (groups.at(-1)!.length > 0 && (gas + cost > limits.gas || bytes + length > limits.bytes)) {
      groups.push([]);
      [gas, bytes] = [0, 0];
    }
    groups.at(-1)!.push(update);
    gas += cost;
    bytes += length;
  }
  return { before: groups.slice(0, -1), confirm: { ...confirm, updates: groups.at(-1)! } };
}
