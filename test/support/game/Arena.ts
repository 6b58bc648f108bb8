import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { TransactionReceipt } from "ethers";
import { toHex, type Hex } from "../../../src/crypto/bytes.ts";
import { GameView, type ViewNode } from "../../../src/game/GameView.ts";
import { confirmMove, updateOf } from "../../../src/game/plan.ts";
import type { Move, Update } from "../../../src/game/Move.ts";
import { translateError } from "../../../src/l1/ContractErrors.ts";
import { L1Error } from "../../../src/l1/L1Error.ts";
import type { ChainClient } from "../../../src/l1/ChainClient.ts";
import type { GameClient } from "../../../src/l1/GameClient.ts";
import { Clocks } from "./clocks.ts";
import type { Claim, GameScene } from "./GameScene.ts";

/** Enough for any transaction, and what a block of L1 lets one have. */
const TRANSACTION_GAS = 2n ** 24n;

/** What is offered for gas. Said with each transaction, for else the simulator is asked before each what is usual. */
const FEES = { maxFeePerGas: toQuantity(10n ** 12n), maxPriorityFeePerGas: toQuantity(10n ** 9n) };

/** Moves that go into one transaction. */
const MOST_MOVES = 12;

/** What a transaction does. */
interface Call {
  readonly to: Hex;
  readonly data: string;
  readonly value?: string;
}

/** Somebody who plays. */
export interface Actor {
  readonly name: string;
  /** When it will act next if nothing else happens, not before the arena's time; undefined: not at all. */
  wake(arena: Arena): Promise<number | undefined>;
  /** Does what it wants to do now. */
  act(arena: Arena): Promise<void>;
}

/**
 * Where a game is played: L1 with its time in the players' hands. Several transactions can share a second, so their order within
 * it is a choice of the test's too. After each of them it is checked that the chain can pay everybody.
 */
export class Arena {
  readonly scene: GameScene;
  readonly clocks = new Clocks();
  readonly view: GameView;
  /** L1 time, seconds. */
  now: number;
  /** Transactions that changed something. */
  version = 0;
  /** Gas of the moves that each account has made. */
  readonly gas = new Map<string, bigint>();
  /** Called with what the honest party is about to send, by those who watch the mempool. */
  readonly watchers: ((moves: readonly Move[]) => Promise<void>)[] = [];
  /** Until when the honest party's transactions are kept out. */
  censoredUntil = 0;
  readonly #stakers = new Set<string>();
  #decided = false;
  readonly #game: GameClient;
  readonly #chain: ChainClient;

  private constructor(scene: GameScene, now: number) {
    this.scene = scene;
    this.now = now;
    this.view = new GameView(scene.parent, scene.height, scene.sectionBits);
    this.#game = scene.game(scene.world.signers[0]!);
    this.#chain = scene.chain(scene.world.signers[0]!);
  }

  /** The arena of a scene in which nobody has asserted anything yet. */
  static async enter(scene: GameScene): Promise<Arena> {
    return new Arena(scene, Number(await scene.world.now()) + 1);
  }

  /** T, seconds. */
  get challengePeriod(): number {
    return Number(this.scene.world.parameters.challengePeriodSeconds);
  }

  /** L: how often a node has to be cut until its parts are single states. */
  get levels(): number {
    return Math.ceil(this.scene.height / this.scene.sectionBits);
  }

  /** The root node of a claim, if it was asserted. */
  async root(claim: Claim): Promise<ViewNode | undefined> {
    return this.view.root(await claim.history.node(claim.history.height, 0));
  }

  /** The first time at which a claim can be confirmed if nobody moves any more. */
  async earliest(claim: Claim): Promise<number | undefined> {
    const root = await this.root(claim);
    return root && this.clocks.earliest(this.view, root, this.challengePeriod, this.now);
  }

  /** Asserts now. @throws {@link L1Error} if the claim is refused. */
  async assert(signer: HardhatEthersSigner, claim: Claim): Promise<void> {
    await this.#transact(signer, await this.scene.assertTransaction(claim));
    await this.#seeAssertion(signer, claim);
  }

  /** Several assert now, in one block. */
  async assertTogether(
    claims: readonly { readonly signer: HardhatEthersSigner; readonly claim: Claim }[],
  ): Promise<void> {
    const { provider } = this.scene.world.connection;
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const hashes: unknown[] = [];
    for (const { signer, claim } of claims) {
      const gas = toQuantity(2_000_000n);
      const params = [{ ...(await this.scene.assertTransaction(claim)), from: signer.address, gas, ...FEES }];
      hashes.push(await provider.request({ method: "eth_sendTransaction", params }));
    }
    await this.#setTime();
    await provider.request({ method: "evm_mine", params: [] });
    await provider.request({ method: "evm_setAutomine", params: [true] });
    for (const { signer, claim } of claims) await this.#seeAssertion(signer, claim);
    const blocks = new Set<string>();
    for (const hash of hashes) {
      const receipt: unknown = await provider.request({ method: "eth_getTransactionReceipt", params: [hash] });
      blocks.add((receipt as { blockHash: string }).blockHash);
    }
    expect(blocks.size, "blocks").to.equal(1);
  }

