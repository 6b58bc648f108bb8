import { expect } from "chai";
import { accountKey, type Account } from "../../src/machine/Slots.ts";
import { get } from "../../src/machine/StateTree.ts";
import { Random } from "../../src/market/random.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { liquidationEdges } from "../support/traffic/liquidationEdges.ts";
import { runSeed } from "../support/random.ts";

const SEED = runSeed();

/** What begins an auction, lets it go on, and ends it. */
const ENDS: readonly (readonly [story: string, isRunning: boolean])[] = [
  ["a start of one that lacks the last unit", true],
  ["a start of one that lacks nothing", false],
  ["an end of one that lacks the last unit", true],
  ["an end of one that lacks nothing", false],
  ["a bid for as much as is for sale", false],
  ["a bid for less, so that it goes on", true],
  ["a bid for more than is for sale", false],
  ["a bid for the last lot", false],
  ["a bid of the fund that leaves the least that it takes", true],
  ["a bid of the fund that leaves nothing", false],
];

describe("parity at the edges of auctions", () => {
  const judge = startJudge();

  it("starts, sells, ends and collects at the bounds of every amount, time and count, and not beyond", async () => {
    const { log, steps, edges } = liquidationEdges(judge.chainId);
    const actual = edges.map(({ name, result }) => `${name}: ${result}`);
    expect(actual).to.deep.equal(edges.map(({ name, expected }) => `${name}: ${expected}`));
    await expectParity(judge, log, log.batchCount, steps, new Random(SEED), 1);
    const auctionAfter = (story: string): bigint => {
      const { root } = edges.find(({ name }) => name === story)!;
      return (get(root, accountKey(1)) as Account).auction;
    };
    for (const [story, isRunning] of ENDS) expect(auctionAfter(story) > 0n, story).to.equal(isRunning);
  });
});
