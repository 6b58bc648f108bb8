import { expect } from "chai";
import { fromHex } from "../../../src/crypto/bytes.ts";
import { GameView } from "../../../src/game/GameView.ts";
import { MESSAGE_DEPOSIT, MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { DEFAULT_LIMITS, seconds } from "../../../src/status/attention.ts";
import type { L1Reading, ReadAssertion, ReadGame } from "../../../src/status/L1Reading.ts";
import type { Attention, Status } from "../../../src/status/Status.ts";
import { statusOf } from "../../../src/status/statusOf.ts";
import { statusJson, statusText } from "../../../scripts/status/print.ts";
import { account, assertionOf, ETHER, id, NOW, readingOf, T } from "../../support/status/reading.ts";

function assertion(n: number, fields: Partial<ReadAssertion> = {}): ReadAssertion {
  return { ...assertionOf(n, n - 1, 1), ...fields };
}

const GENESIS = assertion(1, { parent: id(0), time: 0n, confirmedAt: 0n, endBatch: 0n, target: 0n, childTarget: 2n });

/** An exchange at which nothing needs attention. */
function calm(changes: Partial<L1Reading> = {}): L1Reading {
  return { ...readingOf([GENESIS, assertion(2)]), ...changes };
}

/** The game about two children of the first assertion, which were made at these times. */
function game(changes: Partial<ReadGame> = {}, times: readonly bigint[] = [NOW - 500n, NOW - 300n]): ReadGame {
  const view = new GameView(fromHex(id(1)), 4, 2);
  for (const [i, time] of times.entries()) {
    const name = { game: fromHex(id(1)), endStateHash: new Uint8Array(32), historyRoot: fromHex(id(1_002 + i)) };
    view.apply({ type: "asserted", name }, time);
  }
  return { parent: id(1), view, moves: [], unclaimed: [], ...changes };
}

const RIVALS = [
  GENESIS,
  assertion(2, { time: NOW - 500n }),
  assertion(3, { parent: id(1), staker: account(2), time: NOW - 300n }),
];

const message = (kind: number, age: bigint, index = 2n): L1Reading["unread"][number] => ({
  index,
  kind,
  sender: account(5),
  time: NOW - age,
});

const of = (changes: Partial<L1Reading>): Status => statusOf(calm(changes), DEFAULT_LIMITS);
const named = ({ attention }: Status): string[] => attention.map(({ code, urgency }) => `${urgency} ${code}`);

describe("the status of a deployment", () => {
  it("of a calm exchange names nothing, and has all figures", () => {
    const status = of({});
    expect(named(status)).to.deep.equal([]);
    expect(status.posted).to.deep.include({ batches: 2n, messages: 3n, unread: 0n, forced: [] });
    expect(status.posted.lastBatch).to.deep.equal({ index: 1n, age: 60n, isForced: false });
    expect(status.asserted).to.have.length(1);
    const confirmable = { at: NOW - 1_000n + T, left: T - 1_000n };
    expect(status.asserted[0]).to.deep.include({ id: id(2), rivals: 0, age: 1_000n, confirmable });
    expect(status.confirmed).to.deep.equal({ id: id(1), batches: 0n, age: NOW, behind: 2n });
  });

  const collateral = { held: 4n, accounted: 5n };
  const poor = { name: "proposer", address: account(1), balance: ETHER / 100n, hasStake: true };
  const due = [GENESIS, assertion(2, { time: NOW - T })];
  const confirmed = [GENESIS, assertion(2, { time: NOW - 10_000n, confirmedAt: NOW - 5_000n, childTarget: 3n })];
  const refund = { mover: account(4), moves: 3, amount: 10n };
  const later = NOW - 20_000n;
  for (const [what, changes, expected] of [
    ["collateral that is missing", { collateral }, ["urgent collateral missing"]],
    ["a sequencer that was revoked", { sequencer: account(0) }, ["urgent no sequencer"]],
    ["a forced message that waits", { unread: [message(MESSAGE_FORCED, 9_999n)] }, ["notice forced message waiting"]],
    ["one that is due", { unread: [message(MESSAGE_FORCED, 10_000n)] }, ["urgent forced message due"]],
    ["a deposit that waits", { unread: [message(MESSAGE_DEPOSIT, 9_999n)] }, []],
    ["one that is due", { unread: [message(MESSAGE_DEPOSIT, 10_000n)] }, ["warning message due"]],
    [
      "half an hour without a batch",
      { lastBatch: { index: 1n, time: NOW - 1_800n, isForced: false } },
      ["warning no batch"],
    ],
    [
      "messages before any batch",
      { batchCount: 0n, lastBatch: undefined, unread: [message(MESSAGE_DEPOSIT, 1_800n, 0n)] },
      ["warning no batch"],
    ],
    ["a market without an anchor", { markets: [{ market: 1, anchorTime: undefined }] }, ["warning anchor old"]],
    ["an anchor of two hours", { markets: [{ market: 1, anchorTime: NOW - 7_200n }] }, ["warning anchor old"]],
    ["one of a day", { markets: [{ market: 1, anchorTime: NOW - 86_400n }] }, ["urgent anchor old"]],
    ["an account with little", { accounts: [poor] }, ["warning low balance"]],
    ["one with nothing", { accounts: [{ ...poor, balance: 0n }] }, ["urgent low balance"]],
    ["an assertion that has had its time", { assertions: due }, ["warning assertion ready"]],
    [
      "one whose parent is not confirmed",
      { assertions: [...due, assertion(3, { time: NOW - T })] },
      ["warning assertion ready"],
    ],
    [
      "a range that is complete for an hour, and nobody asserts it",
      { assertions: confirmed, batchCount: 4n, lastBatch: { index: 3n, time: NOW - 60n, isForced: false } },
      ["warning assertion missing"],
    ],
    ["a range that is not complete", { assertions: confirmed, batchCount: 2n }, []],
    ["rivals", { assertions: RIVALS, games: [game()] }, ["warning game open"]],
    [
      "rivals, and no move for an hour",
      { assertions: rivalsAt(later), games: [game({}, [later, later])] },
      ["urgent game idle"],
    ],
    [
      "one of whom has moved lately",
      {
        assertions: rivalsAt(later),
        games: [game({ moves: [{ mover: account(4), time: NOW - 10n, node: new Uint8Array(32) }] }, [later, later])],
      },
      ["warning game open"],
    ],
    [
      "one of whom had the challenge period to itself",
      { assertions: rivalsAt(NOW - T - 1n), games: [game({}, [NOW - T - 1n, NOW - 1n])] },
      ["urgent game decided"],
    ],
    [
      "moves of a game that is decided",
      { assertions: [...confirmed, assertion(3, { parent: id(1) })], games: [game({ unclaimed: [refund] })] },
      ["notice refund claimable"],
    ],
    ["moves of one that is not", { assertions: RIVALS, games: [game({ unclaimed: [refund] })] }, ["warning game open"]],
  ] as const) {
    it(`draws attention to ${what}: ${expected.join(", ") || "nothing"}`, () => {
      expect(named(of(changes))).to.deep.equal(expected);
    });
  }

  it("puts what is urgent first, and of the same urgency what is due first", () => {
    const status = of({
      collateral,
      unread: [
        message(MESSAGE_FORCED, 20_000n, 1n),
        message(MESSAGE_FORCED, 30_000n, 0n),
        message(MESSAGE_FORCED, 10n),
      ],
      lastBatch: { index: 1n, time: NOW - 9_000n, isForced: true },
      accounts: [poor],
    });
    expect(status.attention.map(({ code, subject }) => `${code} ${subject ?? ""}`)).to.deep.equal([
      "forced message due 0",
      "forced message due 1",
      "collateral missing ",
      "no batch ",
      `low balance ${account(1)}`,
      "forced message waiting 2",
    ]);
  });

  it("says of each side of a game who holds it, who moves for it, and what its clock shows", () => {
    const node = game().view.roots()[1]!;
    const moves = [{ mover: account(4), time: NOW - 10n, node: fromHex(node.id) }];
    const [found] = of({ assertions: RIVALS, games: [game({ moves })] }).games;
    expect(found!.idle).to.equal(10n);
    const [first, second] = found!.sides;
    expect(first).to.deep.include({ assertion: id(2), staker: account(1), movers: [], time: 200n, state: "rivalled" });
    expect(first!.confirmable).to.deep.equal({ at: NOW + T - 200n, left: T - 200n });
    expect(second).to.deep.include({ assertion: id(3), staker: account(2), movers: [account(4)], time: 0n });
  });

  it("leaves out what has fallen with a rival, and follows what is confirmed", () => {
    const assertions = [
      ...RIVALS.slice(0, 2),
      { ...RIVALS[2]!, confirmedAt: NOW - 5n, endBatch: 2n },
      assertion(4, { parent: id(2) }),
      assertion(5, { parent: id(3) }),
    ];
    const status = of({ assertions, games: [game()] });
    expect(status.games).to.deep.equal([]);
    expect(status.asserted.map((one) => one.id)).to.deep.equal([id(5)]);
    expect(status.confirmed).to.deep.equal({ id: id(3), batches: 2n, age: 5n, behind: 0n });
  });

  it("is the same as text and as JSON, whose integers are text", () => {
    const status = of({ assertions: RIVALS, games: [game()], unread: [message(MESSAGE_FORCED, 9_940n)], collateral });
    const text = statusText(status);
    const first = text.split("\n").slice(2, 4);
    expect(first).to.deep.equal([
      "needs attention:",
      "  !! urgent  collateral missing: the Bridge has less collateral than it owes",
    ]);
    expect(text).to.contain("forced message waiting: a forced message of 0x00000000… waits [2], in 1 min");
    const parsed = JSON.parse(statusJson(status)) as { attention: Attention[]; posted: { batches: string } };
    expect(parsed.posted.batches).to.equal("2");
    expect(parsed.attention.map(({ code }) => code)).to.deep.equal(status.attention.map(({ code }) => code));
  });

  for (const [span, words] of [
    [0n, "0 s"],
    [59n, "59 s"],
    [-60n, "1 min"],
    [3_661n, "1 h 1 min"],
    [3_605n, "1 h"],
    [180_000n, "2 d 2 h"],
  ] as const) {
    it(`${span} seconds are ${words}`, () => expect(seconds(span)).to.equal(words));
  }
});

/** The two children of the first assertion, the first of them of that time. */
function rivalsAt(time: bigint): readonly ReadAssertion[] {
  return [GENESIS, assertion(2, { time }), assertion(3, { parent: id(1), staker: account(2), time })];
}
