import { expect } from "chai";
import { Wallet } from "ethers";
import { equalBytes, toHex, type Hex } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import type { BlobSource } from "../../../src/derive/BlobSource.ts";
import { inboxAt, tokenAt, bridgeAt } from "../../../src/l1/Contracts.ts";
import { deploymentGenesis, machineConfig, type Deployment } from "../../../src/l1/deployment.ts";
import { deployTenor } from "../../../src/l1/deployTenor.ts";
import { InboxClient } from "../../../src/l1/InboxClient.ts";
import { L1Client } from "../../../src/l1/L1Client.ts";
import { readParameters } from "../../../src/l1/parameters.ts";
import { PosterClient, type BlobStore } from "../../../src/l1/PosterClient.ts";
import { LocalSigner } from "../../../src/l1/TransactionSigner.ts";
import type { MachineConfig } from "../../../src/machine/Execution.ts";
import { DATA_FORCED, MESSAGE_DEPOSIT } from "../../../src/machine/Inputs.ts";
import { BatchPoster } from "../../../src/poster/BatchPoster.ts";
import type { PostOutcome } from "../../../src/poster/PostOutcome.ts";
import { isFatal, PosterError } from "../../../src/poster/PosterError.ts";
import { PosterHealth } from "../../../src/poster/PosterHealth.ts";
import { PosterJournal } from "../../../src/poster/PosterJournal.ts";
import type { DataKind } from "../../../src/poster/PosterL1.ts";
import { DEFAULT_POSTER_SETTINGS, type PosterSettings } from "../../../src/poster/PosterSettings.ts";
import type { JournalStep, PosterObserver } from "../../../src/poster/Postings.ts";
import { SequencerFeed, sequencerView } from "../../../src/poster/SequencerFeed.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import type { Follower } from "../../../src/roles/Follower.ts";
import { makeFollower } from "../../../src/roles/nodes.ts";
import { genesisCheckpoint } from "../../../src/sequencer/DerivedState.ts";
import { MemoryJournal } from "../../../src/sequencer/Journal.ts";
import { withRecoverCache } from "../../../src/sequencer/RecoverCache.ts";
import { Sequencer } from "../../../src/sequencer/Sequencer.ts";
import { DEFAULT_OPTIONS } from "../../../src/sequencer/SequencerOptions.ts";
import { signTransfer } from "../../../src/sequencer/Signing.ts";
import { POSTER_KEY } from "./keys.ts";
import { TestL1, type L1Kind } from "./TestL1.ts";

/** A deployment on a real L1, a sequencer that follows it, and posters of its batches. */

const ADMIN: Hex = `0x${"a1".repeat(32)}`;

const OWNER: Hex = `0x${"a8".repeat(32)}`;
const USDC = 1_000_000n;
const DEPOSIT = 1_000_000n * USDC;
const NEVER = 2n ** 36n;

/** Blobs in memory, for those who post and those who read. */
export class MemoryBlobs implements BlobSource, BlobStore {
  readonly #blobs = new Map<string, Uint8Array>();

  async store(versionedHash: Uint8Array, blob: Uint8Array): Promise<void> {
    this.#blobs.set(toHex(versionedHash), blob);
  }

  async blob(versionedHash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#blobs.get(toHex(versionedHash));
  }
}

/** A poster with what belongs to it. */
export interface TestPoster {
  readonly poster: BatchPoster;
  readonly journal: PosterJournal;
  readonly health: PosterHealth;
  readonly steps: JournalStep[];
  close(): void;
}

export interface TestPosterOptions extends Partial<PosterSettings> {
  readonly journal?: string;
  /** The endpoint, if it is not the L1's own. */
  readonly url?: string;
  readonly observer?: PosterObserver;
  readonly timeoutMilliseconds?: number;
}

/** What a round came to; one that fails leaves the rest to the next. */
export type RoundResult = PostOutcome | { readonly kind: "failed"; readonly code: string };

export class PosterScene {
  readonly l1: TestL1;
  readonly deployment: Deployment;
  readonly config: MachineConfig;
  readonly blobs: BlobSource & BlobStore;
  readonly #owner = new Wallet(OWNER);
  readonly #ready: { snapshot: string };
  #sequencer!: Sequencer;
  #follower!: Follower;
  #clock = 0n;
  /** Transfers that the sequencer has acknowledged. */
  #transfers = 0;

  private constructor(l1: TestL1, deployment: Deployment, blobs: BlobSource & BlobStore, snapshot: string) {
    this.l1 = l1;
    this.deployment = deployment;
    this.config = withRecoverCache(machineConfig(deployment));
    this.blobs = blobs;
    this.#ready = { snapshot };
  }

