import { ZeroAddress } from "ethers";
import { readBaseChain } from "../../scripts/fork/BaseChain.ts";
import { aggregatorArguments, soleOracle } from "../../scripts/fork/setUp.ts";
import type { Hex } from "../../src/crypto/bytes.ts";
import { FeedClient } from "../../src/l1/FeedClient.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import type { FeedReader } from "../../src/settlement/roundEvidence.ts";
import type { IAggregatorProxy, IFluxAggregator } from "../../typechain/index.ts";
import { actAs, deployThirdParty, type Connection } from "./baseChain.ts";
import type { ModelRound } from "./feedModel.ts";

/** A round and the aggregator that answers it. */
export interface Submission {
  readonly aggregator: IFluxAggregator;
  readonly usd: number;
  /** Time of the block, seconds since 1970. */
  readonly at: number;
}

/**
 * Chainlink's own proxy, ETH/USD of the base chain or, on an empty one, one that is deployed first; with aggregators of
 * Chainlink's behind it that answer what a test says, each in a phase of its own.
 */
export class PriceFeed {
  readonly proxy: IAggregatorProxy;
  readonly #connection: Connection;
  /** The rounds of the phases that a test has added, by phase. */
  readonly #phases = new Map<number, { aggregator: IFluxAggregator; rounds: ModelRound[] }>();

  private constructor(connection: Connection, proxy: IAggregatorProxy) {
    this.#connection = connection;
    this.proxy = proxy;
  }

  /** The feed of an L1. */
  static async on(connection: Connection): Promise<PriceFeed> {
    const { ethers } = connection;
    const chain = readBaseChain();
    const first = chain === undefined ? await deployAggregator(connection) : ZeroAddress;
    const address = chain?.feed ?? (await deployThirdParty(connection, "EACAggregatorProxy", [first, ZeroAddress]));
    return new PriceFeed(connection, await ethers.getContractAt("IAggregatorProxy", address));
  }

  /** Makes a new aggregator the current one, as the feed's owner does. */
  async addPhase(): Promise<{ phase: number; aggregator: IFluxAggregator }> {
    const address = await deployAggregator(this.#connection);
    await actAs(this.#connection, await this.proxy.owner(), async (owner) => {
      await this.proxy.connect(owner).proposeAggregator(address);
      await this.proxy.connect(owner).confirmAggregator(address);
    });
    const phase = Number(await this.proxy.phaseId());
    const aggregator = await this.#connection.ethers.getContractAt("IFluxAggregator", address);
    this.#phases.set(phase, { aggregator, rounds: [] });
    return { phase, aggregator };
  }

  /** Has the proxy ask a contract who may read it; without one, everybody may. */
  async setController(controller: string = ZeroAddress): Promise<void> {
    await actAs(this.#connection, await this.proxy.owner(), async (owner) => {
      await this.proxy.connect(owner).setController(controller);
    });
  }

  /** Follows a chain that was put back to a time before the rounds of `phase` and before the phases behind it. */
  forget(phase: number): void {
    for (const [known, { rounds }] of this.#phases) {
      if (known > phase) this.#phases.delete(known);
      else if (known === phase) rounds.length = 0;
    }
  }

  /** Answers rounds, each at its time, in order of time. */
  async answer(submissions: readonly Submission[]): Promise<void> {
    for (const { aggregator, usd, at } of [...submissions].sort((a, b) => a.at - b.at)) {
      const number = Number(await aggregator.latestRound()) + 1;
      const answer = BigInt(Math.round(usd * 1e8));
      await this.#connection.networkHelpers.time.setNextBlockTimestamp(at);
      await aggregator.submit(number, answer);
      const phase = [...this.#phases.values()].find((known) => known.aggregator === aggregator);
      phase?.rounds.push({ answer, updatedAt: at, answeredIn: number });
    }
  }

  /** What the model of the rule needs to know: the rounds of every phase from `base` on. */
  model(base: number): ModelRound[][] {
    return [...this.#phases].filter(([phase]) => phase >= base).map(([, { rounds }]) => rounds);
  }

  /** The feed as a node reads it, at the newest block. */
  async reader(): Promise<FeedReader> {
    const { provider } = this.#connection.ethers;
    const feed = new FeedClient(new L1Client(provider), (await this.proxy.getAddress()) as Hex);
    return feed.reader(await provider.getBlockNumber());
  }
}

/** An aggregator whose only oracle is the first account, paid in nothing. */
async function deployAggregator(connection: Connection): Promise<string> {
  const linkToken = readBaseChain()?.link ?? (await deployThirdParty(connection, "LinkToken", []));
  const address = await deployThirdParty(connection, "FluxAggregator", aggregatorArguments(linkToken));
  const [oracle] = await connection.ethers.getSigners();
  const aggregator = await connection.ethers.getContractAt("IFluxAggregator", address);
  await aggregator.changeOracles(...soleOracle(oracle!.address));
  return address;
}
