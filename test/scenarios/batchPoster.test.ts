import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { L1Error } from "../../src/l1/L1Error.ts";
import type { BatchFeed } from "../../src/poster/BatchFeed.ts";
import type { PosterErrorCode } from "../../src/poster/PosterError.ts";
import { signCancelAll } from "../../src/sequencer/Signing.ts";
import { CONTRACT, DOMAIN, FakeL1, harness, keyOf, order, place, type Harness } from "../support/sequencer.ts";
import { expectParity, feedOf, postAll, poster } from "../support/posting.ts";

async function expectCode(promise: Promise<unknown>, code: PosterErrorCode): Promise<void> {
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
    const by = poster(h);
    expect((await by.post()).kind).to.equal("sent");
    expect((await by.post()).kind).to.equal("idle");
    h.l1.loseReceipt = false;
    expect(await postAll(h, by)).to.deep.equal(["idle"]);
    expect(h.l1.log.batchCount).to.equal(1n);
    expect(h.l1.sent).to.have.length(1);
    await expectParity(h);
  });

  it("the endpoint fails before the transaction got out, and after: nothing is lost, nothing comes twice", async () => {
    for (const when of ["before", "after"]) {
      const h = await ready();
      const by = poster(h);
      h.l1.beforeMining = (mine) => {
        h.l1.beforeMining = () => {};
        if (when === "after") mine();
        throw new L1Error("UNAVAILABLE", "connection reset");
      };
      await expectCode(by.post(), "ENDPOINT");
      expect((await postAll(h, by)).at(-1)).to.equal("idle");
      expect(h.l1.log.batchCount).to.equal(1n);
      await expectParity(h);
    }
  });

  it("killed between sending and the receipt, restarted from L1 and the journal: by commitment it finds its own batch", async () => {
    const h = await ready();
    h.l1.loseReceipt = true;
    await poster(h).post();
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
    await Promise.allSettled([one.post(), two.post()]);
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
    const honest = feedOf(h);
    const feed: BatchFeed = {
      next: async (status) => {
        const answer = await honest.next(status);
        return { ...answer, batch: { ...answer.batch!, payload } };
      },
    };
    await expectCode(poster(h, feed).post(), "DERIVATION_MISMATCH");
    expect(h.l1.sent).to.deep.equal([]);
  });

  it("waits while the batch is too early, and longer with each revert that nothing explains", async () => {
    const h = await ready();
    h.l1.delay = -100n;
    expect(await poster(h).post()).to.include({ kind: "waiting", reason: "ahead of L1" });
    h.l1.delay = 12n;
    h.l1.append = () => "NotSequencer";
    const by = poster(h);
    for (const pause of [60n, 120n]) {
      expect((await by.post()).kind).to.equal("sent");
      expect(await by.post()).to.include({ kind: "waiting", reason: "reverted" });
      h.clock.time += pause - 1n;
      expect(await by.post()).to.include({ kind: "waiting", reason: "reverted" });
      h.clock.time += 1n;
    }
    expect(h.l1.sent).to.have.length(2);
    h.l1.append = FakeL1.prototype.append.bind(h.l1);
    await expectParity(h);
  });

  it("waits while the inbox's rate has no room for a whole blob, however short the batch", async () => {
    const h = await ready();
    const account = await h.l1.account();
    let availableBytes = 131_071n;
    h.l1.account = async () => ({ ...account, availableBytes });
    const by = poster(h, feedOf(h), { kinds: "blob" });
    expect(await by.post()).to.deep.equal({ kind: "waiting", index: 0n, reason: "rate" });
    expect(h.l1.sent).to.deep.equal([]);
    availableBytes++;
    expect((await by.post()).kind).to.equal("sent");
  });

  it("a sequencer that is not where L1 is gets told, and nothing is sent meanwhile", async () => {
    const h = await ready();
    const honest = feedOf(h);
    const feed: BatchFeed = {
      next: async (status) => ({ ...(await honest.next(status)), batchCount: status.batchCount + 1n }),
    };
    expect((await poster(h, feed).post()).kind).to.equal("feed behind");
    expect(h.l1.sent).to.deep.equal([]);
  });

  for (const [limit, options] of [
    ["batches", { maxWaitingBatches: 2 }],
    ["bytes", { maxWaitingBytes: 1 }],
    ["age", { maxWaitingAge: 60n }],
  ] as const) {
    it(`while too much waits for L1 (${limit}) the sequencer accepts cancellations alone, and goes on when it is posted`, async () => {
      const h = harness(options);
      place(h, order(1, 0n, { isSell: true, quantity: 3n * CONTRACT }));
      for (let nonce = 0n; nonce < 2n; nonce++) {
        expect(place(h, order(2, nonce))).to.include({ accepted: true });
        h.clock.time += 20n;
        h.sequencer.tick();
        if (limit === "bytes") break;
      }
      if (limit === "age") {
        expect(place(h, order(3, 0n))).to.include({ accepted: true });
        h.clock.time += 60n;
      }
      expect(place(h, order(3, 1n))).to.deep.equal({ accepted: false, refusal: { reason: "L1Behind" } });
      const cancel = signCancelAll(DOMAIN, { account: 1, floor: 5n }, h.clock.time + 500n, keyOf(1));
      expect(h.sequencer.submitMany([{ kind: "transaction", transaction: cancel }])[0]).to.include({ accepted: true });
      await postAll(h);
      expect(place(h, order(3, 2n))).to.include({ accepted: true });
      await expectParity(h);
    });
  }
});