  /** Deploys on a new chain, with two accounts that have deposited. */
  static async launch(kind: L1Kind, blobs: BlobSource & BlobStore = new MemoryBlobs()): Promise<PosterScene> {
    const l1 = await TestL1.start(kind);
    await l1.automine(true);
    const wallets = [ADMIN, POSTER_KEY, OWNER].map((key) => new Wallet(key, l1.provider));
    for (const { address } of wallets) await l1.setBalance(address, 10n ** 21n);
    const [admin, poster, owner] = wallets as [Wallet, Wallet, Wallet];
    const { chainId } = await l1.provider.getNetwork();
    const deployment = await deployTenor(admin, {
      ...readParameters(new URL("../../../deploy/parameters/local.json", import.meta.url)),
      chainId,
      sequencer: poster.address as Hex,
      forceDelaySeconds: 60n,
    });
    const { token, bridge } = deployment.addresses;
    await (await tokenAt(token, admin).mint(owner.address, 2n * DEPOSIT)).wait();
    await (await tokenAt(token, owner).approve(bridge, 2n * DEPOSIT)).wait();
    for (let i = 0; i < 2; i++) await (await bridgeAt(bridge, owner).open(owner.address, DEPOSIT)).wait();
    const scene = new PosterScene(l1, deployment, blobs, await l1.snapshot());
    await scene.#start();
    return scene;
  }

