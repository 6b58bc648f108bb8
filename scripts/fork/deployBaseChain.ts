import { getCreateAddress, toQuantity, ZeroAddress } from "ethers";
import { ForkError } from "./ForkError.ts";
import type { BaseChain } from "./BaseChain.ts";
import { REAL_PHASE, type FeedAnswer } from "./rounds.ts";
import type { Rpc } from "./Rpc.ts";
import { aggregatorArguments, soleOracle, usdcSetUp } from "./setUp.ts";
import { link, thirdParty, type ThirdPartyName } from "./thirdParties.ts";

/** More than any of these transactions takes. */
const GAS = toQuantity(8_000_000);

/** The transactions of the third parties, each in a block of its own unless they share a second. */
export class BaseChainDeployer {
  readonly #rpc: Rpc;
  /** Who deploys and owns all, and is the feed's oracle. */
  readonly #owner: string;
  /** Who may change the token's code; the token refuses to speak to it. */
  readonly #proxyAdmin: string;
  #nonce = 0;
  #time: number;

  private constructor(rpc: Rpc, [owner, proxyAdmin]: readonly string[], time: number) {
    this.#rpc = rpc;
    this.#owner = owner!;
    this.#proxyAdmin = proxyAdmin!;
    this.#time = time;
  }

  /** Works on a chain that has nothing but its first block, of that time. */
  static async on(rpc: Rpc, time: number): Promise<BaseChainDeployer> {
    return new BaseChainDeployer(rpc, (await rpc.send("eth_accounts")) as string[], time);
  }

  /**
   * Deploys the third parties' contracts, with the proxy of the feed in phase {@link REAL_PHASE}, and replays rounds through
   * them, each at its own time. `progress` hears of every thousandth.
   *
   * @throws {@link ForkError}
   */
  async run(rounds: readonly FeedAnswer[], progress: (done: number) => void): Promise<Omit<BaseChain, "realRounds">> {
    const linkToken = await this.#deploy("LinkToken", []);
    const weth = await this.#deploy("WETH9", []);
    const usdc = await this.#deployUsdc();
    let aggregator = await this.#deployAggregator(linkToken);
    const feed = await this.#deploy("EACAggregatorProxy", [aggregator, ZeroAddress]);
    for (let phase = 2; phase <= REAL_PHASE; phase++) {
      aggregator = await this.#deployAggregator(linkToken);
      await this.#call("EACAggregatorProxy", feed, "proposeAggregator", [aggregator]);
      await this.#call("EACAggregatorProxy", feed, "confirmAggregator", [aggregator]);
    }
    await this.#replay(aggregator, rounds, progress);
    const block = Number(await this.#rpc.send("eth_blockNumber"));
    return { url: this.#rpc.url, block, usdc, feed, weth, link: linkToken };
  }

  /** Circle's token through all the versions that it has had. */
  async #deployUsdc(): Promise<string> {
    const owner = this.#owner;
    const code = await this.#deploy("FiatTokenV2_2", [], await this.#deploy("SignatureChecker", []));
    const usdc = await this.#deploy("FiatTokenProxy", [code]);
    await this.#call("FiatTokenProxy", usdc, "changeAdmin", [this.#proxyAdmin]);
    for (const [method, args] of usdcSetUp(owner)) await this.#call("FiatTokenV2_2", usdc, method, args);
    return usdc;
  }

  /** An aggregator with one oracle, which is paid nothing. */
  async #deployAggregator(linkToken: string): Promise<string> {
    const aggregator = await this.#deploy("FluxAggregator", aggregatorArguments(linkToken));
    await this.#call("FluxAggregator", aggregator, "changeOracles", soleOracle(this.#owner));
    return aggregator;
  }

  async #replay(aggregator: string, rounds: readonly FeedAnswer[], progress: (done: number) => void): Promise<void> {
    const { abi } = thirdParty("FluxAggregator");
    for (const [index, { answer, updatedAt }] of rounds.entries()) {
      await this.#send({ to: aggregator, data: abi.encodeFunctionData("submit", [index + 1, answer]) });
      // Rounds of one second are of one block.
      if (rounds[index + 1]?.updatedAt !== updatedAt) await this.#mine(updatedAt);
      if ((index + 1) % 1000 === 0) progress(index + 1);
    }
    // A transaction that fails is mined all the same.
    const latest = abi.encodeFunctionData("latestRound");
    const count = await this.#rpc.send("eth_call", [{ to: aggregator, data: latest }, "latest"]);
    if (BigInt(count as string) !== BigInt(rounds.length)) {
      throw new ForkError("RPC_FAILED", "rounds were not taken", { fields: { taken: count, sent: rounds.length } });
    }
  }

  async #deploy(name: ThirdPartyName, args: readonly unknown[], library = ZeroAddress): Promise<string> {
    const { abi, bytecode } = thirdParty(name);
    const address = getCreateAddress({ from: this.#owner, nonce: this.#nonce });
    await this.#transact(name, { data: link(bytecode, library) + abi.encodeDeploy(args).slice(2) });
    return address;
  }

  async #call(name: ThirdPartyName, to: string, method: string, args: readonly unknown[]): Promise<void> {
    await this.#transact(`${name}.${method}`, { to, data: thirdParty(name).abi.encodeFunctionData(method, args) });
  }

  async #transact(what: string, transaction: Readonly<Record<string, string>>): Promise<void> {
    const hash = await this.#send(transaction);
    await this.#mine(this.#time + 1);
    const receipt = (await this.#rpc.send("eth_getTransactionReceipt", [hash])) as { status: string } | null;
    if (receipt?.status !== "0x1") throw new ForkError("RPC_FAILED", "a transaction failed", { fields: { what } });
  }

  async #send(transaction: Readonly<Record<string, string>>): Promise<unknown> {
    const nonce = toQuantity(this.#nonce++);
    return this.#rpc.send("eth_sendTransaction", [{ from: this.#owner, gas: GAS, nonce, ...transaction }]);
  }

  async #mine(time: number): Promise<void> {
    this.#time = time;
    await this.#rpc.send("evm_mine", [{ timestamp: time }]);
  }
}
