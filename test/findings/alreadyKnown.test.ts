import { expect } from "chai";
import type { BatchPoster } from "../../src/poster/BatchPoster.ts";
import type { SendAnswer } from "../../src/poster/PosterL1.ts";
import { poster } from "../support/posting.ts";
import { FakeL1, harness, type Harness } from "../support/sequencer.ts";

const NO_OFFER = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, maxFeePerBlobGas: 0n };

/**
 * Endpoints for many customers pass a transaction on to one of several nodes, and to the next one if the first is slow. The next
 * one has it from the first, and says "already known" to a transaction that is new. To the poster that means a second
 * poster with its key, which it takes for a reason to stop for good; but both of them are itself. (THREATS 29, 31.)
 */
describe("finding: an endpoint that retries stops the poster for good", () => {
  /** A poster that has posted a batch and has another one to post. */
  async function posting(): Promise<{ h: Harness; by: BatchPoster }> {
    const h = harness();
    const by = poster(h);
    const seal = (): void => {
      h.clock.time += 40n;
      h.sequencer.sync(h.l1.log);
      h.sequencer.tick();
      h.sequencer.seal();
    };
    seal();
    expect((await by.post()).kind).to.equal("sent");
    h.l1.deposit(1, 1n);
    seal();
    return { h, by };
  }

  it("goes on after an endpoint that has passed on what it said it would not take", async () => {
    const { h, by } = await posting();
    const send = h.l1.send.bind(h.l1);
    h.l1.send = async (raw): Promise<SendAnswer> => {
      h.l1.send = send;
      await send(raw);
      return "other kind pending";
    };
    expect(await by.post()).to.include({ kind: "waiting", reason: "other kind pending" });
    expect(h.l1.log.batchCount, "it is on L1").to.equal(2n);
    const outcome: unknown = await by.post().catch((error: unknown) => error);
    expect(outcome, String(outcome)).not.to.have.property("code");
  });

  for (const [answer, kind] of [
    ["known", "sent"],
    ["nonce used", "pending"],
  ] as const) {
    it(`goes on after an endpoint that retries by itself, and says "${answer}" of what it has just passed on`, async () => {
      const { h, by } = await posting();
      const send = h.l1.send.bind(h.l1);
      h.l1.send = async (raw): Promise<SendAnswer> => {
        h.l1.send = send;
        await send(raw);
        return answer;
      };
      expect((await by.post()).kind).to.equal(kind);
      expect((await by.post()).kind).to.equal("idle");
      expect(h.l1.log.batchCount).to.equal(2n);
    });
  }

  it("stops when the nonce was used by another transaction", async () => {
    const { h, by } = await posting();
    h.l1.send = async (): Promise<SendAnswer> => {
      const [nonce, batch] = [1, undefined];
      const { raw } = await h.l1.sign({ kind: "calldata", nonce, gasLimit: 21_000n, batch }, NO_OFFER);
      await FakeL1.prototype.send.call(h.l1, raw);
      return "nonce used";
    };
    expect((await by.post()).kind).to.equal("pending");
    const outcome: unknown = await by.post().catch((error: unknown) => error);
    expect(outcome).to.have.property("code", "FOREIGN_NONCE");
  });
});
