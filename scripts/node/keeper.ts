import type { Command } from "commander";
import { isTenorError } from "../../src/errors.ts";
import { StatusServer } from "../../src/http/StatusServer.ts";
import { Health } from "../../src/roles/Health.ts";
import { DEFAULT_ANCHOR_RULE, type KeeperRound, type KeeperTask } from "../../src/roles/Keeper.ts";
import { NodeMetrics, type NodeAlarm } from "../../src/roles/NodeMetrics.ts";
import { makeFollower, makeKeeperOn } from "../../src/roles/nodes.ts";
import { RoundKeeper } from "../../src/roles/Rounds.ts";
import { requireKeepersFee } from "../../src/roles/StartChecks.ts";
import { signerFrom } from "../cli/configuration.ts";
import {
  GWEI,
  roleCommand,
  whole,
  withData,
  withFeeCap,
  withKey,
  type CommonOptions,
  type DataOptions,
  type KeyOptions,
} from "./common.ts";
import { connect, openData } from "./connect.ts";

interface KeeperFlags extends CommonOptions, DataOptions, KeyOptions {
  /** Seconds. */
  readonly anchorAge: number;
  /** Basis points. */
  readonly anchorMove: number;
  readonly feeCap: number;
}

const { age: AGE, move: MOVE } = DEFAULT_ANCHOR_RULE;

/** The command line. */
export function keeperCommand(): Command {
  const about = "Relays the price feeds' prices as anchors, and has settlement prices fixed.";
  const command = withData(roleCommand("keeper", about, 9_475))
    .option("--anchor-age <seconds>", "age of an anchor at which a newer price is relayed", whole, Number(AGE))
    .option("--anchor-move <basis points>", "distance from it at which one is relayed at once", whole, Number(MOVE));
  return withFeeCap(withKey(command, "TENOR_KEEPER_KEY"));
}

/** Runs a keeper until the process is told to end. @throws StartError and the like, KeeperError. */
export async function runKeeper(flags: KeeperFlags): Promise<void> {
  const { signerUrl, key } = flags;
  const signer = await signerFrom({ key, ...(signerUrl === undefined ? {} : { signerUrl }) });
  const options = { maxFeePerGas: BigInt(flags.feeCap) * GWEI };
  const { client, deployment, accounts, logger, stop } = await connect(flags, signer, options);
  try {
    const account = await signer.address();
    await requireKeepersFee(accounts, account);
    const { checkpoints, blobs } = await openData(flags, deployment, logger);
    try {
      const health = new Health<NodeAlarm>(logger);
      const metrics = new NodeMetrics();
      const follower = makeFollower(client, deployment, { logger, blobs, ...(checkpoints && { checkpoints }) });
      const rounds = new RoundKeeper({ follower, health, metrics, uptime: () => performance.now() });
      const keeper = makeKeeperOn(follower, client, deployment, {
        rule: { age: BigInt(flags.anchorAge), move: BigInt(flags.anchorMove) },
        health,
        logger,
        observer: observerOf(rounds, metrics),
      });
      const pages = { metrics: () => metrics.registry.metrics(), reasons: () => rounds.reasons() };
      const status = await StatusServer.listen(pages, flags.statusPort, flags.statusHost);
      const { settlement } = deployment.addresses;
      logger.info({ account, settlement, status: status.url }, "the keeper starts");
      try {
        await keeper.run(flags.poll, stop);
        logger.info({ batches: follower.log.batchCount }, "stopped");
      } finally {
        await status.close();
      }
    } finally {
      checkpoints?.close();
    }
  } finally {
    client.close();
  }
}

/** Keeps figures and alarms. A failure of one task stands until that task has a round that succeeds. */
function observerOf(rounds: RoundKeeper, metrics: NodeMetrics): (round: KeeperRound) => void {
  const failures = new Map<KeeperTask, unknown>();
  return (round) => {
    failures.delete(round.task);
    if ("failure" in round) failures.set(round.task, round.failure);
    else if (round.task === "anchors") metrics.relayed(round.report);
    else metrics.fixed(round.report);
    const [failure] = failures.values();
    rounds.note(failure, isTenorError(failure, "FUNDS") ? "sending" : undefined);
  };
}
