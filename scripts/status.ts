import { readDeployment } from "../src/l1/deployment.ts";
import { L1Client } from "../src/l1/L1Client.ts";
import { requireDeployment } from "../src/roles/StartChecks.ts";
import { readL1 } from "../src/status/readL1.ts";
import { statusOf } from "../src/status/statusOf.ts";
import { urlFrom } from "./cli/configuration.ts";
import { applyLayers } from "./cli/layers.ts";
import { parseCommand } from "./cli/runCommand.ts";
import { EXIT, runScript } from "./cli/runScript.ts";
import { exitCodeOf } from "./node/exitCodes.ts";
import { accountsOf, statusCommand, type StatusOptions } from "./status/options.ts";
import { statusJson, statusText } from "./status/print.ts";

/** `npm run status`: docs/running.md. */
const argv = process.argv.slice(2);
await runScript(main, argv.includes("--trace"), exitCodeOf);

async function main(): Promise<number> {
  const command = statusCommand();
  applyLayers(command, argv);
  const options = parseCommand<StatusOptions>(command, argv);
  if (options === undefined) return EXIT.done;
  const { deployment: file, l1, quiet, idle, late, leastBalance, json, check } = options;
  const accounts = accountsOf(options.account);
  const deployment = readDeployment(file);
  const client = L1Client.connect(await urlFrom(l1, "TENOR_L1_URL"), deployment.chainId);
  try {
    await requireDeployment(client, deployment);
    const limits = { quiet: BigInt(quiet), idle: BigInt(idle), late: BigInt(late), leastBalance };
    const status = statusOf(await readL1(client, deployment, accounts), limits);
    process.stdout.write(json ? statusJson(status) : statusText(status));
    const isPressing = status.attention.some(({ urgency }) => urgency !== "notice");
    return check && isPressing ? EXIT.waiting : EXIT.done;
  } finally {
    client.close();
  }
}
