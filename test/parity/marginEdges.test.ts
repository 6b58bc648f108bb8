import { expect } from "chai";
import { evidenceOf } from "../../src/l1/proverArguments.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import { judgeAll, startJudge } from "../support/parity/judge.ts";
import { expectVerdict } from "../support/parity/parity.ts";
import { markEdges, phaseEdges, spreadEdges, type BookEdges } from "../support/traffic/marginEdges.ts";

describe("parity at the edges of marks and margin", () => {
  const judge = startJudge();

  async function expectJudged({ log, steps, edges }: BookEdges): Promise<void> {
    const context = log.context(log.batchCount);
    const evidences = steps.map((step) => evidenceOf(step, log, context));
    const verdicts = await judgeAll(judge, context, evidences);
    for (const [i, { name, expected }] of edges.entries()) {
      expect(resultName(steps[i]!.code), name).to.equal(expected);
      expectVerdict(verdicts[i]!, steps[i]!, name);
    }
  }

  it("asks for spreads, pairs and lone shorts what they need, to the last unit", async () => {
    await expectJudged(spreadEdges(judge.chainId));
  });

  it("sees every phase of an expiry begin and end, and scans collateralised books", async () => {
    for (const edges of phaseEdges(judge.chainId)) await expectJudged(edges);
  });

  it("marks all strikes at forwards, times and vols at their bounds", async () => {
    await expectJudged(markEdges(judge.chainId));
  });
});
