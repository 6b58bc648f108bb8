import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { settlementAt } from "../../src/l1/Contracts.ts";
import { InboxClient } from "../../src/l1/InboxClient.ts";
import { MESSAGE_FORCED } from "../../src/machine/Inputs.ts";
import type { OrderTerms } from "../../src/machine/TypedData.ts";
import { TX_FILL, type Fill, type Transaction } from "../../src/machine/Wire.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { toWireMaker, toWireTaker, type MarketGrid, type SignedOrder } from "../../src/sequencer/SignedOrder.ts";
import { signOrder } from "../../src/sequencer/Signing.ts";
import { findRoundEvidence } from "../../src/settlement/roundEvidence.ts";
import type { IFluxAggregator, OptionsSettlement } from "../../typechain/index.ts";
import { PriceFeed } from "../support/PriceFeed.ts";
import { TERMS } from "../support/settlementScene.ts";
import { USDC, World, type TestFollower, type Trader } from "../support/tenor.ts";

/** The market of the story. */
export const MARKET = 1;
const GRID: MarketGrid = { tick: TERMS.tick, lot: TERMS.lot, steps: TERMS.steps };
const CONTRACT = 1_000_000n;
const PLAIN = { fillOrKill: false, immediateOrCancel: false, postOnly: false, reduceOnly: false };

/** What everybody begins with, in USDC. */
export const BEGINNING = 50_000n;

/**
 * A rollup on which two traders hold a position, and behind it somebody without any role who sends what has to be sent. The
 * sequencer and the governance have acted before; what they do from {@link Walkaway.leave} on, a test can ask.
 */
export class Walkaway {
  readonly world: World;
  readonly alice: Trader;
  readonly bob: Trader;
  /** Nobody's operator. */
  readonly stranger: HardhatEthersSigner;
  /** Reads L1 and nothing else. */
  readonly node: TestFollower;
  readonly inbox: InboxClient;
  readonly settlement: OptionsSettlement;
  readonly day: number;
  /** The market's feed, the phase that it was listed with, and who answers in it. */
  readonly feed: PriceFeed;
  readonly phase: number;
  readonly aggregator: IFluxAggregator;
  #nonce = 0n;
  #left = 0;

  private constructor(
    world: World,
    [alice, bob]: readonly [Trader, Trader],
    feed: PriceFeed,
    { phase, aggregator }: { phase: number; aggregator: IFluxAggregator },
    today: number,
  ) {
    this.world = world;
    this.alice = alice;
    this.bob = bob;
    this.stranger = world.signers[12]!;
    this.node = world.follower();
    this.inbox = new InboxClient(world.client(this.stranger), world.deployment.addresses.inbox);
    this.settlement = settlementAt(world.deployment.addresses.settlement, this.stranger);
    this.day = today + 3;
    this.feed = feed;
    this.phase = phase;
    this.aggregator = aggregator;
  }

  /** Deploys, lists a market on a feed of Chainlink's, has both deposit, and has the sequencer post one trade of theirs. */
  static async launch(): Promise<Walkaway> {
    const world = await World.launch({ historyHeight: 12n, sectionBits: 3n });
    const feed = await PriceFeed.on(world.connection);
    const phase = await feed.addPhase();
    await listMarket(world, MARKET, await feed.proxy.getAddress(), phase.phase);
    const people = [await world.trader("alice", BEGINNING), await world.trader("bob", BEGINNING)] as const;
    for (const { bridge, address } of people) await bridge.open(address, BEGINNING * USDC);
    const today = Number((await world.now()) / 86_400n);
    const scene = new Walkaway(world, people, feed, phase, today);
    await scene.price(2000);
    const fill = scene.fill({ isPut: false });
    await world.post(() => [fill]);
    await scene.node.sync();
    expect(scene.node.state.openAccount(2)!.positions).to.have.length(1);
    return scene;
  }

  /** From here on nobody who operates or governs does anything. */
  async leave(): Promise<void> {
    this.#left = await this.world.connection.networkHelpers.time.latestBlock();
  }

