import { expect } from "chai";
import { network } from "hardhat";
import type { ContractTransactionResponse } from "ethers";
import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { messageLeaf } from "../../src/machine/Inputs.ts";
import { SequenceTree } from "../../src/machine/SequenceTree.ts";
import type { IRollupInbox } from "../../typechain/contracts/inbox/RollupInbox.ts";
import { Asserter } from "../support/assertions.ts";
import { deployBridge, INBOX_PARAMETERS, type BridgeFixture } from "../support/l1.ts";
import { confirmState, stateWith, withdrawalWitness } from "../support/withdrawals.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

/**
 * Gas of the L1 operations as they are in the long run: no counter is zero and no word is written for the first time but those
 * that every such operation writes. The ceilings are measured figures rounded up to the next 500 or the one after (hashes and times
 * vary in their number of zero bytes), so that a change that makes an operation dearer is seen; `target` is what the design asks for.
 */
interface Ceiling {
  readonly target: number;
  readonly ceiling: number;
}

const CEILINGS = {
  "deposit to an existing account": { target: 85_000, ceiling: 79_000 },
  "open an account": { target: 110_000, ceiling: 100_500 },
  "forced message of 100 bytes": { target: 50_000, ceiling: 43_000 },
  "batch of 1 kB of calldata": { target: 90_000, ceiling: 64_500 },
  "empty batch": { target: 60_000, ceiling: 42_500 },
  "force inclusion among 300 messages": { target: 70_000, ceiling: 52_000 },
  "assertion at height 26": { target: 130_000, ceiling: 92_500 },
  "assertion at height 26 with a new stake": { target: 150_000, ceiling: 111_000 },
  "confirm without a rival": { target: 70_000, ceiling: 41_500 },
  "withdrawal among 2,000 slots": { target: 90_000, ceiling: 79_500 },
} satisfies Record<string, Ceiling>;

type Operation = keyof typeof CEILINGS;

async function expectGas(operation: Operation, transaction: Promise<ContractTransactionResponse>): Promise<void> {
  const used = Number((await (await transaction).wait())!.gasUsed);
  const { ceiling, target } = CEILINGS[operation];
  expect(used, `${operation}: above the target`).to.be.at.most(target);
  expect(used, `${operation}: above the ceiling`).to.be.at.most(ceiling);
  expect(used, `${operation}: so far below the ceiling that it should be lowered`).to.be.at.least(ceiling - 1_000);
}

/** Everything in use: batches, messages, accounts, and a treasury that has been paid. */
async function steadyFixture(): Promise<BridgeFixture> {
  const fixture = await deployBridge(connection, { historyHeight: 26n });
  const { token, bridge, inbox, sequencer, alice, bob } = fixture;
  for (const signer of [alice, bob]) {
    await token.mint(signer, 10n ** 12n);
    await token.connect(signer).approve(bridge, ethers.MaxUint256);
    await bridge.connect(signer).open(signer, 10n ** 9n);
  }
  // 35 messages and 33 batches: the next message reads two words of the frontier, the next batch one. The average is one.
  for (let i = 0; i < 33; i++) await inbox.connect(alice).enqueue(2, Uint8Array.of(i));
  for (let i = 0; i < 33; i++) await inbox.connect(sequencer).appendBatch(i, i, await time.latest(), "0x");
  return fixture;
}

