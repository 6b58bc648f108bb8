import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { MESSAGE_FORCED } from "../../src/machine/Inputs.ts";
import { withdrawalKey } from "../../src/machine/Slots.ts";
import { witnessItem } from "../../src/machine/StateTree.ts";
import { TX_WITHDRAW } from "../../src/machine/Wire.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import type { Proposer } from "../../src/roles/Proposer.ts";
import { expectRefused, USDC, World, type TestFollower, type Trader } from "../support/tenor.ts";

/** Pays withdrawal `number` against the last confirmed state, as anybody could. */
async function finalize(proposer: Proposer, follower: TestFollower, payer: Trader, number: bigint): Promise<void> {
  const { created } = proposer.view.latestConfirmed;
  const { root } = (await follower.find(created.end))!;
  await payer.bridge.finalizeWithdrawal(number, created, witnessItem(root, withdrawalKey(number)));
}

async function expectConserved(follower: TestFollower): Promise<void> {
  await follower.sync();
  const report = await follower.conservation();
  expect(
    report.difference,
    JSON.stringify(report, (_, value: unknown) => String(value)),
  ).to.equal(0n);
}

describe("Scenario: money goes in, moves, and comes out", () => {
  let world: World;
  let alice: Trader;
  let bob: Trader;
  let node: TestFollower;
  let proposer: Proposer;

  before(async () => {
    world = await World.launch({ historyHeight: 10n });
    alice = await world.trader("alice");
    bob = await world.trader("bob");
    node = world.follower();
    proposer = world.proposer();
  });

  it("two traders deposit; until a batch reads the messages, the money is on its way", async () => {
    expect((await alice.bridge.open(alice.address, 300n * USDC)).account).to.equal(1);
    expect((await bob.bridge.open(bob.address, 100n * USDC)).account).to.equal(2);
    await node.sync();
    expect(await node.conservation()).to.include({ unreadDeposits: 400n * USDC, cash: 0n, difference: 0n });
  });

  it("a batch credits them and executes a transfer and a withdrawal", async () => {
    await world.post(() => [
      world.transfer(alice, 1, 2, 50n * USDC, 0n),
      world.withdraw(bob, 2, 120n * USDC, 0n),
      world.withdraw(bob, 2, 120n * USDC, 1n),
    ]);
    await expectConserved(node);
    expect(node.state.openAccount(1)?.cash).to.equal(250n * USDC);
    expect(node.state.openAccount(2)?.cash).to.equal(30n * USDC);
    expect(await node.conservation()).to.include({ unpaidWithdrawals: 120n * USDC, cash: 280n * USDC });
  });

  it("a second node that knows only L1 computes the same state", async () => {
    const other = world.follower({ logRange: 3 });
    await other.sync();
    expect(toHex(other.machineState.stateRoot)).to.equal(toHex(node.machineState.stateRoot));
    expect(other.machineState).to.deep.equal(node.machineState);
    expect(other.steps).to.deep.equal(node.steps);
    await other.rebuild();
    expect(other.machineState).to.deep.equal(node.machineState);
  });

  it("the proposer waits until the genesis assertion is old enough, then asserts", async () => {
    expect(await proposer.tick()).to.include({ asserted: "parent too young", confirmed: "nothing to confirm" });
    await world.wait(world.parameters.minParentAgeSeconds);
    const { asserted } = await proposer.tick();
    expect(asserted).to.be.an("object").with.property("overflow", false);
    expect(await proposer.tick()).to.include({ asserted: "inbox not at target", confirmed: "challenge period" });
  });

  it("nothing is paid before the challenge period is over", async () => {
    const { created } = proposer.view.tip;
    const witness = witnessItem((await node.find(created.end))!.root, withdrawalKey(0n));
    await expectRefused(bob.bridge.finalizeWithdrawal(0n, created, witness), "AssertionNotConfirmed");
    expect(await world.balanceOf(bob.address)).to.equal(900n * USDC);
  });

  it("after it, the assertion is confirmed, and anybody has the withdrawal paid", async () => {
    await world.wait(world.parameters.challengePeriodSeconds);
    expect((await proposer.tick()).confirmed).to.be.an("object");
    await proposer.tick();
    await finalize(proposer, node, alice, 0n);
    await expectRefused(finalize(proposer, node, alice, 0n), "AlreadyFinalized");
    expect(await world.balanceOf(bob.address)).to.equal(1020n * USDC);
    await expectConserved(node);
    expect(await node.conservation()).to.include({ unpaidWithdrawals: 0n, accounted: 280n * USDC });
  });

  it("the sequencer is silent: a withdrawal is enqueued on L1, and after the delay forced in by anybody", async () => {
    const withdrawal = { type: TX_WITHDRAW, account: 1, amount: 250n * USDC, payee: 0, auth: undefined } as const;
    await alice.inbox.enqueue(MESSAGE_FORCED, encodeTransaction(withdrawal, 0n));
    await node.sync();
    const index = node.log.messageCount - 1n;
    const force = () =>
      bob.inbox.forceInclude(index + 1n, node.log.message(index), node.log.messagePath(index), node.log.messageCount);
    await expectRefused(force(), "ForceTooEarly");
    await world.wait(world.parameters.forceDelaySeconds);
    // Messages that are appended meanwhile do not outdate the evidence.
    for (let i = 0; i < 3; i++) await bob.inbox.enqueue(MESSAGE_FORCED, Uint8Array.of(i));
    await node.sync();
    await force();
    await node.sync();
    expect(node.log.batch(node.log.batchCount - 1n).record).to.include({
      dataKind: 0,
      length: 0,
      messagesRead: index + 1n,
    });
    expect(node.state.openAccount(1)?.cash).to.equal(0n);
    await expectConserved(node);
  });

  it("the forced withdrawal is asserted, confirmed and paid like any other", async () => {
    await world.wait(world.parameters.minParentAgeSeconds);
    expect((await proposer.tick()).asserted).to.be.an("object");
    await world.wait(world.parameters.challengePeriodSeconds);
    expect((await proposer.tick()).confirmed).to.be.an("object");
    await proposer.tick();
    await finalize(proposer, node, bob, 1n);
    expect(await world.balanceOf(alice.address)).to.equal(950n * USDC);
    await expectConserved(node);
  });

  it("the sequencer goes on after the forced batch", async () => {
    await world.post(() => [world.transfer(bob, 2, 1, USDC, 2n)]);
    await expectConserved(node);
    expect(node.state.openAccount(1)?.cash).to.equal(USDC);
  });
});
