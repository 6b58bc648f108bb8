import { expect } from "chai";
import { streamFlow, tapeFlow } from "../../../src/market/flow.ts";
import type { Print } from "../../../src/market/tape.ts";
import { expirySeconds, type MarketEvent, type OrderEvent, USD } from "../../../src/market/types.ts";
import { replay } from "../../support/market/matcher.ts";
import { brief, call, EXPIRY_DAY, prints, START } from "../../support/market/prints.ts";

function orders(tape: readonly Print[]): OrderEvent[] {
  return [...tapeFlow(tape)].filter((event) => event.kind === "order");
}

const A = call(4_000);
const B = call(4_250);
const MINUTE = 60_000;

describe("orders inferred from prints", () => {
  const CASES: readonly (readonly [string, Parameters<typeof prints>[0], readonly string[]])[] = [
    ["one print is one maker and one taker", [[0, A, "buy", 1, 10]], ["maker sell 1 @ 40", "taker buy 1 @ 40"]],
    [
      "prints of one millisecond and side are one taker, whose limit is the worst price",
      [
        [0, A, "sell", 1, 10],
        [0, A, "sell", 2, 9.5],
        [0, A, "sell", 0.5, 9.5],
      ],
      ["maker buy 1 @ 40", "maker buy 2.5 @ 38", "taker sell 3.5 @ 38"],
    ],
    [
      "both sides in one millisecond are two takers",
      [
        [0, A, "sell", 1, 10],
        [0, A, "buy", 1, 10.5],
      ],
      ["maker buy 1 @ 40", "taker sell 1 @ 40", "maker sell 1 @ 42", "taker buy 1 @ 42"],
    ],
    [
      "consecutive prints of one price are one maker, although another series trades in between",
      [
        [0, A, "buy", 1, 10],
        [1, B, "sell", 1, 5],
        [2, A, "buy", 2, 10],
      ],
      ["maker sell 3 @ 40", "taker buy 1 @ 40", "maker buy 1 @ 20", "taker sell 1 @ 20", "taker buy 2 @ 40"],
    ],
    [
      "another price in between ends the maker's order",
      [
        [0, A, "buy", 1, 10],
        [1, A, "buy", 1, 11],
        [2, A, "buy", 1, 10],
      ],
      [
        "maker sell 1 @ 40",
        "taker buy 1 @ 40",
        "maker sell 1 @ 44",
        "taker buy 1 @ 44",
        "maker sell 1 @ 40",
        "taker buy 1 @ 40",
      ],
    ],
    [
      "another side in between ends the maker's order",
      [
        [0, A, "buy", 1, 10],
        [1, A, "sell", 1, 10],
        [2, A, "buy", 1, 10],
      ],
      [
        "maker sell 1 @ 40",
        "taker buy 1 @ 40",
        "maker buy 1 @ 40",
        "taker sell 1 @ 40",
        "maker sell 1 @ 40",
        "taker buy 1 @ 40",
      ],
    ],
    [
      "10 minutes after its first print the maker's order still trades",
      [
        [0, A, "buy", 1, 10],
        [5 * MINUTE, A, "buy", 1, 10],
        [10 * MINUTE, A, "buy", 1, 10],
      ],
      ["maker sell 3 @ 40", "taker buy 1 @ 40", "taker buy 1 @ 40", "taker buy 1 @ 40"],
    ],
    [
      "a millisecond later it is over",
      [
        [0, A, "buy", 1, 10],
        [5 * MINUTE, A, "buy", 1, 10],
        [10 * MINUTE + 1, A, "buy", 1, 10],
      ],
      ["maker sell 2 @ 40", "taker buy 1 @ 40", "taker buy 1 @ 40", "maker sell 1 @ 40", "taker buy 1 @ 40"],
    ],
    [
      "a sweep continues the maker it meets first, and its last level may be continued",
      [
        [0, A, "buy", 1, 10],
        [1, A, "buy", 2, 10],
        [1, A, "buy", 3, 11],
        [2, A, "buy", 4, 11],
      ],
      ["maker sell 3 @ 40", "taker buy 1 @ 40", "maker sell 7 @ 44", "taker buy 5 @ 44", "taker buy 4 @ 44"],
    ],
    [
      "a sweep that passed a level left nothing there",
      [
        [0, A, "buy", 1, 10],
        [0, A, "buy", 1, 11],
        [1, A, "buy", 2, 10],
        [1, A, "buy", 2, 11],
      ],
      ["maker sell 1 @ 40", "maker sell 3 @ 44", "taker buy 2 @ 44", "maker sell 2 @ 40", "taker buy 4 @ 44"],
    ],
    [
      "a maker's order keeps its dollar price while the index moves",
      [
        [0, A, "buy", 1, 10],
        [1, A, "buy", 1, 10, 4_010],
      ],
      ["maker sell 2 @ 40", "taker buy 1 @ 40", "taker buy 1 @ 40"],
    ],
    [
      "unless the levels of a sweep would change places",
      [
        [0, A, "buy", 1, 10.1],
        [1, A, "buy", 1, 10, 4_100],
        [1, A, "buy", 1, 10.1, 4_100],
      ],
      ["maker sell 1 @ 40.4", "taker buy 1 @ 40.4", "maker sell 1 @ 41", "maker sell 1 @ 41.4", "taker buy 2 @ 41.4"],
    ],
  ];
  for (const [name, rows, expected] of CASES) {
    it(name, () => {
      const tape = prints(rows);
      const flow = orders(tape);
      expect(flow.map(brief)).to.deep.equal(expected);
      const { unfilled, resting, crossed } = replay(flow);
      expect([unfilled.length, resting, crossed]).to.deep.equal([0, 0n, 0]);
    });
  }

  it("makers rest for 11 minutes, takers are immediate and last a minute, neither outlives the series", () => {
    const late = expirySeconds(EXPIRY_DAY) - START - 30;
    const flow = orders(
      prints([
        [0, A, "buy", 1, 10],
        [late * 1_000, B, "buy", 1, 10],
      ]),
    );
    expect(flow.map(({ immediate, time, expiresAt }) => [immediate, expiresAt - time])).to.deep.equal([
      [false, 660],
      [true, 60],
      [false, 29],
      [true, 29],
    ]);
    expect(flow.map(({ line }) => line)).to.deep.equal([2, 2, 3, 3]);
  });
});

