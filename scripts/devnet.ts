import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { addressOfName, DEPOSITS, keyOf, type DevnetName } from "./devnet/accounts.ts";
import type { Death } from "./devnet/Children.ts";
import { Devnet, freeTraders, type DevnetPlaces } from "./devnet/Devnet.ts";
import { devnetCommand, type DevnetOptions } from "./devnet/options.ts";
import { applyLayers } from "./cli/layers.ts";
import { parseCommand } from "./cli/runCommand.ts";
import { EXIT, runScript } from "./cli/runScript.ts";

/** `npm run devnet`: docs/running.md. */
const argv = process.argv.slice(2);
await runScript(main, argv.includes("--trace"));

async function main(): Promise<number> {
  const command = devnetCommand();
  applyLayers(command, argv);
  const options = parseCommand<DevnetOptions>(command, argv);
  if (options === undefined) return EXIT.done;
  const folder = options.folder === undefined ? mkdtempSync(join(tmpdir(), "tenor-")) : resolve(options.folder);
  const devnet = new Devnet(folder, options, { died: reportDeath });
  const told = new Promise<void>((done) => {
    // A terminal tells the whole group, and npm tells it again.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => done());
  });
  try {
    const start = performance.now();
    const starting = devnet.start((what) => console.log(`starting: ${what}`));
    const places = await Promise.race([starting, told]);
    if (places !== undefined) {
      show(devnet, places, options, folder);
      console.log(`ready after ${((performance.now() - start) / 1000).toFixed(1)} s; Ctrl-C ends everything`);
    }
    // Whatever was starting fails when its processes end.
    starting.catch(() => undefined);
    await told;
    return EXIT.done;
  } finally {
    console.log("ending");
    await devnet.stop();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function show(
  devnet: Devnet,
  { l1, deployment, urls }: DevnetPlaces,
  { folder: kept }: DevnetOptions,
  folder: string,
): void {
  const { accounts, deployment: contracts } = devnet.world;
  console.log(`\nL1              ${l1} (chain ${contracts.chainId})`);
  for (const [name, url] of Object.entries(urls)) console.log(`${name.padEnd(15)} ${url}`);
  console.log(`deployment      ${relative(process.cwd(), deployment)}`);
  console.log(`logs            ${join(folder, "logs")}${kept === undefined ? " (thrown away at the end)" : ""}`);
  console.log("\nAccounts to trade with; their keys are known to everybody, so never use them elsewhere:");
  for (const name of freeTraders()) {
    console.log(
      `  account ${accounts[name]}, ${depositOf(name)} USDC, owner ${addressOfName(name)}, key ${keyOf(name)}`,
    );
  }
  console.log(`\nHow it stands:  npm run status -- --l1 ${l1} --deployment ${relative(process.cwd(), deployment)}\n`);
}

function depositOf(name: DevnetName): string {
  return (DEPOSITS as Partial<Record<DevnetName, bigint>>)[name]!.toLocaleString("en-US");
}

function reportDeath({ name, code, signal, lastLines }: Death): void {
  console.error(`${name} has died (${signal ?? `exit code ${code}`}); its last words:`);
  for (const line of lastLines) console.error(`  ${line}`);
}
