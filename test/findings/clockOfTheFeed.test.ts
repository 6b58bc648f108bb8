import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import type { BatchFeed } from "../../src/poster/BatchFeed.ts";
import { BatchFeedServer } from "../../src/poster/BatchFeedServer.ts";
import { SequencerFeed, sequencerView } from "../../src/poster/SequencerFeed.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { feedOf, poster } from "../support/posting.ts";
import { harness, order, place, replayRoot, START, type Harness } from "../support/sequencer.ts";

/**
 * Whoever asked the sequencer's feed for the next batch said what time it was on L1, and how many batches were final; where the clocks
 * disagreed the later one counted. A poster whose endpoint showed one block of a wrong time, or any process on the machine, made it
 * build all that waited anew at that time: what traders were told is done had expired by then and was dropped, and L2 time never goes
 * back, so nothing that it built from then on was taken by the inbox before that time.
 *
 * It now sees time and finality by itself, and no block's time counts beyond its own clock and `maxFuture`.
 */
describe("finding: one question to the feed drops acknowledged trades and stops the exchange", () => {
  /** An acknowledged trade in a sealed batch, which L1 does not have yet. */
  function traded(): Harness {
    const h = harness();
    place(h, order(1, 1n, { isSell: true }));
    expect(place(h, order(2, 1n))).to.have.nested.property("fills.length", 1);
    h.clock.time += 40n;
    h.sequencer.tick();
    h.sequencer.seal();
    return h;
  }

  const dropped = (h: Harness): number => h.events.filter(({ kind }) => kind === "dropped").length;

  /** Seals once more, posts all of it, and compares with a fresh machine over L1. */
  async function expectToGoOn(h: Harness): Promise<void> {
    h.clock.time += 40n;
    h.sequencer.tick();
    h.sequencer.seal();
    const by = poster(h);
    let outcome: unknown;
    for (let i = 0; i < 10; i++) outcome = await by.post();
    expect(outcome).to.have.property("kind", "idle");
    expect(toHex(replayRoot(h.l1.log))).to.equal(toHex(h.sequencer.stateRoot));
  }

  for (const [what, ahead] of [
    ["an hour and a half", 5_400n],
    ["a year", 31_536_000n],
  ] as const) {
    it(`keeps what it has acknowledged, and goes on, when it is told that L1 is ${what} ahead`, async () => {
      const h = traded();
      const server = await BatchFeedServer.listen(feedOf(h), SILENT, 0);
      try {
        const body = JSON.stringify({ batchCount: "0", finalizedBatches: "0", l1Time: String(START + ahead) });
        const ask = async (type: string): Promise<number> =>
          (await fetch(`${server.url}/next`, { method: "POST", body, headers: { "content-type": type } })).status;
        expect(await ask("text/plain"), "as a page in a browser may").to.equal(415);
        expect(await ask("application/json")).to.equal(200);
      } finally {
        await server.close();
      }
      expect(dropped(h), "trades that were acknowledged and dropped").to.equal(0);
      await expectToGoOn(h);
    });

    it(`keeps what it has acknowledged, and goes on, when its own endpoint shows one block ${what} ahead`, async () => {
      const h = traded();
      const feed = new SequencerFeed(
        () => h.sequencer,
        async () => sequencerView(h.l1.log, h.l1.now + ahead),
      );
      expect((await feed.next({ batchCount: 0n })).resealed).to.equal(false);
      expect(dropped(h), "trades that were acknowledged and dropped").to.equal(0);
      await expectToGoOn(h);
    });
  }

  it("is followed by L1 when its own clock and not L1 is behind, as far as the inbox lets a batch be early", async () => {
    const h = traded();
    const { l2Time } = h.sequencer.sealedBatch(0n)!;
    // Built anew within two minutes of the bound of ten: here its own clock is at the last second before that.
    h.clock.time = l2Time + 480n;
    const at = async (time: bigint): Promise<boolean> => {
      const feed = new SequencerFeed(
        () => h.sequencer,
        async () => sequencerView(h.l1.log, time),
      );
      return (await feed.next({ batchCount: 0n })).resealed;
    };
    expect(await at(h.clock.time)).to.equal(false);
    expect(await at(h.clock.time + 31_536_000n)).to.equal(true);
    expect(h.sequencer.sealedBatch(0n)!.l2Time).to.equal(h.clock.time + 60n);
    await expectToGoOn(h);
  });

  it("lets its poster notice that the two see different times", async () => {
    const h = traded();
    const lying: BatchFeed = {
      next: async (status) => ({ ...(await feedOf(h).next(status)), l1Time: START + 5_400n }),
    };
    const by = poster(h, lying);
    await by.post();
    expect(by.figures?.apart).to.match(/^L1's time, by \d+ seconds$/);
    const honest = poster(h, feedOf(h), { adopt: true });
    await honest.post();
    expect(honest.figures).to.include({ apart: undefined });
  });
});