describe("Gas of L1 operations", () => {
  const data = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 1 + (i % 255));

  it("deposit to an existing account", async () => {
    const { bridge, alice } = await networkHelpers.loadFixture(steadyFixture);
    await expectGas("deposit to an existing account", bridge.connect(alice).deposit(1, alice, 123_456_789n));
  });

  it("open an account", async () => {
    const { bridge, alice } = await networkHelpers.loadFixture(steadyFixture);
    await expectGas("open an account", bridge.connect(alice).open(alice, 123_456_789n));
  });

  it("forced message of 100 bytes", async () => {
    const { inbox, alice } = await networkHelpers.loadFixture(steadyFixture);
    await expectGas("forced message of 100 bytes", inbox.connect(alice).enqueue(2, data(100)));
  });

  it("batch of 1 kB of calldata", async () => {
    const { inbox, sequencer } = await networkHelpers.loadFixture(steadyFixture);
    const batch = inbox.connect(sequencer).appendBatch(33, 33, await time.latest(), data(1024));
    await expectGas("batch of 1 kB of calldata", batch);
  });

  it("empty batch", async () => {
    const { inbox, sequencer } = await networkHelpers.loadFixture(steadyFixture);
    await expectGas("empty batch", inbox.connect(sequencer).appendBatch(33, 33, await time.latest(), "0x"));
  });

  it("force inclusion among 300 messages", async () => {
    const { inbox, alice } = await networkHelpers.loadFixture(steadyFixture);
    for (let i = 35; i < 300; i++) await inbox.connect(alice).enqueue(2, Uint8Array.of(i & 0xff));
    const tree = new SequenceTree();
    const index = 250;
    const evidence: IRollupInbox.MessageEvidenceStruct[] = [];
    for (const event of await inbox.queryFilter(inbox.filters.MessageEnqueued())) {
      const { args, blockNumber } = event;
      const l1Time = BigInt((await event.getBlock()).timestamp);
      const payload = fromHex(args.payload);
      const sender = fromHex(args.sender.toLowerCase());
      const message = { kind: Number(args.kind), sender, l1Block: BigInt(blockNumber), l1Time, payload };
      evidence.push({ ...message, sender: args.sender, payloadHash: ethers.keccak256(payload) });
      tree.append(messageLeaf(message));
    }
    await time.increase(INBOX_PARAMETERS.forceDelay);
    const path = tree.path(index).slice(0, 31 - Math.clz32(index ^ 300));
    expect(path.length).to.equal(8);
    const force = inbox.connect(alice).forceInclude(index + 1, evidence[index]!, path.map(toHex));
    await expectGas("force inclusion among 300 messages", force);
  });

  it("assertion at height 26", async () => {
    const fixture = await networkHelpers.loadFixture(steadyFixture);
    const { chain, alice, bob } = fixture;
    const asserter = new Asserter(connection, fixture);
    const first = await asserter.assert(alice, await chain.genesis());
    await asserter.prepare(first.id);
    await expectGas("assertion at height 26", asserter.send(alice, await asserter.arguments(first.id, alice)));
    const rival = await asserter.arguments(first.id, bob, "with a new stake");
    await expectGas("assertion at height 26 with a new stake", asserter.send(bob, rival));
  });

  it("confirm without a rival", async () => {
    const fixture = await networkHelpers.loadFixture(steadyFixture);
    const asserter = new Asserter(connection, fixture);
    const first = await asserter.assert(fixture.alice, await fixture.chain.genesis());
    await time.increase((await fixture.chain.parameters()).challengePeriod);
    await expectGas("confirm without a rival", asserter.confirm(first));
  });

  it("withdrawal among 2,000 slots", async () => {
    const fixture = await networkHelpers.loadFixture(steadyFixture);
    const { bridge, bob, carol } = fixture;
    const withdrawals = Array.from({ length: 1000 }, (_, i) => ({
      number: BigInt(i),
      account: 1,
      recipient: bob.address,
      amount: 123_456n,
    }));
    const root = stateWith(withdrawals, 1000);
    const assertion = await confirmState(connection, fixture, carol, root);
    await bridge.finalizeWithdrawal(500, assertion, withdrawalWitness(root, 500n));
    const final = bridge.connect(carol).finalizeWithdrawal(501, assertion, withdrawalWitness(root, 501n));
    await expectGas("withdrawal among 2,000 slots", final);
  });

  describe("of calls that come too late costs no more than 10 k above the calldata", () => {
    /** What a call that is known to fail costs when it is sent all the same. */
    async function gasOfFailure(signer: BridgeFixture["alice"], to: string, calldata: string): Promise<bigint> {
      const sent = await signer.sendTransaction({ to, data: calldata, gasLimit: 1_000_000 }).catch(() => undefined);
      expect(sent, "the simulator reports the failure").to.equal(undefined);
      const block = (await ethers.provider.getBlock("latest", true))!;
      const receipt = (await ethers.provider.getTransactionReceipt(block.transactions[0]!))!;
      expect(receipt.status).to.equal(0);
      const bytes = fromHex(calldata);
      const tokens = bytes.reduce((sum, byte) => sum + (byte === 0 ? 1 : 4), 0);
      const floor = 21_000n + 10n * BigInt(tokens);
      return receipt.gasUsed - floor;
    }

    it("a batch with an index that is taken", async () => {
      const { inbox, sequencer } = await networkHelpers.loadFixture(steadyFixture);
      const call = inbox.interface.encodeFunctionData("appendBatch", [32, 33, await time.latest(), data(1024)]);
      const above = await gasOfFailure(sequencer, await inbox.getAddress(), call);
      expect(above).to.be.at.most(10_000n);
    });

    it("an assertion that is there", async () => {
      const fixture = await networkHelpers.loadFixture(steadyFixture);
      const { chain, alice, bob } = fixture;
      const asserter = new Asserter(connection, fixture);
      await asserter.prepare(await chain.genesis());
      const call = await asserter.arguments(await chain.genesis(), alice);
      await asserter.send(alice, call);
      const { parent, end, historyRoot, lastLeafPath, expectedTarget, l1BlockNumber, l1BlockHash } = call;
      const parts = [parent, end, historyRoot, lastLeafPath, expectedTarget, l1BlockNumber, l1BlockHash] as const;
      const encoded = chain.interface.encodeFunctionData("assertState", [...parts]);
      const above = await gasOfFailure(bob, await chain.getAddress(), encoded);
      expect(above).to.be.at.most(10_000n);
    });
  });
});
