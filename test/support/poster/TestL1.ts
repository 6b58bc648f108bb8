import { spawn, type ChildProcess } from "node:child_process";
import { JsonRpcProvider } from "ethers";
import { network } from "hardhat";
import { anvilBinary } from "../../../scripts/fork/Anvil.ts";

/** The two L1s that the poster's tests run on: Hardhat's simulator and anvil, which have nothing in common but the protocol. */
export const L1_KINDS = ["simulator", "anvil"] as const;
export type L1Kind = (typeof L1_KINDS)[number];

/** Time of the first block: 10:00 UTC on day 20,100. */
const START = 20_100 * 86_400 + 36_000;

/** A chain behind a JSON-RPC endpoint on a free port of the loopback interface, with the tests' powers over it. */
export class TestL1 {
  readonly kind: L1Kind;
  readonly url: string;
  readonly provider: JsonRpcProvider;
  readonly #stop: () => Promise<void>;

  private constructor(kind: L1Kind, url: string, stop: () => Promise<void>) {
    this.kind = kind;
    this.url = url;
    this.provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 });
    this.provider.pollingInterval = 5;
    this.#stop = stop;
  }

  static async start(kind: L1Kind): Promise<TestL1> {
    return kind === "anvil" ? TestL1.#anvil() : TestL1.#simulator();
  }

  async stop(): Promise<void> {
    this.provider.destroy();
    await this.#stop();
  }

  /** Time of the newest block, seconds. */
  async now(): Promise<bigint> {
    return BigInt((await this.provider.getBlock("latest"))!.timestamp);
  }

  async height(): Promise<number> {
    return Number(await this.send("eth_blockNumber"));
  }

  /** Lets time pass and mines a block. */
  async pass(seconds: number): Promise<void> {
    const next = Number(await this.now()) + Math.max(1, seconds);
    await this.send("evm_setNextBlockTimestamp", next);
    await this.send("evm_mine");
  }

  /** Whether each transaction is mined at once; otherwise only `pass` mines. */
  async automine(on: boolean): Promise<void> {
    await this.send("evm_setAutomine", on);
  }

  async setBalance(address: string, wei: bigint): Promise<void> {
    await this.send("hardhat_setBalance", address, `0x${wei.toString(16)}`);
  }

  /** The base fee of the next block. */
  async setBaseFee(wei: bigint): Promise<void> {
    await this.send("hardhat_setNextBlockBaseFeePerGas", `0x${wei.toString(16)}`);
  }

  /** Takes everything out of the pool. */
  async emptyPool(): Promise<void> {
    if (this.kind === "anvil") return void (await this.send("anvil_dropAllTransactions"));
    const pending = (await this.send("eth_pendingTransactions")) as { hash: string }[];
    for (const { hash } of pending) await this.send("hardhat_dropTransaction", hash);
  }

  async snapshot(): Promise<string> {
    return (await this.send("evm_snapshot")) as string;
  }

  /**
   * Goes back to a snapshot, and mines other blocks until the chain is longer than it was, `seconds` apart in all.
   *
   * @param instead What happens on the new chain first.
   */
  async reorganise(snapshot: string, instead?: () => Promise<unknown>): Promise<void> {
    const [height, time] = [await this.height(), await this.now()];
    await this.send("evm_revert", snapshot);
    await this.emptyPool();
    // Other blocks than those that were there, and none before their time.
    await this.pass(Number(time - (await this.now())) + 1);
    await instead?.();
    while ((await this.height()) <= height) await this.pass(1);
  }

  async revert(snapshot: string): Promise<void> {
    await this.send("evm_revert", snapshot);
    await this.emptyPool();
  }

  send(method: string, ...params: unknown[]): Promise<unknown> {
    return this.provider.send(method, params);
  }

  static async #simulator(): Promise<TestL1> {
    const override = { initialDate: new Date(START * 1000), loggingEnabled: false, allowBlocksWithSameTimestamp: true };
    const server = await network.createServer({ override }, "127.0.0.1");
    const { address, port } = await server.listen();
    return new TestL1("simulator", `http://${address}:${port}`, () => server.close());
  }

  static async #anvil(): Promise<TestL1> {
    const args = ["--host", "127.0.0.1", "--port", "0", "--timestamp", String(START), "--hardfork", "osaka"];
    args.push("--accounts", "1", "--order", "fees");
    const child = spawn(anvilBinary(), args, { stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    // Whatever becomes of this process, that one ends with it.
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    const url = await listening(child);
    return new TestL1("anvil", url, async () => {
      process.off("exit", kill);
      kill();
      await ended;
    });
  }
}

function listening(child: ChildProcess): Promise<string> {
  let printed = "";
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error(`anvil ended: ${printed}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream!.on("data", (part: Buffer) => {
        if (printed.length < 10_000) printed += part.toString();
        const address = /Listening on (127\.0\.0\.1:\d+)/.exec(printed)?.[1];
        if (address !== undefined) resolve(`http://${address}`);
      });
    }
  });
}
