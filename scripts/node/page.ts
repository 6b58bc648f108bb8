import { Option, type Command } from "commander";
import { StatusServer } from "../../src/http/StatusServer.ts";
import { OverviewKeeper } from "../../src/page/OverviewKeeper.ts";
import { PageServer, type PageContent } from "../../src/page/PageServer.ts";
import { Health } from "../../src/roles/Health.ts";
import { NodeMetrics, type NodeAlarm } from "../../src/roles/NodeMetrics.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { RoundKeeper } from "../../src/roles/Rounds.ts";
import { SYSTEM_TIMER } from "../../src/roles/Timer.ts";
import { DEFAULT_LIMITS } from "../../src/status/attention.ts";
import { collect } from "../cli/layers.ts";
import { accountsOf } from "../status/options.ts";
import { roleCommand, upTo, withData, withLag, type CommonOptions, type DataOptions } from "./common.ts";
import { connect, openData } from "./connect.ts";
import { CURRENCIES, currenciesOf } from "./currencies.ts";

interface PageFlags extends CommonOptions, DataOptions {
  readonly lag: number;
  readonly pageHost: "127.0.0.1" | "::1";
  readonly pagePort: number;
  readonly account: readonly string[];
  readonly currency: readonly string[];
}

/** The command line. */
export function pageCommand(): Command {
  const about = "Follows L1 and shows on a web page how the exchange stands. Needs no key.";
  const host = new Option("--page-host <address>", "where the page is served: this machine alone can see it");
  return withLag(withData(roleCommand("page", about, 9_473)))
    .addOption(host.choices(["127.0.0.1", "::1"]).default("127.0.0.1"))
    .option("--page-port <port>", "its port; 0 for any that is free", upTo(65_535), 9_474)
    .option("--account <name=address>", "account whose balance matters; may be repeated", collect, [])
    .option("--currency <market=name>", "what a market's underlying is called; may be repeated", collect, CURRENCIES);
}

/** Serves the page until the process is told to end. */
export async function runPage(flags: PageFlags): Promise<void> {
  const accounts = accountsOf(flags.account);
  const currencies = currenciesOf(flags.currency);
  const { client, deployment, logger, stop } = await connect(flags, undefined, { lag: flags.lag });
  const { checkpoints, blobs } = await openData(flags, deployment, logger);
  const follower = makeFollower(client, deployment, { logger, blobs, ...(checkpoints && { checkpoints }) });
  const options = { accounts, currencies, limits: DEFAULT_LIMITS, lag: flags.lag };
  const keeper = new OverviewKeeper({ client, deployment, follower, ...options });
  const health = new Health<NodeAlarm>(logger);
  const metrics = new NodeMetrics();
  const rounds = new RoundKeeper({ follower, health, metrics, uptime: () => performance.now() });
  const pages = { metrics: () => metrics.registry.metrics(), reasons: () => rounds.reasons() };
  const content: PageContent = {
    get json() {
      return keeper.json;
    },
    get problem() {
      return keeper.problem ?? rounds.reasons().find(({ alarm }) => alarm === "stalled")?.reason;
    },
  };
  try {
    const status = await StatusServer.listen(pages, flags.statusPort, flags.statusHost);
    try {
      const page = await PageServer.listen(content, { host: flags.pageHost, port: flags.pagePort });
      logger.info({ page: page.url, status: status.url }, "the page starts");
      try {
        let attention: readonly string[] = [];
        while (!stop.aborted) {
          try {
            const overview = await keeper.update();
            rounds.note();
            const codes = overview?.attention.map(({ code }) => code) ?? attention;
            if (codes.join() !== attention.join())
              logger.info({ block: overview?.block, attention: codes }, "attention");
            attention = codes;
          } catch (error) {
            logger.warn({ err: error }, "the overview could not be read");
            rounds.note(error);
          }
          await SYSTEM_TIMER.sleep(flags.poll, stop);
        }
        logger.info({ batches: follower.log.batchCount }, "stopped");
      } finally {
        await page.close();
      }
    } finally {
      await status.close();
    }
  } finally {
    checkpoints?.close();
    client.close();
  }
}
