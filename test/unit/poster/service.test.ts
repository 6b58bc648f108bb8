import { expect } from "chai";
import type { BatchFeed } from "../../../src/poster/BatchFeed.ts";
import { PosterHealth } from "../../../src/poster/PosterHealth.ts";
import { PosterJournal } from "../../../src/poster/PosterJournal.ts";
import { PosterMetrics } from "../../../src/poster/PosterMetrics.ts";
import { PosterService } from "../../../src/poster/PosterService.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { feedOf, poster } from "../../support/posting.ts";
import { harness } from "../../support/sequencer.ts";

describe("the poster's service", () => {
  it("raises an alarm when the sequencer sees another L1 for a minute, and ends it when they agree", async () => {
    const h = harness();
    // What the sequencer's time differs by in each round, 20 seconds apart.
    const differences = [61n, 0n, 61n, -61n, 61n, 61n, 60n, 0n];
    let round = 0;
    const feed: BatchFeed = {
      next: async (status) => {
        const answer = await feedOf(h).next(status);
        return { ...answer, l1Time: answer.l1Time + differences[round]! };
      },
    };
    const health = new PosterHealth(SILENT);
    const journal = PosterJournal.open(":memory:", "service", SILENT);
    const controller = new AbortController();
    const raised: boolean[] = [];
    const service = new PosterService({
      poster: poster(h, feed),
      journal,
      health,
      metrics: new PosterMetrics(),
      logger: SILENT,
      timer: {
        sleep: async () => {
          raised.push(health.has("apart"));
          if (++round === differences.length) controller.abort();
        },
      },
      pollMilliseconds: 1,
      uptime: () => round * 20_000,
      minHours: 0,
    });
    await service.run(controller.signal);
    journal.close();
    expect(raised).to.deep.equal([false, false, false, false, false, true, false, false]);
  });
});
