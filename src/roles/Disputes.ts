import { toHex, type Hex } from "../crypto/bytes.ts";
import type { GameView, ViewNode } from "../game/GameView.ts";
import { divergenceOf, type Divergence } from "../game/Lie.ts";
import { owedSince, stateOf, type NodeState } from "../game/NodeState.ts";
import type { HistorySource } from "../history/HistorySource.ts";
import type { L1Block } from "../l1/L1Source.ts";
import { machineStateHash } from "../machine/MachineState.ts";
import type { AlarmBoard, Lie } from "./Alarm.ts";
import type { AssertionView, JudgedAssertion, WrongAssertion } from "./AssertionView.ts";
import { answerBy, type DisputeTimes } from "../game/Deadlines.ts";
import type { GameWatch } from "./GameWatch.ts";

/** A right assertion with a wrong child: the game about its children matters. */
export interface Dispute {
  readonly game: Hex;
  readonly parent: JudgedAssertion;
  /** Undefined: nobody has made the right child. */
  readonly right: JudgedAssertion | undefined;
  readonly wrong: readonly JudgedAssertion[];
  readonly view: GameView;
}

/** What the judgement of disputes is based on. */
export interface DisputeContext {
  readonly assertions: AssertionView;
  readonly games: GameWatch;
  readonly alarms: AlarmBoard;
}

/**
 * The disputes about the right chain from the last confirmed assertion on. What is built on a wrong assertion falls with it and needs
 * no game of its own; what is before the last confirmed one is decided.
 */
export async function findDisputes({ assertions, games }: DisputeContext): Promise<readonly Dispute[]> {
  const { historyHeight } = await assertions.parameters();
  const disputes: Dispute[] = [];
  for (let parent: JudgedAssertion | undefined = assertions.latestConfirmed; parent !== undefined;) {
    const children = assertions.children(parent);
    const right = assertions.rightChild(parent);
    const wrong = children.filter((child) => !child.right);
    if (wrong.length > 0) {
      const view = await games.view(parent, children, historyHeight);
      disputes.push({ game: toHex(parent.created.id), parent, right, wrong, view });
    }
    parent = right;
  }
  return disputes;
}

/** Raises the alarms that a round gives reason for. */
export class DisputeJudge {
  readonly #context: DisputeContext;
  /** Wrong assertions that no alarm was raised for yet. */
  #unreported: WrongAssertion[] = [];

  constructor(context: DisputeContext) {
    this.#context = context;
  }

  /** Notes wrong assertions, so that no failure of a round loses one. */
  note(wrong: readonly WrongAssertion[]): void {
    this.#unreported.push(...wrong);
  }

  /** Judges what is known at `head`. */
  async judge(disputes: readonly Dispute[], times: DisputeTimes, head: L1Block): Promise<void> {
    await this.#reportWrong(disputes, times);
    for (const dispute of disputes) {
      await this.#reportSteps(dispute);
      this.#reportTime(dispute, times, head);
    }
  }

