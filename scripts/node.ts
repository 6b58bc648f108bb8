import { runScript } from "./cli/runScript.ts";
import { exitCodeOf, NODE_EXIT } from "./node/exitCodes.ts";
import { runRole } from "./node/roles.ts";

/** `npm run node -- ROLE`: docs/running.md. */
const argv = process.argv.slice(2);
await runScript(
  async () => {
    await runRole(argv);
    return NODE_EXIT.stopped;
  },
  argv.includes("--trace"),
  exitCodeOf,
);
