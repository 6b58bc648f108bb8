import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hex } from "../../src/crypto/bytes.ts";
import { readDeployment, writeDeployment, type Deployment } from "../../src/l1/deployment.ts";
import type { DevnetName } from "./accounts.ts";

/** What stands on a devnet's L1. */
export interface DevnetWorld {
  readonly deployment: Deployment;
  /** Price feed of each market. */
  readonly feeds: Readonly<Record<number, Hex>>;
  /** Numbers of the accounts on L2. */
  readonly accounts: Readonly<Partial<Record<DevnetName, number>>>;
  /** When it was deployed, seconds. */
  readonly born: number;
}

/** The file of a folder that nodes read. */
export function deploymentFile(folder: string): string {
  return join(folder, "deployment.json");
}

/** Writes down what stands there. */
export function writeWorld(folder: string, { deployment, feeds, accounts, born }: DevnetWorld): void {
  writeDeployment(deploymentFile(folder), deployment);
  writeFileSync(join(folder, "devnet.json"), `${JSON.stringify({ feeds, accounts, born }, undefined, 2)}\n`);
}

/** What was written down. Only this program writes the file. */
export function readWorld(folder: string): DevnetWorld {
  const { feeds, accounts, born } = JSON.parse(readFileSync(join(folder, "devnet.json"), "utf8")) as DevnetWorld;
  return { deployment: readDeployment(deploymentFile(folder)), feeds, accounts, born };
}
