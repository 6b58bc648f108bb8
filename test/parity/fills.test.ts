import { Random } from "../../src/market/random.ts";
import { expectCases } from "../support/parity/cases.ts";
import { startJudge } from "../support/parity/judge.ts";
import { runSeed } from "../support/random.ts";
import { fillEdges } from "../support/traffic/fillEdges.ts";

const SEED = runSeed();

describe("parity at the edges of fills", () => {
  const judge = startJudge();

  it("takes everything at its bounds, and nothing beyond", async () => {
    await expectCases(judge, fillEdges(judge.chainId), new Random(SEED));
  });
});
