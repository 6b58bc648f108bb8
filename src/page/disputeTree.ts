import { toHex, type Hex } from "../crypto/bytes.ts";
import { PROVEN } from "../game/GameClock.ts";
import { contextOf } from "../game/GameNode.ts";
import type { GameView, ViewNode } from "../game/GameView.ts";
import { owedSince, stateOf } from "../game/NodeState.ts";
import type { L1Reading, ReadGame } from "../status/L1Reading.ts";
import type { GameStatus } from "../status/Status.ts";
import type { DisputeFront, DisputeNode, DisputeOverview, StepRange, Verdict } from "./Overview.ts";

/** Whoever pays for the gas can make as many nodes as they like; the page shows the ones nearest to the assertions. */
const MOST_NODES = 300;
const MOST_FRONTS = 16;

/** One game as a tree of nodes: who holds which, what each one's clock shows, and to which steps it is narrowed. */
export function disputeTree(
  { view, moves }: Pick<ReadGame, "view" | "moves">,
  { game, idle, sides }: GameStatus,
  { head, assertions }: Pick<L1Reading, "head" | "assertions">,
  verdictOf: (id: Hex) => Verdict,
): DisputeOverview {
  const stakers = new Map(assertions.map(({ id, staker }) => [id, staker]));
  const members = membersOf(
    view,
    assertions.filter(({ parent }) => parent === game),
  );
  const movers = new Map<Hex, Set<Hex>>();
  for (const { node, mover } of moves) {
    const id = toHex(node);
    movers.set(id, (movers.get(id) ?? new Set<Hex>()).add(mover));
  }
  const totals = new Map<Hex, bigint>();
  const found = nodesOf(view);
  const parents = parentsOf(found);
  const nodes = found.map((node): DisputeNode => {
    const own = [...(members.get(node.id) ?? [])];
    const total = view.total(node, head.timestamp, totals);
    const since = owedSince(view, node);
    return {
      id: node.id,
      parents: parents.get(node.id) ?? [],
      context: toHex(contextOf(node.position)),
      level: node.position.level,
      steps: stepsOf(node),
      state: stateOf(view, node),
      assertions: own,
      holders: [...new Set(own.map((id) => stakers.get(id)!))],
      movers: [...(movers.get(node.id) ?? [])],
      clock: {
        // A parent of what is proven counts no more than the time since it was opened, so only a leaf is worth any time.
        total: total >= PROVEN ? undefined : total,
        owes: since === undefined ? undefined : head.timestamp - since,
      },
    };
  });
  return {
    game,
    height: view.height,
    idle,
    sides: sides.map(({ assertion, staker, time, confirmable }) => {
      return { assertion, staker, verdict: verdictOf(assertion), time, confirmable };
    }),
    nodes: nodes.slice(0, MOST_NODES),
    omitted: Math.max(0, nodes.length - MOST_NODES),
    fronts: frontsOf(view, found),
  };
}

/** All nodes, level by level from the assertions down, and on a level from left to right, rivals beside each other. */
function nodesOf(view: GameView): readonly ViewNode[] {
  const found: ViewNode[] = [];
  const seen = new Set<Hex>();
  for (let level = [...view.roots()]; level.length > 0;) {
    const next: ViewNode[] = [];
    for (const node of level) {
      if (seen.has(node.id)) continue;
      seen.add(node.id);
      found.push(node);
      next.push(...node.linked.values());
    }
    const contexts = new Map(next.map((node) => [node.id, toHex(contextOf(node.position))]));
    level = next.sort(
      (a, b) =>
        a.position.index - b.position.index ||
        // Any order will do, as long as the nodes of a context are together.
        contexts.get(a.id)!.localeCompare(contexts.get(b.id)!),
    );
  }
  return found;
}

function parentsOf(nodes: readonly ViewNode[]): ReadonlyMap<Hex, readonly Hex[]> {
  const parents = new Map<Hex, Hex[]>();
  for (const { id, linked } of nodes) {
    for (const child of linked.values()) parents.set(child.id, [...(parents.get(child.id) ?? []), id]);
  }
  return parents;
}

/** The assertions that each node belongs to. */
function membersOf(view: GameView, children: L1Reading["assertions"]): ReadonlyMap<Hex, ReadonlySet<Hex>> {
  const members = new Map<Hex, Set<Hex>>();
  for (const { id, historyRoot } of children) {
    const root = view.root(historyRoot);
    const stack = root === undefined ? [] : [root];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const own = members.get(node.id) ?? new Set<Hex>();
      if (own.has(id)) continue;
      members.set(node.id, own.add(id));
      stack.push(...node.linked.values());
    }
  }
  return members;
}

/** The places with rivals below which nothing is disputed, the smallest first. */
function frontsOf(view: GameView, nodes: readonly ViewNode[]): DisputeFront[] {
  const fronts = new Map<Hex, DisputeFront & { readonly level: number }>();
  for (const node of nodes) {
    if (!view.isRivalled(node)) continue;
    const rivals = [node, ...view.rivals(node)];
    if (rivals.some(({ linked }) => linked.size > 0)) continue;
    const proven = rivals.some((rival) => rival.proven);
    const { level } = node.position;
    fronts.set(toHex(contextOf(node.position)), { steps: stepsOf(node), rivals: rivals.length, proven, level });
  }
  return [...fronts.values()]
    .sort((a, b) => a.level - b.level || a.steps.first - b.steps.first)
    .slice(0, MOST_FRONTS)
    .map(({ steps, rivals, proven }) => ({ steps, rivals, proven }));
}

function stepsOf({ position: { level, index } }: ViewNode): StepRange {
  const first = index * 2 ** level;
  return { first, last: first + 2 ** level - 1 };
}
