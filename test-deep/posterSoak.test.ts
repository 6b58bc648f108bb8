import { expect } from "chai";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { L1Error } from "../src/l1/L1Error.ts";
import { toHex } from "../src/crypto/bytes.ts";
import type { BatchPoster } from "../src/poster/BatchPoster.ts";
import { sequencerView } from "../src/poster/SequencerFeed.ts";
import { FakeView, feedOf, poster, postAll } from "../test/support/posting.ts";
import { runSeed } from "../test/support/random.ts";
import { CONTRACT, harness, order, random, replayRoot, type Harness } from "../test/support/sequencer.ts";

/** Fills of the soak: `TENOR_SOAK_FILLS`, or 200,000. With less than 50,000 the state still grows while memory is watched. */
const FILLS = Number(process.env.TENOR_SOAK_FILLS ?? 200_000);
/** Few, so that their rings of 1,024 orders are soon full and the state grows no more. */
const ACCOUNTS = 8;
const SAMPLES = 20;
/** Memory that a fill may leave behind: L1's inputs, of which a fill with two new orders is about 150 B, and room. */
const MOST_BYTES_A_FILL = 1_000;
/** Sealed batches that may wait while faults come, and how many more in a thousand rounds. */
const MOST_BACKLOG = 40;
const MOST_BACKLOG_SLOPE = 1;

/** Slope of a line through points, by least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const over = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return over / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

/** A garbage collector to call, whatever the process was started with. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** Something that goes wrong, or nothing. */
function fault(h: Harness, pick: (below: number) => number): void {
  h.l1.beforeMining = () => {};
  h.l1.loseReceipt = pick(10) === 0;
  switch (pick(24)) {
    case 0:
      h.l1.beforeMining = () => {
        throw new L1Error("UNAVAILABLE", "connection reset");
      };
      break;
    case 1:
      h.l1.beforeMining = (mine) => {
        mine();
        throw new L1Error("UNAVAILABLE", "connection reset");
      };
      break;
    case 2: {
      h.l1.takeBack(BigInt(1 + pick(3)));
      break;
    }
    case 3:
      h.l1.anchor(30_000_000n + BigInt(pick(1_000)));
      h.l1.forceInclude();
      break;
    case 4:
      // L1 stands still for a while.
      h.clock.time += BigInt(pick(900));
      break;
    default:
  }
}

describe("the poster over days with faults (eight minutes on an idle core)", () => {
  it(`${FILLS} fills: what waits and what is remembered stay bounded, and L1 has everything once`, async function () {
    const seed = runSeed();
    this.test!.title += ` (TENOR_SEED=${seed})`;
    const pick = random(seed);
    const collect = collector();
    const h = harness({ accounts: ACCOUNTS, cash: 10n ** 14n, maxWaitingBatches: MOST_BACKLOG });
    let view = new FakeView(h.l1);
    const start = (): BatchPoster => poster(h, feedOf(h), {}, view);
    let by = start();
    let [fills, refused, round] = [0, 0, 0];
    const nonces = Array.from({ length: ACCOUNTS + 1 }, () => 0n);
    const memory: [number, number][] = [];
    const backlog: [number, number][] = [];
    const first = h.clock.time;
    while (fills < FILLS) {
      round++;
      const [maker, taker] = [1 + pick(ACCOUNTS / 2), 1 + ACCOUNTS / 2 + pick(ACCOUNTS / 2)];
      const turn = pick(2) === 0;
      const submissions = Array.from({ length: 40 }, (_, i) => {
        const account = i % 2 === 0 ? maker : taker;
        const isSell = (i % 2 === 0) === turn;
        const deadline = h.clock.time + 3_000n;
        const change = { isSell, quantity: CONTRACT / 10n, deadline, expiryDay: 20_080 };
        return { kind: "order", order: order(account, nonces[account]!++, change) } as const;
      });
      for (const outcome of h.sequencer.submitMany(submissions)) {
        if (outcome.accepted && "fills" in outcome) fills += outcome.fills.length;
        else refused++;
      }
      h.clock.time += BigInt(6 + pick(12));
      h.sequencer.tick();
      fault(h, pick);
      await by.post().catch(() => undefined);
      backlog.push([round, h.sequencer.waiting.batches]);
      const { finalizedBatches } = sequencerView(h.l1.log, h.l1.head.timestamp);
      const final = view.finalAt(finalizedBatches);
      if (pick(50) === 0) {
        view = new FakeView(h.l1, final);
        by = start();
      }
      if (pick(200) === 0) h.restart(final);
      // A listener of an exchange keeps what it wants; this one nothing.
      h.events.length = 0;
      if (fills < ((memory.length + 1) * FILLS) / SAMPLES) continue;
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      memory.push([fills, heapUsed + arrayBuffers]);
      const megabytes = ((heapUsed + arrayBuffers) / 1e6).toFixed(0);
      console.log(`      ${fills} of ${FILLS} fills, ${h.l1.log.batchCount} batches, ${megabytes} MB`);
    }
    fault(h, () => 9);
    h.clock.time += 60n;
    h.sequencer.tick();
    h.sequencer.seal();
    await postAll(h, by);
    const perFill = slope(memory.slice(SAMPLES / 2));
    const growth = slope(backlog) * 1_000;
    const most = Math.max(...backlog.map(([, waiting]) => waiting));
    const days = Number(h.clock.time - first) / 86_400;
    console.log(
      `      ${fills} fills in ${round} rounds, ${days.toFixed(2)} days, ${h.l1.log.batchCount} batches, ${refused} refused; ` +
        `memory ${perFill.toFixed(0)} B a fill, backlog at most ${most}, ${growth.toFixed(3)} more in 1,000 rounds`,
    );
    expect(toHex(replayRoot(h.l1.log))).to.equal(toHex(h.sequencer.stateRoot));
    expect(perFill, "bytes that a fill leaves behind").to.be.lessThan(MOST_BYTES_A_FILL);
    expect(most, "sealed batches that wait").to.be.at.most(MOST_BACKLOG);
    expect(growth, "batches more in 1,000 rounds").to.be.lessThan(MOST_BACKLOG_SLOPE);
  });
});
