import { expect } from "chai";
import { isTenorError } from "../../src/errors.ts";
import type { BatchFeed } from "../../src/poster/BatchFeed.ts";
import { SequencerFeed } from "../../src/poster/SequencerFeed.ts";
import { poster } from "../support/posting.ts";
import { harness } from "../support/sequencer.ts";

/**
 * The sequencer and the poster may read L1 from different endpoints, so a batch may read a message that the poster has not seen
 * yet. The schedule has a word for that, "messages missing"; the check before it executed a message that is not there.
 */
describe("finding: a batch that reads a message too early for the poster", () => {
  for (const [what, change] of [
    ["a message that its endpoint does not show yet", 1n],
    ["fewer messages than the batch before", -1n],
  ] as const) {
    it(`is not posted if it reads ${what}, and the round says so`, async () => {
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
      const honest = new SequencerFeed(
        () => h.sequencer,
        async () => h.l1.log,
      );
      const count = change === 1n ? h.l1.log.messageCount : 0n;
      const feed: BatchFeed = {
        async next(status) {
          const answer = await honest.next(status);
          return answer.batch === undefined
            ? answer
            : { ...answer, batch: { ...answer.batch, messagesRead: count + (change === 1n ? 1n : 0n) } };
        },
      };
      const sent = h.l1.sent.length;
      const outcome: unknown = await poster(h, feed, { adopt: true })
        .post()
        .catch((error: unknown) => error);
      const isClear = isTenorError(outcome) || (outcome as { kind?: unknown }).kind === "waiting";
      expect(isClear, String(outcome)).to.equal(true);
      expect(h.l1.sent).to.have.length(sent);
    });
  }
});
