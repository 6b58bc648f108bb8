import { concat } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { TenorError } from "../errors.ts";
import { foldHistoryPath, historyInner } from "../history/History.ts";
import { gameBase } from "../history/HistorySource.ts";
import { TAG_GAME_CONTEXT, TAG_GAME_NODE } from "../machine/Tags.ts";

/** What nodes of a game are refused for. */
export type GameNodeErrorCode = "CHILD_COUNT" | "CHILD_INDEX" | "SIBLING_COUNT" | "SPAN_MISMATCH";

/** Something does not belong to the node that it is said to belong to. */
export class GameNodeError extends TenorError<GameNodeErrorCode> {
  override readonly name = "GameNodeError";
}

/**
 * A place in the histories of one game, with what its rivals agree on: docs/specification.md, section 8.2. A node is a position
 * and a span, the root of the claimed subtree there.
 */
export interface Position {
  /** Id of the assertion whose children the game is about. */
  readonly game: Uint8Array;
  /** Levels above the leaves: the node covers 2^level states. */
  readonly level: number;
  /** Number of the node among those of its level, from the left. */
  readonly index: number;
  /** Commitment to everything left of it. */
  readonly base: Uint8Array;
}

/** Position of the histories of a game as a whole. */
export function rootPosition(game: Uint8Array, height: number): Position {
  return { game, level: height, index: 0, base: new Uint8Array(32) };
}

/** What rivals share: H(0x0e ‖ game ‖ level ‖ index ‖ base). */
export function contextOf({ game, level, index, base }: Position): Uint8Array {
  const bytes = new Uint8Array(70);
  bytes[0] = TAG_GAME_CONTEXT;
  bytes.set(game, 1);
  bytes[33] = level;
  new DataView(bytes.buffer).setUint32(34, index);
  bytes.set(base, 38);
  return keccak256(bytes);
}

/** H(0x0f ‖ context ‖ span). */
export function nodeId(context: Uint8Array, span: Uint8Array): Uint8Array {
  return keccak256(concat(Uint8Array.of(TAG_GAME_NODE), context, span));
}

/** The id of the node of this span at a position. */
export function nodeAt(position: Position, span: Uint8Array): Uint8Array {
  return nodeId(contextOf(position), span);
}

/** Levels that a move goes down from `level`: m, or what remains. */
export function sectionBits(level: number, m: number): number {
  return Math.min(level, m);
}

/**
 * Throws unless `children` are the 2^bits nodes `bits` levels below a node of this span.
 *
 * @throws {@link GameNodeError} `CHILD_COUNT` or `SPAN_MISMATCH`.
 */
export function verifyChildren(span: Uint8Array, bits: number, children: readonly Uint8Array[]): void {
  if (children.length !== 2 ** bits) {
    throw new GameNodeError("CHILD_COUNT", "a node has another number of children", {
      fields: { actual: children.length, expected: 2 ** bits },
    });
  }
  let nodes = children;
  while (nodes.length > 1) nodes = pairs(nodes);
  requireSpan(nodes[0]!, span);
}

/** The siblings on the way from child number `index` up to the node, from below. */
export function siblingsOf(children: readonly Uint8Array[], index: number): Uint8Array[] {
  const siblings: Uint8Array[] = [];
  for (let nodes = children; nodes.length > 1; nodes = pairs(nodes)) {
    siblings.push(nodes[index ^ 1]!);
    index >>>= 1;
  }
  return siblings;
}

/**
 * Position of child number `index`, `bits` levels below a node with this span, whose own span is `child`.
 *
 * @param siblings The siblings on the way from the child up to the node, from below.
 * @throws {@link GameNodeError} `CHILD_INDEX`, `SIBLING_COUNT` or `SPAN_MISMATCH`.
 */
export function childPosition(
  position: Position,
  span: Uint8Array,
  bits: number,
  index: number,
  child: Uint8Array,
  siblings: readonly Uint8Array[],
): Position {
  if (index >= 2 ** bits) {
    throw new GameNodeError("CHILD_INDEX", "a node has no such child", { fields: { index, children: 2 ** bits } });
  }
  if (siblings.length !== bits) {
    throw new GameNodeError("SIBLING_COUNT", "a path has another length", {
      fields: { actual: siblings.length, expected: bits },
    });
  }
  requireSpan(foldHistoryPath(child, index, siblings), span);
  return {
    game: position.game,
    level: position.level - bits,
    index: position.index * 2 ** bits + index,
    base: baseBelow(position.base, bits, index, siblings),
  };
}

/**
 * Base of the node reached from one with base `base` by the lowest `bits` bits of `index`: a left child keeps the base, a right
 * child's is H(0x0d ‖ base ‖ left sibling).
 */
export function baseBelow(base: Uint8Array, bits: number, index: number, siblings: readonly Uint8Array[]): Uint8Array {
  for (let level = bits; level > 0; level--) {
    if ((index >>> (level - 1)) % 2 === 1) base = gameBase(base, siblings[level - 1]!);
  }
  return base;
}

function pairs(nodes: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < nodes.length; i += 2) above.push(historyInner(nodes[i]!, nodes[i + 1]!));
  return above;
}

function requireSpan(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) === 0) return;
  throw new GameNodeError("SPAN_MISMATCH", "hashes do not fold to the node's span", { fields: { actual, expected } });
}
