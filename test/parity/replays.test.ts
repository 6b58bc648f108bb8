import { expect } from "chai";
import { join } from "node:path";
import { Random } from "../../src/market/random.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import {
  countSteps,
  firstSettlement,
  provenWindows,
  replayDay,
  replayTape,
  tapeFolder,
  type Replayed,
  type Window,
} from "../support/parity/replays.ts";
import { INBOX, testConfig } from "../support/traffic/world.ts";

const SEED = 20_261_121;
const STEPS = 300;

describe("parity on real flows", () => {
  const judge = startJudge();

  it(`agrees on ${STEPS} steps of the demo's day: its deposits, its settlement, its end`, async () => {
    // Eight of its hours; test-deep/parity.test.ts runs all of it.
    const day = await replayDay(testConfig(judge.chainId, INBOX), { seed: 1n, hours: 8, fills: 600 });
    expect(day.fills).to.be.at.least(600);
    const total = countSteps(day);
    // The expiry is in the middle of the day, and so are the prices and the settlements.
    const settling = firstSettlement(day);
    const third = STEPS / 3;
    await expectWindows(day, [
      { from: 90, to: 90 + third },
      { from: settling - 20, to: settling - 20 + third },
      { from: total - third, to: total },
    ]);
  });

  it(`agrees on ${STEPS} steps of the real tape`, async function () {
    const folder = tapeFolder();
    if (folder === undefined) {
      console.log("      no trade tapes: point TENOR_DATA at the data to run this");
      this.skip();
    }
    const file = join(folder, "deribit_option_trades_2019-03.csv");
    const tape = await replayTape(testConfig(judge.chainId, INBOX), file, 500);
    const total = countSteps(tape);
    await expectWindows(tape, [{ from: total - STEPS, to: total }]);
  });

  async function expectWindows(replayed: Replayed, windows: readonly Window[]): Promise<void> {
    const steps = [...provenWindows(replayed, windows)];
    expect(steps.length).to.equal(STEPS);
    const report = await expectParity(judge, replayed.log, replayed.log.batchCount, steps, new Random(SEED), 3);
    console.log(`      ${report.steps} steps, ${report.mutations} mutations, at most ${report.maxGas} gas a step`);
  }
});
