import { expect } from "chai";
import { InboxSender } from "../../src/l1/InboxSender.ts";
import { expectRefused, World } from "../support/tenor.ts";

describe("Scenario: the sequencer's account sends batches", () => {
  let world: World;

  beforeEach(async () => {
    world = await World.launch();
  });

  function sender(options: ConstructorParameters<typeof InboxSender>[3] = {}): InboxSender {
    const signer = world.signers[1]!;
    return new InboxSender(world.client(signer), signer, world.deployment.addresses.inbox, options);
  }

  async function batch(index = 0n): Promise<Parameters<InboxSender["appendBatch"]>[0]> {
    return { expectedIndex: index, messagesRead: 0n, l2Time: await world.now(), payload: new Uint8Array(5000).fill(1) };
  }

  async function automine(on: boolean): Promise<void> {
    await world.connection.provider.request({ method: "evm_setAutomine", params: [on] });
  }

  it("posts a batch and reports what it cost", async () => {
    const subject = sender();
    const pending = await subject.appendBatch(await batch(), await subject.nonce());
    const receipt = await pending.wait();
    expect(receipt).to.include({ succeeded: true });
    expect(receipt!.gasUsed > 200_000n).to.equal(true);
    expect(await subject.batchCount()).to.equal(1n);
  });

  it("finds a refusal before it sends anything", async () => {
    const subject = sender();
    await expectRefused(subject.appendBatch(await batch(5n), await subject.nonce()), "BatchIndexMismatch");
    expect(await subject.nonce()).to.equal(0);
  });

  it("outbids its own pending transaction: of two for one nonce one is mined", async () => {
    const subject = sender({ patienceMilliseconds: 200 });
    await automine(false);
    const first = await subject.appendBatch(await batch(), 0);
    expect(await first.wait()).to.equal(undefined);
    const second = await subject.appendBatch(await batch(), 0);
    expect(second.hash).to.not.equal(first.hash);
    await world.connection.networkHelpers.mine();
    expect(await second.wait()).to.include({ succeeded: true });
    expect(await subject.batchCount()).to.equal(1n);
    expect(await subject.nonce()).to.equal(1);
  });

  it("outbids the pending transaction of an earlier process, whose price it does not know", async () => {
    await automine(false);
    const first = await sender().appendBatch(await batch(), 0);
    const second = await sender().appendBatch(await batch(), 0);
    expect(second.hash).to.not.equal(first.hash);
    await world.connection.networkHelpers.mine();
    expect(await second.wait()).to.include({ succeeded: true });
  });

  it("does not pay more than it may", async () => {
    const call = sender({ maxFeePerGas: 1n }).appendBatch(await batch(), 0);
    const error: unknown = await call.catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "FEE_CAP");
  });
});
