import { expect } from "chai";
import { World } from "../support/tenor.ts";

/**
 * The inbox's bytes per second bound what a sequencer makes nodes keep and execute. A node keeps, for good and in memory, the whole of each
 * blob that is not what it would make of the payload itself: 128 kB for a payload of one byte. When only the payload counted, that was
 * 13 GB a day at 14 blobs a block, where the rate of production allows for 0.7. So a blob counts whole. (THREATS 8b.)
 */
describe("finding: a byte of payload makes every node keep a whole blob", () => {
  it("keeps no more of batches than some times what the inbox has counted", async () => {
    const world = await World.launchInBlobs({ rateBytesPerSecond: 1n });
    const { contract } = world.sequencer;
    const { rate } = await contract.parameters();
    /** What the bucket holds. */
    const batches = 6;
    const before = await contract.availableBytes();
    const start = await world.now();
    const post = (i: number): Promise<unknown> =>
      world.postBlobs([new Uint8Array(131_072).map((_, at) => (at % 32 === 0 ? 0 : (at + i) % 251))], 1);
    for (let i = 0; i < batches; i++) await post(i);
    await expect(post(batches)).to.be.revertedWithCustomError(contract, "RateExceeded");
    const counted = before - (await contract.availableBytes()) + rate * ((await world.now()) - start);
    const node = world.follower();
    await node.sync();
    let kept = 0;
    for (let i = 0n; i < node.log.batchCount; i++) {
      const { payload, blobs = [] } = node.log.batch(i);
      kept += payload.length + blobs.reduce((sum, blob) => sum + (blob?.length ?? 0), 0);
    }
    expect(kept, `bytes kept for ${batches} bytes of payload`).to.be.at.most(Number(counted) + batches);
  });
});