  /** Sends moves in one transaction, now. Returns the name of the error if it is refused. */
  async send(signer: HardhatEthersSigner, moves: readonly Move[]): Promise<string | undefined> {
    const calls = moves.map((move) => this.#game.encode(move));
    const { interface: abi } = this.#game.contract;
    const data = calls.length === 1 ? calls[0]! : abi.encodeFunctionData("multicall", [calls]);
    const receipt = await this.#tryTo(signer, { to: this.scene.world.deployment.addresses.game, data });
    if (typeof receipt === "string") return receipt;
    this.gas.set(signer.address, (this.gas.get(signer.address) ?? 0n) + receipt.gasUsed);
    this.#decided ||= moves.some(({ type }) => type === "confirm");
    for (const event of this.#game.eventsOf(receipt.logs)) {
      if (event.type === "recorded" || event.type === "refunded") continue;
      this.view.apply(event);
      if (event.type === "opened") this.clocks.opened.set(toHex(event.node), this.now);
      this.version++;
    }
    await this.expectSolvent();
    return undefined;
  }

  /** What the last transaction has used, also if it failed, and its calldata. */
  async lastTransaction(): Promise<{ gasUsed: bigint; data: string }> {
    const { provider } = this.scene.world.connection;
    const block = (await provider.request({ method: "eth_getBlockByNumber", params: ["latest", true] })) as {
      gasUsed: string;
      transactions: { input: string }[];
    };
    expect(block.transactions.length, "transactions of the last block").to.equal(1);
    return { gasUsed: BigInt(block.gasUsed), data: block.transactions[0]!.input };
  }

  /** As {@link send}, in as many transactions as it takes, and nothing may be refused. */
  async sendAll(signer: HardhatEthersSigner, moves: readonly Move[], perTransaction = MOST_MOVES): Promise<void> {
    for (let i = 0; i < moves.length; i += perTransaction) {
      const part = moves.slice(i, i + perTransaction);
      expect(await this.send(signer, part), part.map(({ type }) => type).join(", ")).to.equal(undefined);
    }
  }

  /** Has the totals of a claim's nodes computed, and tries to confirm it. Returns the name of the error if it is refused. */
  async confirm(signer: HardhatEthersSigner, claim: Claim): Promise<string | undefined> {
    return await this.send(signer, [confirmMove(this.view, (await this.root(claim))!)]);
  }

  /** Has the totals of all nodes of everybody computed, children first. */
  async updateAll(signer: HardhatEthersSigner): Promise<void> {
    const updates: Update[] = [];
    const seen = new Set<Hex>();
    const visit = (node: ViewNode): void => {
      if (seen.has(node.id)) return;
      seen.add(node.id);
      for (const child of node.linked.values()) visit(child);
      if (node.children !== undefined) updates.push(updateOf(this.view, node));
    };
    for (const root of this.view.roots()) visit(root);
    for (let i = 0; i < updates.length; i += 8) {
      await this.sendAll(signer, [{ type: "update", updates: updates.slice(i, i + 8) }]);
    }
  }

  /** Pays a stake back. Returns the name of the error if that is refused. */
  async withdraw(signer: HardhatEthersSigner): Promise<string | undefined> {
    const data = this.#chain.contract.interface.encodeFunctionData("withdrawStake", [signer.address]);
    const receipt = await this.#tryTo(signer, { to: this.scene.world.deployment.addresses.chain, data });
    if (typeof receipt === "string") return receipt;
    await this.expectSolvent();
    return undefined;
  }

  /** The chain has all that it may have to pay: the stakes that can be withdrawn and what a decided family has lost. */
  async expectSolvent(): Promise<void> {
    const { parameters, connection, deployment } = this.scene.world;
    const stake = parameters.stakeWei;
    const { contract } = this.#chain;
    let due = BigInt(this.view.roots().length) * stake;
    if (this.#decided) {
      const family = await contract.assertionOf(this.scene.parent);
      const escrow = await contract.escrowOf(this.scene.parent);
      due = family.childCount > 1n && !escrow.isSwept ? (family.childCount - 1n) * stake - escrow.refunded : 0n;
      for (const address of this.#stakers) {
        const latest = await contract.latestOf(address);
        if (await contract.isConfirmed(latest)) due += stake;
      }
    }
    const balance = await connection.ethers.provider.getBalance(deployment.addresses.chain);
    expect(balance >= due, `the chain has ${balance} wei and owes ${due}`).to.equal(true);
  }

  async #seeAssertion(signer: HardhatEthersSigner, claim: Claim): Promise<void> {
    this.#stakers.add(signer.address);
    const name = await this.scene.nameOf(claim);
    this.view.apply({ type: "asserted", name });
    this.clocks.asserted.set((await this.root(claim))!.id, this.now);
    this.version++;
    await this.expectSolvent();
  }

  /** Sends a transaction, now. @throws {@link L1Error} if it is refused. */
  async #transact(signer: HardhatEthersSigner, transaction: Call): Promise<TransactionReceipt> {
    const { provider, ethers } = this.scene.world.connection;
    await this.#setTime();
    const gas = toQuantity(TRANSACTION_GAS);
    const params = [{ ...transaction, from: signer.address, gas, ...FEES }];
    const hash: unknown = await provider.request({ method: "eth_sendTransaction", params }).catch((error: unknown) => {
      throw translateError(error, "play");
    });
    return (await ethers.provider.getTransactionReceipt(hash as string))!;
  }

  /** As {@link #transact}, but gives the name of the error if it is refused. */
  #tryTo(signer: HardhatEthersSigner, transaction: Call): Promise<TransactionReceipt | string> {
    return this.#transact(signer, transaction).catch((error: unknown) => {
      if (!(error instanceof L1Error)) throw error;
      return typeof error.fields.error === "string" ? error.fields.error : String(error);
    });
  }

  async #setTime(): Promise<void> {
    await this.scene.world.connection.networkHelpers.time.setNextBlockTimestamp(this.now);
  }
}

function toQuantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}
