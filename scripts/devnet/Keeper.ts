import { JsonRpcProvider, Wallet } from "ethers";
import type { Deployment } from "../../src/l1/deployment.ts";
import { settlementAt } from "../../src/l1/Contracts.ts";
import { expirySeconds } from "../../src/market/types.ts";
import { findRoundEvidence } from "../../src/settlement/roundEvidence.ts";
import type { Logger } from "../../src/roles/Logger.ts";
import { keyOf } from "./accounts.ts";
import { Feed, FEED_PHASE, FEED_SCALE } from "./Feed.ts";
import type { DevnetWorld } from "./World.ts";

/** Moves the price feeds of a devnet, relays them as anchors, and has expiries fixed: what others do on a public chain. */
export class Keeper {
  readonly #provider: JsonRpcProvider;
  readonly #wallet: Wallet;
  readonly #deployment: Deployment;
  readonly #feeds: ReadonlyMap<number, Feed>;
  readonly #logger: Logger;
  /** Expiries whose price is fixed. */
  readonly #fixed = new Set<string>();

  constructor(url: string, { deployment, feeds }: DevnetWorld, logger: Logger) {
    this.#provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 });
    this.#wallet = new Wallet(keyOf("keeper"), this.#provider);
    this.#deployment = deployment;
    this.#logger = logger;
    const all = Object.entries(feeds).map(([id, address]): [number, Feed] => [
      Number(id),
      new Feed(address, this.#wallet),
    ]);
    this.#feeds = new Map(all);
  }

  /** The newest price of a market's feed, 1e-4 USD. */
  price(market: number): Promise<bigint> {
    return this.#feeds.get(market)!.price();
  }

  /** A round of each market's feed, relayed as an anchor. @param prices 1e-4 USD. */
  async round(prices: ReadonlyMap<number, bigint>): Promise<void> {
    const settlement = settlementAt(this.#deployment.addresses.settlement, this.#wallet);
    let nonce = await this.#wallet.getNonce();
    const { timestamp } = (await this.#provider.getBlock("latest"))!;
    for (const [market, price] of prices) {
      const feed = this.#feeds.get(market)!;
      const round = { answer: price * FEED_SCALE, updatedAt: timestamp, answeredIn: (await feed.latestRound()) + 1n };
      await feed.contract.getFunction("load")(FEED_PHASE, [round], { nonce: nonce++ });
      // The estimate is made on the state before the round.
      const transaction = await settlement.relayAnchor(market, { nonce: nonce++, gasLimit: 500_000n });
      await transaction.wait();
    }
  }

  /** Fixes the price of an expiry that has passed, if the feed's rounds allow it yet. */
  async fix(market: number, day: number): Promise<void> {
    const key = `${market}/${day}`;
    const { timestamp } = (await this.#provider.getBlock("latest"))!;
    if (this.#fixed.has(key) || timestamp <= expirySeconds(day)) return;
    const settlement = settlementAt(this.#deployment.addresses.settlement, this.#wallet);
    if ((await settlement.fixedPrice(market, day)) === 0n) {
      const target = { phaseBase: FEED_PHASE, day, now: BigInt(timestamp) };
      const evidence = await findRoundEvidence(this.#feeds.get(market)!, target);
      if (evidence.status !== "ready") return;
      await (await settlement.fixPrice(market, day, [...evidence.starts])).wait();
      this.#logger.info({ market, day }, "settlement price fixed");
    }
    this.#fixed.add(key);
  }

  /** Closes the connection. */
  close(): void {
    this.#provider.destroy();
  }
}
