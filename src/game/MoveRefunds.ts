import { concat, equalBytes } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { baseOf, pathWithin, type HistorySource } from "../history/HistorySource.ts";
import { TAG_GAME_MOVE } from "../machine/Tags.ts";
import { nodeAt } from "./GameNode.ts";
import type { GameView } from "./GameView.ts";
import type { AssertionName, Place, RecordedMove, RefundClaim } from "./Move.ts";

/** Hash of no moves. */
const NO_MOVES = new Uint8Array(32);

/** The hash of a mover's moves with one more: H(0x10 ‖ before ‖ node ‖ rival ‖ timestamp ‖ amount). */
function appendMove(before: Uint8Array, { node, rival, timestamp, amount }: RecordedMove): Uint8Array {
  const numbers = new Uint8Array(24);
  const view = new DataView(numbers.buffer);
  view.setBigUint64(0, timestamp);
  view.setBigUint64(8, amount >> 64n);
  view.setBigUint64(16, BigInt.asUintN(64, amount));
  return keccak256(concat(Uint8Array.of(TAG_GAME_MOVE), before, node, rival, numbers));
}

/** Hash of moves in the order in which they were made. */
export function hashOfMoves(moves: readonly RecordedMove[]): Uint8Array {
  return moves.reduce(appendMove, NO_MOVES);
}

/** What the game's log says of one mover: a move made, or the last `moves` of them claimed. */
export type RefundEvent =
  { readonly type: "recorded"; readonly move: RecordedMove } | { readonly type: "refunded"; readonly moves: number };

/** The moves that are not claimed, in the order in which they were made. */
export function unclaimedMoves(events: readonly RefundEvent[]): RecordedMove[] {
  const moves: RecordedMove[] = [];
  for (const event of events) {
    if (event.type === "recorded") moves.push(event.move);
    // A claim takes from the end. What a mover does after it comes behind what remained.
    else moves.length = Math.max(0, moves.length - event.moves);
  }
  return moves;
}

/**
 * Where the node of a move, or the rival that it was paired with, lies in the history that won; undefined if neither belongs to it,
 * or the move needs no place since it served the whole game.
 */
async function placeOf(
  view: GameView,
  history: HistorySource,
  move: Pick<RecordedMove, "node" | "rival">,
): Promise<Place | undefined> {
  for (const id of [move.node, move.rival]) {
    const node = view.node(id);
    if (node === undefined) continue;
    const { level, index } = node.position;
    const span = await history.node(level, index);
    if (!equalBytes(span, node.span)) continue;
    // The same states in another history: its base says what lies before them.
    const position = { game: view.game, level, index, base: await baseOf(history, level, index) };
    if (!equalBytes(nodeAt(position, span), id)) continue;
    return { level, index, span, path: await pathWithin(history, level, index, history.height) };
  }
  return undefined;
}

/** The places of moves, one for each. */
export async function placesOf(
  view: GameView,
  history: HistorySource,
  moves: readonly RecordedMove[],
): Promise<(Place | undefined)[]> {
  const places: (Place | undefined)[] = [];
  // One after the other: a history that is run again does so once for neighbours.
  for (const move of moves) places.push(await placeOf(view, history, move));
  return places;
}

/** Whether a move at this place is paid back, if it was made before the confirmation and the stakes of the losers suffice. */
export function isPaidBack(view: GameView, move: RecordedMove, place: Place | undefined): boolean {
  return place !== undefined || equalBytes(move.node, view.game);
}

/** A claim for the last `count` of a mover's unclaimed moves, whose places these are. */
export function refundClaim(
  winner: AssertionName,
  unclaimed: readonly RecordedMove[],
  places: readonly (Place | undefined)[],
  count: number,
): RefundClaim {
  const first = Math.max(0, unclaimed.length - count);
  const before = hashOfMoves(unclaimed.slice(0, first));
  return { ...winner, before, moves: unclaimed.slice(first), places: sharePaths(places.slice(first)) };
}

/** The places of a claim with paths up to the root, each without what the place before it, if that lies above, has shown already. */
export function sharePaths(places: readonly (Place | undefined)[]): (Place | undefined)[] {
  let above: Place | undefined;
  return places.map((place) => {
    if (place === undefined) return undefined;
    const levels = above === undefined ? -1 : above.level - place.level;
    const isBelow = levels >= 0 && Math.floor(place.index / 2 ** levels) === above!.index;
    above = place;
    return isBelow ? { ...place, path: place.path.slice(0, levels) } : place;
  });
}
