import { expect } from "chai";
import { fromHex } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { GameView, type GameChange, type ViewNode } from "../../../src/game/GameView.ts";
import { hasParted, owedSince, partingOf, stateOf } from "../../../src/game/NodeState.ts";
import { History } from "../../../src/history/History.ts";
import { childrenOf, type HistorySource } from "../../../src/history/HistorySource.ts";
import { PatchedHistory } from "../../../src/history/PatchedHistory.ts";

const GAME = new Uint8Array(32).fill(9);
const END = new Uint8Array(32).fill(8);
const HEIGHT = 4;
const M = 2;

function honest(): History {
  const history = new History(HEIGHT);
  for (let i = 0; i < 11; i++) history.append(keccak256(Uint8Array.of(i)));
  return history;
}

function lying(from: HistorySource, ...places: number[]): HistorySource {
  return new PatchedHistory(from, new Map(places.map((place) => [place, keccak256(Uint8Array.of(99, place))])));
}

describe("the state of a node", () => {
  let view: GameView;
  const right = honest();
  const wrong = lying(right, 6);
  let now: bigint;

  beforeEach(() => {
    view = new GameView(GAME, HEIGHT, M);
    now = 1000n;
  });

  function happens(change: GameChange): void {
    view.apply(change, (now += 10n));
  }

  async function assert(history: HistorySource): Promise<ViewNode> {
    const historyRoot = await history.node(HEIGHT, 0);
    happens({ type: "asserted", name: { game: GAME, endStateHash: END, historyRoot } });
    return view.root(historyRoot)!;
  }

  async function open(node: ViewNode, history: HistorySource): Promise<void> {
    const { level, index } = node.position;
    const children = await childrenOf(history, level, index, view.bitsOf(node));
    happens({ type: "opened", node: fromHex(node.id), children });
  }

  function descend(a: ViewNode, b: ViewNode): [ViewNode, ViewNode] {
    const index = partingOf(a, b);
    happens({ type: "descended", nodeA: fromHex(a.id), nodeB: fromHex(b.id), index });
    return [a.linked.get(index)!, b.linked.get(index)!];
  }

  it("goes from unrivalled to confirmed one by one, and owes a move exactly in two of the states", async () => {
    const a = await assert(right);
    expect([stateOf(view, a), owedSince(view, a)]).to.deep.equal(["unrivalled", undefined]);
    const b = await assert(wrong);
    expect([stateOf(view, a), owedSince(view, a)]).to.deep.equal(["rivalled", 1020n]);
    await open(a, right);
    expect([stateOf(view, a), owedSince(view, a)]).to.deep.equal(["open", undefined]);
    expect([stateOf(view, b), owedSince(view, b)]).to.deep.equal(["rivalled", 1020n]);
    await open(b, wrong);
    expect([stateOf(view, a), owedSince(view, a)]).to.deep.equal(["met", 1040n]);
    const [childA, childB] = descend(a, b);
    expect([stateOf(view, a), owedSince(view, a)]).to.deep.equal(["parted", undefined]);
    // The leaves' parents: created when theirs were opened, known only now.
    expect([stateOf(view, childA), owedSince(view, childA)]).to.deep.equal(["rivalled", 1050n]);
    expect([childA.createdAt, childB.createdAt]).to.deep.equal([1030n, 1040n]);
    await open(childA, right);
    await open(childB, wrong);
    const [leafA, leafB] = descend(childA, childB);
    expect([stateOf(view, leafA), owedSince(view, leafA)]).to.deep.equal(["rivalled", 1080n]);
    happens({ type: "proven", node: fromHex(leafA.id) });
    expect([stateOf(view, leafA), owedSince(view, leafA)]).to.deep.equal(["proven", undefined]);
    expect(stateOf(view, leafB)).to.equal("rivalled");
    happens({ type: "confirmed", historyRoot: a.span });
    expect([stateOf(view, a), owedSince(view, a)]).to.deep.equal(["confirmed", undefined]);
  });

  it("goes back to met when a third rival opens, also if that one has the child from somebody else", async () => {
    const a = await assert(right);
    const b = await assert(wrong);
    // Agrees with the other liar up to its place, so the two part from the truth at the same child.
    const other = lying(right, 6, 12);
    const c = await assert(other);
    await open(a, right);
    await open(b, wrong);
    descend(a, b);
    await open(c, other);
    expect(stateOf(view, a)).to.equal("met");
    expect(owedSince(view, a)).to.equal(1070n);
    // The node has the child; the rival that shares it with the other liar is not linked to it, and keeps its time until it is.
    expect(a.linked.has(partingOf(a, c))).to.equal(true);
    expect(hasParted(a, c)).to.equal(false);
    descend(a, c);
    expect(stateOf(view, a)).to.equal("parted");
    expect(hasParted(a, c)).to.equal(true);
  });

  it("counts the totals of a dispute as the contract's clocks do", async () => {
    const a = await assert(right);
    now += 90n;
    const b = await assert(wrong);
    expect(view.total(a, 5000n)).to.equal(100n);
    expect(view.total(b, 5000n)).to.equal(0n);
    await open(a, right);
    const openedAt = now;
    expect(view.total(a, 5000n)).to.equal(100n + 5000n - openedAt);
    now += 40n;
    await open(b, wrong);
    descend(a, b);
    // The child was created 50 s before its rival, and has nothing more.
    expect(view.total(a, 5000n)).to.equal(100n + 50n);
    expect(view.total(b, 5000n)).to.equal(0n);
  });
});
