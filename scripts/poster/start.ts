import { pino } from "pino";
import { ArchiveFolder } from "../../src/blob/ArchiveFolder.ts";
import { BeaconBlobSource } from "../../src/blob/BeaconBlobSource.ts";
import { FirstOf } from "../../src/blob/FirstOf.ts";
import { toHex } from "../../src/crypto/bytes.ts";
import { inboxAt } from "../../src/l1/Contracts.ts";
import { deploymentGenesis, machineConfig, readDeployment } from "../../src/l1/deployment.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { PosterClient } from "../../src/l1/PosterClient.ts";
import type { TransactionSigner } from "../../src/l1/TransactionSigner.ts";
import { BatchPoster } from "../../src/poster/BatchPoster.ts";
import { HttpBatchFeed } from "../../src/poster/HttpBatchFeed.ts";
import { PosterHealth } from "../../src/poster/PosterHealth.ts";
import { PosterJournal } from "../../src/poster/PosterJournal.ts";
import { PosterMetrics } from "../../src/poster/PosterMetrics.ts";
import { PosterService } from "../../src/poster/PosterService.ts";
import type { PosterObserver } from "../../src/poster/Postings.ts";
import { StatusServer } from "../../src/poster/StatusServer.ts";
import { checkpointIdentity } from "../../src/roles/Checkpoints.ts";
import type { Logger } from "../../src/roles/Logger.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { SqliteCheckpoints } from "../../src/roles/SqliteCheckpoints.ts";
import { SYSTEM_TIMER } from "../../src/roles/Timer.ts";
import { withRecoverCache } from "../../src/sequencer/RecoverCache.ts";
import type { PosterOptions } from "./options.ts";

/**
 * Puts a poster together and runs it until the process is told to end: the first SIGTERM or SIGINT lets the round that is under
 * way end, the second ends the process at once. Both are safe at any moment.
 *
 * @param url The L1 endpoint.
 * @param observer Gets what happens, beside the metrics.
 */
export async function runPoster(
  options: PosterOptions,
  url: string,
  signer: TransactionSigner,
  observer?: PosterObserver,
): Promise<void> {
  const stop = stopOnSignals();
  const logger: Logger = pino({ level: options.log, formatters: { log: loggable } }, pino.destination(2));
  const deployment = readDeployment(options.deployment);
  const { chainId, addresses } = deployment;
  const client = L1Client.connect(url, chainId);
  const { maxPast, maxFuture } = await client.read("read the inbox", () =>
    inboxAt(addresses.inbox, client.provider).parameters(),
  );
  const folder = await ArchiveFolder.open(options.blobs, logger);
  const beacon = options.beacon === undefined ? [] : [new BeaconBlobSource(options.beacon)];
  const config = withRecoverCache(machineConfig(deployment));
  const checkpoints =
    options.checkpoints === undefined
      ? {}
      : {
          checkpoints: new SqliteCheckpoints(
            options.checkpoints,
            checkpointIdentity(config, deploymentGenesis(deployment)),
            logger,
          ),
        };
  const view = makeFollower(client, deployment, { logger, blobs: new FirstOf([folder, ...beacon]), ...checkpoints });
  const account = await signer.address();
  const journal = PosterJournal.open(options.journal, `${chainId}:${addresses.inbox}:${account}`.toLowerCase(), logger);
  const health = new PosterHealth(logger);
  const metrics = new PosterMetrics();
  const { minHours } = options.settings;
  const hasBlobs = deployment.chainType !== "op";
  const poster = new BatchPoster({
    config,
    settings: { ...options.settings, hasBlobs, maxPast, maxFuture },
    feed: new HttpBatchFeed(options.feed),
    l1: new PosterClient(client, { chainId, inbox: addresses.inbox, signer, blobs: folder, hasBlobs }),
    view,
    journal,
    health,
    logger,
    observer: async (step) => {
      metrics.step(step);
      await observer?.(step);
    },
  });
  const { pollMilliseconds } = options;
  const service = new PosterService({
    ...{ poster, journal, health, metrics, logger, minHours, pollMilliseconds },
    timer: SYSTEM_TIMER,
    uptime: () => performance.now(),
  });
  const pages = {
    metrics: () => metrics.registry.metrics(),
    reasons: () => health.reasons,
    spending: () => service.report(),
  };
  const status = await StatusServer.listen(pages, options.statusPort, options.statusHost);
  logger.info({ account, inbox: addresses.inbox, status: status.url, feed: options.feed }, "the poster starts");
  try {
    await service.run(stop);
  } finally {
    await status.close();
    journal.close();
    client.close();
  }
}

function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const [signal, number] of [
    ["SIGTERM", 15],
    ["SIGINT", 2],
  ] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(128 + number);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Large integers and bytes as text. */
function loggable(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => {
    if (typeof value === "bigint") return [name, String(value)];
    return [name, value instanceof Uint8Array ? toHex(value) : value];
  });
  return Object.fromEntries(entries);
}
