import { expect } from "chai";
import { BatchFeedServer } from "../../src/poster/BatchFeedServer.ts";
import { SequencerFeed } from "../../src/poster/SequencerFeed.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { harness, order, place, replayRoot, START, type Harness } from "../support/sequencer.ts";
import { poster } from "../support/posting.ts";
import { toHex } from "../../src/crypto/bytes.ts";

/**
 * Whoever asks the sequencer's feed for the next batch says what time it is on L1, and where the clocks disagree the later one counts.
 * The sequencer derives L1 itself and believes no poster, but in this. A poster whose endpoint shows one block of a wrong
 * time, or any process on the machine, makes it build all that waits anew at that time: what traders were told is done has expired
 * by then and is dropped, and L2 time never goes back, so nothing that it builds from then on is taken by the inbox before that time.
 * (THREATS 29: an endpoint that lies; 17, 28.)
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

  for (const [what, ahead] of [
    ["an hour and a half", 5_400n],
    ["a year", 31_536_000n],
  ] as const) {
    it(`keeps what it has acknowledged when it is told that L1 is ${what} ahead`, async () => {
      const h = traded();
      const feed = new SequencerFeed(
        () => h.sequencer,
        async () => h.l1.log,
      );
      const server = await BatchFeedServer.listen(feed, SILENT, 0);
      try {
        // Any process, without a key: not even the content's type is looked at.
        const body = JSON.stringify({ batchCount: "0", finalizedBatches: "0", l1Time: String(START + ahead) });
        expect((await fetch(`${server.url}/next`, { method: "POST", body })).status).to.equal(200);
      } finally {
        await server.close();
      }
      expect(dropped(h), "trades that were acknowledged and dropped").to.equal(0);
    });

    it(`goes on posting afterwards when it is told that L1 is ${what} ahead`, async () => {
      const h = traded();
      const feed = new SequencerFeed(
        () => h.sequencer,
        async () => h.l1.log,
      );
      await feed.next({ batchCount: 0n, finalizedBatches: 0n, l1Time: START + ahead });
      h.clock.time += 40n;
      h.sequencer.tick();
      h.sequencer.seal();
      const by = poster(h, feed);
      let outcome: unknown;
      for (let i = 0; i < 10; i++) outcome = await by.post();
      expect(outcome).to.have.property("kind", "idle");
      expect(toHex(replayRoot(h.l1.log))).to.equal(toHex(h.sequencer.stateRoot));
    });
  }
});
