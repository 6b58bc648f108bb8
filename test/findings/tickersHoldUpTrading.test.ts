import { expect } from "chai";
import { SILENT } from "../../src/roles/Logger.ts";
import { Channels } from "../../src/rpc/Channels.ts";
import { Feed } from "../../src/rpc/Feed.ts";
import { HistoryStore } from "../../src/rpc/HistoryStore.ts";
import { Instruments, type Instrument } from "../../src/rpc/Instruments.ts";
import { Labels } from "../../src/rpc/Labels.ts";
import { MarketView } from "../../src/rpc/MarketView.ts";
import { ReceiptIssuer } from "../../src/rpc/ReceiptIssuer.ts";
import { Session } from "../../src/rpc/Session.ts";
import { CALL, CURRENCIES, RECEIPT_KEY } from "../support/rpc.ts";
import { harness, order, place, type Harness } from "../support/sequencer.ts";

const TICKERS = 200;
/** Of all tickers that have changed, as many may be worked out while everything else waits. */
const AT_ONCE = 20;

const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Any series of the grid has a ticker, so a stranger may subscribe to thousands that nobody trades: 16,000 from one address. With each
 * report of the oracle, and each time that batches were built anew, all of them were worked out in one go, some 0.2 ms
 * each, and nobody's order was looked at meanwhile; and with each order all names were looked up.
 *
 * They are worked out a few at a time now, between other work; what changes again before its turn is told once.
 */
describe("finding: tickers that nobody needs hold up everybody's orders", () => {
  /** Counts how often a series is looked up by its name or number. */
  class Counting extends Instruments {
    lookups = 0;

    override parse(name: string): Instrument {
      this.lookups++;
      return super.parse(name);
    }

    override describe(series: bigint): Instrument | undefined {
      this.lookups++;
      return super.describe(series);
    }
  }

  let h: Harness;
  let instruments: Counting;
  let history: HistoryStore;
  let feed: Feed;
  let told: number;

  /** Somebody watches many tickers and books. */
  beforeEach(() => {
    h = harness();
    const { sequencer, clock } = h;
    instruments = new Counting(CURRENCIES);
    history = new HistoryStore(":memory:", 1_000);
    const view = new MarketView({ exchange: sequencer.exchange, instruments, history, clock });
    const channels = new Channels(2 * TICKERS);
    const receipts = new ReceiptIssuer(sequencer, clock, RECEIPT_KEY);
    const labels = new Labels(() => true);
    feed = new Feed({ sequencer, clock, instruments, history, view, channels, receipts, labels, logger: SILENT });
    told = 0;
    const session = new Session({
      mayAsk: () => true,
      notify: (text) => {
        if (text.includes('"channel":"ticker.')) told++;
      },
    });
    const series = Array.from({ length: TICKERS }, (_, i) => CALL.replace("3000", String(50 * (i + 1))));
    const names = series.flatMap((name) => [`ticker.${name}`, `book.${name}`]);
    channels.add(session, new Map(names.map((name) => [name, () => true])));
    for (const name of names) feed.begin(session, name);
    expect(told).to.equal(TICKERS);
    told = 0;
  });
  afterEach(() => {
    feed.stop();
    history.close();
  });

  it("works out a few at a time, and tells all of them in the end, once", async () => {
    // All may have changed when batches are built anew.
    const rebuild = (): void => {
      h.l1.deposit(1, 1n);
      h.l1.forceInclude();
      h.sequencer.sync(h.l1.log);
      feed.flush();
    };
    rebuild();
    expect(told).to.be.at.most(AT_ONCE);
    await turn();
    expect(told).to.be.within(1, 2 * AT_ONCE);
    rebuild();
    for (let i = 0; i < TICKERS; i++) await turn();
    expect(told).to.be.within(TICKERS, TICKERS + 3 * AT_ONCE);
  });

  it("looks at none of them for an order in another series, and at one for its own", () => {
    for (const [strike, tickers] of [
      [30_000_000n, 1],
      [200_000_000n, 0],
    ] as const) {
      [told, instruments.lookups] = [0, 0];
      expect(place(h, order(1, BigInt(tickers), { strike }))).to.include({ accepted: true });
      feed.flush();
      expect(told).to.equal(tickers);
      expect(instruments.lookups).to.be.at.most(20);
    }
  });
});
