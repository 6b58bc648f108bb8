import type { Command } from "commander";
import { StatusServer } from "../../src/http/StatusServer.ts";
import { fromHex } from "../../src/crypto/bytes.ts";
import { deploymentGenesis, machineConfig } from "../../src/l1/deployment.ts";
import { BatchFeedServer } from "../../src/poster/BatchFeedServer.ts";
import { SequencerFeed, sequencerView } from "../../src/poster/SequencerFeed.ts";
import type { CheckpointStore } from "../../src/roles/Checkpoints.ts";
import { FollowedL1 } from "../../src/roles/FollowedL1.ts";
import type { Follower } from "../../src/roles/Follower.ts";
import { Health } from "../../src/roles/Health.ts";
import { NodeMetrics, type NodeAlarm } from "../../src/roles/NodeMetrics.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { RoundKeeper } from "../../src/roles/Rounds.ts";
import { SequencerService } from "../../src/roles/SequencerService.ts";
import { SYSTEM_TIMER } from "../../src/roles/Timer.ts";
import { startRpcServer } from "../../src/rpc/RpcServer.ts";
import type { Clock } from "../../src/sequencer/Clock.ts";
import { genesisCheckpoint, type Checkpoint } from "../../src/sequencer/DerivedState.ts";
import { withRecoverCache } from "../../src/sequencer/RecoverCache.ts";
import { ReportServer } from "../../src/sequencer/ReportServer.ts";
import { Sequencer } from "../../src/sequencer/Sequencer.ts";
import { DEFAULT_OPTIONS as DEFAULTS, type SequencerOptions } from "../../src/sequencer/SequencerOptions.ts";
import { SqliteJournal } from "../../src/sequencer/SqliteJournal.ts";
import { secretFrom } from "../cli/configuration.ts";
import { collect } from "../cli/layers.ts";
import { roleCommand, upTo, variableName, whole, withData, type CommonOptions, type DataOptions } from "./common.ts";
import { connect, openData } from "./connect.ts";
import { CURRENCIES, currenciesOf } from "./currencies.ts";

/** Two blocks of L1. A blob takes 16 s of the inbox's rate in production, so that batches more often than that could not all go in blobs. */
const BATCH_AGE = 24;

interface SequencerFlags extends CommonOptions, DataOptions {
  readonly journal: string;
  readonly feedHost: string;
  readonly feedPort: number;
  readonly reportsHost: string;
  readonly reportsPort: number;
  readonly rpcHost: string;
  readonly rpcPort: number;
  readonly rpcAddressHeader?: string;
  readonly receiptKey: string;
  readonly history: string | undefined;
  readonly currency: readonly string[];
  readonly batchAge: number;
  readonly payload: number;
  readonly resealMargin: number;
  readonly expiryMargin: number;
  readonly waitingBatches: number;
  readonly waitingBytes: number;
  readonly waitingAge: number;
  readonly spotAge: number;
  readonly curveAge: number;
  readonly heartbeat: number;
}

/** The wall clock. */
const SYSTEM_CLOCK: Clock = { now: () => BigInt(Math.floor(Date.now() / 1000)) };

/** The command line. */
export function sequencerCommand(): Command {
  const about = "Takes what traders sign, matches it, and serves sealed batches to the poster. Needs no key of L1.";
  return withData(roleCommand("sequencer", about, 9_465))
    .requiredOption("--journal <file>", "SQLite file of what was acknowledged; made if there is none")
    .option("--feed-host <address>", "where the poster asks for batches; it has no authentication", "127.0.0.1")
    .option("--feed-port <port>", "its port; 0 for any that is free", upTo(65_535), 9_470)
    .option("--reports-host <address>", "where the oracle's reports are taken", "127.0.0.1")
    .option("--reports-port <port>", "its port; 0 for any that is free", upTo(65_535), 9_471)
    .option("--rpc-host <address>", "where traders' JSON-RPC is served, over HTTP and WebSockets", "127.0.0.1")
    .option("--rpc-port <port>", "its port; 0 for any that is free", upTo(65_535), 9_472)
    .option("--rpc-address-header <name>", "header in which the reverse proxy before it names the client's address")
    .option(
      "--receipt-key <name>",
      "configuration variable with the private key of receipts",
      variableName,
      "TENOR_RECEIPT_KEY",
    )
    .option(
      "--history <file>",
      "SQLite file of trades and settlements, for traders; else they last as long as the process",
    )
    .option("--currency <market=name>", "what a market's underlying is called; may be repeated", collect, CURRENCIES)
    .option("--batch-age <seconds>", "age at which a batch is sealed", whole, BATCH_AGE)
    .option("--payload <bytes>", "longest payload of a batch", whole, DEFAULTS.maxPayload)
    .option(
      "--reseal-margin <seconds>",
      "so long before it is too old a batch is built anew",
      whole,
      Number(DEFAULTS.resealMargin),
    )
    .option(
      "--expiry-margin <seconds>",
      "so long before an expiry its series stop trading",
      whole,
      Number(DEFAULTS.expiryMargin),
    )
    .option(
      "--waiting-batches <batches>",
      "batches that may wait for L1 before only cancellations are taken",
      whole,
      DEFAULTS.maxWaitingBatches,
    )
    .option("--waiting-bytes <bytes>", "the same for their bytes", whole, DEFAULTS.maxWaitingBytes)
    .option(
      "--waiting-age <seconds>",
      "the same for their age while L1 takes none",
      whole,
      Number(DEFAULTS.maxWaitingAge),
    )
    .option("--spot-age <seconds>", "age of a spot that a transaction renews", whole, Number(DEFAULTS.spotAge))
    .option("--curve-age <seconds>", "age of a curve that a report renews", whole, Number(DEFAULTS.curveAge))
    .option(
      "--heartbeat <seconds>",
      "age of a spot that is renewed while anybody can be liquidated",
      whole,
      Number(DEFAULTS.heartbeat),
    );
}

