import { machineConfig } from "../../src/l1/deployment.ts";
import { PosterClient } from "../../src/l1/PosterClient.ts";
import type { TransactionSigner } from "../../src/l1/TransactionSigner.ts";
import { BatchPoster } from "../../src/poster/BatchPoster.ts";
import { HttpBatchFeed } from "../../src/poster/HttpBatchFeed.ts";
import { PosterHealth } from "../../src/poster/PosterHealth.ts";
import { PosterJournal } from "../../src/poster/PosterJournal.ts";
import { PosterMetrics } from "../../src/poster/PosterMetrics.ts";
import { PosterService } from "../../src/poster/PosterService.ts";
import type { PosterObserver } from "../../src/poster/Postings.ts";
import { StatusServer } from "../../src/http/StatusServer.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { requireBatchFee, requireSequencer } from "../../src/roles/StartChecks.ts";
import { SYSTEM_TIMER } from "../../src/roles/Timer.ts";
import { withRecoverCache } from "../../src/sequencer/RecoverCache.ts";
import { connect, openData } from "../node/connect.ts";
import type { PosterOptions } from "./options.ts";

/**
 * Puts a poster together and runs it until the process is told to end.
 *
 * @param signer Of the sequencer's account.
 * @param observer Gets what happens, beside the metrics.
 * @throws StartError and what else keeps it from starting; PosterError that is fatal.
 */
export async function runPoster(
  options: PosterOptions,
  signer: TransactionSigner,
  observer?: PosterObserver,
): Promise<void> {
  const { client, deployment, accounts, logger, stop } = await connect(options);
  const { chainId, addresses } = deployment;
  try {
    const account = await signer.address();
    await requireSequencer(accounts, account);
    await requireBatchFee(accounts, account);
    const { maxPast, maxFuture, burst } = await accounts.inboxRules();
    const { folder, ...data } = await openData(options, deployment, logger);
    const config = withRecoverCache(machineConfig(deployment));
    const view = makeFollower(client, deployment, { logger, ...data });
    const journal = PosterJournal.open(
      options.journal,
      `${chainId}:${addresses.inbox}:${account}`.toLowerCase(),
      logger,
    );
    const health = new PosterHealth(logger);
    const metrics = new PosterMetrics();
    const { minHours } = options.settings;
    const hasBlobs = deployment.chainType !== "op";
    const poster = new BatchPoster({
      config,
      settings: { ...options.settings, hasBlobs, maxPast, maxFuture, burstBytes: burst },
      feed: new HttpBatchFeed(options.feed),
      l1: new PosterClient(client, {
        chainId,
        inbox: addresses.inbox,
        signer,
        ...(folder && { blobs: folder }),
        hasBlobs,
      }),
      view,
      journal,
      health,
      logger,
      observer: async (step) => {
        metrics.step(step);
        await observer?.(step);
      },
    });
    const service = new PosterService({
      ...{ poster, journal, health, metrics, logger, minHours, pollMilliseconds: options.poll },
      timer: SYSTEM_TIMER,
      uptime: () => performance.now(),
    });
    const pages = {
      metrics: () => metrics.registry.metrics(),
      reasons: () => service.reasons(),
      json: { spending: () => service.report() },
    };
    try {
      const status = await StatusServer.listen(pages, options.statusPort, options.statusHost);
      logger.info({ account, inbox: addresses.inbox, status: status.url, feed: options.feed }, "the poster starts");
      await service.run(stop).finally(() => status.close());
    } finally {
      journal.close();
    }
  } finally {
    client.close();
  }
}
