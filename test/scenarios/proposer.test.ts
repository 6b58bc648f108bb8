import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { History } from "../../src/history/History.ts";
import { ChainClient } from "../../src/l1/ChainClient.ts";
import { L1Error } from "../../src/l1/L1Error.ts";
import { machineStateHash } from "../../src/machine/MachineState.ts";
import { machineStateOf } from "../../src/roles/Execution.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import type { Proposer, ProposerReport } from "../../src/roles/Proposer.ts";
import { expectRefused, USDC, World, type Trader } from "../support/tenor.ts";

type Asserted = Exclude<ProposerReport["asserted"], string>;

function expectAsserted(report: ProposerReport): Asserted {
  expect(report.asserted).to.be.an("object");
  return report.asserted as Asserted;
}

async function expectError(call: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.have.property("code", code);
}

describe("Scenario: the proposer", () => {
  let world: World;
  let alice: Trader;

  /** A batch of `items` transfers to oneself, and the time that an assertion needs. */
  async function postAndWait(items = 1): Promise<void> {
    await world.post(() => Array.from({ length: items }, () => world.transfer(alice, 1, 1, USDC, nonce++)));
    await world.wait(world.parameters.minParentAgeSeconds);
  }
  let nonce = 0n;

  /** Somebody with a stake who claims a state that the machine does not reach. */
  async function assertWrong(parent: Proposer["view"]["tip"], account = 8): Promise<string> {
    const liar = world.chain(world.signers[account]!);
    const follower = world.follower();
    const { head } = await follower.sync();
    const snapshot = follower.snapshotAt(parent.created.childTarget)!;
    const end = { ...machineStateOf(snapshot), stateRoot: new Uint8Array(32).fill(account) };
    const history = new History(Number(world.parameters.historyHeight));
    history.append(machineStateHash(end));
    await liar.assertState({
      parent: parent.created.id,
      end,
      historyRoot: history.root(),
      lastLeafPath: history.lastLeafPath(),
      expectedTarget: parent.created.childTarget,
      l1Block: head,
    });
    return toHex(machineStateHash(end));
  }

  async function launch(historyHeight = 10n): Promise<void> {
    world = await World.launch({ historyHeight });
    alice = await world.trader("alice");
    nonce = 0n;
    await alice.bridge.open(alice.address, 500n * USDC);
  }

  beforeEach(() => launch());

  it("is restarted at every stage, and goes on from what L1 has", async () => {
    const root: string[] = [];
    expect(await world.proposer().tick()).to.include({ asserted: "inbox not at target" });
    await world.post();
    expect(await world.proposer().tick()).to.include({ asserted: "parent too young" });
    await world.wait(world.parameters.minParentAgeSeconds);
    root.push(expectAsserted(await world.proposer().tick()).id);
    expect(await world.proposer().tick()).to.include({
      asserted: "inbox not at target",
      confirmed: "challenge period",
    });
    await postAndWait();
    // The first assertion fixed its children's range when it was made: one batch more than there was.
    root.push(expectAsserted(await world.proposer().tick()).id);
    await postAndWait();
    await postAndWait();
    root.push(expectAsserted(await world.proposer().tick()).id);
    await world.wait(world.parameters.challengePeriodSeconds);
    for (const id of root) {
      const { confirmed } = await world.proposer().tick();
      expect(confirmed).to.be.an("object").with.property("id", id);
    }
    const last = world.proposer();
    await last.tick();
    expect(toHex(last.view.latestConfirmed.created.id)).to.equal(root[2]);
    const follower = world.follower();
    await follower.sync();
    expect(last.view.latestConfirmed.created.end).to.deep.equal(machineStateOf(follower.snapshotAt(3n)!));
  });

  it("keeps its stake moving along, and gets it back", async () => {
    const chain = world.chain(world.signers[7]!);
    await expectRefused(chain.withdrawStake(await chain.address()), "NoStake");
    await postAndWait();
    const proposer = world.proposer();
    await proposer.tick();
    await expectRefused(chain.withdrawStake(await chain.address()), "StakeInUse");
    await postAndWait();
    expectAsserted(await proposer.tick());
    await world.wait(world.parameters.challengePeriodSeconds);
    expect((await proposer.tick()).confirmed).to.be.an("object");
    expect((await proposer.tick()).confirmed).to.be.an("object");
    await chain.withdrawStake(await chain.address());
  });

  it("does not assert what somebody else has asserted, and builds on it", async () => {
    const other = world.proposer(world.chain(world.signers[8]!));
    const proposer = world.proposer();
    await postAndWait();
    const first = expectAsserted(await other.tick());
    expect(await proposer.tick()).to.deep.include({ wrong: [], asserted: "inbox not at target" });
    expect(toHex(proposer.view.tip.created.id)).to.equal(first.id);
    await postAndWait();
    expectAsserted(await proposer.tick());
  });

  it("loses a race without harm", async () => {
    const other = world.proposer(world.chain(world.signers[8]!));
    const chain = world.chain(world.signers[7]!);
    const send = chain.assertState.bind(chain);
    chain.assertState = async (call) => {
      expectAsserted(await other.tick());
      return send(call);
    };
    await postAndWait();
    expect(await world.proposer(chain).tick()).to.include({ asserted: "raced" });
  });

  it("reports a wrong assertion with both sides' hashes, makes the right one and never builds on the wrong one", async () => {
    const proposer = world.proposer();
    await proposer.tick();
    await postAndWait();
    const genesis = proposer.view.tip;
    const claimed = await assertWrong(genesis);
    const { wrong, asserted } = await proposer.tick();
    expect(asserted).to.be.an("object");
    const expected = await proposer.view.expectedChild(genesis);
    expect(wrong).to.have.length(1);
    expect(wrong[0]!.claimed.endStateHash).to.equal(claimed);
    expect(wrong[0]!.computed).to.deep.equal({
      endStateHash: toHex(expected.endStateHash),
      historyRoot: toHex(expected.historyRoot),
    });
    // A child of the wrong one is wrong too, whatever it says.
    await postAndWait();
    await assertWrong(proposer.view.get(wrong[0]!.id));
    const next = await proposer.tick();
    expect(next.wrong).to.have.length(1);
    expect(next.wrong[0]!.computed).to.equal(undefined);
    await proposer.tick();
    expect(toHex(proposer.view.tip.created.parent)).to.equal(toHex(expected.id));
    // Rivals are decided by the dispute game, in which nobody has moved.
    await world.wait(world.parameters.challengePeriodSeconds);
    expect((await proposer.tick()).confirmed).to.equal("rivals");
    // A node that starts now judges the same.
    const restarted = world.proposer();
    expect((await restarted.tick()).wrong).to.have.length(2);
    expect(toHex(restarted.view.tip.created.id)).to.equal(toHex(proposer.view.tip.created.id));
  });

  it("raises an alarm if a wrong assertion had the challenge period to itself, and stops if it is confirmed", async () => {
    const proposer = world.proposer();
    await proposer.tick();
    await postAndWait();
    await assertWrong(proposer.view.tip);
    await world.wait(world.parameters.challengePeriodSeconds);
    await expectError(proposer.tick(), "FAMILY_LOST");
    const liar = world.chain(world.signers[8]!);
    const events = await liar.chainEvents(0, (await liar.head()).number);
    const made = events.find((event) => event.type === "created" && event.staker !== `0x${"00".repeat(20)}`);
    if (made?.type !== "created") throw new Error("no assertion");
    await liar.confirm(made.parent, machineStateHash(made.end), made.historyRoot);
    await expectError(proposer.tick(), "WRONG_CONFIRMED");
    await expectError(world.proposer().tick(), "WRONG_CONFIRMED");
  });

  it("asserts a range of more steps than a history holds in pieces, without waiting between them", async () => {
    await launch(3n);
    // A message, 9 items, and the step to the next batch: 11 steps.
    await postAndWait(9);
    const proposer = world.proposer();
    const first = expectAsserted(await proposer.tick());
    expect(first.overflow).to.equal(true);
    // A restart in the middle of a batch finds its place.
    const second = expectAsserted(await world.proposer().tick());
    expect(second.overflow).to.equal(false);
    await proposer.tick();
    expect(proposer.view.tip.created).to.deep.include({ target: 1n, end: (await syncedFollower()).machineState });
    await world.wait(world.parameters.challengePeriodSeconds);
    for (const { id } of [first, second]) {
      expect((await proposer.tick()).confirmed).to.have.property("id", id);
    }
    const late = world.proposer();
    await late.tick();
    expect(late.view.latestConfirmed.created.target).to.equal(1n);
  });

  it("asserts again after a reorganisation of L1 has dropped its assertion and changed the batches", async () => {
    const proposer = world.proposer();
    await proposer.tick();
    const reorganise = await world.fork();
    await postAndWait(2);
    const before = expectAsserted(await proposer.tick());
    await proposer.tick();
    nonce = 0n;
    await reorganise(() => postAndWait(3));
    const report = await proposer.tick();
    const after = expectAsserted(report);
    expect(after.id).to.not.equal(before.id);
    await proposer.tick();
    expect(proposer.view.tip.created.end).to.deep.equal((await syncedFollower()).machineState);
  });

  it("survives a reorganisation that undoes a confirmation", async () => {
    const proposer = world.proposer();
    await postAndWait();
    const { id } = expectAsserted(await proposer.tick());
    const reorganise = await world.fork();
    await world.wait(world.parameters.challengePeriodSeconds);
    expect((await proposer.tick()).confirmed).to.have.property("id", id);
    expect((await proposer.tick()).confirmed).to.equal("nothing to confirm");
    await reorganise();
    expect((await proposer.tick()).confirmed).to.equal("challenge period");
    expect(toHex(proposer.view.latestConfirmed.created.id)).to.not.equal(id);
    expect(toHex(proposer.view.tip.created.id)).to.equal(id);
    await world.wait(world.parameters.challengePeriodSeconds);
    expect((await proposer.tick()).confirmed).to.have.property("id", id);
    await proposer.tick();
    expect(toHex(proposer.view.latestConfirmed.created.id)).to.equal(id);
  });

  it("sends nothing that L1 could take wrongly when it is reorganised between reading and sending", async () => {
    await postAndWait();
    const chain = world.chain(world.signers[7]!);
    const send = chain.assertState.bind(chain);
    const reorganise = await world.fork();
    await world.connection.networkHelpers.mine(2);
    let first = true;
    chain.assertState = async (call) => {
      if (first) await reorganise();
      first = false;
      return send(call);
    };
    const proposer = world.proposer(chain);
    expect(await proposer.tick()).to.include({ asserted: "L1 changed" });
    expectAsserted(await proposer.tick());
  });

  it("is killed while its transaction is pending, and does not send it again", async () => {
    await postAndWait();
    const { provider, networkHelpers } = world.connection;
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const killed = world.proposer().tick();
    const restarted = world.proposer();
    while (!(await world.chain(world.signers[7]!).hasPending()))
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await restarted.tick()).to.include({ asserted: "transaction pending", confirmed: "transaction pending" });
    await networkHelpers.mine();
    await provider.request({ method: "evm_setAutomine", params: [true] });
    const { id } = expectAsserted(await killed);
    expect(await restarted.tick()).to.include({ asserted: "inbox not at target" });
    expect(toHex(restarted.view.tip.created.id)).to.equal(id);
  });

  it("says so if its transaction is not mined in time", async () => {
    await postAndWait();
    const { provider } = world.connection;
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const client = world.client(world.signers[7], { miningTimeoutMilliseconds: 200 });
    const proposer = world.proposer(new ChainClient(client, world.deployment.addresses.chain));
    await expectError(proposer.tick(), "NOT_MINED");
    await provider.request({ method: "evm_setAutomine", params: [true] });
  });

  it("goes on round after round, logs a round that failed, and stops when it is told to", async () => {
    await postAndWait();
    const chain = world.chain(world.signers[7]!);
    const record = chain.assertionRecord.bind(chain);
    let failures = 2;
    chain.assertionRecord = (id) =>
      failures-- > 0 ? Promise.reject(new L1Error("UNAVAILABLE", "the L1 endpoint did not answer")) : record(id);
    const stop = new AbortController();
    const errors: unknown[] = [];
    let rounds = 0;
    const sleep = async (): Promise<void> => {
      if (++rounds === 4) stop.abort();
    };
    const logger = { ...SILENT, error: (fields: object) => errors.push(fields) };
    const proposer = world.proposer(chain, { timer: { sleep }, logger });
    await proposer.run(1000, stop.signal);
    expect(errors).to.have.length(2);
    expect(proposer.view.tip.created.target).to.equal(1n);
  });

  async function syncedFollower(): Promise<ReturnType<World["follower"]>> {
    const follower = world.follower();
    await follower.sync();
    return follower;
  }
});