  /** Who has sent a transaction since then. */
  async sendersSince(): Promise<ReadonlySet<string>> {
    const { provider } = this.world.connection.ethers;
    const senders = new Set<string>();
    for (let number = this.#left + 1; number <= (await provider.getBlockNumber()); number++) {
      const block = await provider.getBlock(number, true);
      for (const { from } of block!.prefetchedTransactions) senders.add(from.toLowerCase());
    }
    return senders;
  }

  /** The feed says a price, and somebody relays it. */
  async price(usd: number, at?: number): Promise<void> {
    const time = at ?? Number(await this.world.now()) + 1;
    await this.feed.answer([{ aggregator: this.aggregator, usd, at: time }]);
    await (await this.settlement.relayAnchor(MARKET)).wait();
  }

  /** The expiry passes while the feed goes on, and somebody proves the price from its rounds. Returns it, 1e-4 USD. */
  async fixPrice(usd: number): Promise<bigint> {
    const expiry = this.day * 86_400 + 28_800;
    for (const at of [expiry - 3_000, expiry + 600]) await this.price(usd, at);
    await this.world.wait(900n);
    const now = await this.world.now();
    const found = await findRoundEvidence(await this.feed.reader(), { phaseBase: this.phase, day: this.day, now });
    if (found.status !== "ready") expect.fail(`no evidence: ${found.status}`);
    await (await this.settlement.fixPrice(MARKET, this.day, [...found.starts])).wait();
    return await this.settlement.fixedPrice(MARKET, this.day);
  }

  /** Alice sells Bob a contract at 2,000 USD for 100 USD, both signatures for a forced fill too. */
  fill({ isPut, market = MARKET }: { isPut: boolean; market?: number }): Fill {
    const { alice, bob, day } = this;
    const { domain } = this.world;
    this.#nonce++;
    const sign = (account: number, { key }: Trader, isSell: boolean): SignedOrder => {
      const terms: OrderTerms = {
        ...{ ...PLAIN, account, market, expiryDay: day, strike: 20_000_000n, isPut, isSell, forcible: true },
        ...{ quantity: CONTRACT, limitPrice: 1_000_000n, maxFee: 100_000n, nonce: this.#nonce },
        deadline: BigInt(day) * 86_400n,
      };
      return signOrder(domain, terms, key);
    };
    return {
      type: TX_FILL,
      maker: toWireMaker(sign(1, alice, true), GRID),
      taker: toWireTaker(sign(2, bob, false), GRID, 1_000_000n),
      lots: CONTRACT / GRID.lot,
    };
  }

  /** Puts a transaction into the inbox: the owner itself where its word is needed, else anybody. */
  async enqueue(transaction: Transaction, by?: Trader): Promise<void> {
    await (by?.inbox ?? this.inbox).enqueue(MESSAGE_FORCED, encodeTransaction(transaction, 0n));
  }

  /** Waits for the force delay and forces all messages in. Returns the results of the forced transactions, which are the last. */
  async force(): Promise<readonly number[]> {
    await this.node.sync();
    const { messageCount } = this.node.log;
    const first = this.node.machineState.message;
    await this.world.wait(this.world.parameters.forceDelaySeconds);
    const last = messageCount - 1n;
    const { log } = this.node;
    await this.inbox.forceInclude(messageCount, log.message(last), log.messagePath(last), messageCount);
    const before = this.node.steps.length;
    await this.node.sync();
    const results = this.node.steps.slice(before).filter(({ kind }) => kind === "message");
    // What the feed says comes before, one step each; a forced settlement has a step for each account.
    let leading = 0;
    while (log.message(first + BigInt(leading)).kind !== MESSAGE_FORCED) leading++;
    return results.slice(leading).map(({ code }) => code);
  }
}

/** Has the governance of a world list a market. */
export async function listMarket(world: World, market: number, feed: string, phaseBase: number): Promise<void> {
  const { connection, deployment } = world;
  const governance = await connection.ethers.getImpersonatedSigner(deployment.addresses.timelock);
  await connection.networkHelpers.setBalance(governance.address, 10n ** 18n);
  const settlement = settlementAt(deployment.addresses.settlement, governance);
  await settlement.listMarket(market, feed, TERMS.tick, TERMS.lot, TERMS.steps, phaseBase);
}
