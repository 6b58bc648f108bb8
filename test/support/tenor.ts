import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { Wallet } from "ethers";
import { addressOf, sign } from "../../src/crypto/secp256k1.ts";
import { concat, fromHex, toHex, type Hex } from "../../src/crypto/bytes.ts";
import { keccak256 } from "../../src/crypto/keccak.ts";
import { BridgeClient } from "../../src/l1/BridgeClient.ts";
import { ChainClient } from "../../src/l1/ChainClient.ts";
import { machineConfig, type Deployment } from "../../src/l1/deployment.ts";
import { deployTenor } from "../../src/l1/deployTenor.ts";
import { tokenAt } from "../../src/l1/Contracts.ts";
import { GameClient } from "../../src/l1/GameClient.ts";
import { InboxClient } from "../../src/l1/InboxClient.ts";
import { L1Client, type L1ClientOptions } from "../../src/l1/L1Client.ts";
import { L1Error } from "../../src/l1/L1Error.ts";
import { readParameters, type TenorParameters } from "../../src/l1/parameters.ts";
import { toBlobs } from "../../src/machine/BlobPayload.ts";
import { transferDigest, withdrawDigest } from "../../src/machine/TypedData.ts";
import { TX_TRANSFER, TX_WITHDRAW, type Transaction } from "../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../src/machine/WireEncoding.ts";
import type { StepResult } from "../../src/machine/Step.ts";
import { Challenger, type ChallengerOptions } from "../../src/roles/Challenger.ts";
import type { Follower } from "../../src/roles/Follower.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { Proposer, type ProposerOptions } from "../../src/roles/Proposer.ts";
import { connect, usdcOfBaseChain, type Connection } from "./baseChain.ts";
import { appendBlobBatch, blobWallet, MemoryBlobs } from "./blobs.ts";

/** The parameters of a local deployment, as committed; on a fork, with the base chain's USDC. */
export const LOCAL_PARAMETERS: TenorParameters = {
  ...readParameters(new URL("../../deploy/parameters/local.json", import.meta.url)),
  ...usdcOfBaseChain(),
};

/** 1 USDC. */
export const USDC = 1_000_000n;

/** Far enough in the future for every deadline. */
const NEVER = 2n ** 36n;

/** Expects that a contract refuses with the error `name`, and that the client says so. */
export async function expectRefused(call: Promise<unknown>, name: string): Promise<void> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(L1Error);
  expect((error as L1Error).toJSON()).to.have.nested.property("fields.error", name);
}

/** Somebody with a key who trades on L2 and pays for transactions on L1. */
export interface Trader {
  readonly name: string;
  readonly key: Uint8Array;
  /** Also the owner of the trader's account on L2. */
  readonly address: Hex;
  readonly bridge: BridgeClient;
  readonly inbox: InboxClient;
}

/** A node with a log of what its machine did. */
export interface TestFollower extends Follower {
  readonly steps: StepResult[];
}

/** A deployment on a simulated L1 with the people around it. */
export class World {
  readonly connection: Connection;
  readonly deployment: Deployment;
  readonly parameters: TenorParameters;
  readonly signers: readonly HardhatEthersSigner[];
  /** The sequencer's view of the inbox. */
  readonly sequencer: InboxClient;
  readonly domain: Uint8Array;
  /** What every node of this world reads blobs from. */
  readonly blobs = new MemoryBlobs();
  /** The sequencer's key, if it posts in blobs. */
  readonly #poster: Wallet | undefined;

  private constructor(
    connection: Connection,
    deployment: Deployment,
    parameters: TenorParameters,
    signers: readonly HardhatEthersSigner[],
    poster?: Wallet,
  ) {
    this.#poster = poster;
    this.connection = connection;
    this.deployment = deployment;
    this.parameters = parameters;
    this.signers = signers;
    this.domain = machineConfig(deployment).domain;
    this.sequencer = new InboxClient(this.client(signers[1]), deployment.addresses.inbox);
  }

  /** Deploys with the local parameters, some of them changed, on a new chain or on the one given. */
  static async launch(changes: Partial<TenorParameters> = {}, on?: Connection): Promise<World> {
    const connection = on ?? (await connect());
    const signers = await connection.ethers.getSigners();
    const parameters = { ...LOCAL_PARAMETERS, ...changes };
    const deployment = await deployTenor(signers[0]!, parameters);
    return new World(connection, deployment, parameters, signers);
  }

  /** The same with a sequencer that posts in blobs. */
  static async launchInBlobs(changes: Partial<TenorParameters> = {}, on?: Connection): Promise<World> {
    const connection = on ?? (await connect());
    const poster = await blobWallet(connection);
    const signers = await connection.ethers.getSigners();
    const parameters = { ...LOCAL_PARAMETERS, ...changes, sequencer: poster.address as Hex };
    const deployment = await deployTenor(signers[0]!, parameters);
    return new World(connection, deployment, parameters, signers, poster);
  }

  /** A connection to L1 of its own. */
  client(signer?: HardhatEthersSigner, options?: L1ClientOptions): L1Client {
    return new L1Client(this.connection.ethers.provider, signer, options);
  }

  /** A node that knows the endpoint and the deployment. */
  follower(options?: L1ClientOptions): TestFollower {
    const steps: StepResult[] = [];
    const observer = (step: StepResult): unknown => steps.push(step);
    const { blobs } = this;
    return Object.assign(makeFollower(this.client(undefined, options), this.deployment, { observer, blobs }), {
      steps,
    });
  }

