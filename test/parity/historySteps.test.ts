import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import type { StepEvidence } from "../../src/l1/proverArguments.ts";
import { Random } from "../../src/market/random.ts";
import { Execution } from "../../src/roles/Execution.ts";
import { judgeAll, startJudge } from "../support/parity/judge.ts";
import { CONFIG, makeInputs } from "../support/traffic/inputs.ts";
import { preparedRoot } from "../support/traffic/world.ts";

describe("evidence of a step of a history", () => {
  const judge = startJudge();

  it("convinces the judge of the history's leaf, at random steps of a range, in its padding, and at later counts", async function () {
    this.timeout(120_000);
    expect(judge.chainId).to.equal(31337n);
    const { log } = makeInputs(20260508, 60);
    const execution = new Execution(CONFIG, log, preparedRoot());
    await execution.advance(60n);
    const { range } = await execution.range(execution.at(10n)!, 40n, 26);
    const random = new Random(20260509);
    const { count } = range.history;
    const indices = [0, count - 1, count, 2 ** 26 - 1, ...Array.from({ length: 60 }, () => random.uint(count))];
    for (const recorded of [
      { batchCount: 40n, messageCount: log.batch(39n).record.messagesRead },
      { batchCount: 57n, messageCount: log.messageCount },
    ]) {
      const steps = await Promise.all(indices.map((index) => execution.stepAt(range, index, recorded)));
      const evidence = steps.map(({ step, input }): StepEvidence => ({ pre: step.pre, input, witness: step.witness }));
      const verdicts = await judgeAll(judge, steps[0]!.context, evidence);
      for (const [i, index] of indices.entries()) {
        expect(verdicts[i]).to.deep.include({ accepted: true, kind: steps[i]!.step.kind, code: steps[i]!.step.code });
        expect(verdicts[i]!.postHash).to.equal(toHex(await range.history.node(0, index)));
      }
    }
  });
});
