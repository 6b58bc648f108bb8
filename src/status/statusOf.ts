import type { Hex } from "../crypto/bytes.ts";
import type { GameView, ViewNode } from "../game/GameView.ts";
import { stateOf } from "../game/NodeState.ts";
import { toHex } from "../crypto/bytes.ts";
import { MESSAGE_FORCED } from "../machine/Inputs.ts";
import { attentionTo, type AttentionLimits } from "./attention.ts";
import type { L1Reading, ReadAssertion, ReadGame } from "./L1Reading.ts";
import type { AssertionStatus, Confirmed, Deadline, Funded, GameStatus, Posted, SideStatus, Status } from "./Status.ts";

/**
 * How a deployment stands, from what was read of L1 alone. Nothing is executed, so it does not say which side of a game is right: that
 * is what a watchtower is for.
 */
export function statusOf(reading: L1Reading, limits: AttentionLimits): Status {
  const asserted = assertedOf(reading);
  const facts = {
    chainId: reading.chainId,
    block: reading.head.number,
    now: reading.head.timestamp,
    posted: postedOf(reading),
    asserted,
    games: openGames(reading, asserted),
    priced: reading.markets.map(({ market, anchorTime }) => ({
      market,
      anchorAge: anchorTime === undefined ? undefined : reading.head.timestamp - anchorTime,
    })),
    confirmed: confirmedOf(reading),
    funded: fundedOf(reading),
  };
  return { ...facts, attention: attentionTo(facts, reading, limits) };
}

/** A moment, seen from the block that was read. */
function deadline({ head }: Pick<L1Reading, "head">, at: bigint): Deadline {
  return { at, left: at - head.timestamp };
}

function postedOf(reading: L1Reading): Posted {
  const { head, lastBatch, unread, rules } = reading;
  return {
    sequencer: reading.sequencer,
    batches: reading.batchCount,
    lastBatch: lastBatch && {
      index: lastBatch.index,
      age: head.timestamp - lastBatch.time,
      isForced: lastBatch.isForced,
    },
    messages: reading.messageCount,
    unread: BigInt(unread.length),
    forced: unread
      .filter(({ kind }) => kind === MESSAGE_FORCED)
      .map(({ index, sender, time }) => ({ index, sender, includable: deadline(reading, time + rules.forceDelay) })),
  };
}

/** The last confirmed assertion: from the first one on, every confirmed child. Undefined if the chain's contract has none. */
function latestConfirmed({ assertions }: Pick<L1Reading, "assertions">): ReadAssertion | undefined {
  const confirmed = assertions.filter(({ confirmedAt }) => confirmedAt !== undefined);
  const childOf = new Map(confirmed.map((assertion) => [assertion.parent, assertion]));
  let last = assertions[0];
  for (let next = last; next !== undefined; next = childOf.get(next.id)) last = next;
  return last;
}

/** What builds on the last confirmed assertion: everything else has fallen. */
function assertedOf(reading: L1Reading): AssertionStatus[] {
  const { assertions, head, rules } = reading;
  const siblings = new Map<Hex, number>();
  for (const { parent } of assertions) siblings.set(parent, (siblings.get(parent) ?? 0) + 1);
  const standing = new Set<Hex>();
  const root = latestConfirmed(reading)?.id;
  if (root !== undefined) standing.add(root);
  const found: AssertionStatus[] = [];
  for (const { id, parent, staker, time, target } of assertions) {
    if (!standing.has(parent)) continue;
    standing.add(id);
    const rivals = siblings.get(parent)! - 1;
    const confirmable = rivals > 0 ? undefined : deadline(reading, time + rules.challengePeriod);
    found.push({ id, parent, staker, age: head.timestamp - time, target, rivals, confirmable });
  }
  return found;
}

/** The games about what is not decided: their parent stands, and none of its children is confirmed. */
function openGames(reading: L1Reading, asserted: readonly AssertionStatus[]): GameStatus[] {
  const rivalled = new Set(asserted.filter(({ rivals }) => rivals > 0).map(({ parent }) => parent));
  return reading.games.filter(({ parent }) => rivalled.has(parent)).map((game) => gameOf(reading, game));
}

function gameOf(reading: L1Reading, { parent, view, moves }: ReadGame): GameStatus {
  const { head } = reading;
  const last = view.roots().reduce((latest, root) => later(latest, lastChange(root)), 0n);
  const lastMove = moves.reduce((latest, { time }) => later(latest, time), last);
  const sides = reading.assertions
    .filter((one) => one.parent === parent)
    .flatMap((assertion) => {
      const root = view.root(assertion.historyRoot);
      return root === undefined ? [] : [sideOf(reading, view, root, assertion, moves)];
    });
  return { game: parent, sides, nodes: view.size, idle: head.timestamp - lastMove };
}

function sideOf(
  reading: L1Reading,
  view: GameView,
  root: ViewNode,
  { id, staker }: ReadAssertion,
  moves: ReadGame["moves"],
): SideStatus {
  const time = view.total(root, reading.head.timestamp);
  const own = nodesBelow(root);
  const movers = new Set(moves.filter(({ node }) => own.has(toHex(node))).map(({ mover }) => mover));
  const missing = reading.rules.challengePeriod - time;
  const confirmable = deadline(reading, reading.head.timestamp + (missing > 0n ? missing : 0n));
  return { assertion: id, staker, movers: [...movers], time, confirmable, state: stateOf(view, root) };
}

function nodesBelow(root: ViewNode): ReadonlySet<Hex> {
  const ids = new Set<Hex>();
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (ids.has(node.id)) continue;
    ids.add(node.id);
    stack.push(...node.linked.values());
  }
  return ids;
}

/** When anything was last done to a node or one below it. */
function lastChange(root: ViewNode): bigint {
  let last = 0n;
  const stack = [root];
  const seen = new Set<Hex>();
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node.id)) continue;
    seen.add(node.id);
    last = later(last, later(node.knownAt, node.openedAt));
    stack.push(...node.linked.values());
  }
  return last;
}

function confirmedOf(reading: L1Reading): Confirmed {
  const last = latestConfirmed(reading);
  const batches = last?.endBatch ?? 0n;
  const age = last?.confirmedAt === undefined ? undefined : reading.head.timestamp - last.confirmedAt;
  return { id: last?.id, batches, age, behind: reading.batchCount - batches };
}

function fundedOf({ accounts, collateral, games, assertions }: L1Reading): Funded {
  const decided = games.filter(({ parent }) =>
    assertions.some((one) => one.parent === parent && one.confirmedAt !== undefined),
  );
  const refunds = decided.flatMap(({ parent, unclaimed }) => unclaimed.map((refund) => ({ game: parent, ...refund })));
  return { accounts, bridge: collateral, refunds };
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
