import { expect } from "chai";
import { resultName } from "../../src/machine/ResultCodes.ts";
import { Random } from "../../src/market/random.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { runSeed } from "../support/random.ts";
import { oracleMessageEdges, reportEdges, type OracleEdge } from "../support/traffic/oracleEdges.ts";

const SEED = runSeed();

describe("parity at the edges of the oracle", () => {
  const judge = startJudge();

  async function expectJudged({ log, steps, name, expected }: OracleEdge): Promise<void> {
    const input = steps.find(({ kind }) => kind === "item" || kind === "message")!;
    expect(resultName(input.code), name).to.equal(expected);
    await expectParity(judge, log, log.batchCount, steps, new Random(SEED), 1);
  }

  it("takes signers and parameters at their bounds, and none beyond", async () => {
    for (const edge of oracleMessageEdges(judge.chainId)) await expectJudged(edge);
  });

  it("takes reports at the bounds of time, price, jump, forward and signers, and none beyond", async () => {
    for (const edge of reportEdges(judge.chainId)) await expectJudged(edge);
  });
});
