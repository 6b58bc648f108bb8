import { fromHex } from "../crypto/bytes.ts";
import { childrenOf, gameBase, pathWithin, type HistorySource } from "../history/HistorySource.ts";
import type { InputEvidence, StepContext } from "../machine/InputLog.ts";
import type { MachineState } from "../machine/MachineState.ts";
import { childAt, type GameView, type ViewNode } from "./GameView.ts";
import type { Confirm, Descend, Move, Predecessor, Update } from "./Move.ts";
import { hasParted, partingOf, stateOf } from "./NodeState.ts";

/** What a party of a game has to say: its history, and proofs of its steps. */
export interface Testimony {
  readonly history: HistorySource;
  /** The assertion whose end the range starts from, by what its id is the hash of besides that end. */
  readonly origin: { readonly parent: Uint8Array; readonly historyRoot: Uint8Array };
  /** What the step to leaf `index` is proven with, against these inputs. */
  evidence(index: number, inputs: StepContext): Promise<StepProof>;
}

/** Everything that one step is judged by. */
export interface StepProof {
  readonly pre: MachineState;
  readonly input: InputEvidence;
  readonly witness: readonly Uint8Array[];
}

/** What is left to do for an assertion. */
export interface Plan {
  /** In an order in which each can be made after those before it. */
  readonly moves: readonly Move[];
  /** Rivals that have not been opened: only their own side, or time, brings the game on. */
  readonly silent: number;
}

/**
 * Every move that an assertion needs and that can be made now: each of its nodes that has a rival is opened, each pair of open
 * rivals is brought down to where they part, each leaf is proven. It is the same whoever asks, and a move that somebody else
 * makes first is not needed any more, so parties that race lose nothing but a transaction.
 *
 * @param most Number of moves after which the plan ends.
 */
export async function planMoves(view: GameView, testimony: Testimony, most = 64): Promise<Plan> {
  const { history } = testimony;
  const draft = view.clone();
  const root = draft.root(await history.node(history.height, 0));
  const moves: Move[] = [];
  let silent = 0;
  if (root === undefined || root.confirmed || !draft.isRivalled(root)) return { moves, silent };
  if (draft.inputs === undefined) moves.push({ type: "record inputs", game: draft.game });

  // From the root down: a node's children are there once it has parted, be it by a move of this plan.
  const stack: ViewNode[] = [root];
  const seen = new Set<string>();
  while (stack.length > 0 && moves.length < most) {
    const node = stack.pop()!;
    if (seen.has(node.id)) continue;
    seen.add(node.id);
    if (stateOf(draft, node) === "rivalled") {
      const move = await openOrProve(draft, node, testimony);
      if (move !== undefined) moves.push(move);
    }
    if (stateOf(draft, node) === "met") moves.push(...partFromRivals(draft, node, most - moves.length));
    silent += draft.rivals(node).filter((rival) => isSilent(rival)).length;
    stack.push(...node.linked.values());
  }
  return { moves, silent };
}

/** What a rivalled node is due; undefined if the inputs of its proof are not recorded yet, which is one move and one reading away. */
async function openOrProve(draft: GameView, node: ViewNode, testimony: Testimony): Promise<Move | undefined> {
  const { level, index } = node.position;
  if (level === 0) return draft.inputs && (await proveMove(node, testimony, draft.inputs));
  const children = await childrenOf(testimony.history, level, index, draft.bitsOf(node));
  draft.apply({ type: "opened", node: fromHex(node.id), children });
  return node.assertion === undefined
    ? { type: "open", position: node.position, span: node.span, children }
    : { type: "open root", ...node.assertion, children };
}

/** Descends with each open rival that the node has not parted from, `most` of them. */
function partFromRivals(draft: GameView, node: ViewNode, most: number): Move[] {
  const moves: Move[] = [];
  for (const rival of draft.rivals(node)) {
    if (moves.length >= most) break;
    if (rival.children === undefined || hasParted(node, rival)) continue;
    const index = partingOf(node, rival);
    moves.push(descendMove(draft, node, rival, index));
    draft.apply({ type: "descended", nodeA: fromHex(node.id), nodeB: fromHex(rival.id), index });
  }
  return moves;
}

/** Whether only its own side can bring a node on. Of a wrong leaf no side can. */
function isSilent(node: ViewNode): boolean {
  return node.position.level > 0 && node.children === undefined;
}

/** The totals of a root's nodes computed anew, children before parents, and the root confirmed. */
export function confirmMove(view: GameView, root: ViewNode): Confirm {
  const updates: Update[] = [];
  const seen = new Set<string>();
  const visit = (node: ViewNode): void => {
    if (seen.has(node.id)) return;
    seen.add(node.id);
    for (const child of node.linked.values()) visit(child);
    if (node.children !== undefined) updates.push(updateOf(view, node));
  };
  visit(root);
  return { type: "confirm", updates, ...root.assertion! };
}

/** A node with those of its children that are nodes. */
export function updateOf(view: GameView, node: ViewNode): Update {
  const indices = [...node.linked.keys()].sort((a, b) => a - b);
  const children = indices.map((index) => childAt(node, index, view.bitsOf(node)));
  return { position: node.position, span: node.span, children };
}

/** Brings a pair of open rivals down to child number `index`. */
export function descendMove(view: GameView, a: ViewNode, b: ViewNode, index: number): Descend {
  const bits = view.bitsOf(a);
  return {
    type: "descend",
    position: a.position,
    index,
    a: { span: a.span, child: childAt(a, index, bits) },
    b: { span: b.span, child: childAt(b, index, bits) },
  };
}

/** Has a leaf of a testimony proven. */
export async function proveMove(node: ViewNode, testimony: Testimony, inputs: StepContext): Promise<Move> {
  const { position, span } = node;
  const predecessor = await predecessorOf(testimony, position.index);
  const { pre, input, witness } = await testimony.evidence(position.index, inputs);
  return { type: "prove", position, span, predecessor, inputs, pre, input, witness };
}

/** Shows which state a history has before leaf `index`. */
export async function predecessorOf({ history, origin }: Testimony, index: number): Promise<Predecessor> {
  if (index === 0) return { outer: origin.parent, inner: origin.historyRoot, path: [] };
  let level = 0;
  while (Math.floor(index / 2 ** level) % 2 === 0) level++;
  // The base is made of the left siblings on the way down, of which the last covers the state before the leaf.
  let outer: Uint8Array = new Uint8Array(32);
  for (let at = history.height - 1; at > level; at--) {
    const place = Math.floor(index / 2 ** at);
    if (place % 2 === 1) outer = gameBase(outer, await history.node(at, place - 1));
  }
  const inner = await history.node(level, Math.floor(index / 2 ** level) - 1);
  return { outer, inner, path: await pathWithin(history, 0, index - 1, level) };
}
