import type { GameView, ViewNode } from "./GameView.ts";

/**
 * Where a node stands. It is derived from the view whenever it is asked for and stored nowhere, so that a crash loses nothing.
 * No state ever goes back, but for a reorganisation of L1.
 *
 * | state        | the node                                                    | what is due from its side | next                               |
 * | ------------ | ----------------------------------------------------------- | ------------------------- | ---------------------------------- |
 * | `unrivalled` | is alone in its context: its time runs                      | nothing                   | a rival comes: `rivalled`          |
 * | `rivalled`   | has a rival, is not open; a leaf: is not proven             | open it; a leaf: prove it | `open`, or `met`; a leaf: `proven` |
 * | `open`       | is open, and no rival is: time runs for it alone            | nothing                   | a rival opens: `met`               |
 * | `met`        | is open, and has not parted from some rival that is         | descend with that rival   | `parted`                           |
 * | `parted`     | has the children where it parts from each rival that is open | nothing; its children go on | another rival opens: `met`         |
 * | `proven`     | is a leaf that the prover has shown to be right             | nothing                   |                                    |
 * | `confirmed`  | is an assertion that is confirmed                           | refunds are claimed       |                                    |
 */
export type NodeState = "unrivalled" | "rivalled" | "open" | "met" | "parted" | "proven" | "confirmed";

/** The state of a node of a view, or of a plan's draft. */
export function stateOf(view: GameView, node: ViewNode): NodeState {
  if (node.confirmed) return "confirmed";
  if (node.proven) return "proven";
  if (!view.isRivalled(node)) return "unrivalled";
  if (node.children === undefined) return "rivalled";
  const rivals = view.rivals(node).filter((rival) => rival.children !== undefined);
  if (rivals.length === 0) return "open";
  return rivals.every((rival) => hasParted(node, rival)) ? "parted" : "met";
}

/** The first child in which two open rivals differ. */
export function partingOf(a: ViewNode, b: ViewNode): number {
  // Rivals have different spans, so some child differs.
  return a.children!.findIndex((child, index) => Buffer.compare(child, b.children![index]!) !== 0);
}

/**
 * Whether the child at which two open rivals part is a node of each. One of them may have it from another rival: its time is
 * capped by the child only once it is linked itself, so both count.
 */
export function hasParted(a: ViewNode, b: ViewNode): boolean {
  const parting = partingOf(a, b);
  return a.linked.has(parting) && b.linked.has(parting);
}

/**
 * Since when, in seconds, a node's side owes a move that nothing has kept it from making; undefined if it owes none.
 *
 * A leaf owes its proof since it was registered, although its clock counts from earlier.
 */
export function owedSince(view: GameView, node: ViewNode): bigint | undefined {
  switch (stateOf(view, node)) {
    case "rivalled":
      return earliest(view.rivals(node).map((rival) => later(node.knownAt, rival.knownAt)));
    case "met": {
      const waiting = view.rivals(node).filter((rival) => rival.children !== undefined && !hasParted(node, rival));
      return earliest(waiting.map((rival) => later(node.openedAt, rival.openedAt)));
    }
    case "unrivalled":
    case "open":
    case "parted":
    case "proven":
    case "confirmed":
      return undefined;
  }
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function earliest(times: readonly bigint[]): bigint | undefined {
  return times.reduce<bigint | undefined>(
    (least, time) => (least === undefined || time < least ? time : least),
    undefined,
  );
}
