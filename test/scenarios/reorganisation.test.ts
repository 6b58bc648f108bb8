import { expect } from "chai";
import { expectRefused, USDC, World, type TestFollower, type Trader } from "../support/tenor.ts";

describe("Scenario: L1 is reorganised under a follower", () => {
  let world: World;
  let alice: Trader;
  let bob: Trader;
  let node: TestFollower;

  beforeEach(async () => {
    world = await World.launch();
    alice = await world.trader("alice");
    bob = await world.trader("bob");
    node = world.follower();
    await alice.bridge.open(alice.address, 100n * USDC);
    await bob.bridge.open(bob.address, 100n * USDC);
    await world.post();
    await node.sync();
  });

  async function expectSameAsFresh(): Promise<void> {
    const fresh = world.follower();
    await fresh.sync();
    expect(node.machineState).to.deep.equal(fresh.machineState);
    expect(node.log.batchCount).to.equal(fresh.log.batchCount);
    expect((await node.conservation()).difference).to.equal(0n);
  }

  for (const depth of [1, 3, 20]) {
    it(`${depth} batches are replaced by others`, async () => {
      const reorganise = await world.fork();
      for (let i = 0; i < depth; i++) {
        await world.post(() => [world.transfer(alice, 1, 2, USDC, BigInt(i))]);
        await node.sync();
      }
      expect(node.state.openAccount(2)?.cash).to.equal((100n + BigInt(depth)) * USDC);
      await reorganise(() => world.post(() => [world.transfer(bob, 2, 1, 7n * USDC, 0n)]));
      const { reorg } = await node.sync();
      expect(reorg).to.include({ batch: 1n, message: 2n });
      expect(node.state.openAccount(1)?.cash).to.equal(107n * USDC);
      await expectSameAsFresh();
    });
  }

  it("a deposit is dropped, and its account number goes to another owner: the late depositor is refused, not robbed", async () => {
    const reorganise = await world.fork();
    const carol = await world.trader("carol");
    const dave = await world.trader("dave");
    expect((await carol.bridge.open(carol.address, 5n * USDC)).account).to.equal(3);
    await world.post();
    await node.sync();
    expect(node.state.openAccount(3)?.cash).to.equal(5n * USDC);
    await reorganise(async () => {
      await world.trader("carol");
      await world.trader("dave");
      expect((await dave.bridge.open(dave.address, 9n * USDC)).account).to.equal(3);
      await expectRefused(carol.bridge.deposit(3, carol.address, 5n * USDC), "OwnerMismatch");
      await world.post();
    });
    await node.sync();
    expect(node.state.openAccount(3)?.cash).to.equal(9n * USDC);
    await expectSameAsFresh();
  });

  it("the same batches come back in other blocks: their times are others, and so is the state's hash", async () => {
    const reorganise = await world.fork();
    await world.post();
    await node.sync();
    const before = node.machineState;
    await reorganise(async () => {
      await world.wait(30n);
      await world.post();
    });
    await node.sync();
    expect(node.machineState.stateRoot).to.deep.equal(before.stateRoot);
    expect(node.machineState.l2Time > before.l2Time).to.equal(true);
    await expectSameAsFresh();
  });

  it("goes back behind the snapshots that it has forgotten", async () => {
    const reorganise = await world.fork();
    for (let i = 0; i < 4; i++) await world.post(() => [world.transfer(alice, 1, 2, USDC, BigInt(i))]);
    await node.sync();
    node.prune(4n);
    expect(node.snapshotAt(2n)).to.equal(undefined);
    await reorganise(() => world.post());
    await node.sync();
    await expectSameAsFresh();
  });

  it("a follower that is stopped and started anew at any block agrees with one that never stopped", async () => {
    for (let i = 0; i < 5; i++) {
      await world.post(() => [world.transfer(alice, 1, 2, USDC, BigInt(i))]);
      await node.sync();
      await expectSameAsFresh();
    }
  });

  it("stays some blocks behind the newest if it is told to", async () => {
    const careful = world.follower({ lag: 2 });
    await careful.sync();
    const { batch } = careful.machineState;
    await world.connection.networkHelpers.mine(2);
    await careful.sync();
    expect(careful.machineState).to.deep.equal(node.machineState);
    expect(batch < careful.machineState.batch).to.equal(true);
  });
});
