import { runScript } from "../cli/runScript.ts";
import { loggerAt, stopOnSignals } from "../node/connect.ts";
import { exitCodeOf, NODE_EXIT } from "../node/exitCodes.ts";
import { DevnetMarket } from "./DevnetMarket.ts";
import { readWorld } from "./World.ts";

/** The outside world of a devnet as a process of its own. Arguments: the folder, and the URLs of L1, reports and JSON-RPC. */
const [folder, l1, reports, rpc] = process.argv.slice(2);
await runScript(
  async () => {
    const stop = stopOnSignals();
    const logger = loggerAt("info");
    const market = new DevnetMarket({ world: readWorld(folder!), l1: l1!, reports: reports!, rpc: rpc!, logger });
    logger.info({ rpc }, "the market starts");
    await market.run(stop);
    logger.info({}, "stopped");
    return NODE_EXIT.stopped;
  },
  true,
  exitCodeOf,
);