  /** Everything as it was after the launch. */
  async reset(): Promise<void> {
    await this.l1.revert(this.#ready.snapshot);
    this.#ready.snapshot = await this.l1.snapshot();
    // Anvil mines beside the answer, so blocks come when the test says; the simulator takes blobs only if it mines at once.
    await this.l1.automine(this.l1.kind === "simulator");
    await this.l1.setBalance(new Wallet(POSTER_KEY).address, 10n ** 21n);
    await this.l1.setBaseFee(10n ** 9n);
    await this.#start();
  }

  stop(): Promise<void> {
    return this.l1.stop();
  }

  get sequencer(): Sequencer {
    return this.#sequencer;
  }

  /** What the poster asks: the sequencer of this process. */
  readonly feed = new SequencerFeed(
    () => this.#sequencer,
    async () => sequencerView(await this.#follow(), this.#clock),
  );

  client(url = this.l1.url, timeoutMilliseconds = 120_000): L1Client {
    return L1Client.connect(url, this.deployment.chainId, undefined, { timeoutMilliseconds });
  }

  /** A node of its own. */
  follower(client = this.client()): Follower {
    return makeFollower(client, this.deployment, { blobs: this.blobs });
  }

  /** A poster; without a journal it has one in memory. */
  poster({
    journal: path = ":memory:",
    url,
    observer,
    timeoutMilliseconds,
    ...settings
  }: TestPosterOptions = {}): TestPoster {
    const client = this.client(url, timeoutMilliseconds);
    const { inbox } = this.deployment.addresses;
    const l1 = new PosterClient(client, {
      chainId: this.deployment.chainId,
      inbox,
      signer: new LocalSigner(POSTER_KEY),
      blobs: this.blobs,
    });
    const steps: JournalStep[] = [];
    const health = new PosterHealth(SILENT);
    const journal = PosterJournal.open(path, "test", SILENT);
    const poster = new BatchPoster({
      config: this.config,
      settings: { ...DEFAULT_POSTER_SETTINGS, confirmations: 3, replaceAfter: 24n, ...settings },
      feed: this.feed,
      l1,
      view: this.follower(client),
      journal,
      health,
      observer: async (step) => {
        steps.push(step);
        await observer?.(step);
      },
    });
    const close = (): void => {
      journal.close();
      client.close();
    };
    return { poster, journal, health, steps, close };
  }

  /** Has the sequencer take `count` transfers of 1 USDC and seal them as one batch. */
  async trade(count = 2): Promise<void> {
    await this.#follow();
    const submissions = Array.from({ length: count }, () => {
      const terms = { nonce: BigInt(this.#transfers++), deadline: NEVER };
      const fields = { from: 1, to: 2, amount: USDC };
      const transaction = signTransfer(this.config.domain, fields, terms, Buffer.from(OWNER.slice(2), "hex"));
      return { kind: "transaction", transaction } as const;
    });
    for (const outcome of this.#sequencer.submitMany(submissions)) expect(outcome).to.include({ accepted: true });
    this.#sequencer.seal();
  }

  /** Somebody enqueues a message, waits for the force delay, and forces it in. */
  async forceInclude(): Promise<void> {
    const owner = new Wallet(OWNER, this.l1.provider);
    const inbox = inboxAt(this.deployment.addresses.inbox, owner);
    // A message of a kind that nobody enqueues by hand has no effect on L2, which is all the same here.
    await this.#mined(await inbox.enqueue.populateTransaction(MESSAGE_DEPOSIT, "0x"));
    await this.l1.pass(61);
    const node = this.follower();
    await node.sync();
    const { log } = node;
    const count = log.messageCount;
    const message = log.message(count - 1n);
    const client = new InboxClient(new L1Client(this.l1.provider), this.deployment.addresses.inbox);
    const evidence = {
      kind: message.kind,
      sender: toHex(message.sender),
      l1Block: message.l1Block,
      l1Time: message.l1Time,
      payloadHash: keccak256(message.payload),
    };
    const levels = ((count - 1n) ^ count).toString(2).length - 1;
    const path = log.messagePath(count - 1n, count).slice(0, levels);
    await this.#mined(await client.contract.forceInclude.populateTransaction(count, evidence, path));
  }

  /** Rounds of a poster, with blocks between them, until nothing is left; what they came to, or failed with. */
  async settle({ poster }: TestPoster, rounds = 60): Promise<RoundResult[]> {
    const results: RoundResult[] = [];
    for (let round = 0; round < rounds; round++) {
      const result = await poster.post().catch((error: unknown) => {
        if (!(error instanceof PosterError) || isFatal(error)) throw error;
        return { kind: "failed", code: error.code } as const;
      });
      results.push(result);
      if (result.kind === "idle") return results;
      await this.l1.pass(12);
    }
    throw new Error(`the poster does not come to rest: ${results.map(({ kind }) => kind).join(", ")}`);
  }

  /**
   * What every fault must end in: the batches on L1 are the sequencer's, each once and in its order, and with everything that it
   * has acknowledged.
   *
   * @param batches How many of them there are at least.
   */
  async expectSequence(batches: number, kind?: DataKind): Promise<void> {
    const node = this.follower();
    await node.sync();
    this.#sequencer.sync(await this.#follow());
    expect(toHex(node.machineState.stateRoot), "L1 leads to the sequencer's state").to.equal(
      toHex(this.#sequencer.stateRoot),
    );
    const { log } = node;
    const posted = Array.from({ length: Number(log.batchCount) }, (_, i) => log.batch(BigInt(i))).filter(
      ({ record }) => record.dataKind !== DATA_FORCED,
    );
    expect(posted.length, "batches").to.be.greaterThanOrEqual(batches);
    for (const [i, one] of posted.entries()) {
      if (one.payload.length === 0) continue;
      const twins = posted.filter((other) => equalBytes(one.payload, other.payload));
      expect(twins, `batch ${i} is there once`).to.have.length(1);
      if (kind !== undefined) expect(one.record.dataKind, `kind of batch ${i}`).to.equal(kind === "blob" ? 2 : 1);
    }
    const waiting = this.#sequencer.exchange.batches.filter(({ status }) => status === "sealed");
    expect(waiting, "nothing is left").to.deep.equal([]);
    const moved = BigInt(this.#transfers) * USDC;
    expect(node.state.openAccount(2)?.cash, "each transfer happened once").to.equal(DEPOSIT + moved);
  }

  async #follow(): Promise<Follower["log"]> {
    await this.#follower.sync();
    this.#clock = this.#follower.head!.timestamp;
    return this.#follower.log;
  }

  async #start(): Promise<void> {
    this.#transfers = 0;
    this.#follower = this.follower();
    const log = await this.#follow();
    this.#sequencer = new Sequencer(
      this.config,
      DEFAULT_OPTIONS,
      { clock: { now: () => this.#clock }, journal: new MemoryJournal(), logger: SILENT },
      genesisCheckpoint(deploymentGenesis(this.deployment)),
      log,
    );
  }

  /** Sends as the accounts' owner and has it mined. */
  async #mined(call: { to?: string; data?: string }): Promise<void> {
    const owner = this.#owner.connect(this.l1.provider);
    const sent = await owner.sendTransaction({
      ...call,
      gasLimit: 500_000,
      maxFeePerGas: 10n ** 13n,
      maxPriorityFeePerGas: 10n ** 10n,
    });
    await this.l1.pass(1);
    const receipt = await this.l1.provider.getTransactionReceipt(sent.hash);
    expect(receipt?.status, "the owner's transaction").to.equal(1);
  }
}
