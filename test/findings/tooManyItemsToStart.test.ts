import { expect } from "chai";
import { signCancel } from "../../src/sequencer/Signing.ts";
import { serveHarness } from "../support/rpc.ts";
import { DOMAIN, harness, keyOf } from "../support/sequencer.ts";

/** What a quarter of an hour of full batches that are not final, and as many bytes as may wait, hold of the shortest items. */
const ITEMS = Math.ceil((900 * 8_192 + 4_194_304) / 64);

/**
 * The server for traders looked for the first item of the journal by handing all of them to one call, and an engine takes some 125,000
 * arguments. After a busy quarter of an hour, or a few accounts' cancellations, a sequencer that was killed could not start
 * again until enough of it was final.
 */
describe("finding: a sequencer cannot be started over a long journal", () => {
  it("starts over as many items as there can be", async () => {
    const h = harness();
    const transaction = signCancel(DOMAIN, { account: 1, nonce: 1n }, h.clock.time + 60n, keyOf(1), 0);
    const { items } = h.sequencer.exchange.open!;
    for (let i = 0; i < ITEMS; i++) items.push({ id: h.sequencer.exchange.takeId(), transaction });
    expect(items).to.have.length.greaterThan(150_000);
    const served = await serveHarness(h);
    const client = await served.connect();
    expect(await client.call("public/test", {})).to.deep.equal({ version: "1" });
    await served.stop();
  });
});
