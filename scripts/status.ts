import { readDeployment } from "../src/l1/deployment.ts";
import { L1Client } from "../src/l1/L1Client.ts";
import { requireDeployment } from "../src/roles/StartChecks.ts";
import { readL1 } from "../src/status/readL1.ts";
import { statusOf } from "../src/status/statusOf.ts";
import { misuse } from "./cli/CliError.ts";
import { urlFrom } from "./cli/configuration.ts";
import { applyLayers } from "./cli/layers.ts";
import { EXIT, runScript } from "./cli/runScript.ts";
import { exitCodeOf } from "./node/exitCodes.ts";
import { accountsOf, statusCommand, type StatusOptions } from "./status/options.ts";
import { statusJson, statusText } from "./status/print.ts";

/** `npm run status`: docs/running.md. */
const argv = process.argv.slice(2);
await runScript(main, argv.includes("--trace"), exitCodeOf);

async function main(): Promise<number> {
  const options = parse();
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

/** Undefined: the help was shown. */
function parse(): StatusOptions | undefined {
  const command = statusCommand()
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  applyLayers(command, argv);
  try {
    return command.parse(argv, { from: "user" }).opts<StatusOptions>();
  } catch (error) {
    const found = misuse(error);
    if (found !== undefined) throw found;
    return undefined;
  }
}
