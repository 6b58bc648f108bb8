import { Contract, JsonRpcProvider, Wallet, type ContractTransactionResponse } from "ethers";
import { feedArtifact } from "../demo/feedArtifact.ts";
import { keyOf } from "./accounts.ts";
import type { DevnetWorld } from "./World.ts";

/** Decimals of the feeds, as of Chainlink's USD feeds. */
export const FEED_DECIMALS = 8;
/** From 1e-4 USD to the feeds' unit. */
export const FEED_SCALE = 10_000n;
/** Their only phase. */
export const FEED_PHASE = 1;

const ROUND_MASK = (1n << 64n) - 1n;

/** The price feeds of a devnet, which others operate on a public chain. */
export class Feeds {
  readonly #provider: JsonRpcProvider;
  readonly #contracts: ReadonlyMap<number, Contract>;

  constructor(url: string, { feeds }: Pick<DevnetWorld, "feeds">) {
    this.#provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 });
    const wallet = new Wallet(keyOf("feeds"), this.#provider);
    const { abi } = feedArtifact();
    const all = Object.entries(feeds).map(([market, address]): [number, Contract] => [
      Number(market),
      new Contract(address, abi, wallet),
    ]);
    this.#contracts = new Map(all);
  }

  /** The newest price of a market's feed, 1e-4 USD. */
  async price(market: number): Promise<bigint> {
    return (await this.#latest(market))[1]! / FEED_SCALE;
  }

  /** Another round of each market's feed. @param prices 1e-4 USD. */
  async round(prices: ReadonlyMap<number, bigint>): Promise<void> {
    const { timestamp: updatedAt } = (await this.#provider.getBlock("latest"))!;
    const sent: ContractTransactionResponse[] = [];
    for (const [market, price] of prices) {
      const answeredIn = ((await this.#latest(market))[0]! & ROUND_MASK) + 1n;
      const round = { answer: price * FEED_SCALE, updatedAt, answeredIn };
      const load = this.#contracts.get(market)!.getFunction("load");
      sent.push((await load(FEED_PHASE, [round])) as ContractTransactionResponse);
    }
    await Promise.all(sent.map((transaction) => transaction.wait()));
  }

  /** Closes the connection. */
  close(): void {
    this.#provider.destroy();
  }

  async #latest(market: number): Promise<readonly bigint[]> {
    return (await this.#contracts.get(market)!.getFunction("latestRoundData")()) as readonly bigint[];
  }
}
