import { expect } from "chai";
import { fromHex, toHex, type Hex } from "../../../src/crypto/bytes.ts";
import { GameView } from "../../../src/game/GameView.ts";
import { History } from "../../../src/history/History.ts";
import { assertionTree } from "../../../src/page/assertionTree.ts";
import { disputeTree } from "../../../src/page/disputeTree.ts";
import { chainContent, optionChain } from "../../../src/page/optionChain.ts";
import type { DisputeOverview, Verdict } from "../../../src/page/Overview.ts";
import { overviewOf } from "../../../src/page/overviewOf.ts";
import { shown } from "../../../src/page/shown.ts";
import { DEFAULT_LIMITS } from "../../../src/status/attention.ts";
import type { L1Reading, ReadAssertion, ReadGame } from "../../../src/status/L1Reading.ts";
import type { GameStatus } from "../../../src/status/Status.ts";
import { expiryTime } from "../../../src/machine/Slots.ts";
import { CONTRACT, optionState, USD, withExpiry } from "../../support/page/optionState.ts";
import { account, assertionOf, ETHER, id, NOW, readingOf, T } from "../../support/status/reading.ts";

function assertion(n: number, parent: number, fields: Partial<ReadAssertion> = {}): ReadAssertion {
  return { ...assertionOf(n, parent, n), ...fields };
}

function reading(changes: Partial<L1Reading> = {}): L1Reading {
  return { ...readingOf([assertion(1, 0, { time: 0n, confirmedAt: 0n, staker: account(0) })]), ...changes };
}

const unjudged = (): Verdict => "unknown";

describe("the tree of assertions", () => {
  const states = (assertions: readonly ReadAssertion[]): string[] =>
    assertionTree(reading({ assertions }), unjudged).rows.map(
      ({ id: own, parent, state }) => `${BigInt(own)} under ${parent === undefined ? "none" : BigInt(parent)} ${state}`,
    );
  const first = assertion(1, 0, { confirmedAt: 0n });
  const done = { confirmedAt: NOW - 5n };

  for (const [what, assertions, expected] of [
    ["nothing", [], []],
    ["the first one alone", [first], ["1 under none confirmed"]],
    [
      "what builds on it",
      [first, assertion(2, 1), assertion(3, 2)],
      ["1 under none confirmed", "2 under 1 undisputed", "3 under 2 undisputed"],
    ],
    [
      "rivals, and what one of them has below it",
      [first, assertion(2, 1), assertion(3, 1), assertion(4, 3)],
      ["1 under none confirmed", "2 under 1 disputed", "3 under 1 disputed", "4 under 3 undisputed"],
    ],
    [
      "what has fallen, with what builds on it",
      [first, assertion(2, 1), assertion(3, 1, done), assertion(4, 2), assertion(5, 3)],
      ["1 under none confirmed", "2 under 1 fallen", "3 under 1 confirmed", "4 under 2 fallen", "5 under 3 undisputed"],
    ],
    [
      "three confirmed ones before the last, and not those before",
      [
        first,
        assertion(2, 1, done),
        assertion(3, 2, done),
        assertion(4, 3, done),
        assertion(5, 4, done),
        assertion(6, 1),
      ],
      ["2 under none confirmed", "3 under 2 confirmed", "4 under 3 confirmed", "5 under 4 confirmed"],
    ],
  ] as const) {
    it(`has ${what}`, () => expect(states(assertions)).to.deep.equal(expected));
  }

  it("says of each who has staked on it, this node's verdict, and when it can be confirmed", () => {
    const accounts = [{ name: "staker", address: account(2), balance: ETHER, hasStake: true }];
    const verdictOf = (one: Hex): Verdict => (one === id(2) ? "right" : "wrong");
    const { rows } = assertionTree(
      reading({ assertions: [first, assertion(2, 1), assertion(3, 2)], accounts }),
      verdictOf,
    );
    const confirmable = { at: NOW - 1_000n + T, left: T - 1_000n };
    expect(rows[1]).to.deep.include({ staked: true, verdict: "right", age: 1_000n, rivals: 0, confirmable });
    expect(rows[2]).to.deep.include({ staked: false, verdict: "wrong" });
    expect(rows[0]).to.deep.include({ parent: undefined, confirmable: undefined });
  });

  it("shows two hundred, and counts the others", () => {
    const many = Array.from({ length: 250 }, (_, i) => assertion(i + 2, 1));
    const { rows, omitted } = assertionTree(reading({ assertions: [first, ...many] }), unjudged);
    expect([rows.length, omitted]).to.deep.equal([200, 51]);
  });
});

