import { expect } from "chai";
import { instantOf } from "../support/model/words.ts";
import { DAY, MarginStory } from "../support/MarginStory.ts";

/**
 * Spots come every few seconds, smiles every few minutes, and a mark is taken from the last forward moved by what the spot
 * has moved since. When the expiry passes, that move is forgotten: the forward of the last smile counts, which may be half
 * an hour old. So in the second of the expiry the charge of a short falls back to where the price was half an hour before,
 * while the average that it will be settled at is on L1 for everybody to read. Whoever is short takes out what the old
 * forward leaves free, and owes the rest to the fund and to whoever is long; no report of the spot after the expiry
 * mends it. (THREATS 26b, 26d.)
 *
 * Closed by charging what waits for its price the larger of the charge at its last forward and at that moved with the spot.
 */
describe("finding: with the passing of an expiry its forward goes back to the last smile", () => {
  const CALL = { strike: 2_000 };

  it("frees no margin by the mere passing of an expiry", () => {
    const story = new MarginStory();
    const writer = story.arrives("writer", 18_000, true);
    const holder = story.arrives("holder", 2_000);
    story.wait(1);
    story.must(story.oracleSays(2_000));
    story.must(story.sells(writer, holder, 20, CALL, 45));
    const end = instantOf(DAY);
    story.waitUntil(end - 1_790n);
    story.must(story.anchor(1, 2_000));
    story.must(story.oracleSays(2_000));
    story.wait(60);
    story.moves(2_280, { days: [] });
    story.wait(120);
    story.moves(2_560, { days: [] });
    story.waitUntil(end - 10n);
    story.must(story.anchor(1, 2_560));
    story.must(story.oracleSays(2_560, { days: [] }));
    const before = story.excessOf(writer);
    story.waitUntil(end);
    const after = story.excessOf(writer);
    const words = `initial excess ${before} ten seconds before, ${after} at the expiry`;
    story.withdraw(writer.account, writer.signer, BigInt(Math.max(after, 0)) * 1_000_000n);
    const left = story.cash(writer);
    story.wait(2_000);
    story.must(story.fixPrice(1, DAY, 2_560));
    story.settlesAll();
    expect(story.debt(writer), `${words}; ${left} left for what it owes, 11200`).to.equal(0);
  });
});
