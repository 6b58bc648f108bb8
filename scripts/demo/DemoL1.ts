import { Contract, ContractFactory, type ContractTransaction, type Wallet } from "ethers";
import { toHex, type Hex } from "../../src/crypto/bytes.ts";
import { bridgeAt, inboxAt, settlementAt, tokenAt } from "../../src/l1/Contracts.ts";
import { deployTenor } from "../../src/l1/deployTenor.ts";
import type { Deployment } from "../../src/l1/deployment.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { PosterClient } from "../../src/l1/PosterClient.ts";
import { LocalSigner } from "../../src/l1/TransactionSigner.ts";
import { interfaceOf } from "../../src/l1/Artifacts.ts";
import { readParameters, type TenorParameters } from "../../src/l1/parameters.ts";
import type { MachineConfig } from "../../src/machine/Execution.ts";
import { MESSAGE_FORCED } from "../../src/machine/Inputs.ts";
import type { InputLog } from "../../src/machine/InputLog.ts";
import type { Transaction } from "../../src/machine/Wire.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { MARKETS } from "../../src/market/types.ts";
import { BatchPoster } from "../../src/poster/BatchPoster.ts";
import { PosterHealth } from "../../src/poster/PosterHealth.ts";
import { PosterJournal } from "../../src/poster/PosterJournal.ts";
import { DEFAULT_POSTER_SETTINGS } from "../../src/poster/PosterSettings.ts";
import { SequencerFeed, sequencerView } from "../../src/poster/SequencerFeed.ts";
import type { Follower } from "../../src/roles/Follower.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import type { ReplayL1 } from "../../src/replay/Replay.ts";
import { REPLAY_SIGNERS } from "../../src/replay/ReplayOracle.ts";
import type { TraderAccount } from "../../src/replay/Traders.ts";
import type { Sequencer } from "../../src/sequencer/Sequencer.ts";
import type { Logger } from "../../src/roles/Logger.ts";
import { findRoundEvidence, type FeedReader } from "../../src/settlement/roundEvidence.ts";
import { TenorError } from "../../src/errors.ts";
import { feedArtifact } from "./feedArtifact.ts";
import { LocalL1 } from "./LocalL1.ts";

/** What the demo can run into on its L1. */
export type DemoL1ErrorCode = "PRICE_NOT_FIXABLE" | "POSTER_STUCK";

/** See {@link DemoL1ErrorCode}. */
export class DemoL1Error extends TenorError<DemoL1ErrorCode> {
  override readonly name = "DemoL1Error";
}

/** Decimals of the feeds, as of Chainlink's USD feeds. */
const FEED_DECIMALS = 8;
/** From 1e-4 USD to the feed's unit. */
const FEED_SCALE = 10_000n;
const PHASE = 1;
/** Rounds of the poster for one batch before the demo gives up. */
const POSTER_ROUNDS = 20;

/** The keys of the demo's operators; they are worth nothing. */
export const KEYS = {
  admin: `0x${"a1".repeat(32)}`,
  sequencer: `0x${"a2".repeat(32)}`,
  feeder: `0x${"a3".repeat(32)}`,
  proposer: `0x${"a4".repeat(32)}`,
  treasury: `0x${"a5".repeat(32)}`,
  /** Lies about the day. */
  operator: `0x${"a6".repeat(32)}`,
  defender: `0x${"a7".repeat(32)}`,
} as const satisfies Record<string, Hex>;

/** The deployed system on the local L1, its feeds, and the operator's view of it. */
export class DemoL1 implements ReplayL1 {
  readonly l1: LocalL1;
  readonly deployment: Deployment;
  readonly parameters: TenorParameters;
  readonly follower: Follower;
  /** Gas of each operation, in the order of the transactions. */
  readonly gas = new Map<string, bigint[]>();
  readonly #admin: Wallet;
  readonly #feeder: Wallet;
  readonly #feeds = new Map<number, Contract>();
  readonly #rounds = new Map<number, bigint>();
  readonly #config: MachineConfig;
  readonly #client: L1Client;
  readonly #logger: Logger;
  readonly #posterL1: PosterClient;
  #poster: BatchPoster | undefined;

