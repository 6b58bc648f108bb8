import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { Asserter, knownAssertion, type KnownAssertion } from "./assertions.ts";
import { CHAIN_PARAMETERS, deployChain, type ChainFixture } from "./l1.ts";
import { Random, runSeed } from "./random.ts";
import { connect } from "./baseChain.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const { stake, challengePeriod } = CHAIN_PARAMETERS;

/** An assertion in the model. */
interface Node {
  known: KnownAssertion | undefined;
  id: string;
  parent: Node | undefined;
  children: Node[];
  confirmed: boolean;
  swept: boolean;
  /** When one of its children was confirmed. */
  closedAt: number;
  createdAt: number;
}

/** What stakes are worth, told without the contract's bookkeeping: a tree, and where each staker stands. */
class StakeModel {
  readonly nodes: Node[];
  readonly latest = new Map<HardhatEthersSigner, Node>();
  balance = 0n;

  constructor(genesis: string) {
    const root = { known: undefined, id: genesis, parent: undefined, children: [], createdAt: 0 };
    this.nodes = [{ ...root, confirmed: true, swept: false, closedAt: 0 }];
  }

  hasConfirmedChild(node: Node): boolean {
    return node.children.some(({ confirmed }) => confirmed);
  }

  isClosed(node: Node, now: number): boolean {
    const [only, second] = node.children;
    const decided = only !== undefined && second === undefined && BigInt(now - only.createdAt) >= challengePeriod;
    return decided || this.hasConfirmedChild(node);
  }

  mayAssert(staker: HardhatEthersSigner, parent: Node): boolean {
    const latest = this.latest.get(staker);
    return latest === undefined || latest === parent || latest.children.length > 0;
  }

  mayWithdraw(staker: HardhatEthersSigner): boolean {
    const latest = this.latest.get(staker);
    return latest !== undefined && (latest.confirmed || latest.children.length > 0);
  }

  /**
   * The most that the contract may still have to pay, whichever leaf comes to be the confirmed one: every stake that is free,
   * the stake of that leaf, and the escrow of every family on the way to it.
   */
  liabilities(): bigint {
    let worst = 0n;
    for (const leaf of this.nodes.filter(({ children }) => children.length === 0)) {
      const way: Node[] = [];
      for (let node: Node | undefined = leaf; node !== undefined; node = node.parent) way.push(node);
      const possible = way.every((node) => {
        const winner = node.parent?.children.find(({ confirmed }) => confirmed);
        return winner === undefined || winner === node;
      });
      if (!possible) continue;
      let due = 0n;
      for (const at of this.latest.values()) {
        if (at.children.length > 0 || at.confirmed || at === leaf) due += stake;
      }
      for (const { children, swept } of way) {
        if (!swept && children.length > 1) due += BigInt(children.length - 1) * stake;
      }
      if (due > worst) worst = due;
    }
    return worst;
  }

  /** Every leaf that is not confirmed holds the stake of exactly one staker. */
  expectLeavesStaked(): void {
    const held = [...this.latest.values()];
    for (const node of this.nodes) {
      if (node.confirmed || node.children.length > 0) continue;
      expect(held.filter((at) => at === node).length, "stakers behind a leaf").to.equal(1);
    }
  }
}

/** Plays random actions of all kinds, allowed or not, against the contract and the model. */
class StakePlay {
  readonly #random: Random;
  readonly #fixture: ChainFixture;
  readonly #stakers: HardhatEthersSigner[];
  readonly #asserter: Asserter;
  readonly #model: StakeModel;
  #labels = 0;

  constructor(random: Random, fixture: ChainFixture, stakers: HardhatEthersSigner[], genesis: string) {
    this.#random = random;
    this.#fixture = fixture;
    this.#stakers = stakers;
    this.#asserter = new Asserter(connection, fixture);
    this.#model = new StakeModel(genesis);
  }

  async act(): Promise<void> {
    const random = this.#random;
    const choice = random.integer(0, 99);
    if (choice < 55) await this.#assert();
    else if (choice < 70) await this.#withdraw(random.pick(this.#stakers));
    else if (choice < 85) await this.#confirm(this.#candidate());
    else if (choice < 95) await this.#sweep(random.pick(this.#model.nodes));
    else await time.increase(challengePeriod / 2n);
    await this.#check();
  }

