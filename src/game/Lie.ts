import { equalBytes, toHex, type Hex } from "../crypto/bytes.ts";
import type { HistorySource } from "../history/HistorySource.ts";
import { nodeAt } from "./GameNode.ts";
import { childAt, type GameView, type ViewNode } from "./GameView.ts";

/** A single wrong state, with the right one. */
export interface WrongStep {
  /** Number of the step in its range, from zero. */
  readonly index: number;
  readonly expectedStateHash: Hex;
  readonly claimedStateHash: Hex;
}

/** Where a wrong history leaves the right one, as far as its side has opened it. */
export interface Divergence {
  /** Number of the first step that can be the first wrong one. */
  readonly from: number;
  /** Number of the last one. */
  readonly to: number;
  /** The first wrong step, once it is open to view. */
  readonly step: WrongStep | undefined;
}

/**
 * What is certain about the first wrong step of an assertion. Of a history only the root is on L1, so at first it may be any step,
 * and with a wrong end the last at the latest; every opening of a node narrows it down, to a single step in the end. Opened
 * nodes are followed as far as they are nodes of the game, since it knows no others.
 *
 * @param rightEnd Whether the assertion's end state is right, so that the last step is not the first wrong one.
 */
export async function divergenceOf(
  view: GameView | undefined,
  wrong: { readonly historyRoot: Uint8Array; readonly rightEnd: boolean },
  history: HistorySource,
): Promise<Divergence> {
  const last = 2 ** history.height - 1;
  let node: ViewNode | undefined = view?.root(wrong.historyRoot);
  let place = { level: history.height, index: 0 };
  while (view !== undefined && node?.children !== undefined) {
    const bits = view.bitsOf(node);
    const parting = await firstWrong(node, history, place.level - bits);
    place = { level: place.level - bits, index: place.index * 2 ** bits + parting };
    const child = childAt(node, parting, bits);
    if (place.level === 0) return located(place.index, await history.node(0, place.index), child.span);
    node = view.node(nodeAt(child.position, child.span));
  }
  const from = place.index * 2 ** place.level;
  const to = from + 2 ** place.level - 1;
  return { from, to: to === last && wrong.rightEnd ? to - 1 : to, step: undefined };
}

async function firstWrong(node: ViewNode, history: HistorySource, level: number): Promise<number> {
  const first = node.position.index * node.children!.length;
  for (const [i, child] of node.children!.entries()) {
    if (!equalBytes(child, await history.node(level, first + i))) return i;
  }
  // A wrong node's children fold to its span, so one of them is wrong.
  return node.children!.length - 1;
}

function located(index: number, expected: Uint8Array, claimed: Uint8Array): Divergence {
  const step = { index, expectedStateHash: toHex(expected), claimedStateHash: toHex(claimed) };
  return { from: index, to: index, step };
}
