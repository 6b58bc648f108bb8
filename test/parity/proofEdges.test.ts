import { expect } from "chai";
import { id } from "ethers";
import { evidenceOf } from "../../src/l1/proverArguments.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import { judgeAll, postHashOf, startJudge } from "../support/parity/judge.ts";
import { blobEdges, contentEdges, framingEdges, witnessEdges, type ProofEdges } from "../support/traffic/proofEdges.ts";
import { forcedEdges, itemEdges, type WireEdges } from "../support/traffic/wireEdges.ts";

describe("parity at the edges of the evidence and of the wire format", () => {
  const judge = startJudge();

  /** Has the judge take all steps, and refuse the rest, each by its error. */
  async function expectJudged({ log, steps, refused }: ProofEdges): Promise<void> {
    const context = log.context(log.batchCount);
    const evidences = [
      ...steps.map((step) => evidenceOf(step, log, context)),
      ...refused.map(({ evidence }) => evidence),
    ];
    const verdicts = await judgeAll(judge, context, evidences);
    for (const [i, step] of steps.entries()) {
      const { accepted, kind, code, postHash, revertData } = verdicts[i]!;
      const where = `step ${i}, ${step.kind}, ${resultName(step.code)}`;
      expect(accepted, `${where}: refused with ${revertData}`).to.equal(true);
      expect([kind, resultName(code)], where).to.deep.equal([step.kind, resultName(step.code)]);
      expect(postHash, where).to.equal(postHashOf(step));
    }
    for (const [i, { name, error }] of refused.entries()) {
      const { accepted, revertData } = verdicts[steps.length + i]!;
      expect(accepted, name).to.equal(false);
      expect(revertData.slice(0, 10), `${name}: not ${error}`).to.equal(id(error).slice(0, 10));
    }
  }

  /** The same of transactions, which are malformed or not. */
  async function expectRead(edges: WireEdges): Promise<void> {
    const inputs = edges.steps.filter(({ kind }) => kind === "item" || kind === "message");
    expect(inputs.length).to.equal(edges.samples.length);
    for (const [i, { name, isWellFormed }] of edges.samples.entries()) {
      expect(resultName(inputs[i]!.code) !== "Malformed", name).to.equal(isWellFormed);
    }
    await expectJudged({ ...edges, refused: [] });
  }

  it("finds items at the borders of chunks and payloads, and refuses chunks that do not hold them", async () => {
    await expectJudged(framingEdges(judge.chainId));
  });

  it("opens the last element of a blob, and refuses what is not opened", async () => {
    await expectJudged(blobEdges(judge.chainId));
  });

  it("opens slots in trees of every shape, and refuses every other way to show them", async () => {
    await expectJudged(witnessEdges(judge.chainId));
  });

  it("refuses slots whose contents have a length that none has", async () => {
    await expectJudged(contentEdges(judge.chainId));
  });

  it("reads each field of an item up to its bound, and none beyond", async () => {
    await expectRead(itemEdges(judge.chainId));
  });

  it("reads each field of a forced transaction up to its bound, and none beyond", async () => {
    await expectRead(forcedEdges(judge.chainId));
  });
});