describe("the tree of a dispute", () => {
  const HEIGHT = 4;
  const [EARLY, LATE] = [NOW - 500n, NOW - 300n];
  /** Two histories of 16 states that part at state 6. */
  const histories = [0, 1].map((side) => {
    const history = new History(HEIGHT);
    for (let i = 0; i < 16; i++) history.append(fromHex(id(i < 6 ? i : 100 * (side + 1) + i)));
    return history;
  });
  const children = histories.map((history, i) =>
    assertion(2 + i, 1, { historyRoot: history.root(), time: i === 0 ? EARLY : LATE }),
  );
  const assertions = [assertion(1, 0, { confirmedAt: 0n }), ...children];

  /** The game as far as it has gone: both asserted, both opened, descended to states 4 to 7, one of them opened. */
  function game(): { view: GameView; moves: ReadGame["moves"] } {
    const view = new GameView(fromHex(id(1)), HEIGHT, 2);
    for (const { historyRoot, time } of children) {
      const name = { game: fromHex(id(1)), endStateHash: new Uint8Array(32), historyRoot };
      view.apply({ type: "asserted", name }, time);
    }
    const span = (side: number, level: number): Uint8Array[] =>
      [0, 1, 2, 3].map((i) => histories[side]!.node(level, level === 2 ? i : 4 + i));
    const roots = children.map(({ historyRoot }) => fromHex(view.root(historyRoot)!.id));
    for (const [side, node] of roots.entries()) {
      view.apply({ type: "opened", node, children: span(side, 2) }, NOW - 200n + BigInt(side) * 50n);
    }
    view.apply({ type: "descended", nodeA: roots[0]!, nodeB: roots[1]!, index: 1 }, NOW - 120n);
    const [below] = view.root(children[0]!.historyRoot)!.linked.values();
    view.apply({ type: "opened", node: fromHex(below!.id), children: span(0, 0) }, NOW - 100n);
    return { view, moves: [{ mover: account(50), time: NOW - 100n, node: fromHex(below!.id) }] };
  }

  const status: GameStatus = {
    game: id(1),
    idle: 100n,
    nodes: 4,
    sides: children.map(({ id: own, staker }) => ({
      assertion: own,
      staker,
      movers: [],
      time: 0n,
      confirmable: { at: NOW, left: 0n },
      state: "rivalled",
    })),
  };

  const shownOf = (scene: ReturnType<typeof game>): DisputeOverview =>
    disputeTree(scene, status, { head: reading().head, assertions }, (one) => (one === id(2) ? "right" : "wrong"));

  it("names the nodes level by level: what each is about, who holds it, who has moved for it, and its state", () => {
    const { nodes, height, sides } = shownOf(game());
    expect(height).to.equal(4);
    expect(nodes.map(({ steps: { first, last }, holders, movers, state }) => [first, last, holders, movers, state]))
      .to //
      .deep.equal([
        [0, 15, [account(2)], [], "parted"],
        [0, 15, [account(3)], [], "parted"],
        [4, 7, [account(2)], [account(50)], "open"],
        [4, 7, [account(3)], [], "rivalled"],
      ]);
    expect(nodes[0]!.parents).to.deep.equal([]);
    expect(nodes[2]!.parents).to.deep.equal([nodes[0]!.id]);
    expect(nodes[2]!.context).to.equal(nodes[3]!.context);
    expect(sides.map(({ verdict }) => verdict)).to.deep.equal(["right", "wrong"]);
  });

  it("has each node's clock as the game computes it, and since when a move is owed", () => {
    const scene = game();
    const { nodes } = shownOf(scene);
    for (const { id: own, clock } of nodes) {
      expect(clock.total).to.equal(scene.view.total(scene.view.node(fromHex(own))!, NOW));
    }
    // The first assertion was alone for 200 s, and its child has had 50 s before its rival and 100 s since it was opened.
    expect(nodes.map(({ clock }) => [clock.total, clock.owes])).to.deep.equal([
      [350n, undefined],
      [0n, undefined],
      [150n, undefined],
      [0n, 120n],
    ]);
  });

  it("says to which steps it is narrowed, and once a step is proven, that it is", () => {
    const scene = game();
    expect(shownOf(scene).fronts).to.deep.equal([{ steps: { first: 4, last: 7 }, rivals: 2, proven: false }]);
    const [mine, other] = children.map(({ historyRoot }) => [...scene.view.root(historyRoot)!.linked.values()][0]!);
    const spans = [4, 5, 6, 7].map((i) => histories[1]!.node(0, i));
    scene.view.apply({ type: "opened", node: fromHex(other!.id), children: spans }, NOW - 50n);
    scene.view.apply({ type: "descended", nodeA: fromHex(mine!.id), nodeB: fromHex(other!.id), index: 2 }, NOW - 40n);
    const front = { steps: { first: 6, last: 6 }, rivals: 2 };
    expect(shownOf(scene).fronts).to.deep.equal([{ ...front, proven: false }]);
    const [leaf] = scene.view.node(fromHex(mine!.id))!.linked.values();
    scene.view.apply({ type: "proven", node: fromHex(leaf!.id) }, NOW - 30n);
    const { fronts, nodes } = shownOf(scene);
    expect(fronts).to.deep.equal([{ ...front, proven: true }]);
    const proven = nodes.find(({ id: own }) => own === leaf!.id)!;
    expect(proven).to.deep.include({ state: "proven", clock: { total: undefined, owes: undefined } });
    // Its parents count no more than the time that they are open.
    expect(nodes.find(({ id: own }) => own === mine!.id)!.clock.total).to.equal(150n);
  });

  it("is part of the overview while the game is open, beside what needs attention", () => {
    const games = [{ parent: id(1), ...game(), unclaimed: [] }];
    const overview = overviewOf({
      reading: reading({ assertions, games }),
      limits: DEFAULT_LIMITS,
      batches: [],
      inputs: () => undefined,
      verdictOf: unjudged,
      chain: chainContent(undefined),
      currencies: new Map(),
    });
    expect(overview.attention.map(({ code }) => code)).to.deep.equal(["game open"]);
    expect(overview.disputes.map(({ game: own, nodes }) => [own, nodes.length])).to.deep.equal([[id(1), 4]]);
    expect(overview.costs).to.equal(undefined);
    const json = shown(overview);
    expect(json.disputes[0]!.nodes[2]!.clock).to.deep.equal({ total: "150", owes: undefined });
    expect(json.rules).to.deep.equal({ challengePeriod: "100000", stake: String(ETHER) });
    expect(toHex(fromHex(json.disputes[0]!.game))).to.equal(id(1));
  });
});

