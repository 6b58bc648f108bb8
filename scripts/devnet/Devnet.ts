import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { JsonRpcProvider } from "ethers";
import { Anvil } from "../fork/Anvil.ts";
import { DEPOSITS, keyOf, type DevnetName } from "./accounts.ts";
import { Children, type ChildObserver, type Exit } from "./Children.ts";
import { deployDevnet, DEVNET_TIMES } from "./deployDevnet.ts";
import type { DevnetOptions } from "./options.ts";
import { deploymentFile, readWorld, writeWorld, type DevnetWorld } from "./World.ts";

/** Where everything is. */
export interface DevnetPlaces {
  readonly l1: string;
  readonly deployment: string;
  /** URLs by what is there. */
  readonly urls: Readonly<Record<string, string>>;
}

/** What the processes run. */
const NODE = new URL("../node.ts", import.meta.url);
const MARKET = new URL("./market.ts", import.meta.url);
const ROLES = ["poster", "proposer", "defender", "watchtower", "keeper", "page"] as const;

/** A local L1 with everything on it, and every role as a process of its own. */
export class Devnet {
  readonly #children: Children;
  readonly #folder: string;
  readonly #options: Pick<DevnetOptions, "l1Port" | "rpcPort" | "blockTime">;

  constructor(
    folder: string,
    options: Pick<DevnetOptions, "l1Port" | "rpcPort" | "blockTime">,
    observer: ChildObserver,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#children = new Children(observer);
    for (const path of [folder, join(folder, "logs")]) mkdirSync(path, { recursive: true });
  }

  /** What stands on its L1, once it has started. */
  get world(): DevnetWorld {
    return readWorld(this.#folder);
  }

  /** Starts everything. @param say Told what comes next. */
  async start(say: (what: string) => void): Promise<DevnetPlaces> {
    const { l1Port, rpcPort, blockTime } = this.#options;
    const state = join(this.#folder, "l1.json");
    const isNew = !existsSync(state);
    say(isNew ? "L1" : "L1, from the folder");
    const anvil = ["--accounts", "11", "--state", state, "--order", "fees"];
    const { url } = await Anvil.start(anvil, this.#children, l1Port);
    if (isNew) {
      say("contracts, markets, accounts");
      writeWorld(this.#folder, await deployDevnet(url));
    }
    await mineEvery(url, blockTime);

    const deployment = deploymentFile(this.#folder);
    const common = ["--deployment", deployment, "--l1", url, "--status-port", "0"];
    const urls: Record<string, string> = {};
    say("sequencer");
    const ports = ["--feed-port", "0", "--reports-port", "0", "--rpc-port", String(rpcPort)];
    const own = ["--journal", this.#file("sequencer.sqlite"), "--checkpoints", this.#file("sequencer-state.sqlite")];
    own.push("--history", this.#file("history.sqlite"));
    // Seldom enough for a quiet log, often enough to see one's trade on L1.
    const times = ["--batch-age", "6", "--poll", "1000"];
    const flags = ["sequencer", ...common, ...ports, ...own, ...times];
    const env = { TENOR_RECEIPT_KEY: keyOf("receipts") };
    const started = urlsIn(await this.#start("sequencer", NODE, flags, env));
    for (const name of ["rpc", "feed", "reports"]) urls[name] = started[name]!;
    urls["sequencer's health"] = started.status!;
    say([...ROLES, "market"].join(", "));
    const starting = ROLES.map(async (role) => {
      const flags = [role, ...common, ...this.#flagsOf(role, urls)];
      const started = urlsIn(await this.#start(role, NODE, flags, keysOf(role)));
      if (started.page !== undefined) urls.page = started.page;
      return [`${role}'s health`, started.status!] as const;
    });
    const market = [this.#folder, url, urls.reports!, urls.rpc!];
    const [health] = await Promise.all([Promise.all(starting), this.#start("market", MARKET, market, {})]);
    Object.assign(urls, Object.fromEntries(health));
    return { l1: url, deployment, urls };
  }

  /** Ends everything; L1 writes its state down. @returns How each process has ended. */
  stop(): Promise<Exit[]> {
    return this.#children.end();
  }

  #flagsOf(role: (typeof ROLES)[number], urls: Readonly<Record<string, string>>): string[] {
    if (role === "poster") {
      const files = ["--journal", this.#file("poster.sqlite"), "--blobs", this.#file("blobs")];
      return [...files, "--feed", urls.feed!, "--kinds", "calldata", "--poll", "1000", "--min-hours", "0"];
    }
    if (role === "page") return ["--page-port", "0", "--checkpoints", this.#file("page-state.sqlite")];
    // Every round of the feeds is relayed, one a minute, so that there is something to see.
    if (role === "keeper") return ["--anchor-age", "0", "--checkpoints", this.#file("keeper-state.sqlite")];
    const times = Object.entries(DEVNET_TIMES).flatMap(([name, seconds]) => [`--${name}`, String(seconds)]);
    return [...times, "--poll", "2000", "--checkpoints", this.#file(`${role}-state.sqlite`)];
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  async #start(name: string, script: URL, args: readonly string[], env: Record<string, string>): Promise<string> {
    const logFile = join(this.#folder, "logs", `${name}.log`);
    return this.#children.start(name, script, args, `the ${name} starts`, { env, logFile });
  }
}

/** Lets L1's time go on by itself. */
async function mineEvery(url: string, seconds: number): Promise<void> {
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true });
  try {
    await provider.send("evm_setAutomine", [false]);
    await provider.send("evm_setIntervalMining", [seconds]);
  } finally {
    provider.destroy();
  }
}

/** The URLs in a line of a log. */
function urlsIn(line: string): Record<string, string> {
  const fields = Object.entries(JSON.parse(line) as Record<string, unknown>);
  return Object.fromEntries(fields.filter((field): field is [string, string] => String(field[1]).startsWith("http")));
}

/** The key of a role, in its environment. */
function keysOf(role: (typeof ROLES)[number]): Record<string, string> {
  switch (role) {
    case "poster":
      return { TENOR_POSTER_KEY: keyOf("sequencer") };
    case "proposer":
      return { TENOR_PROPOSER_KEY: keyOf("proposer") };
    case "defender":
      return { TENOR_DEFENDER_KEY: keyOf("defender") };
    case "keeper":
      return { TENOR_KEEPER_KEY: keyOf("keeper") };
    case "watchtower":
    case "page":
      return {};
  }
}

/** Who is left for somebody to trade with. */
export function freeTraders(): DevnetName[] {
  // The taker uses the last one.
  return (Object.keys(DEPOSITS) as DevnetName[]).filter((name) => name !== "maker" && name !== "trader 3");
}
