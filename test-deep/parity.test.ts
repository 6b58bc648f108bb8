import { expect } from "chai";
import { join } from "node:path";
import { Random } from "../src/market/random.ts";
import type { InputLog } from "../src/machine/InputLog.ts";
import { ResultCode, resultName } from "../src/machine/ResultCodes.ts";
import type { ProvenStep } from "../src/machine/Step.ts";
import { startJudge } from "../test/support/parity/judge.ts";
import { expectParity } from "../test/support/parity/parity.ts";
import {
  countSteps,
  provenWindows,
  replayDay,
  replayTape,
  tapeFolder,
  type Replayed,
} from "../test/support/parity/replays.ts";
import { randomBlobSteps } from "../test/support/traffic/blobSteps.ts";
import { marginSteps } from "../test/support/traffic/marginSteps.ts";
import { randomSteps } from "../test/support/traffic/randomSteps.ts";
import { INBOX, testConfig } from "../test/support/traffic/world.ts";
import { runSeed } from "../test/support/random.ts";

const SEED = runSeed();
/** Random steps of each kind of traffic, in runs of their own seeds. */
const RANDOM_STEPS = 20_000;
const RANDOM_RUN = 1_000;
const MARGIN_RUN = 5_000;
const TAPE_STEPS = 5_000;
/** Field elements that are opened, 70 ms each, and how often. */
const BLOB_ELEMENTS = 400;
const BLOB_RUNS = 8;
/** Steps that are compared at a time. */
const CHUNK = 250;

describe("deep parity (about 30 minutes on two idle cores)", () => {
  const judge = startJudge();

  it("agrees on every step of a whole demo day", async () => {
    const day = await replayDay(testConfig(judge.chainId, INBOX), { seed: 2n });
    const total = countSteps(day);
    await compare(day, 0, total);
  });

  it(`agrees on ${TAPE_STEPS} steps of the real tape`, async function () {
    const folder = tapeFolder();
    if (folder === undefined) {
      console.log("      no trade tapes: point TENOR_DATA at the data to run this");
      this.skip();
    }
    const file = join(folder, "deribit_option_trades_2019-04.csv");
    const tape = await replayTape(testConfig(judge.chainId, INBOX), file, 6_000);
    const total = countSteps(tape);
    await compare(tape, total - TAPE_STEPS, total);
  });

  it(`agrees on 2 × ${RANDOM_STEPS} random steps, without margin and with it, which reach every result`, async () => {
    const seen = new Set<string>();
    let executed = 0;
    let valid = 0;
    const judged = async (log: InputLog, steps: readonly ProvenStep[], seed: number): Promise<void> => {
      for (const step of steps) {
        if (step.kind !== "item" && step.kind !== "message") continue;
        executed++;
        if (step.code === ResultCode.OK) valid++;
        seen.add(resultName(step.code));
      }
      for (let start = 0; start < steps.length; start += RANDOM_RUN) {
        const part = steps.slice(start, start + RANDOM_RUN);
        const report = await expectParity(judge, log, log.batchCount, part, new Random(seed + start), 3);
        console.log(
          `      seed ${seed}: ${report.steps} steps, ${report.mutations} mutations, ${report.maxGas} gas at most`,
        );
      }
    };
    for (let run = 0; run < RANDOM_STEPS / RANDOM_RUN; run++) {
      const seed = SEED + run;
      const { log, steps } = randomSteps(judge.chainId, seed, RANDOM_RUN);
      await judged(log, steps, seed);
    }
    expect(valid / executed, "share of valid transactions without margin").to.be.at.least(0.4);
    for (let run = 0; run < RANDOM_STEPS / MARGIN_RUN; run++) {
      const seed = SEED + run;
      const { log, steps } = marginSteps(judge.chainId, new Random(seed), MARGIN_RUN);
      await judged(log, steps, seed);
    }
    const missing = Object.keys(ResultCode).filter((name) => !seen.has(name));
    expect(missing, "results that were never reached").to.deep.equal([]);
  });

  it(`agrees on random steps in blobs, ${BLOB_ELEMENTS} field elements of each of ${BLOB_RUNS} runs`, async () => {
    for (let run = 0; run < BLOB_RUNS; run++) {
      const seed = SEED + run;
      const { log, steps } = randomBlobSteps(judge.chainId, seed, BLOB_ELEMENTS);
      const report = await expectParity(judge, log, log.batchCount, steps, new Random(seed));
      console.log(
        `      seed ${seed}: ${report.steps} steps, ${report.mutations} mutations, ${report.maxGas} gas at most`,
      );
    }
  });

  async function compare(replayed: Replayed, from: number, to: number): Promise<void> {
    let chunk: ProvenStep[] = [];
    let compared = 0;
    const flush = async (): Promise<void> => {
      if (chunk.length === 0) return;
      await expectParity(judge, replayed.log, replayed.log.batchCount, chunk, new Random(SEED + compared), 1);
      compared += chunk.length;
      console.log(`      ${compared} of ${to - from} steps`);
      chunk = [];
    };
    for (const step of provenWindows(replayed, [{ from, to }])) {
      chunk.push(step);
      if (chunk.length === CHUNK) await flush();
    }
    await flush();
    expect(compared).to.equal(to - from);
  }
});
