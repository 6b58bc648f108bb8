import type { Command } from "commander";
import { toHex } from "../../src/crypto/bytes.ts";
import { StatusServer } from "../../src/http/StatusServer.ts";
import type { Follower } from "../../src/roles/Follower.ts";
import { Health } from "../../src/roles/Health.ts";
import { NodeMetrics, type NodeAlarm } from "../../src/roles/NodeMetrics.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { RoundKeeper } from "../../src/roles/Rounds.ts";
import { SYSTEM_TIMER } from "../../src/roles/Timer.ts";
import { roleCommand, withData, withLag, type CommonOptions, type DataOptions } from "./common.ts";
import { connect, openData } from "./connect.ts";

interface FollowerFlags extends CommonOptions, DataOptions {
  readonly lag: number;
  readonly once: boolean;
}

/** What `follower --once` prints. Amounts in 1e-6 USDC, as text. */
export interface FollowerSummary {
  readonly stateRoot: string;
  readonly batches: number;
  readonly messages: number;
  /** Steps of the machine that were executed. */
  readonly steps: number;
  readonly seconds: number;
  readonly conservation: Readonly<Record<string, string>>;
}

/** The command line. */
export function followerCommand(): Command {
  const about = "Rebuilds the exchange from L1 alone, and says what its state is.";
  return withLag(withData(roleCommand("follower", about, 9_469))).option(
    "--once",
    "end after one reading, and print the state as JSON",
    false,
  );
}

/** Follows L1 until the process is told to end. */
export async function runFollower(flags: FollowerFlags): Promise<void> {
  const { client, deployment, logger, stop } = await connect(flags, undefined, { lag: flags.lag });
  const { checkpoints, blobs } = await openData(flags, deployment, logger);
  let steps = 0;
  const observer = (): void => void steps++;
  const follower = makeFollower(client, deployment, { logger, observer, blobs, ...(checkpoints && { checkpoints }) });
  try {
    if (flags.once) {
      const start = performance.now();
      await follower.sync();
      console.log(JSON.stringify(await summaryOf(follower, steps, (performance.now() - start) / 1000)));
      return;
    }
    const health = new Health<NodeAlarm>(logger);
    const metrics = new NodeMetrics();
    const rounds = new RoundKeeper({ follower, health, metrics, uptime: () => performance.now() });
    const pages = {
      metrics: () => metrics.registry.metrics(),
      reasons: () => rounds.reasons(),
      json: {
        state: () => ({
          stateRoot: toHex(follower.machineState.stateRoot),
          batches: follower.log.batchCount,
          messages: follower.log.messageCount,
          block: follower.head,
        }),
      },
    };
    const status = await StatusServer.listen(pages, flags.statusPort, flags.statusHost);
    logger.info({ inbox: deployment.addresses.inbox, status: status.url }, "the follower starts");
    try {
      while (!stop.aborted) {
        try {
          await follower.sync();
          rounds.note();
        } catch (error) {
          logger.warn({ err: error }, "L1 could not be followed");
          rounds.note(error);
        }
        await SYSTEM_TIMER.sleep(flags.poll, stop);
      }
      logger.info({ batches: follower.log.batchCount }, "stopped");
    } finally {
      await status.close();
    }
  } finally {
    checkpoints?.close();
    client.close();
  }
}

async function summaryOf(follower: Follower, steps: number, seconds: number): Promise<FollowerSummary> {
  const conservation = Object.entries(await follower.conservation()).map(([name, value]) => [name, String(value)]);
  const { batchCount, messageCount } = follower.log;
  return {
    stateRoot: toHex(follower.machineState.stateRoot),
    batches: Number(batchCount),
    messages: Number(messageCount),
    steps,
    seconds,
    conservation: Object.fromEntries(conservation) as Record<string, string>,
  };
}
