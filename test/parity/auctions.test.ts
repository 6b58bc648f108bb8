import { expect } from "chai";
import { Random } from "../../src/market/random.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { liquidationEdges } from "../support/traffic/liquidationEdges.ts";
import { runSeed } from "../support/random.ts";

const SEED = runSeed();

describe("parity at the edges of auctions", () => {
  const judge = startJudge();

  it("starts, sells, ends and collects at the bounds of every amount, time and count, and not beyond", async () => {
    const { log, steps, edges } = liquidationEdges(judge.chainId);
    const actual = edges.map(({ name, result }) => `${name}: ${result}`);
    expect(actual).to.deep.equal(edges.map(({ name, expected }) => `${name}: ${expected}`));
    await expectParity(judge, log, log.batchCount, steps, new Random(SEED), 1);
  });
});
