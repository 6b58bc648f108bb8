import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { childrenOf } from "../../src/history/HistorySource.ts";
import { History } from "../../src/history/History.ts";
import { deploymentGenesis, machineConfig } from "../../src/l1/deployment.ts";
import { machineStateHash } from "../../src/machine/MachineState.ts";
import { checkpointIdentity } from "../../src/roles/Checkpoints.ts";
import { machineStateOf } from "../../src/roles/Execution.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import type { Follower } from "../../src/roles/Follower.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { Proposer } from "../../src/roles/Proposer.ts";
import { SqliteCheckpoints } from "../../src/roles/SqliteCheckpoints.ts";
import { USDC, World, type Trader } from "../support/tenor.ts";

/** A process with a checkpoint file, and how much it has computed. */
interface Process {
  readonly proposer: Proposer;
  readonly follower: Follower;
  /** Steps executed on the way to the current state, and ranges run again. */
  readonly work: { steps: number; ranges: number };
}

describe("Scenario: a proposer with a checkpoint file", () => {
  let world: World;
  let alice: Trader;
  let directory: string;
  let nonce: bigint;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "tenor-"));
    world = await World.launch({ historyHeight: 10n });
    alice = await world.trader("alice");
    nonce = 0n;
    await alice.bridge.open(alice.address, 500n * USDC);
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  async function postAndWait(): Promise<void> {
    await world.post(() => [world.transfer(alice, 1, 1, USDC, nonce++)]);
    await world.wait(world.parameters.minParentAgeSeconds);
  }

  async function run<T>(use: (process: Process) => Promise<T>): Promise<T> {
    const { deployment } = world;
    const identity = checkpointIdentity(machineConfig(deployment), deploymentGenesis(deployment));
    const checkpoints = new SqliteCheckpoints(join(directory, "checkpoints.sqlite"), identity, SILENT);
    const work = { steps: 0, ranges: 0 };
    const observer = (): unknown => work.steps++;
    const follower = makeFollower(world.client(), deployment, { checkpoints, checkpointSteps: 1, observer });
    const range = follower.range.bind(follower);
    const rangeEnd = follower.rangeEnd.bind(follower);
    follower.range = (...parameters) => (work.ranges++, range(...parameters));
    follower.rangeEnd = (...parameters) => (work.ranges++, rangeEnd(...parameters));
    const chain = world.chain(world.signers[7]!);
    try {
      return await use({
        proposer: new Proposer({ follower, chain, startBlock: deployment.startBlock }),
        follower,
        work,
      });
    } finally {
      checkpoints.close();
    }
  }

  it("is started again and computes nothing that it has judged, yet asserts and answers as any other", async () => {
    await run(async ({ proposer }) => {
      for (let i = 0; i < 3; i++) {
        if (i === 2) await world.wait(world.parameters.challengePeriodSeconds);
        await postAndWait();
        expect((await proposer.tick()).asserted).to.be.an("object");
      }
      expect((await proposer.tick()).confirmed).to.be.an("object");
      expect((await proposer.tick()).confirmed).to.equal("challenge period");
    });
    await run(async ({ proposer, work }) => {
      await proposer.tick();
      expect(work).to.deep.equal({ steps: 0, ranges: 0 });
      const plain = world.proposer();
      await plain.tick();
      expect(toHex(proposer.view.latestConfirmed.created.id)).to.equal(toHex(plain.view.latestConfirmed.created.id));
      expect(toHex(proposer.view.tip.created.id)).to.equal(toHex(plain.view.tip.created.id));
      // The history of what an earlier process asserted, for whoever is challenged.
      const parent = proposer.view.latestConfirmed;
      const [mine, theirs] = [await proposer.view.expectedChild(parent), await plain.view.expectedChild(parent)];
      expect(toHex(mine.id)).to.equal(toHex(theirs.id));
      expect(await childrenOf(mine.range.history, 10, 0, 5)).to.deep.equal(
        await childrenOf(theirs.range.history, 10, 0, 5),
      );
      await postAndWait();
      expect((await proposer.tick()).asserted).to.be.an("object");
    });
    expect((await world.proposer().tick()).wrong).to.deep.equal([]);
  });

  it("takes a confirmed end for right, and judges the history after all once the confirmation is undone", async () => {
    await postAndWait();
    const liar = world.chain(world.signers[8]!);
    const plain = world.proposer();
    const follower = world.follower();
    const { head } = await follower.sync();
    await plain.view.update(head);
    const parent = plain.view.tip.created;
    const end = machineStateOf(follower.snapshotAt(parent.childTarget)!);
    const history = new History(10);
    for (const leaf of [new Uint8Array(32).fill(1), machineStateHash(end)]) history.append(leaf);
    await liar.assertState({
      parent: parent.id,
      end,
      historyRoot: history.root(),
      lastLeafPath: history.lastLeafPath(),
      expectedTarget: parent.childTarget,
      l1Block: head,
    });
    await world.wait(world.parameters.challengePeriodSeconds);
    const reorganise = await world.fork();
    await liar.confirm(parent.id, machineStateHash(end), history.root());
    for (let i = 0; i < 2; i++) {
      await run(async ({ proposer, follower }) => {
        await proposer.view.update((await follower.sync()).head);
        expect(proposer.view.latestConfirmed.right).to.equal(true);
        expect(toHex(proposer.view.latestConfirmed.created.historyRoot)).to.equal(toHex(history.root()));
      });
    }
    await reorganise();
    await run(async ({ proposer, follower }) => {
      const { head: now } = await follower.sync();
      expect(await proposer.view.update(now)).to.have.length(1);
    });
  });
});
