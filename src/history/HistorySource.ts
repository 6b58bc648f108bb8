import { equalBytes } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { TenorError } from "../errors.ts";
import { TAG_GAME_BASE } from "../machine/Tags.ts";

/** What a history refuses. */
export type HistoryErrorCode =
  | "HISTORY_EMPTY"
  | "HISTORY_FULL"
  | "HISTORY_HEIGHT"
  | "HISTORY_NODE"
  | "HISTORY_LEAF"
  /** Two histories of different heights have no common nodes to compare. */
  | "HISTORY_MISMATCH"
  /** The inputs are no longer those that the history was computed from: compute the range again. */
  | "HISTORY_CHANGED";

/** A misuse of a history, or one whose inputs have gone. */
export class HistoryError extends TenorError<HistoryErrorCode> {
  override readonly name = "HistoryError";
}

/**
 * Where the nodes of a claimed history come from: a perfect tree of 2^height leaves. The dispute game needs nothing else of a
 * history, so an honest one, a recomputed one and an adversary's are the same to it.
 */
export interface HistorySource {
  /** k: the tree has 2^k leaves. */
  readonly height: number;
  /** The node over the leaves index · 2^level to (index + 1) · 2^level − 1; a promise where it has to be computed first. */
  node(level: number, index: number): Uint8Array | Promise<Uint8Array>;
}

/** What the base of the root is: nothing lies to the left of it. */
const ROOT_BASE = new Uint8Array(32);

/** H(0x0d ‖ parent's base ‖ left sibling): the base of a right child. */
export function gameBase(parentBase: Uint8Array, leftSibling: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(65);
  bytes[0] = TAG_GAME_BASE;
  bytes.set(parentBase, 1);
  bytes.set(leftSibling, 33);
  return keccak256(bytes);
}

/**
 * The 2^levelsDown nodes that lie `levelsDown` below a node, from left to right: what a move shows.
 *
 * @throws {@link HistoryError} `HISTORY_NODE` if the leaves are not that far down.
 */
export async function childrenOf(
  source: HistorySource,
  level: number,
  index: number,
  levelsDown: number,
): Promise<Uint8Array[]> {
  requireBelow(source, level, index, levelsDown);
  const children: Uint8Array[] = [];
  const first = index * 2 ** levelsDown;
  // One after the other: neighbours come from the same piece of the history, which is computed once.
  for (let i = 0; i < 2 ** levelsDown; i++) children.push(await source.node(level - levelsDown, first + i));
  return children;
}

/**
 * The siblings on the way from a node up to its ancestor at `topLevel`, from below.
 *
 * @throws {@link HistoryError} `HISTORY_NODE` if there is no such node or no such ancestor.
 */
export async function pathWithin(
  source: HistorySource,
  childLevel: number,
  childIndex: number,
  topLevel: number,
): Promise<Uint8Array[]> {
  requireNode(source, childLevel, childIndex);
  requireNode(source, topLevel, Math.floor(childIndex / 2 ** Math.max(topLevel - childLevel, 0)));
  const path: Uint8Array[] = [];
  let index = childIndex;
  for (let level = childLevel; level < topLevel; level++) {
    path.push(await source.node(level, index ^ 1));
    index = Math.floor(index / 2);
  }
  return path;
}

/**
 * The commitment to all that lies to the left of a node. A left child keeps its parent's, so equal bases mean that both sides
 * agree on every earlier state.
 *
 * @throws {@link HistoryError} `HISTORY_NODE`.
 */
export async function baseOf(source: HistorySource, level: number, index: number): Promise<Uint8Array> {
  requireNode(source, level, index);
  let base: Uint8Array = ROOT_BASE;
  for (let at = source.height - 1; at >= level; at--) {
    const child = Math.floor(index / 2 ** (at - level));
    if (child % 2 === 1) base = gameBase(base, await source.node(at, child - 1));
  }
  return base.slice();
}

/**
 * The first of the children `levelsDown` below a node in which two histories differ, counted from the node's first child;
 * undefined if they agree on the whole node.
 *
 * @throws {@link HistoryError} `HISTORY_MISMATCH` or `HISTORY_NODE`.
 */
export async function firstDifference(
  a: HistorySource,
  b: HistorySource,
  level: number,
  index: number,
  levelsDown: number,
): Promise<number | undefined> {
  if (a.height !== b.height) {
    throw new HistoryError("HISTORY_MISMATCH", "histories of different heights cannot be compared", {
      fields: { left: a.height, right: b.height },
    });
  }
  requireBelow(a, level, index, levelsDown);
  const same = async (at: number, of: number): Promise<boolean> =>
    equalBytes(await a.node(at, of), await b.node(at, of));
  if (await same(level, index)) return undefined;
  // Binary, for a source may have to compute what it shows: equal left halves leave only the right ones to look at.
  let child = index;
  for (let at = level - 1; at >= level - levelsDown; at--) {
    child *= 2;
    if (await same(at, child)) child++;
  }
  return child - index * 2 ** levelsDown;
}

/** @throws {@link HistoryError} `HISTORY_NODE` outside the tree. */
export function requireNode({ height }: HistorySource, level: number, index: number): void {
  const inside = Number.isInteger(level) && level >= 0 && level <= height && Number.isInteger(index) && index >= 0;
  if (inside && index < 2 ** (height - level)) return;
  throw new HistoryError("HISTORY_NODE", "there is no such node in the tree", { fields: { level, index, height } });
}

function requireBelow(source: HistorySource, level: number, index: number, levelsDown: number): void {
  requireNode(source, level, index);
  if (Number.isInteger(levelsDown) && levelsDown >= 0 && levelsDown <= level) return;
  throw new HistoryError("HISTORY_NODE", "the tree has no level so far below the node", {
    fields: { level, levelsDown },
  });
}
