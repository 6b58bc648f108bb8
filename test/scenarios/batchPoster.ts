import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { BatchPoster, type BatchPosterErrorCode, type BatchSource } from "../../src/roles/BatchPoster.ts";
import type { InputLog } from "../../src/machine/InputLog.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { CONFIG, CONTRACT, FakeL1, GENESIS, harness, order, place, type Harness } from "../support/sequencer.ts";
import { expectParity, postAll, poster } from "../support/posting.ts";

async function expectCode(promise: Promise<unknown>, code: BatchPosterErrorCode): Promise<void> {
  let error: unknown;
  await promise.catch((caught: unknown) => (error = caught));
  expect(error).to.have.property("code", code);
}

describe("the batch poster", () => {
  async function ready(): Promise<Harness> {
    const h = harness();
    place(h, order(1, 0n, { isSell: true, quantity: 3n * CONTRACT }));
    place(h, order(2, 0n));
    h.clock.time += 20n;
    h.sequencer.tick();
    return h;
  }

  it("a lost receipt: the batch isn't posted twice", async () => {
    const h = await ready();
    h.l1.loseReceipt = true;
    expect((await poster(h).post(h.l1.log)).kind).to.equal("pending");
    h.l1.loseReceipt = false;
    expect(await postAll(h)).to.deep.equal(["idle"]);
    expect(h.l1.log.batchCount).to.equal(1n);
    expect(h.l1.sent).to.have.length(1);
    await expectParity(h);
  });

  it("the endpoint fails before the transaction got out, and after: nothing is lost, nothing comes twice", async () => {
    for (const when of ["before", "after"]) {
      const h = await ready();
      const by = poster(h);
      h.l1.beforeMining = () => {
        h.l1.beforeMining = () => {};
        if (when === "after") h.l1.append(h.l1.sent[0]!);
        throw new Error("connection reset");
      };
      await expectCode(by.post(h.l1.log), "ENDPOINT");
      expect((await postAll(h, by)).at(-1)).to.equal("idle");
      expect(h.l1.log.batchCount).to.equal(1n);
      await expectParity(h);
    }
  });

  it("killed between sending and the receipt, restarted from L1 and the journal: by commitment it finds its own batch", async () => {
    const h = await ready();
    h.l1.loseReceipt = true;
    await poster(h).post(h.l1.log);
    h.l1.loseReceipt = false;
    h.restart();
    expect(await postAll(h)).to.deep.equal(["idle"]);
    expect(h.sequencer.exchange.batches[0]).to.include({ status: "included", index: 0n });
    await expectParity(h);
  });

  it("restarted before L1 has it: the very same batch is posted", async () => {
    const h = await ready();
    const before = h.sequencer.sealedBatch(0n)!;
    h.clock.time += 30n;
    h.restart();
    expect(toHex(h.sequencer.sealedBatch(0n)!.payload)).to.equal(toHex(before.payload));
    expect(h.sequencer.sealedBatch(0n)!.l2Time).to.equal(before.l2Time);
    await expectParity(h);
  });

  it("two posters by mistake: one batch on L1, and both come to rest", async () => {
    const h = await ready();
    const [one, two] = [poster(h), poster(h)];
    await Promise.allSettled([one.post(h.l1.log), two.post(h.l1.log)]);
    expect((await postAll(h, one)).at(-1)).to.equal("idle");
    expect((await postAll(h, two)).at(-1)).to.equal("idle");
    expect(h.l1.log.batchCount).to.equal(1n);
    await expectParity(h);
  });

  it("refuses to post what doesn't lead to the sequencer's state", async () => {
    const h = await ready();
    const sealed = h.sequencer.sealedBatch(0n)!;
    const payload = Uint8Array.from(sealed.payload);
    payload[payload.length - 1]! ^= 1;
    const source: BatchSource = {
      sealedBatch: (index) => (index === 0n ? { ...sealed, payload } : undefined),
      resealStale: () => false,
      sync: () => {},
    };
    await expectCode(poster(h, source).post(h.l1.log), "DERIVATION_MISMATCH");
    expect(h.l1.sent).to.deep.equal([]);
  });

  it("names a revert that L1's order doesn't explain, and waits while the batch is too early", async () => {
    const h = await ready();
    h.l1.delay = -100n;
    expect((await poster(h).post(h.l1.log)).kind).to.equal("too early");
    h.l1.delay = 12n;
    h.l1.append = () => "NotSequencer";
    await expectCode(poster(h).post(h.l1.log), "REVERTED");
    h.l1.append = FakeL1.prototype.append.bind(h.l1);
    await expectParity(h);
  });

  it("says when the view of L1 is behind", async () => {
    const h = await ready();
    await poster(h).post(h.l1.log);
    const old: InputLog = harness().l1.log;
    expect(await new BatchPoster(CONFIG, h.l1, h.sequencer, h.l1, SILENT, GENESIS, old).post(old)).to.deep.equal({
      kind: "view behind",
      batchCount: 1n,
    });
  });
});
