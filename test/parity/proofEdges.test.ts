import { expect } from "chai";
import { resultName } from "../../src/machine/ResultCodes.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectProofs } from "../support/parity/proofs.ts";
import { contentEdges, framingEdges, witnessEdges } from "../support/traffic/proofEdges.ts";
import { forcedEdges, itemEdges, type WireEdges } from "../support/traffic/wireEdges.ts";

describe("parity at the edges of proofs and of the wire format", () => {
  const judge = startJudge();

  /** Has the judge read transactions, which are malformed or not. */
  async function expectRead(edges: WireEdges): Promise<void> {
    const inputs = edges.steps.filter(({ kind }) => kind === "item" || kind === "message");
    expect(inputs.length).to.equal(edges.samples.length);
    for (const [i, { name, isWellFormed }] of edges.samples.entries()) {
      expect(resultName(inputs[i]!.code) !== "Malformed", name).to.equal(isWellFormed);
    }
    await expectProofs(judge, { ...edges, refused: [] });
  }

  it("finds items at the borders of chunks and payloads, and refuses chunks that do not hold them", async () => {
    await expectProofs(judge, framingEdges(judge.chainId));
  });

  it("opens slots in trees of every shape, and refuses every other way to show them", async () => {
    await expectProofs(judge, witnessEdges(judge.chainId));
  });

  it("refuses slots whose contents have a length that none has", async () => {
    await expectProofs(judge, contentEdges(judge.chainId));
  });

  it("reads each field of an item up to its bound, and none beyond", async () => {
    await expectRead(itemEdges(judge.chainId));
  });

  it("reads each field of a forced transaction up to its bound, and none beyond", async () => {
    await expectRead(forcedEdges(judge.chainId));
  });
});
