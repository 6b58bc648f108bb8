import type { Log } from "ethers";
import type { OptionsSettlement } from "../../typechain/index.ts";
import type { Hex } from "../crypto/bytes.ts";
import type { FeedReader } from "../settlement/roundEvidence.ts";
import { settlementAt } from "./Contracts.ts";
import { FeedClient } from "./FeedClient.ts";
import { ContractClient, decodeLog } from "./ContractClient.ts";
import { placeOf, type L1Client } from "./L1Client.ts";
import type {
  FeedAnswer,
  L1Receipt,
  ListedMarket,
  SettlementEvent,
  SettlementSource,
  SettlementWriter,
} from "./L1Source.ts";

/** The OptionsSettlement and the feeds of its markets, typed. */
export class SettlementClient extends ContractClient implements SettlementSource, SettlementWriter {
  readonly contract: OptionsSettlement;
  readonly #topics: readonly string[];

  constructor(client: L1Client, address: Hex) {
    super(client, address);
    this.contract = settlementAt(address, client.runner);
    const { interface: abi } = this.contract;
    this.#topics = [abi.getEvent("MarketListed").topicHash, abi.getEvent("AnchorRelayed").topicHash];
  }

  async settlementEvents(from: number, to: number): Promise<readonly SettlementEvent[]> {
    const logs = await this.client.logs(this.contractAddress, this.#topics, from, to);
    return logs.map((log) => this.#decode(log));
  }

  async listedMarket(market: number, block: number): Promise<ListedMarket | undefined> {
    const at = { blockTag: block };
    const raw = await this.client.read("read a market", () => this.contract.marketOf(market, at));
    if (raw.phaseBase === 0n) return undefined;
    return { feed: raw.feed as Hex, decimals: Number(raw.decimals), phaseBase: Number(raw.phaseBase) };
  }

  fixedPrice(market: number, day: number, block?: number): Promise<bigint> {
    const at = { blockTag: block ?? "latest" };
    return this.client.read("read a settlement price", () => this.contract.fixedPrice(market, day, at));
  }

  feedDecimals(feed: Hex, block: number): Promise<number | undefined> {
    return new FeedClient(this.client, feed).decimals(block);
  }

  latestAnswer(feed: Hex, block: number): Promise<FeedAnswer | undefined> {
    return new FeedClient(this.client, feed).latest(block);
  }

  feedReader(feed: Hex, block: number): FeedReader {
    return new FeedClient(this.client, feed).reader(block);
  }

  relayAnchor(market: number): Promise<L1Receipt> {
    return this.client.send("relay an anchor", this.contract.relayAnchor.populateTransaction(market));
  }

  fixPrice(market: number, day: number, starts: readonly bigint[]): Promise<L1Receipt> {
    const transaction = this.contract.fixPrice.populateTransaction(market, day, [...starts]);
    return this.client.send("fix a settlement price", transaction);
  }

  #decode(log: Log): SettlementEvent {
    const { name, args } = decodeLog(this.contract.interface, log);
    const market = Number(args.getValue("market"));
    if (name === "MarketListed") return { ...placeOf(log), type: "listed", market };
    const [price, updatedAt] = [args.getValue("price") as bigint, args.getValue("updatedAt") as bigint];
    return { ...placeOf(log), type: "anchor", market, price, updatedAt };
  }
}