describe("the events of a tape", () => {
  const tape = prints([
    [0, A, "buy", 1, 10],
    [1_000, A, "buy", 1, 10, 4_019],
    [2_000, B, "buy", 1, 10, 4_020],
    [80_000_000, B, "sell", 1, 10, 4_025],
    [90_200_000, call(4_000, EXPIRY_DAY + 7), "buy", 1, 10, 4_500],
  ]);

  it("a round when the index moved by 0.5 %, and one an hour through gaps with the last known index", () => {
    const rounds = [...tapeFlow(tape)].filter((event) => event.kind === "index");
    expect(rounds.slice(0, 3).map(({ time, price }) => [time - START, price / USD])).to.deep.equal([
      [0, 4_000n],
      [2, 4_020n],
      [3_602, 4_020n],
    ]);
    for (const [i, { time }] of rounds.entries()) expect(time - (rounds[i - 1]?.time ?? START)).to.be.at.most(3_600);
    expect(rounds.find(({ time }) => time > START + 80_000)!.price).to.equal(4_025n * USD);
    expect(rounds.at(-1)!.price).to.equal(4_500n * USD);
  });

  it("an expiry once, after it, and after a round that proves the end of the settlement window", () => {
    const events = [...tapeFlow(tape)];
    const at = events.findIndex((event) => event.kind === "expiry");
    expect(events.filter((event) => event.kind === "expiry")).to.have.length(1);
    expect(events[at]).to.deep.equal({
      kind: "expiry",
      time: expirySeconds(EXPIRY_DAY) + 61,
      market: 1,
      expiryDay: EXPIRY_DAY,
    });
    const round = events.slice(0, at).findLast((event) => event.kind === "index")!;
    expect(round.time)
      .to.be.greaterThan(expirySeconds(EXPIRY_DAY))
      .and.at.most(expirySeconds(EXPIRY_DAY) + 61);
    expect(events.slice(at + 1).some((event) => event.kind === "order")).to.equal(true);
  });

  it("come in order of time, each account's deposit before its first order", () => {
    const funded = new Set<string>();
    let time = 0;
    for (const event of tapeFlow(tape)) {
      expect(event.time).to.be.at.least(time);
      time = event.time;
      if (event.kind === "deposit") funded.add(JSON.stringify(event.trader));
      if (event.kind === "order") expect(funded.has(JSON.stringify(event.trader))).to.equal(true);
    }
  });

  it("are the same for the same seed, read from memory or streamed, and differ in accounts for another", async () => {
    async function* source(): AsyncGenerator<Print> {
      yield* tape;
    }
    const streamed: MarketEvent[] = [];
    for await (const event of streamFlow(source(), { seed: 5n })) streamed.push(event);
    expect(streamed).to.deep.equal([...tapeFlow(tape, { seed: 5n })]);
    expect(streamed).not.to.deep.equal([...tapeFlow(tape, { seed: 6n })]);
  });

  it("stop after the limit, and need no print at all", async () => {
    expect([...tapeFlow(tape, { limit: 2 })].filter((event) => event.kind === "order")).to.have.length(3);
    expect([...tapeFlow(tape, { limit: 0 })]).to.deep.equal([]);
    expect([...tapeFlow([])]).to.deep.equal([]);
    let pulled = 0;
    async function* source(): AsyncGenerator<Print> {
      for (const print of tape) {
        pulled += 1;
        yield print;
      }
    }
    for await (const event of streamFlow(source(), { limit: 2 })) void event;
    expect(pulled).to.equal(2);
  });
});