  /** The StateCommitmentChain as an account sees it. */
  chain(signer: HardhatEthersSigner): ChainClient {
    return new ChainClient(this.client(signer), this.deployment.addresses.chain);
  }

  /** A proposer with nothing but a key. */
  proposer(chain = this.chain(this.signers[7]!), options: Partial<ProposerOptions> = {}): Proposer {
    const { startBlock } = this.deployment;
    return new Proposer({ follower: this.follower(), chain, startBlock, ...options });
  }

  /** The dispute game as an account sees it. */
  game(signer: HardhatEthersSigner): GameClient {
    return new GameClient(this.client(signer), this.deployment.addresses.game);
  }

  /** A challenger with nothing but a key; a defender unless told otherwise. */
  challenger(signer = this.signers[7]!, options: Partial<ChallengerOptions> = {}): Challenger {
    return new Challenger({
      mode: "defender",
      times: { reaction: 300n, censorship: 600n, margin: 600n },
      follower: this.follower(),
      chain: this.chain(signer),
      game: this.game(signer),
      startBlock: this.deployment.startBlock,
      ...options,
    });
  }

  /** Remembers L1 as it is. The function that it returns puts it back, and makes other blocks until the chain is longer. */
  async fork(): Promise<(instead?: () => Promise<unknown>) => Promise<void>> {
    const { provider, networkHelpers } = this.connection;
    const id: unknown = await provider.request({ method: "evm_snapshot" });
    return async (instead) => {
      const height = await networkHelpers.time.latestBlock();
      await provider.request({ method: "evm_revert", params: [id] });
      // Other blocks than those that were here before, also if nothing is done instead.
      await networkHelpers.time.increase(7);
      await instead?.();
      const missing = height + 1 - (await networkHelpers.time.latestBlock());
      if (missing > 0) await networkHelpers.mine(missing);
    };
  }

  /** Somebody with `usdc` in the wallet, who allows the bridge to take it. */
  async trader(name: string, usdc = 1000n): Promise<Trader> {
    const { ethers, networkHelpers } = this.connection;
    const key = keccak256(new TextEncoder().encode(name));
    const address = toHex(addressOf(key));
    await networkHelpers.setBalance(address, 10n ** 20n);
    const wallet = new ethers.Wallet(toHex(key), ethers.provider);
    const client = new L1Client(ethers.provider, wallet);
    const { addresses } = this.deployment;
    await (await tokenAt(addresses.token, this.signers[0]!).mint(address, usdc * USDC)).wait();
    const bridge = new BridgeClient(client, addresses.bridge);
    await bridge.approve(2n ** 255n);
    return { name, key, address, bridge, inbox: new InboxClient(client, addresses.inbox) };
  }

  /** What somebody has in the wallet, 1e-6 USDC. */
  balanceOf(address: Hex): Promise<bigint> {
    return tokenAt(this.deployment.addresses.token, this.signers[0]!).balanceOf(address);
  }

  /** Seconds since 1970, by L1. */
  async now(): Promise<bigint> {
    return BigInt(await this.connection.networkHelpers.time.latest());
  }

  /** Lets time pass. */
  async wait(seconds: bigint): Promise<void> {
    await this.connection.networkHelpers.time.increase(seconds);
  }

  /** Posts a batch by hand: reads all messages there are, then executes the items; `rest` comes behind them. */
  async post(make: (time: bigint) => readonly Transaction[] = () => [], rest = new Uint8Array(0)): Promise<void> {
    const { contract } = this.sequencer;
    const [index, messages, last] = await Promise.all([
      contract.batchCount(),
      contract.messageCount(),
      contract.lastL2Time(),
    ]);
    const now = await this.now();
    const time = now > last ? now : last;
    const items = make(time).map((transaction) => encodeItem(encodeTransaction(transaction, time)));
    const payload = concat(...items, rest);
    if (this.#poster === undefined) await this.sequencer.appendBatch(index, messages, time, payload);
    else await this.postBlobs(toBlobs(payload), payload.length);
  }

  /** Posts a batch in blobs as they are, with `length` bytes of payload: reads all messages there are. */
  async postBlobs(blobs: readonly Uint8Array[], length: number): Promise<void> {
    const { contract } = this.sequencer;
    const [index, messagesRead, last] = await Promise.all([
      contract.batchCount(),
      contract.messageCount(),
      contract.lastL2Time(),
    ]);
    const now = await this.now();
    for (const blob of blobs) this.blobs.keep(blob);
    const call = { index, messagesRead, l2Time: now > last ? now : last, length };
    await (await appendBlobBatch(this.#poster!, contract, call, blobs)).wait();
  }

  /** A signed withdrawal of the owner's. */
  withdraw(trader: Trader, account: number, amount: bigint, nonce: bigint): Transaction {
    const digest = withdrawDigest(this.domain, account, amount, fromHex(trader.address), nonce, NEVER);
    const auth = { nonce, deadline: NEVER, signature: sign(digest, trader.key) };
    return { type: TX_WITHDRAW, account, amount, payee: 0, auth };
  }

  /** A signed transfer of the owner's. */
  transfer(trader: Trader, from: number, to: number, amount: bigint, nonce: bigint): Transaction {
    const digest = transferDigest(this.domain, from, to, amount, nonce, NEVER);
    return {
      type: TX_TRANSFER,
      from,
      to,
      amount,
      auth: { nonce, deadline: NEVER, signature: sign(digest, trader.key) },
    };
  }
}
