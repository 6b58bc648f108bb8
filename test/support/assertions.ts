import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionResponse } from "ethers";
import { anyHash, assertionId, endAt, historyOf, stateHash, type MachineStateArgument } from "./evidence.ts";
import type { Connection } from "./baseChain.ts";
import type { ChainFixture } from "./l1.ts";

/** Everything that `assertState` takes. */
export interface AssertArguments {
  parent: string;
  end: MachineStateArgument;
  historyRoot: string;
  lastLeafPath: string[];
  expectedTarget: bigint;
  l1BlockNumber: bigint;
  l1BlockHash: string;
  value: bigint;
}

/** An assertion as the tests know it: its id and the content that the id is made of. */
export interface KnownAssertion {
  id: string;
  parent: string;
  end: MachineStateArgument;
  endStateHash: string;
  historyRoot: string;
}

/** What an asserter deals with. */
export type AsserterScene = Pick<ChainFixture, "inbox" | "sequencer" | "chain">;

/** Plays assertions against a chain. */
export class Asserter {
  readonly #fixture: AsserterScene;
  readonly #connection: Connection;

  constructor(connection: Connection, fixture: AsserterScene) {
    this.#connection = connection;
    this.#fixture = fixture;
  }

  /** Appends empty batches until the inbox has `count` of them. */
  async fillInbox(count: bigint): Promise<void> {
    const { inbox, sequencer } = this.#fixture;
    for (let index = await inbox.batchCount(); index < count; index++) {
      const latest = await this.#connection.networkHelpers.time.latest();
      await inbox.connect(sequencer).appendBatch(index, 0, latest, "0x");
    }
  }

  /** Fills the inbox up to the target of `parent`'s children and lets `parent` grow old enough. */
  async prepare(parent: string): Promise<bigint> {
    const { chain } = this.#fixture;
    const { childTarget, createdAt } = await chain.assertionOf(parent);
    await this.fillInbox(childTarget);
    const { minParentAge } = await chain.parameters();
    const { time } = this.#connection.networkHelpers;
    const earliest = createdAt + minParentAge;
    if (BigInt(await time.latest()) < earliest) await time.increaseTo(earliest);
    return childTarget;
  }

  /** Valid arguments for a child of `parent`; `label` makes it differ from its siblings. */
  async arguments(
    parent: string,
    staker: HardhatEthersSigner,
    label = "honest",
    fields: Partial<MachineStateArgument> = {},
  ): Promise<AssertArguments> {
    const { chain } = this.#fixture;
    const { childTarget } = await chain.assertionOf(parent);
    const { historyHeight, stake } = await chain.parameters();
    const end = endAt(childTarget, { stateRoot: anyHash(`${label} at ${childTarget}`), ...fields });
    const states = [anyHash("first step"), anyHash("second step"), stateHash(end)];
    const history = historyOf(states, Number(historyHeight));
    const block = (await this.#connection.ethers.provider.getBlock("latest"))!;
    const staked = (await chain.latestOf(staker)) !== this.#connection.ethers.ZeroHash;
    return {
      parent,
      end,
      historyRoot: history.root,
      lastLeafPath: history.lastLeafPath,
      expectedTarget: childTarget,
      l1BlockNumber: BigInt(block.number),
      l1BlockHash: block.hash!,
      value: staked ? 0n : stake,
    };
  }

  /** Sends `assertState`. */
  async send(staker: HardhatEthersSigner, call: AssertArguments): Promise<ContractTransactionResponse> {
    const { parent, end, historyRoot, lastLeafPath, expectedTarget, l1BlockNumber, l1BlockHash, value } = call;
    return this.#fixture.chain
      .connect(staker)
      .assertState(parent, end, historyRoot, lastLeafPath, expectedTarget, l1BlockNumber, l1BlockHash, { value });
  }

  /** Makes a child of `parent` when everything is ready for it. */
  async assert(
    staker: HardhatEthersSigner,
    parent: string,
    label = "honest",
    fields: Partial<MachineStateArgument> = {},
  ): Promise<KnownAssertion> {
    await this.prepare(parent);
    const call = await this.arguments(parent, staker, label, fields);
    await this.send(staker, call);
    return knownAssertion(call);
  }

  /** Confirms. */
  async confirm({ parent, endStateHash, historyRoot }: KnownAssertion): Promise<ContractTransactionResponse> {
    return this.#fixture.chain.confirm(parent, endStateHash, historyRoot);
  }

  /** Lets the challenge period pass since the assertion was made, and confirms. */
  async confirmInTime(assertion: KnownAssertion): Promise<ContractTransactionResponse> {
    const { chain } = this.#fixture;
    const { createdAt } = await chain.assertionOf(assertion.id);
    const { challengePeriod } = await chain.parameters();
    const { time } = this.#connection.networkHelpers;
    const ready = createdAt + challengePeriod;
    if (BigInt(await time.latest()) < ready) await time.increaseTo(ready);
    return this.confirm(assertion);
  }
}

/** The assertion that a call makes. */
export function knownAssertion({ parent, end, historyRoot }: AssertArguments): KnownAssertion {
  const endStateHash = stateHash(end);
  return { id: assertionId(parent, endStateHash, historyRoot), parent, end, endStateHash, historyRoot };
}