  /** Raises an alarm for every wrong assertion that was noted, whether or not anybody disputes about it. */
  async #reportWrong(disputes: readonly Dispute[], times: DisputeTimes): Promise<void> {
    while (this.#unreported.length > 0) {
      const report = this.#unreported[0]!;
      const dispute = disputes.find(({ game }) => game === report.parent);
      const lie = await this.#lieOf(dispute, report);
      const by = dispute && answerBy(firstWrongAt(dispute), times);
      this.#context.alarms.raise(`wrong ${report.id}`, { type: "wrong assertion", lie, answerBy: by });
      this.#unreported.shift();
    }
  }

  async #reportSteps(dispute: Dispute): Promise<void> {
    for (const { created } of dispute.wrong) {
      const id = toHex(created.id);
      if (this.#context.alarms.has(`step ${id}`)) continue;
      const expected = await this.#context.assertions.expectedChild(dispute.parent);
      const claimed = { endStateHash: toHex(machineStateHash(created.end)), historyRoot: toHex(created.historyRoot) };
      const computed = { endStateHash: toHex(expected.endStateHash), historyRoot: toHex(expected.historyRoot) };
      const report = { id, parent: dispute.game, staker: created.staker, confirmed: false, claimed, computed };
      const lie = await this.#lieOf(dispute, report);
      if (lie.firstWrong?.step === undefined) continue;
      this.#context.alarms.raise(`step ${id}`, { type: "wrong step", lie });
    }
  }

  #reportTime({ game, right, wrong, view, ...dispute }: Dispute, times: DisputeTimes, head: L1Block): void {
    const { alarms } = this.#context;
    const now = head.timestamp;
    if (right === undefined) {
      const by = answerBy(firstWrongAt({ ...dispute, wrong, view }), times);
      // One reaction ahead, for the answer itself takes one.
      if (now + times.reaction >= by) {
        alarms.raise(`answer ${game}`, { type: "answer missing", game, answerBy: by, now });
      }
    } else {
      const since = oldestDebt(view, view.root(right.created.historyRoot)!);
      if (since !== undefined && now - since > times.reaction) {
        alarms.raise(`overdue ${game} ${since}`, { type: "moves overdue", game, since, now });
      }
    }
    for (const { created } of wrong) {
      const root = view.root(created.historyRoot);
      if (root === undefined || view.total(root, now) < times.challengePeriod) continue;
      const assertion = toHex(created.id);
      alarms.raise(`winning ${assertion}`, { type: "wrong assertion winning", assertion, now });
    }
  }

  async #lieOf(dispute: Dispute | undefined, report: WrongAssertion): Promise<Lie> {
    const { id, parent, staker, claimed, computed } = report;
    let firstWrong: Divergence | undefined;
    if (computed !== undefined && dispute !== undefined) {
      const created = dispute.wrong.find((child) => toHex(child.created.id) === id)?.created;
      const rightEnd = claimed.endStateHash === computed.endStateHash;
      const history = await this.#lazyHistory(dispute);
      if (created !== undefined) {
        firstWrong = await divergenceOf(dispute.view, { historyRoot: created.historyRoot, rightEnd }, history);
      }
    }
    return { assertion: id, parent, staker, claimed, expected: computed, firstWrong };
  }

  /** A range is executed only when somebody has opened a node of it. */
  async #lazyHistory({ parent }: Dispute): Promise<HistorySource> {
    const { assertions } = this.#context;
    const { historyHeight } = await assertions.parameters();
    return {
      height: historyHeight,
      node: async (level, index) => (await assertions.expectedChild(parent)).range.history.node(level, index),
    };
  }
}

/** Since when, in seconds, the side of a root owes a move; undefined if it owes none. */
function oldestDebt(view: GameView, root: ViewNode): bigint | undefined {
  let oldest: bigint | undefined;
  for (const node of nodesOf(root)) {
    const since = owedSince(view, node);
    if (since !== undefined && (oldest === undefined || since < oldest)) oldest = since;
  }
  return oldest;
}

/** How many nodes of a history's are in which state. */
export function countStates(view: GameView, root: ViewNode): Readonly<Partial<Record<NodeState, number>>> {
  const counts: Partial<Record<NodeState, number>> = {};
  for (const node of nodesOf(root)) {
    const state = stateOf(view, node);
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

/** A root and all nodes below it, each once. */
function nodesOf(root: ViewNode): readonly ViewNode[] {
  const nodes = new Map<Hex, ViewNode>();
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (nodes.has(node.id)) continue;
    nodes.set(node.id, node);
    stack.push(...node.linked.values());
  }
  return [...nodes.values()];
}

function firstWrongAt({ wrong, view }: Pick<Dispute, "wrong" | "view">): bigint {
  const times = wrong.map(({ created }) => view.root(created.historyRoot)!.createdAt);
  return times.reduce((least, time) => (time < least ? time : least));
}
