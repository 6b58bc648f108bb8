import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { isTenorError } from "../../src/errors.ts";
import { proverAt } from "../../src/l1/Contracts.ts";
import { deploymentGenesis, machineConfig } from "../../src/l1/deployment.ts";
import { InboxClient } from "../../src/l1/InboxClient.ts";
import { evidenceOf, stepArguments } from "../../src/l1/proverArguments.ts";
import { BYTES_PER_BLOB, fromBlobs } from "../../src/machine/BlobPayload.ts";
import { DATA_BLOBS } from "../../src/machine/Inputs.ts";
import { GENESIS_CURSOR, machineStateHash } from "../../src/machine/MachineState.ts";
import { Machine } from "../../src/machine/Step.ts";
import { Random } from "../../src/market/random.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { Adversary, movesOf, playOut } from "../support/game/Adversary.ts";
import { GameScene } from "../support/game/GameScene.ts";
import { runSeed } from "../support/random.ts";

const SEED = runSeed();

/** Few levels: their number does not matter. */
const SMALL = { historyHeight: 6n, sectionBits: 2n };

describe("Scenario: a sequencer that posts in blobs", () => {
  let scene: GameScene;

  before(async () => {
    scene = await GameScene.launch({ ...SMALL, inBlobs: true });
  });

  it("has its batch derived from the transaction's blobs, by whoever has a source of them", async () => {
    const { world } = scene;
    const node = world.follower();
    await node.sync();
    const { record, payload } = node.log.batch(0n);
    expect(record.dataKind).to.equal(DATA_BLOBS);
    expect(payload).to.have.length(record.length);
    expect(node.steps.map(({ kind }) => kind)).to.deep.equal(
      scene.steps.slice(0, scene.realSteps).map(({ kind }) => kind),
    );
    expect(world.blobs.asked.length).to.be.greaterThan(0);
  });

  it("stops a node that has no source, or one that has lost a blob, until it has one again", async () => {
    const { world } = scene;
    const inbox = new InboxClient(world.client(), world.deployment.addresses.inbox);
    const [batch] = (await inbox.inboxEvents(0, (await inbox.head()).number)).filter(({ type }) => type === "batch");
    const [hash] = await inbox.batchBlobHashes(batch as Extract<typeof batch, { type: "batch" }>);
    const stopped = async (node: { sync(): Promise<unknown> }): Promise<void> => {
      const error: unknown = await node.sync().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(isTenorError(error, "BLOB_UNAVAILABLE"), String(error)).to.equal(true);
      const { fields } = error as { fields: Record<string, unknown> };
      expect(fields).to.include({ versionedHash: toHex(hash!), block: batch!.blockNumber });
    };
    await stopped(makeFollower(world.client(), world.deployment));

    const node = world.follower();
    const blob = (await world.blobs.blob(hash!, await inbox.head()))!;
    world.blobs.forget(hash!);
    await stopped(node);
    await stopped(node);
    world.blobs.keep(blob);
    await node.sync();
    expect(node.log.batchCount).to.equal(1n);
  });

  it("refuses to look for blobs in a transaction that is not the one of the log", async () => {
    const { world } = scene;
    const inbox = new InboxClient(world.client(), world.deployment.addresses.inbox);
    const events = await inbox.inboxEvents(0, (await inbox.head()).number);
    const batch = events.find((event) => event.type === "batch")!;
    const message = events.find((event) => event.type === "message")!;
    const refused = async (changed: typeof batch): Promise<void> => {
      const error: unknown = await inbox.batchBlobHashes(changed).catch((thrown: unknown) => thrown);
      expect(isTenorError(error, "INCONSISTENT"), String(error)).to.equal(true);
    };
    await refused({ ...batch, transactionHash: message.transactionHash });
    await refused({ ...batch, blockHash: message.blockHash });
    const error: unknown = await inbox.batchPayload(batch).catch((thrown: unknown) => thrown);
    expect(isTenorError(error, "INCONSISTENT"), "a call of appendBlobBatch has no payload").to.equal(true);
  });

  it("is held to it: a defender proves a transfer out of a blob, wins the game, and is paid back", async () => {
    const { world } = scene;
    const index = scene.steps.findIndex(({ kind }) => kind === "item");
    const { chunks } = scene.steps[index]!.input;
    expect(chunks!.high - chunks!.low, "field elements but one that the step reads").to.be.greaterThan(0);
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(index, "liar"));
    await liar.assert();
    const defender = world.challenger();
    const reports = await playOut(scene, () => defender, [liar]);
    expect(movesOf(reports)).to.include.members(["prove", "confirm"]);
    const [alarm] = reports.flatMap(({ alarms }) => alarms.filter(({ type }) => type === "wrong step"));
    expect(alarm).to.have.nested.property("lie.firstWrong.step.index", index);
    expect(await scene.isRightConfirmed()).to.equal(true);
    const { refunds } = await defender.tick();
    expect(refunds.map(({ type }) => type)).to.deep.equal(["claimed"]);
  });

  it("may fill its blobs with whatever it likes: all that L1 takes is derived, executed and proven", async () => {
    const { world } = scene;
    console.log(`      seed ${SEED}`);
    const random = new Random(SEED);
    const length = BYTES_PER_BLOB + 1 + random.uint(5_000);
    const garbage = Array.from({ length: 2 }, () =>
      Uint8Array.from({ length: 131_072 }, (_, at) => random.uint(at % 32 === 0 ? 0x73 : 256)),
    );
    await world.postBlobs(garbage, length);
    // Nothing but zeros, in both a first and a last blob; and a payload in the usual form.
    await world.postBlobs([new Uint8Array(131_072), new Uint8Array(131_072)], length);
    await world.post(() => [], Uint8Array.of(1, 250, 2, 250, 250));

    const node = world.follower();
    await node.sync();
    const { log } = node;
    expect(log.batchCount).to.equal(4n);
    expect(Buffer.from(log.batch(1n).payload).equals(fromBlobs(garbage, length))).to.equal(true);
    expect(log.batch(1n).blobs).to.have.length(2);
    expect(log.batch(2n).payload.every((byte) => byte === 0)).to.equal(true);
    expect([2n, 3n].map((index) => log.batch(index).blobs)).to.deep.equal([undefined, undefined]);

    const prover = proverAt(world.deployment.addresses.prover, world.connection.ethers.provider);
    const machine = new Machine(
      machineConfig(world.deployment),
      log,
      deploymentGenesis(world.deployment),
      GENESIS_CURSOR,
    );
    const context = log.context(4n);
    const judged = new Map<bigint, number>();
    while (!machine.finished(4n)) {
      const step = machine.provenStep(4n);
      const { batch } = step.pre;
      const count = judged.get(batch) ?? 0;
      if (batch === 0n || count === 3) continue;
      judged.set(batch, count + 1);
      const proof = stepArguments(context, evidenceOf(step, log, context));
      const { postHash } = await prover.step(proof.context, proof.pre, proof.input, proof.witness);
      expect(postHash).to.equal(toHex(machineStateHash(step.post)));
    }
    expect([...judged.keys()]).to.deep.equal([1n, 2n, 3n]);
  });
});