/** Runs a sequencer until the process is told to end. @throws StartError and the like; SequencerError. */
export async function runSequencer(flags: SequencerFlags): Promise<void> {
  const currencies = currenciesOf(flags.currency);
  const receiptKey = await secretFrom(flags.receiptKey);
  const { client, deployment, accounts, logger, stop } = await connect(flags);
  const closing: (() => unknown)[] = [() => client.close()];
  try {
    const { maxPast, maxFuture } = await accounts.inboxRules();
    const { checkpoints, blobs } = await openData(flags, deployment, logger);
    if (checkpoints !== undefined) closing.push(() => checkpoints.close());
    const health = new Health<NodeAlarm>(logger);
    const metrics = new NodeMetrics();
    const follower = makeFollower(client, deployment, { logger, blobs, ...(checkpoints && { checkpoints }) });
    const l1 = new FollowedL1(follower);
    const journal = new SqliteJournal(flags.journal);
    closing.push(() => journal.close());
    await l1.sync();
    const { finalizedBatches } = journal.load();
    const start = startOf(follower, checkpoints, finalizedBatches) ?? genesisCheckpoint(deploymentGenesis(deployment));
    const options: SequencerOptions = { ...DEFAULTS, ...settingsOf(flags), maxPast, maxFuture };
    const sequencer = new Sequencer(
      withRecoverCache(machineConfig(deployment)),
      options,
      {
        clock: SYSTEM_CLOCK,
        journal,
        logger,
        listener: (event) => {
          metrics.traded(event);
        },
      },
      start,
      l1.log,
    );
    const uptime = (): number => performance.now();
    const rounds = new RoundKeeper({ follower, health, metrics, uptime });
    const parts = { sequencer, l1, rounds, health, metrics, logger, uptime };
    const service = new SequencerService({ ...parts, timer: SYSTEM_TIMER, pollMilliseconds: flags.poll });
    const feed = new SequencerFeed(
      () => sequencer,
      async () => sequencerView(await l1.sync(), follower.head!.timestamp),
    );
    const feedServer = await BatchFeedServer.listen(feed, logger, flags.feedPort, flags.feedHost);
    closing.push(() => feedServer.close());
    const take = service.takeReports.bind(service);
    const reportServer = await ReportServer.listen(take, logger, flags.reportsPort, flags.reportsHost);
    closing.push(() => reportServer.close());
    const rpc = await startRpcServer({
      sequencer,
      clock: SYSTEM_CLOCK,
      chainId: deployment.chainId,
      verifyingContract: fromHex(deployment.addresses.inbox, 20),
      currencies,
      receiptKey,
      logger,
      host: flags.rpcHost,
      port: flags.rpcPort,
      ...(flags.history === undefined ? {} : { historyPath: flags.history }),
      ...(flags.rpcAddressHeader === undefined ? {} : { clientAddressHeader: flags.rpcAddressHeader }),
    });
    closing.push(() => rpc.close());
    const pages = { metrics: () => metrics.registry.metrics(), reasons: () => rounds.reasons() };
    const status = await StatusServer.listen(pages, flags.statusPort, flags.statusHost);
    closing.push(() => status.close());
    const urls = { rpc: rpc.url, status: status.url, feed: feedServer.url, reports: reportServer.url };
    logger.info({ inbox: deployment.addresses.inbox, ...urls }, "the sequencer starts");
    await service.run(stop);
  } finally {
    // Servers first, the connection last.
    for (const close of closing.reverse()) await close();
  }
}

/** The newest state at hand that L1 can't take back, by what the journal has. */
function startOf(
  follower: Follower,
  checkpoints: CheckpointStore | undefined,
  finalizedBatches: bigint,
): Checkpoint | undefined {
  return follower.snapshotAt(finalizedBatches) ?? checkpoints?.newest(finalizedBatches, 0n, follower.log);
}

function settingsOf(
  flags: SequencerFlags,
): Omit<
  SequencerOptions,
  "maxPast" | "maxFuture" | "maxWithdrawnOrders" | "settlementsPerTick" | "liquidationsPerTurn"
> {
  return {
    maxBatchAge: BigInt(flags.batchAge),
    maxPayload: flags.payload,
    resealMargin: BigInt(flags.resealMargin),
    expiryMargin: BigInt(flags.expiryMargin),
    maxWaitingBatches: flags.waitingBatches,
    maxWaitingBytes: flags.waitingBytes,
    maxWaitingAge: BigInt(flags.waitingAge),
    spotAge: BigInt(flags.spotAge),
    curveAge: BigInt(flags.curveAge),
    heartbeat: BigInt(flags.heartbeat),
  };
}
