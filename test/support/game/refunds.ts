import { equalBytes, fromHex, type Hex } from "../../../src/crypto/bytes.ts";
import { pathWithin } from "../../../src/history/HistorySource.ts";
import { baseBelow, nodeAt } from "../../../src/game/GameNode.ts";
import type { Place, RecordedMove, RefundClaim } from "../../../src/game/Move.ts";
import type { GameView, ViewNode } from "../../../src/game/GameView.ts";
import type { GameClient } from "../../../src/l1/GameClient.ts";
import type { Claim, GameScene } from "./GameScene.ts";

/** The moves that somebody has made in the scene's game, claimed or not, in their order. */
export async function movesBy(scene: GameScene, game: GameClient, mover: Hex): Promise<RecordedMove[]> {
  const events = await game.gameEvents(0, (await game.head()).number);
  return events.flatMap((event) =>
    event.type === "recorded" &&
    equalBytes(event.game, scene.parent) &&
    event.mover.toLowerCase() === mover.toLowerCase()
      ? [event.move]
      : [],
  );
}

/** A claim for all moves of somebody who has claimed none, as moves for the history of `winner`. */
export async function refundClaimOf(
  scene: GameScene,
  game: GameClient,
  mover: Hex,
  winner: Claim,
): Promise<RefundClaim> {
  const moves = await movesBy(scene, game, mover);
  const view = await scene.view();
  const places = await Promise.all(moves.map((move) => placeOf(scene, view, winner, move)));
  return { ...(await scene.nameOf(winner)), before: new Uint8Array(32), moves, places };
}

/** The calldata of a claim. */
export function claimData({ contract }: GameClient, claim: RefundClaim, recipient: string): string {
  const places = claim.places.map((place) =>
    place === undefined
      ? { level: 0, index: 0, span: new Uint8Array(32), path: [] }
      : { ...place, path: [...place.path] },
  );
  const { game, endStateHash, historyRoot, before } = claim;
  return contract.interface.encodeFunctionData("claimRefund", [
    game,
    endStateHash,
    historyRoot,
    before,
    [...claim.moves],
    places,
    recipient,
  ]);
}

/** Where a move's node, or its rival, lies in the history of a claim; undefined if neither does. */
export async function placeOf(
  scene: GameScene,
  view: GameView,
  { history }: Claim,
  { node, rival }: RecordedMove,
): Promise<Place | undefined> {
  for (const id of [node, rival]) {
    const found: ViewNode | undefined = view.node(id);
    if (found === undefined) continue;
    const { level, index } = found.position;
    const span = await history.node(level, index);
    if (!equalBytes(span, found.span)) continue;
    const path = await pathWithin(history, level, index, scene.height);
    // A span alone does not make it this history's node: what lies to its left belongs to it too.
    if (!equalBytes(nodeIn(scene, found, path), fromHex(found.id))) continue;
    return { level, index, span, path };
  }
  return undefined;
}

function nodeIn(scene: GameScene, { position, span }: ViewNode, path: readonly Uint8Array[]): Uint8Array {
  const { game, level, index } = position;
  const base = baseBelow(new Uint8Array(32), scene.height - level, index, path);
  return nodeAt({ game, level, index, base }, span);
}