describe("the option chain", () => {
  const DAY = 20_000;
  const now = expiryTime(DAY) - 86_400n;
  const currencies = new Map([[2, "ETH"]]);
  const state = optionState(
    [
      [
        [2, DAY, 3_000n, "C", 5n],
        [2, DAY, 3_000n, "P", -1n],
        [2, DAY + 7, 3_100n, "C", 1n],
      ],
      [
        [2, DAY, 3_000n, "C", -7n],
        [2, DAY, 3_000n, "P", 1n],
      ],
      [
        [2, DAY, 3_000n, "C", 2n],
        [2, DAY + 7, 3_100n, "C", -1n],
      ],
    ],
    now - 4n,
  );

  it("adds up what is held long, by expiry and strike", () => {
    const [btc, eth] = optionChain(chainContent(state), { now, currencies });
    expect(btc).to.deep.include({ market: 1, name: "market 1", expiries: [] });
    expect(eth).to.deep.include({ name: "ETH", spot: { price: 3_010n * USD, age: 4n } });
    expect(eth!.expiries.map(({ name, calls, puts }) => [name, calls, puts])).to.deep.equal([
      ["4OCT24", 7n * CONTRACT, 1n * CONTRACT],
      ["11OCT24", 1n * CONTRACT, 0n],
    ]);
    const [first] = eth!.expiries;
    expect(first!.expires).to.deep.equal({ at: expiryTime(DAY), left: 86_400n });
    expect(first!.strikes).to.deep.equal([
      {
        strike: 3_000n * USD,
        call: { openInterest: 7n * CONTRACT, mark: undefined },
        put: { openInterest: 1n * CONTRACT, mark: undefined },
      },
    ]);
  });

  it("has marks as soon as there is a forward, and then the payoff at the price at which it settles", () => {
    // The spot has moved since from 3,020 to 3,010, and the forward with it.
    const live = withExpiry(state, [2, DAY], { forward: 3_020n });
    const [, before] = optionChain(chainContent(live), { now, currencies });
    const row = before!.expiries[0]!.strikes[0]!;
    expect(before!.expiries[0]).to.deep.include({ forward: 3_010n * USD, settlement: undefined });
    // By parity, with no interest, a call is worth as much more than the put as the forward is above the strike.
    expect(Number(row.call.mark! - row.put.mark!)).to.be.closeTo(Number(10n * USD), 1);
    const fixed = withExpiry(state, [2, DAY], { forward: 3_020n, price: 2_990n });
    const [, after] = optionChain(chainContent(fixed), { now: now + 100_000n, currencies });
    const { strikes, settlement, expires } = after!.expiries[0]!;
    expect([settlement, expires.left]).to.deep.equal([2_990n * USD, -13_600n]);
    expect([strikes[0]!.call.mark, strikes[0]!.put.mark]).to.deep.equal([0n, 10n * USD]);
  });
});
