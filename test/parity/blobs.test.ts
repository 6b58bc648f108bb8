import { expect } from "chai";
import { Random } from "../../src/market/random.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { expectProofs } from "../support/parity/proofs.ts";
import { randomBlobSteps } from "../support/traffic/blobSteps.ts";
import { blobEdges } from "../support/traffic/proofEdges.ts";
import { runSeed } from "../support/random.ts";

const SEED = runSeed();
/** Field elements that are opened, at some 70 ms each. */
const ELEMENTS = 20;

describe("parity on random transactions in blobs", () => {
  const judge = startJudge("simulator");

  it("agrees on steps of every kind, also across two blobs, and refuses every mutation of their evidence", async () => {
    console.log(`      seed ${SEED}`);
    const { log, steps } = randomBlobSteps(judge.chainId, SEED, ELEMENTS);
    expect(new Set(steps.map(({ kind }) => kind))).to.include.all.keys(
      "item",
      "message",
      "framing error",
      "next batch",
    );
    const report = await expectParity(judge, log, log.batchCount, steps, new Random(SEED));
    console.log(`      ${report.steps} steps, ${report.mutations} mutations, at most ${report.maxGas} gas a step`);
  });

  it("opens a last element of one byte, and refuses by name what is not opened", async () => {
    await expectProofs(judge, blobEdges(judge.chainId));
  });
});
