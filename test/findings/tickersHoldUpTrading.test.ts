import { expect } from "chai";
import { SILENT } from "../../src/roles/Logger.ts";
import { Channels } from "../../src/rpc/Channels.ts";
import { Feed } from "../../src/rpc/Feed.ts";
import { HistoryStore } from "../../src/rpc/HistoryStore.ts";
import { Instruments } from "../../src/rpc/Instruments.ts";
import { Labels } from "../../src/rpc/Labels.ts";
import { MarketView } from "../../src/rpc/MarketView.ts";
import { ReceiptIssuer } from "../../src/rpc/ReceiptIssuer.ts";
import { Session } from "../../src/rpc/Session.ts";
import { CALL, CURRENCIES, RECEIPT_KEY } from "../support/rpc.ts";
import { harness, order, place } from "../support/sequencer.ts";

const TICKERS = 200;
/** Of all tickers that have changed, as many may be worked out while everything else waits. */
const AT_ONCE = 20;

const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Any series of the grid has a ticker, so a stranger may subscribe to thousands that nobody trades: 16,000 from one address. With each
 * report of the oracle, and each time that batches were built anew, all of them were worked out in one go, some 0.2 ms
 * each, and nobody's order was looked at meanwhile.
 *
 * They are worked out a few at a time now, between other work; what changes again before its turn is told once.
 */
describe("finding: tickers that nobody needs hold up everybody's orders", () => {
  it("works out a few at a time, and tells all of them in the end, once", async () => {
    const h = harness();
    const { sequencer, clock } = h;
    const { exchange } = sequencer;
    const instruments = new Instruments(CURRENCIES);
    const history = new HistoryStore(":memory:", 1_000);
    const view = new MarketView({ exchange, instruments, history, clock });
    const channels = new Channels(TICKERS);
    const receipts = new ReceiptIssuer(sequencer, clock, RECEIPT_KEY);
    const labels = new Labels(() => true);
    const parts = { sequencer, clock, instruments, history, view, channels, receipts, labels, logger: SILENT };
    const feed = new Feed(parts);
    let told = 0;
    const session = new Session({ mayAsk: () => true, notify: () => told++ });
    const names = Array.from({ length: TICKERS }, (_, i) => `ticker.${CALL.replace("3000", String(50 * (i + 1)))}`);
    channels.add(session, new Map(names.map((name) => [name, () => true])));
    for (const name of names) feed.begin(session, name);
    expect(told).to.equal(TICKERS);

    // All may have changed when batches are built anew.
    place(h, order(1, 0n));
    await turn();
    told = 0;
    const rebuild = (): void => {
      h.l1.deposit(1, 1n);
      h.l1.forceInclude();
      sequencer.sync(h.l1.log);
      feed.flush();
    };
    rebuild();
    expect(told).to.be.at.most(AT_ONCE);
    await turn();
    expect(told).to.be.within(1, 2 * AT_ONCE);
    rebuild();
    for (let i = 0; i < TICKERS; i++) await turn();
    expect(told).to.be.within(TICKERS, TICKERS + 3 * AT_ONCE);
    feed.stop();
    history.close();
  });
});
