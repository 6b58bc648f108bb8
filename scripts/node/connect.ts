import { pino } from "pino";
import { ArchiveFolder } from "../../src/blob/ArchiveFolder.ts";
import { BeaconBlobSource } from "../../src/blob/BeaconBlobSource.ts";
import { FirstOf } from "../../src/blob/FirstOf.ts";
import { HttpBlobArchive } from "../../src/blob/HttpBlobArchive.ts";
import { AccountsClient } from "../../src/l1/AccountsClient.ts";
import { deploymentGenesis, machineConfig, readDeployment, type Deployment } from "../../src/l1/deployment.ts";
import { L1Client, type ConnectOptions } from "../../src/l1/L1Client.ts";
import type { TransactionSigner } from "../../src/l1/TransactionSigner.ts";
import { checkpointIdentity } from "../../src/roles/Checkpoints.ts";
import type { Logger } from "../../src/roles/Logger.ts";
import { SqliteCheckpoints } from "../../src/roles/SqliteCheckpoints.ts";
import { requireDeployment } from "../../src/roles/StartChecks.ts";
import { urlFrom } from "../cli/configuration.ts";
import { openLogger } from "../cli/openLogger.ts";
import type { CommonOptions, DataOptions } from "./common.ts";

/** What every role's process is made of. */
export interface RoleContext {
  readonly deployment: Deployment;
  readonly client: L1Client;
  readonly accounts: AccountsClient;
  readonly logger: Logger;
  /** Aborted when the process is told to end. */
  readonly stop: AbortSignal;
}

/**
 * Connects to L1 and checks that the contracts are there.
 *
 * @param signer Who signs transactions; without one the client only reads.
 * @throws StartError, L1Error; nothing is left open then.
 */
export async function connect(
  { deployment: file, l1, log }: Pick<CommonOptions, "deployment" | "l1" | "log">,
  signer?: TransactionSigner,
  options: ConnectOptions = {},
): Promise<RoleContext> {
  const stop = stopOnSignals();
  const deployment = readDeployment(file);
  const url = await urlFrom(l1, "TENOR_L1_URL");
  const client = L1Client.connect(url, deployment.chainId, signer, options);
  try {
    await requireDeployment(client, deployment);
  } catch (error) {
    client.close();
    throw error;
  }
  return { deployment, client, accounts: new AccountsClient(client, deployment), logger: loggerAt(log), stop };
}

/** What a follower reads besides L1, and where it goes on from. */
export async function openData(
  { blobs, beacon, archive, checkpoints }: DataOptions,
  deployment: Deployment,
  logger: Logger,
): Promise<{ readonly blobs: FirstOf; readonly checkpoints?: SqliteCheckpoints; readonly folder?: ArchiveFolder }> {
  const folder = blobs === undefined ? undefined : await ArchiveFolder.open(blobs, logger);
  const sources = [
    ...(folder === undefined ? [] : [folder]),
    ...(beacon === undefined ? [] : [new BeaconBlobSource(beacon)]),
    ...archive.map((url) => new HttpBlobArchive(url)),
  ];
  const kept = checkpoints === undefined ? undefined : openCheckpoints(checkpoints, deployment, logger);
  return {
    blobs: new FirstOf(sources),
    ...(kept === undefined ? {} : { checkpoints: kept }),
    ...(folder === undefined ? {} : { folder }),
  };
}

function openCheckpoints(file: string, deployment: Deployment, logger: Logger): SqliteCheckpoints {
  const identity = checkpointIdentity(machineConfig(deployment), deploymentGenesis(deployment));
  return new SqliteCheckpoints(file, identity, logger);
}

/** A structured log on standard error. */
export function loggerAt(level: string): Logger {
  return openLogger(level, pino.destination(2));
}

/** The first SIGTERM or SIGINT lets what is under way end, the second ends the process at once. Both are safe at any moment. */
export function stopOnSignals(): AbortSignal {
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
