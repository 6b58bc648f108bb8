import { LocalSigner } from "../../../src/l1/TransactionSigner.ts";
import { exitCodeOf } from "../../../scripts/node/exitCodes.ts";
import { posterCommand, posterOptions } from "../../../scripts/poster/options.ts";
import { runPoster } from "../../../scripts/poster/start.ts";
import { POSTER_KEY } from "./keys.ts";

/**
 * The poster's process with a key that everybody knows, and a hook: it kills itself when a batch reaches the step that `KILL_AT`
 * names, as `step index`.
 */
const [step, index] = (process.env.KILL_AT ?? "").split(" ");
const options = posterOptions(posterCommand().parse(process.argv.slice(2), { from: "user" }));
try {
  await runPoster(options, new LocalSigner(POSTER_KEY), ({ state, attempt }) => {
    if (state === step && String(attempt.index) === index) process.kill(process.pid, "SIGKILL");
  });
} catch (error) {
  console.error(error);
  process.exitCode = exitCodeOf(error);
}
