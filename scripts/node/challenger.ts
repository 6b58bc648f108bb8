import type { Command } from "commander";
import { StatusServer } from "../../src/http/StatusServer.ts";
import { isTenorError } from "../../src/errors.ts";
import type { Hex } from "../../src/crypto/bytes.ts";
import { ChainClient } from "../../src/l1/ChainClient.ts";
import { WebhookSink } from "../../src/roles/Alarm.ts";
import type { ChallengerMode } from "../../src/roles/Challenger.ts";
import type { ChallengerReport } from "../../src/roles/ChallengerReport.ts";
import { Health } from "../../src/roles/Health.ts";
import { NodeMetrics, type NodeAlarm } from "../../src/roles/NodeMetrics.ts";
import { makeChallengerOn, makeFollower } from "../../src/roles/nodes.ts";
import { RoundKeeper } from "../../src/roles/Rounds.ts";
import { requireStake } from "../../src/roles/StartChecks.ts";
import { signerFrom } from "../cli/configuration.ts";
import {
  GWEI,
  roleCommand,
  whole,
  withData,
  withFeeCap,
  withKey,
  withLag,
  type CommonOptions,
  type DataOptions,
  type KeyOptions,
} from "./common.ts";
import { connect, openData } from "./connect.ts";
import { address } from "./values.ts";

interface ChallengerFlags extends CommonOptions, DataOptions, Partial<KeyOptions> {
  readonly lag: number;
  /** Seconds. */
  readonly reaction: number;
  readonly censorship: number;
  readonly margin: number;
  readonly webhook: string | undefined;
  readonly endOnAlarm: boolean;
  readonly feeCap?: number;
  readonly refundsTo?: Hex;
}

/** What each mode is for, where it is watched, and which key it has. */
const MODES = {
  watchtower: {
    about: "Judges every assertion and every game, and raises alarms. Needs no key.",
    port: 9_468,
    key: undefined,
  },
  defender: {
    about: "Answers wrong assertions, wins their games, and claims what the moves have cost.",
    port: 9_467,
    key: "TENOR_DEFENDER_KEY",
  },
  proposer: {
    about: "Asserts and confirms what nobody disputes, and defends it.",
    port: 9_466,
    key: "TENOR_PROPOSER_KEY",
  },
} as const;

/** The command line of a mode. */
export function challengerCommand(mode: ChallengerMode): Command {
  const { about, port, key } = MODES[mode];
  const command = withLag(withData(roleCommand(mode, about, port)))
    .option("--reaction <seconds>", "longest from a rival's move to the answer's being mined", whole, 3_600)
    .option("--censorship <seconds>", "time for which transactions can be kept out of L1, in all", whole, 432_000)
    .option("--margin <seconds>", "what is left for people to act", whole, 3_600)
    .option("--webhook <url>", "where alarms are posted as JSON, beside the log")
    .option("--end-on-alarm", "end with code 8 at the first alarm", false);
  if (key === undefined) return command;
  const refunds = "where refunds go; else to the account that made the moves";
  return withFeeCap(withKey(command, key)).option("--refunds-to <address>", refunds, address);
}

/** Runs a challenger until the process is told to end. @throws StartError and the like, ProposerError, ChallengerError. */
export async function runChallenger(mode: ChallengerMode, flags: ChallengerFlags): Promise<void> {
  const { signerUrl, key } = flags;
  const signer =
    key === undefined ? undefined : await signerFrom({ key, ...(signerUrl === undefined ? {} : { signerUrl }) });
  const { lag, feeCap } = flags;
  const options = { lag, ...(feeCap === undefined ? {} : { maxFeePerGas: BigInt(feeCap) * GWEI }) };
  const { client, deployment, accounts, logger, stop } = await connect(flags, signer, options);
  try {
    const account = await signer?.address();
    if (account !== undefined) {
      const { stake } = await new ChainClient(client, deployment.addresses.chain).chainParameters();
      await requireStake(accounts, account, stake);
    }
    const { checkpoints, blobs } = await openData(flags, deployment, logger);
    const health = new Health<NodeAlarm>(logger);
    const metrics = new NodeMetrics();
    const follower = makeFollower(client, deployment, { logger, blobs, ...(checkpoints && { checkpoints }) });
    const rounds = new RoundKeeper({ follower, health, metrics, uptime: () => performance.now() });
    const challenger = makeChallengerOn(follower, client, deployment, {
      mode,
      times: { reaction: BigInt(flags.reaction), censorship: BigInt(flags.censorship), margin: BigInt(flags.margin) },
      logger,
      endOnAlarm: flags.endOnAlarm,
      sinks: flags.webhook === undefined ? [] : [new WebhookSink(flags.webhook, { logger })],
      ...(flags.refundsTo === undefined ? {} : { refunds: { recipient: flags.refundsTo } }),
      observer: (round) => {
        if ("failure" in round)
          return rounds.note(round.failure, isTenorError(round.failure, "FUNDS") ? "sending" : undefined);
        judge(round, health);
        metrics.challenged(round);
        rounds.note();
      },
    });
    await challenger.check();
    const pages = { metrics: () => metrics.registry.metrics(), reasons: () => rounds.reasons() };
    const status = await StatusServer.listen(pages, flags.statusPort, flags.statusHost);
    logger.info({ account, chain: deployment.addresses.chain, status: status.url }, `the ${mode} starts`);
    try {
      await challenger.run(flags.poll, stop);
      logger.info({ batches: follower.log.batchCount }, "stopped");
    } finally {
      await status.close();
      checkpoints?.close();
    }
  } finally {
    client.close();
  }
}

/** Raises and clears what a round gives reason for. An alarm comes once, and lasts for as long as its cause. */
function judge({ disputes, alarms, confirmed }: ChallengerReport, health: Health<NodeAlarm>): void {
  const games = disputes.map(({ game }) => game);
  health.set("dispute", games.length === 0 ? undefined : `${games.length} games are not decided`, { games });
  const failure = alarms.find((alarm) => alarm.type === "cannot send");
  if (failure !== undefined) health.set("sending", `the account cannot send: ${failure.reason}`);
  else if (confirmed !== "transaction pending") health.set("sending", undefined);
}
