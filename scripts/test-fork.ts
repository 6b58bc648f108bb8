import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Anvil, baseChainFlags } from "./fork/Anvil.ts";
import { BASE_CHAIN_VARIABLE, writeBaseChain, type BaseChain } from "./fork/BaseChain.ts";
import { BaseChainDeployer } from "./fork/deployBaseChain.ts";
import { errorLine, errorTrace } from "../src/roles/loggable.ts";
import { forkCommand } from "./fork/options.ts";
import { ForkError } from "./fork/ForkError.ts";
import { PublicChain } from "./fork/publicChain.ts";
import { REAL_PHASE, readRealRounds, ROUNDS_FILE, type FeedAnswer } from "./fork/rounds.ts";
import { Processes } from "./fork/Processes.ts";
import { Rpc } from "./fork/Rpc.ts";

/**
 * Runs the contract and scenario suites on a fork: of an anvil that this script starts, with the third parties' own
 * contracts on it, or of the network at FORK_URL: `npm run test:fork`.
 */

/** The suites that deploy contracts and use them as people would. */
const SUITES = ["contracts", "deploy", "findings", "scenarios"];
/** Rounds that are replayed: 54 days. All of the file would take anvil minutes. */
const REPLAYED = 2000;
/** Seconds between the first block and the first round, in which everything is deployed. */
const SET_UP = 3600;

// Shows the help, or goes on: Hardhat understands what this command does not.
const chosen = forkCommand().parse().args;
const folder = mkdtempSync(join(tmpdir(), "tenor-fork-"));
const processes = new Processes();
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

try {
  const rounds = readRealRounds();
  const chain = await (process.env.FORK_URL === undefined
    ? startLocal(rounds)
    : openPublic(process.env.FORK_URL, rounds));
  console.log(`Pinned block ${chain.block}. USDC ${chain.usdc}, ETH/USD ${chain.feed}, WETH ${chain.weth}.`);
  const file = join(folder, "base-chain.json");
  writeBaseChain(file, chain);
  process.exitCode = await runSuites(file, chosen);
} catch (error) {
  process.exitCode = 1;
  // What fails once a signal has ended the processes needs no words.
  if (processes.exitCode === undefined) report(error);
}
await processes.end();
// Whatever still holds a connection must not keep this process.
process.exit(processes.exitCode);

function report(error: unknown): void {
  console.error(error instanceof ForkError ? errorLine(error) : errorTrace(error));
}

async function startLocal(real: readonly FeedAnswer[] | undefined): Promise<BaseChain> {
  const rounds = real?.slice(0, REPLAYED) ?? inventedRounds();
  if (real === undefined) console.log(`No ${ROUNDS_FILE}: ${rounds.length} invented rounds instead of real ones.`);
  const genesis = rounds[0]!.updatedAt - SET_UP;
  // The simulator keeps blocks by port, and another anvil may have had this one.
  rmSync(new URL("../cache/edr-fork-cache", import.meta.url), { recursive: true, force: true });
  const started = performance.now();
  const anvil = await Anvil.start(baseChainFlags(genesis), processes);
  const rpc = new Rpc(anvil.url);
  console.log(
    `anvil at ${anvil.url}; deploying and replaying ${rounds.length} rounds of ETH/USD, phase ${REAL_PHASE}.`,
  );
  const deployer = await BaseChainDeployer.on(rpc, genesis);
  const chain = await deployer.run(rounds, (done) => console.log(`  ${done} rounds`));
  rpc.close();
  console.log(`Ready after ${Math.round((performance.now() - started) / 1000)} s.`);
  return { ...chain, realRounds: real === undefined ? 0 : rounds.length };
}

async function openPublic(url: string, real: readonly FeedAnswer[] | undefined): Promise<BaseChain> {
  const network = new PublicChain(url);
  try {
    const chain = await network.pin(process.env.FORK_BLOCK, real ?? []);
    console.log(`Forking the network at FORK_URL; its feed has ${chain.realRounds} of the rounds in ${ROUNDS_FILE}.`);
    return chain;
  } finally {
    network.close();
  }
}

/** Two days of hourly rounds, where the real ones are not at hand. */
function inventedRounds(): FeedAnswer[] {
  const first = 1_700_000_000;
  return Array.from({ length: 48 }, (_, index) => {
    const answer = 2000n * 10n ** 8n + BigInt((index * 37) % 50) * 10n ** 8n;
    return { answer, updatedAt: first + 3600 * index, answeredIn: index + 1 };
  });
}

/** The exit code of Hardhat's test task on the suites, or on what the arguments say. */
async function runSuites(file: string, chosen: readonly string[]): Promise<number> {
  const files = chosen.some((argument) => argument.endsWith(".ts")) ? [] : SUITES.flatMap(testFiles);
  const require = createRequire(import.meta.url);
  const manifest = require("hardhat/package.json") as { bin: { hardhat: string } };
  const cli = join(require.resolve("hardhat/package.json"), "..", manifest.bin.hardhat);
  const env = { ...process.env, [BASE_CHAIN_VARIABLE]: file };
  const child = processes.add(
    spawn(process.execPath, [cli, "test", "mocha", ...chosen, ...files], { stdio: "inherit", env }),
  );
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => resolve(code ?? 1));
  });
}

/** Every test file below a folder of `test`. */
function testFiles(suite: string): string[] {
  const root = join("test", suite);
  const entries = readdirSync(root, { recursive: true, encoding: "utf8" });
  return entries.filter((name) => name.endsWith(".ts")).map((name) => join(root, name));
}
