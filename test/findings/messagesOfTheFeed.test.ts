import { expect } from "chai";
import type { BatchFeed } from "../../src/poster/BatchFeed.ts";
import type { PostOutcome } from "../../src/poster/PostOutcome.ts";
import { feedOf, poster } from "../support/posting.ts";
import { harness, type Harness } from "../support/sequencer.ts";

/**
 * The sequencer and the poster may read L1 from different endpoints, so a batch may read a message that the poster has not seen
 * yet. The check of the batch executed a message that was not there, and the round ended in a TypeError. What a batch reads is now
 * compared with the batch before it and with the poster's own view of L1, before anything is executed.
 */
describe("finding: a batch that reads a message too early for the poster", () => {
  /** A sequencer with one batch on L1 and another one sealed, which reads a message more, and what a poster makes of `messagesRead`. */
  async function readBy(
    messagesRead: (honest: bigint) => bigint,
  ): Promise<{ h: Harness; post: () => Promise<PostOutcome> }> {
    const h = harness();
    h.clock.time += 40n;
    h.sequencer.tick();
    h.sequencer.seal();
    expect((await poster(h).post()).kind).to.equal("sent");
    h.clock.time += 40n;
    h.l1.deposit(1, 1n);
    h.sequencer.sync(h.l1.log);
    h.sequencer.tick();
    h.sequencer.seal();
    const honest = feedOf(h);
    const feed: BatchFeed = {
      async next(status) {
        const answer = await honest.next(status);
        const { batch } = answer;
        return batch === undefined
          ? answer
          : { ...answer, batch: { ...batch, messagesRead: messagesRead(batch.messagesRead) } };
      },
    };
    const by = poster(h, feed, { adopt: true });
    return { h, post: () => by.post() };
  }

  it("waits for a message that its endpoint does not show yet, and posts when it does", async () => {
    let ahead = 1n;
    const { h, post } = await readBy((count) => count + ahead);
    const sent = h.l1.sent.length;
    expect(await post()).to.deep.equal({ kind: "waiting", index: 1n, reason: "messages missing" });
    expect(h.l1.sent).to.have.length(sent);
    ahead = 0n;
    expect((await post()).kind).to.equal("sent");
  });

  it("refuses a batch that reads fewer messages than the one before", async () => {
    const { h, post } = await readBy(() => 0n);
    const sent = h.l1.sent.length;
    const error: unknown = await post().catch((caught: unknown) => caught);
    expect(error).to.include({ code: "DERIVATION_MISMATCH" }).and.to.have.nested.property("fields.messagesRead", 0n);
    expect(h.l1.sent).to.have.length(sent);
  });
});
