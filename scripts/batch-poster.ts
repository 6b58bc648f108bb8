import { errorLine, errorTrace } from "../src/roles/loggable.ts";
import { signerFrom, urlFrom } from "./cli/configuration.ts";
import { exitCodeOf } from "./poster/exitCodes.ts";
import { parseOptions } from "./poster/options.ts";
import { runPoster } from "./poster/start.ts";

/** `npm run poster`: docs/operations.md. */
const options = parseOptions(process.argv.slice(2));
try {
  const { signerUrl, key } = options;
  const url = await urlFrom(options.l1, "TENOR_L1_URL");
  await runPoster(options, url, await signerFrom({ key, ...(signerUrl === undefined ? {} : { signerUrl }) }));
} catch (error) {
  process.exitCode = exitCodeOf(error);
  console.error(errorLine(error));
  if (options.trace) console.error(errorTrace(error));
  else console.error("run again with --trace for the stack");
}
