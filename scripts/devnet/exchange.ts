import type { SignedOrder } from "../../src/sequencer/SignedOrder.ts";
import type { OrderOutcome } from "../../src/sequencer/Submission.ts";
import { runScript } from "../cli/runScript.ts";
import { exitCodeOf, NODE_EXIT } from "../node/exitCodes.ts";
import { runSequencer, sequencerCommand, type RunningSequencer } from "../node/sequencer.ts";
import { DevnetMarket } from "./DevnetMarket.ts";
import type { Placed } from "./Flow.ts";
import { readWorld } from "./World.ts";

/**
 * The sequencer of a devnet, with the maker and the taker in its process. The first arguments are the folder and L1's endpoint, the rest
 * those of the sequencer.
 */
const [folder, l1, ...argv] = process.argv.slice(2);
await runScript(
  async () => {
    const command = sequencerCommand().parse(argv, { from: "user" });
    await runSequencer(command.opts(), startMarket);
    return NODE_EXIT.stopped;
  },
  true,
  exitCodeOf,
);

function startMarket({ sequencer, reports, logger, stop }: RunningSequencer): void {
  const place = (orders: readonly SignedOrder[]): Promise<Placed[]> =>
    Promise.all(
      orders.map(async (order) => placed((await sequencer.submit({ kind: "order", order })) as OrderOutcome)),
    );
  const market = new DevnetMarket({ world: readWorld(folder!), l1: l1!, reports, place, logger });
  market.run(stop).catch((error: unknown) => {
    logger.error({ err: error }, "the market failed");
    process.exit(NODE_EXIT.failed);
  });
}

function placed(outcome: OrderOutcome): Placed {
  return outcome.accepted
    ? { fills: outcome.fills.length, refusal: undefined }
    : { fills: 0, refusal: outcome.refusal.reason };
}
