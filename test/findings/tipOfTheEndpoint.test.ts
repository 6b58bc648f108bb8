import { expect } from "chai";
import type { BatchFeed } from "../../src/poster/BatchFeed.ts";
import type { Market, Offer } from "../../src/poster/PosterL1.ts";
import { SequencerFeed } from "../../src/poster/SequencerFeed.ts";
import { poster } from "../support/posting.ts";
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
 * The base fee is what the protocol takes, whoever says what it is; a tip is paid in full, and only the endpoint says how much. A tip of
 * what it calls the market is offered up to the limit of the whole fee: a broken or bribed endpoint has each batch posted at 100 gwei
 * where 1 would do, and an urgent one at 1,000. (THREATS 29, 30.)
 */
describe("finding: the poster tips whatever an endpoint suggests", () => {
  it("offers a tip in proportion to what L1 asks for, when the endpoint suggests 90 gwei", async () => {
    const { h, offers } = scene(90n * GWEI);
    expect((await poster(h).post()).kind).to.equal("sent");
    expect(offers[0]!.maxPriorityFeePerGas <= 10n * GWEI, `tip of ${offers[0]!.maxPriorityFeePerGas} wei`).to.equal(
      true,
    );
  });

  it("does not tip a thousand gwei for a batch that the same lie has made urgent", async () => {
    const { h, offers } = scene(10n ** 21n);
    const feed: BatchFeed = new SequencerFeed(
      () => h.sequencer,
      async () => h.l1.log,
    );
    const by = poster(h, feed);
    expect(await by.post()).to.include({ kind: "waiting", reason: "fees" });
    h.l1.delay += 400n;
    expect((await by.post()).kind).to.equal("sent");
    expect(offers[0]!.maxPriorityFeePerGas <= 10n * GWEI, `tip of ${offers[0]!.maxPriorityFeePerGas} wei`).to.equal(
      true,
    );
  });
});