  private constructor(
    l1: LocalL1,
    deployment: Deployment,
    parameters: TenorParameters,
    wallets: { admin: Wallet; feeder: Wallet; sequencer: Wallet },
    config: (deployment: Deployment) => MachineConfig,
    logger: Logger,
  ) {
    this.#logger = logger;
    this.l1 = l1;
    this.deployment = deployment;
    this.parameters = parameters;
    this.#admin = wallets.admin;
    this.#feeder = wallets.feeder;
    this.#config = config(deployment);
    this.#client = L1Client.connect(l1.url, deployment.chainId);
    this.follower = makeFollower(this.#client, deployment, { logger });
    this.#posterL1 = new PosterClient(new L1Client(l1.provider), {
      chainId: deployment.chainId,
      inbox: deployment.addresses.inbox,
      signer: new LocalSigner(wallets.sequencer.privateKey),
    });
  }

  /** Starts a chain at `time` (seconds), deploys everything, lists the markets and names the oracle. */
  static async start(time: number, config: (deployment: Deployment) => MachineConfig, logger: Logger): Promise<DemoL1> {
    const l1 = await LocalL1.start(time);
    const [admin, feeder, sequencer, treasury] = await Promise.all(
      [KEYS.admin, KEYS.feeder, KEYS.sequencer, KEYS.treasury].map((key) => l1.wallet(key)),
    );
    const parameters: TenorParameters = {
      ...readParameters(new URL("../../deploy/parameters/local.json", import.meta.url)),
      chainId: l1.chainId,
      sequencer: sequencer!.address as Hex,
      feeRecipient: admin!.address as Hex,
      treasury: treasury!.address as Hex,
      timelockProposers: [admin!.address as Hex],
    };
    const deployment = await deployTenor(admin!, parameters);
    await l1.refreshTime();
    const demo = new DemoL1(
      l1,
      deployment,
      parameters,
      { admin: admin!, feeder: feeder!, sequencer: sequencer! },
      config,
      logger,
    );
    await demo.#setUp();
    return demo;
  }

  get view(): InputLog {
    return this.follower.log;
  }

  /** Stops everything. */
  async stop(): Promise<void> {
    this.#client.close();
    await this.l1.stop();
  }

  async open(account: TraderAccount, amount: bigint, time: bigint): Promise<number> {
    const { token, bridge } = this.deployment.addresses;
    const wallet = await this.l1.wallet(toHex(account.privateKey));
    const usdc = tokenAt(token, wallet);
    const target = bridgeAt(bridge, wallet);
    await this.l1.send(wallet, await usdc.mint.populateTransaction(wallet.address, amount), time);
    await this.l1.send(wallet, await usdc.approve.populateTransaction(bridge, amount), time);
    const half = amount / 2n;
    const number = Number(await target.accountCount()) + 1;
    await this.#send("open account", wallet, target.open.populateTransaction(wallet.address, half), time);
    await this.#send(
      "deposit",
      wallet,
      target.deposit.populateTransaction(number, wallet.address, amount - half),
      time,
    );
    return number;
  }

  async round(market: number, price: bigint, time: bigint): Promise<void> {
    const number = (this.#rounds.get(market) ?? 0n) + 1n;
    this.#rounds.set(market, number);
    const at = time > this.l1.time ? time : this.l1.time;
    const round = { answer: price * FEED_SCALE, updatedAt: at, answeredIn: number };
    const feed = this.#feeds.get(market)!;
    await this.l1.send(this.#feeder, await feed.getFunction("load").populateTransaction(PHASE, [round]), at);
    const settlement = settlementAt(this.deployment.addresses.settlement, this.#feeder);
    await this.#send("relay anchor", this.#feeder, settlement.relayAnchor.populateTransaction(market), at);
  }

  async fixPrice(market: number, day: number, time: bigint): Promise<void> {
    await this.l1.mineAt(time);
    const evidence = await findRoundEvidence(this.#feedReader(market), { phaseBase: PHASE, day, now: this.l1.time });
    if (evidence.status !== "ready") {
      throw new DemoL1Error("PRICE_NOT_FIXABLE", "the feed's rounds do not fix a price yet", {
        fields: { market, day, time, ...evidence },
      });
    }
    const settlement = settlementAt(this.deployment.addresses.settlement, this.#feeder);
    const call = settlement.fixPrice.populateTransaction(market, day, [...evidence.starts]);
    await this.#send("fix price", this.#feeder, call, time);
  }

  async post(sequencer: Sequencer, time: bigint): Promise<void> {
    this.#poster ??= this.#makePoster(sequencer);
    if (time > this.l1.time) await this.l1.mineAt(time);
    let outcome = "";
    for (let round = 0; round < POSTER_ROUNDS; round++) {
      await this.l1.setTime(this.l1.time);
      outcome = (await this.#poster.post()).kind;
      if (outcome === "idle") return;
    }
    throw new DemoL1Error("POSTER_STUCK", "the poster does not come to rest", { fields: { outcome, time } });
  }

  #makePoster(sequencer: Sequencer): BatchPoster {
    const feed = new SequencerFeed(
      () => sequencer,
      async () => sequencerView(this.view, this.follower.head?.timestamp ?? this.l1.time),
    );
    return new BatchPoster({
      config: this.#config,
      // A second node starts from this endpoint alone, which serves no blobs.
      settings: { ...DEFAULT_POSTER_SETTINGS, kinds: "calldata", maxBacklog: POSTER_ROUNDS },
      feed,
      l1: this.#posterL1,
      view: this.follower,
      // Of the demo nothing goes on after its process.
      journal: PosterJournal.open(":memory:", "demo", this.#logger),
      health: new PosterHealth(this.#logger),
      logger: this.#logger,
      observer: ({ state, receipt }) => {
        if (state === "mined") this.#note("batch", receipt!.gasUsed);
      },
    });
  }

  /** Enqueues a forced transaction of an account's owner. */
  async force(account: TraderAccount, transaction: Transaction, time: bigint): Promise<void> {
    const wallet = await this.l1.wallet(toHex(account.privateKey));
    const inbox = inboxAt(this.deployment.addresses.inbox, wallet);
    const payload = encodeTransaction(transaction, 0n);
    await this.#send("forced message", wallet, inbox.enqueue.populateTransaction(MESSAGE_FORCED, payload), time);
  }

  /** Lists the markets, gives them their risk parameters and names the oracle, all through the timelock. */
  async #setUp(): Promise<void> {
    const target = settlementAt(this.deployment.addresses.settlement, this.#admin);
    const { threshold, addresses } = REPLAY_SIGNERS;
    const { abi, bytecode } = feedArtifact();
    for (const { id, tick, lot, strikeSteps, risk } of MARKETS) {
      const feed = await new ContractFactory(abi, bytecode, this.#feeder).deploy(FEED_DECIMALS, PHASE);
      await feed.waitForDeployment();
      this.#feeds.set(id, feed as Contract);
      const address = await feed.getAddress();
      const steps: [bigint, bigint, bigint] = [...strikeSteps];
      await this.#govern("list market", target.listMarket.populateTransaction(id, address, tick, lot, steps, PHASE));
      const { minVol, maxVol, bandFloor, exposureMultiple } = risk;
      const setMarket = target.setMarket.populateTransaction(id, minVol, maxVol, bandFloor, exposureMultiple);
      await this.#govern("set market", setMarket);
    }
    const setSigners = target.setSigners.populateTransaction(
      threshold,
      addresses.map((address) => toHex(address)),
    );
    await this.#govern("set signers", setSigners);
  }

  /** A call of OptionsSettlement by its owner, the timelock: proposed, and executed when its delay is over. */
  async #govern(operation: string, proposal: Promise<ContractTransaction>): Promise<void> {
    const { timelock, settlement } = this.deployment.addresses;
    const owner = new Contract(timelock, interfaceOf("TimelockController"), this.#admin);
    const delay = this.parameters.timelockDelaySeconds;
    const { data } = await proposal;
    const none = `0x${"00".repeat(32)}`;
    await this.l1.refreshTime();
    const call = [settlement, 0n, data, none, none] as const;
    await this.l1.send(this.#admin, await owner.getFunction("schedule").populateTransaction(...call, delay));
    const later = this.l1.time + delay;
    await this.#send(operation, this.#admin, owner.getFunction("execute").populateTransaction(...call), later);
  }

  #feedReader(market: number): FeedReader {
    const feed = this.#feeds.get(market)!;
    return {
      phase: async () => Number(await feed.getFunction("phaseId")()),
      latestRound: () => Promise.resolve(this.#rounds.get(market) ?? 0n),
      getRound: async (phase, round) => {
        if (phase !== PHASE || round < 1n || round > (this.#rounds.get(market) ?? 0n)) return undefined;
        const id = (BigInt(phase) << 64n) | round;
        const answer = (await feed.getFunction("getRoundData")(id)) as readonly bigint[];
        return { answer: answer[1]!, updatedAt: answer[3]!, answeredInRound: answer[4]! & ((1n << 64n) - 1n) };
      },
    };
  }

  async #send(operation: string, wallet: Wallet, call: Promise<ContractTransaction>, time: bigint): Promise<void> {
    const receipt = await this.l1.send(wallet, await call, time);
    this.#note(operation, receipt.gasUsed);
  }

  #note(operation: string, gas: bigint): void {
    const list = this.gas.get(operation) ?? [];
    this.gas.set(operation, list);
    list.push(gas);
  }

  /** Adds a measurement that another role made. */
  note(operation: string, gas: bigint): void {
    this.#note(operation, gas);
  }
}
