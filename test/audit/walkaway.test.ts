import { expect } from "chai";
import { fromHex } from "../../src/crypto/bytes.ts";
import { History } from "../../src/history/History.ts";
import { BridgeClient } from "../../src/l1/BridgeClient.ts";
import { machineStateHash } from "../../src/machine/MachineState.ts";
import { ResultCode } from "../../src/machine/ResultCodes.ts";
import { withdrawalKey } from "../../src/machine/Slots.ts";
import { witnessItem } from "../../src/machine/StateTree.ts";
import { TX_WITHDRAW } from "../../src/machine/Wire.ts";
import type { Challenger } from "../../src/roles/Challenger.ts";
import { falseState } from "../support/game/GameScene.ts";
import { USDC } from "../support/tenor.ts";
import { BEGINNING, MARKET, Walkaway } from "./Walkaway.ts";

/** 1 USD, 1e-4 USD. */
const USD = 10_000n;
/** What one contract costs in fees: 0.03 % and 0.01 % of 2,000 USD. */
const FEES = 800_000n;

/** The walkaway test: what is left of the exchange when nobody runs or governs it. Everything that follows is done by users and a stranger. */
describe("Walkaway: every operator and the governance are gone", () => {
  let scene: Walkaway;
  let challenger: Challenger;

  before(async () => {
    scene = await Walkaway.launch();
    await scene.leave();
    challenger = scene.world.challenger(scene.stranger, { mode: "proposer" });
  });

  /** Rounds of the stranger's challenger until it has nothing left to assert or confirm. */
  async function settleAssertions(): Promise<void> {
    const { world, node } = scene;
    await node.sync();
    for (let round = 0; round < 400; round++) {
      await challenger.tick();
      const { end } = challenger.view.latestConfirmed.created;
      if (end.batch === node.log.batchCount) return;
      await world.wait(200n);
    }
    expect.fail("nothing was confirmed");
  }

  it("two traders trade: whoever has both signatures forces the fill in", async () => {
    await scene.price(2000);
    await scene.enqueue(scene.fill({ isPut: true }));
    expect(await scene.force()).to.deep.equal([ResultCode.OK]);
    expect(scene.node.state.openAccount(1)!.positions).to.have.length(2);
    // 200 USD of premium have gone from Bob to Alice, and the fees of two fills from both.
    const [alice, bob] = [1, 2].map((account) => scene.node.state.openAccount(account)!.cash);
    expect(alice! + bob!).to.equal(2n * BEGINNING * USDC - 2n * FEES);
    expect(bob! < (BEGINNING - 200n) * USDC).to.equal(true);
  });

  it("the price of the expiry is fixed by anybody from the feed's own rounds", async () => {
    expect(await scene.fixPrice(2300)).to.equal(2300n * USD);
  });

  it("all positions are settled by anybody", async () => {
    await (await scene.settlement.forceSettle([1, 2], MARKET, scene.day)).wait();
    const before = scene.node.state.openAccount(2)!.cash;
    expect(await scene.force()).to.deep.equal([ResultCode.OK, ResultCode.OK]);
    expect(scene.node.state.openAccount(1)!.positions).to.deep.equal([]);
    expect(scene.node.state.openAccount(2)!.cash - before, "the call, in full").to.equal(300n * USDC);
  });

  it("everybody takes everything out, by a message of his own", async () => {
    for (const [account, owner] of [
      [1, scene.alice],
      [2, scene.bob],
    ] as const) {
      const amount = scene.node.state.openAccount(account)!.cash;
      await scene.enqueue({ type: TX_WITHDRAW, account, amount, payee: 0, auth: undefined }, owner);
    }
    expect(await scene.force()).to.deep.equal([ResultCode.OK, ResultCode.OK]);
    for (const account of [1, 2]) expect(scene.node.state.openAccount(account)!.cash).to.equal(0n);
  });

  it("a stranger asserts what follows from L1, wins against a liar, and confirms", async () => {
    const { world } = scene;
    await world.wait(world.parameters.minParentAgeSeconds);
    const liar = world.chain(world.signers[13]!);
    const genesis = fromHex(await liar.contract.genesis());
    const { childTarget } = await liar.assertionRecord(genesis);
    const end = { ...scene.node.snapshotAt(childTarget)!.cursor, items: 0, stateRoot: falseState("liar", 0) };
    const history = new History(Number(world.parameters.historyHeight));
    history.append(machineStateHash(end));
    const [historyRoot, lastLeafPath] = [history.root(), history.lastLeafPath()];
    const l1Block = await liar.head();
    await liar.assertState({ parent: genesis, end, historyRoot, lastLeafPath, expectedTarget: childTarget, l1Block });

    const { alarms } = await challenger.tick();
    expect(alarms.map(({ type }) => type)).to.include("wrong assertion");
    await settleAssertions();
    expect(challenger.view.latestConfirmed.right).to.equal(true);
  });

  it("a stranger has every withdrawal paid", async () => {
    const { world, node, stranger } = scene;
    const { created } = challenger.view.latestConfirmed;
    const { root } = (await node.find(created.end))!;
    const bridge = new BridgeClient(world.client(stranger), world.deployment.addresses.bridge);
    for (const number of [0n, 1n]) {
      await bridge.finalizeWithdrawal(number, created, witnessItem(root, withdrawalKey(number)));
    }
    const [alice, bob] = [await world.balanceOf(scene.alice.address), await world.balanceOf(scene.bob.address)];
    expect(alice + bob, "all but the fees").to.equal(2n * BEGINNING * USDC - 2n * FEES);
    expect(
      bob - alice,
      "what the options paid less what they cost, from one to the other, and a difference in fees",
    ).to.equal(2n * (300n - 200n) * USDC - 2n * (FEES / 2n));
    await node.sync();
    expect(await node.conservation()).to.include({ unpaidWithdrawals: 0n, difference: 0n });
  });

  it("and nobody who is gone has sent anything", async () => {
    const { world } = scene;
    const senders = await scene.sendersSince();
    const { sequencer, timelockProposers, treasury, feeRecipient } = world.parameters;
    const gone = [sequencer, ...timelockProposers, treasury, feeRecipient, world.deployment.addresses.timelock];
    for (const address of gone) expect(senders.has(address.toLowerCase()), address).to.equal(false);
    expect(senders.has(scene.stranger.address.toLowerCase())).to.equal(true);
  });
});
