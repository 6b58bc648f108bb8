import { pino } from "pino";
import { ArchiveFolder } from "../src/blob/ArchiveFolder.ts";
import { BeaconBlobSource } from "../src/blob/BeaconBlobSource.ts";
import { BlobArchiver, confirmedBefore } from "../src/blob/BlobArchiver.ts";
import { BlobArchiveServer } from "../src/blob/BlobArchiveServer.ts";
import { FirstOf } from "../src/blob/FirstOf.ts";
import { HttpBlobArchive } from "../src/blob/HttpBlobArchive.ts";
import { isTenorError } from "../src/errors.ts";
import { ChainClient } from "../src/l1/ChainClient.ts";
import { readDeployment } from "../src/l1/deployment.ts";
import { InboxClient } from "../src/l1/InboxClient.ts";
import { L1Client } from "../src/l1/L1Client.ts";
import { archiveCommand, type ArchiveOptions } from "./blob-archive/options.ts";
import { usage } from "./cli/CliError.ts";
import { urlFrom } from "./cli/configuration.ts";
import { openLogger } from "./cli/openLogger.ts";
import { runCommand } from "./cli/runCommand.ts";
import { EXIT } from "./cli/runScript.ts";

/** Keeps and serves the blobs of an inbox: docs/operations-data.md. */

const DAY = 86_400n;

await runCommand(archiveCommand(), main);

async function main({
  deployment: file,
  folder: path,
  listen,
  keepDays,
  once,
  log,
  ...rest
}: ArchiveOptions): Promise<number> {
  const logger = openLogger(log, pino.destination({ dest: 1, sync: true }));
  const { addresses, chainId, startBlock } = readDeployment(file);
  const client = L1Client.connect(await urlFrom(rest.rpcUrl, "TENOR_L1_URL"), chainId);
  const folder = await ArchiveFolder.open(path, logger);
  const source = new FirstOf([
    new BeaconBlobSource(await urlFrom(rest.beaconUrl, "TENOR_BEACON_URL")),
    ...rest.from.map((url) => new HttpBlobArchive(url)),
  ]);
  const inbox = new InboxClient(client, addresses.inbox);
  const deployment = `${chainId}:${addresses.inbox.toLowerCase()}`;
  const archiver = new BlobArchiver({ inbox, source, folder, deployment, startBlock, logger });
  let report: Readonly<Record<string, unknown>> = {};
  const status = (): typeof report => report;
  const server =
    listen === undefined ? undefined : await BlobArchiveServer.start(folder, { ...listen, logger, status });
  if (server !== undefined) logger.info({ port: server.port }, "serving");
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  try {
    if ((await client.chainId()) !== chainId) throw usage("the endpoint serves another chain", { chainId });
    while (!stop.signal.aborted) {
      const missing = await round();
      if (once) return missing === 0 ? EXIT.done : EXIT.waiting;
      await pause(rest.poll * 1000, stop.signal);
    }
    return EXIT.done;
  } finally {
    await server?.stop();
    client.close();
  }

  /** @returns Blobs that are missing, or undefined if the round failed and another one may not. */
  async function round(): Promise<number | undefined> {
    try {
      const result = await archiver.round();
      report = { ...result };
      if (result.stored > 0 || result.missing > 0) logger.info(result, "round");
      if (keepDays !== undefined) await forget(keepDays);
      return result.missing;
    } catch (error) {
      // A folder that can't be used needs somebody; an endpoint may be back in the next round.
      if (once || !isTenorError(error) || error.name !== "L1Error") throw error;
      logger.warn({ err: error }, "L1 can't be read");
      return undefined;
    }
  }

  /** Deletes what is older, if no range that may still be disputed has it. */
  async function forget(days: number): Promise<void> {
    const chain = new ChainClient(client, addresses.chain);
    const { timestamp } = await client.head();
    const old = timestamp - BigInt(days) * DAY;
    const confirmed = await confirmedBefore(chain, startBlock);
    const forgotten = await folder.forgetBefore(old < confirmed ? old : confirmed);
    if (forgotten > 0) logger.info({ forgotten }, "old blobs of confirmed ranges were deleted");
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