  /** Everything that can be confirmed, swept and withdrawn is. */
  async settle(): Promise<void> {
    for (let tip: Node | undefined = this.#model.nodes[0]; tip !== undefined;) {
      const children: readonly Node[] = tip.children;
      if (children.length > 0 && !this.#model.hasConfirmedChild(tip)) {
        const winner = this.#random.pick(children);
        await time.increase(challengePeriod);
        await this.#confirm(winner, true);
      }
      if (children.length > 1) {
        await time.increase(challengePeriod);
        await this.#sweep(tip);
      }
      tip = children.find(({ confirmed }) => confirmed);
    }
    for (const staker of this.#stakers) await this.#withdraw(staker);
    await this.#check();
  }

  /** An assertion to confirm: often one whose turn it is. */
  #candidate(): Node {
    const { nodes } = this.#model;
    const due = nodes.filter((node) => node.confirmed && !this.#model.hasConfirmedChild(node));
    const children = due.flatMap((node) => node.children);
    return this.#random.pick(this.#random.chance(0.6) && children.length > 0 ? children : nodes);
  }

  async #assert(): Promise<void> {
    const model = this.#model;
    // New assertions mostly near the latest ones, so that trees grow deep and families of losers have families; some under
    // confirmed ones, which are open or closed.
    const confirmed = model.nodes.filter((node) => node.confirmed);
    const draw = this.#random.next();
    const last = model.nodes[model.nodes.length - 1]!;
    const parent = draw < 0.5 ? last : this.#random.pick(draw < 0.7 ? confirmed : model.nodes);
    const staker = this.#random.pick(this.#stakers);
    const call = await this.#asserter.arguments(parent.id, staker, `claim ${this.#labels++}`);
    await this.#asserter.fillInbox(call.expectedTarget);
    const block = (await ethers.provider.getBlock("latest"))!;
    const sent = this.#asserter.send(staker, {
      ...call,
      l1BlockNumber: BigInt(block.number),
      l1BlockHash: block.hash!,
    });
    if (model.isClosed(parent, block.timestamp + 1)) {
      await expect(sent).to.be.revertedWithCustomError(this.#fixture.chain, "FamilyClosed");
    } else if (!model.mayAssert(staker, parent)) {
      await expect(sent).to.be.revertedWithCustomError(this.#fixture.chain, "StakeInUse");
    } else {
      await sent;
      const known = knownAssertion(call);
      const createdAt = await time.latest();
      const node = {
        known,
        id: known.id,
        parent,
        children: [],
        confirmed: false,
        swept: false,
        closedAt: 0,
        createdAt,
      };
      if (!model.latest.has(staker)) model.balance += stake;
      parent.children.push(node);
      model.nodes.push(node);
      model.latest.set(staker, node);
    }
  }

  async #withdraw(staker: HardhatEthersSigner): Promise<void> {
    const allowed = this.#model.mayWithdraw(staker);
    const withdrawal = this.#fixture.chain.connect(staker).withdrawStake(staker);
    if (!allowed) {
      const error = this.#model.latest.has(staker) ? "StakeInUse" : "NoStake";
      await expect(withdrawal).to.be.revertedWithCustomError(this.#fixture.chain, error);
      return;
    }
    await withdrawal;
    this.#model.latest.delete(staker);
    this.#model.balance -= stake;
  }

  async #confirm(node: Node, certainly = false): Promise<void> {
    const { known, parent } = node;
    if (known === undefined || parent === undefined) return;
    const hasRivals = parent.children.length > 1;
    if (hasRivals) await this.#fixture.game.setTime(parent.id, known.historyRoot, challengePeriod);
    const now = (await time.latest()) + 1;
    const possible =
      !node.confirmed &&
      parent.confirmed &&
      !this.#model.hasConfirmedChild(parent) &&
      (hasRivals || BigInt(now - node.createdAt) >= challengePeriod);
    if (certainly) expect(possible).to.equal(true);
    const confirmation = this.#asserter.confirm(known);
    if (possible) {
      await confirmation;
      node.confirmed = true;
      parent.closedAt = await time.latest();
    } else {
      await expect(confirmation).to.be.revert(ethers);
    }
  }

  async #sweep(node: Node): Promise<void> {
    const amount = BigInt(node.children.length - 1) * stake;
    const early = (await time.latest()) + 1 < node.closedAt + Number(challengePeriod);
    const sweeping = this.#fixture.chain.sweep(node.id);
    const due = this.#model.hasConfirmedChild(node) && !node.swept && amount > 0n;
    if (due && early) {
      await expect(sweeping).to.be.revertedWithCustomError(this.#fixture.chain, "SweepTooEarly");
    } else if (due) {
      await expect(sweeping).to.changeEtherBalance(ethers, this.#fixture.treasury, amount);
      node.swept = true;
      this.#model.balance -= amount;
    } else {
      await expect(sweeping).to.be.revertedWithCustomError(this.#fixture.chain, "NothingToSweep");
    }
  }

  async #check(): Promise<void> {
    const balance = await ethers.provider.getBalance(this.#fixture.chain);
    expect(balance, "the balance is what the model says").to.equal(this.#model.balance);
    expect(balance >= this.#model.liabilities(), "the balance covers all that may be withdrawn").to.equal(true);
    this.#model.expectLeavesStaked();
  }
}

/**
 * Random trees of assertions whose stakers do random things.
 *
 * @param runs Trees.
 * @param actions In each of them.
 */
export function describeRandomStakes(runs: number, actions: number): void {
  describe("Stakes: the contract is solvent whatever happens", () => {
    const seed = runSeed();
    it(`over ${runs} random trees of assertions (TENOR_SEED=${seed})`, async () => {
      const random = new Random(seed);
      for (let run = 0; run < runs; run++) {
        const fixture = await deployChain(connection, { minParentAge: 0n });
        const stakers = (await ethers.getSigners()).slice(6, 6 + random.integer(2, 9));
        const play = new StakePlay(random, fixture, stakers, await fixture.chain.genesis());
        for (let action = 0; action < actions; action++) await play.act();
        await play.settle();
      }
    });
  });
}
