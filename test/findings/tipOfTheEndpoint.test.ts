import { expect } from "chai";
import type { BatchFeed } from "../../src/poster/BatchFeed.ts";
import type { Market, Offer, SendAnswer } from "../../src/poster/PosterL1.ts";
import { feedOf, poster } from "../support/posting.ts";
import { harness, type Harness } from "../support/sequencer.ts";

const GWEI = 10n ** 9n;

/** A sequencer with a sealed batch, on an endpoint that suggests `tip`; all offers that are signed are noted. */
function scene(tip: bigint): { h: Harness; offers: Offer[] } {
  const h = harness();
  h.clock.time += 40n;
  h.sequencer.tick();
  h.sequencer.seal();
  const offers: Offer[] = [];
  const sign = h.l1.sign.bind(h.l1);
  h.l1.sign = async (request, offer) => {
    offers.push(offer);
    return sign(request, offer);
  };
  h.l1.market = async (): Promise<Market> => ({ baseFee: GWEI, tip, blobBaseFee: GWEI });
  return { h, offers };
}

/**
 * The base fee is what the protocol takes, whoever says what it is; a tip is paid in full, and only the endpoint says how much. What it
 * suggested was offered up to the limit of the whole fee: a broken or bribed endpoint had each batch posted at 100 gwei where 1 would do,
 * and an urgent one at 1,000. It is now believed up to a cap of its own, and replacements, which must tip more, stop at eight times that.
 */
describe("finding: the poster tips whatever an endpoint suggests", () => {
  it("offers a tip in proportion to what L1 asks for, when the endpoint suggests 90 gwei", async () => {
    const { h, offers } = scene(90n * GWEI);
    expect((await poster(h).post()).kind).to.equal("sent");
    expect(offers[0]!.maxPriorityFeePerGas <= 10n * GWEI, `tip of ${offers[0]!.maxPriorityFeePerGas} wei`).to.equal(
      true,
    );
  });

  it("neither waits for a lie of a thousand gwei to end, nor pays it for an urgent batch", async () => {
    for (const delay of [12n, 412n]) {
      const { h, offers } = scene(10n ** 21n);
      h.l1.delay = delay;
      expect((await poster(h).post()).kind).to.equal("sent");
      expect(offers.map(({ maxPriorityFeePerGas }) => maxPriorityFeePerGas)).to.deep.equal([5n * GWEI]);
    }
  });

  it("stops at eight times the cap when the endpoint refuses every offer as too low", async () => {
    const { h, offers } = scene(90n * GWEI);
    h.l1.send = async (): Promise<SendAnswer> => "underpriced";
    const by = poster(h);
    for (let round = 0; round < 40; round++) {
      await by.post();
      h.l1.delay += 12n;
    }
    expect(offers.length, "it has tried").to.be.greaterThan(10);
    expect(offers.every(({ maxPriorityFeePerGas }) => maxPriorityFeePerGas <= 40n * GWEI)).to.equal(true);
  });

  it("does not climb the ladder for a feed that shows one batch and then another, again and again", async () => {
    const { h, offers } = scene(GWEI);
    h.l1.send = async (): Promise<SendAnswer> => "accepted";
    const honest = await feedOf(h).next({ batchCount: 0n });
    let round = 0;
    const feed: BatchFeed = {
      async next() {
        const { batch } = honest;
        return { ...honest, batch: { ...batch!, l2Time: batch!.l2Time + BigInt(round++ % 2) } };
      },
    };
    const by = poster(h, feed);
    for (let i = 0; i < 60; i++) {
      expect((await by.post()).kind).to.be.oneOf(["sent", "pending"]);
      h.l1.delay += 2n;
    }
    // At once, then after 36 and after 72 seconds.
    expect(offers).to.have.length(4);
  });
});
