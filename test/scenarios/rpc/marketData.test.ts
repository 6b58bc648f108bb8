import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signSetMode, signWithdraw } from "../../../src/sequencer/Signing.ts";
import { TX_WITHDRAW } from "../../../src/machine/Wire.ts";
import type { BookChangeWire, TickerWire, UserTradeWire } from "../../../src/rpc/wire.ts";
import { reportOf, signed } from "../../support/oracle.ts";
import { CALL, hear, orderInput, ownerSigner, rpcHarness, serveHarness, type RpcHarness } from "../../support/rpc.ts";
import { CONFIG, DOMAIN, harness, keyOf, MARKET, SPOT, START, USDC } from "../../support/sequencer.ts";

const DAY = 20_003;
const EXPIRY = BigInt(DAY) * 86_400n + 28_800n;

describe("market data", () => {
  let h: RpcHarness;
  afterEach(async () => h.stop());

  it("shows instruments, books, summaries, marks and Greeks as they come to be", async () => {
    h = await rpcHarness({ oracle: true });
    const [maker, taker] = [await h.trader(1), await h.trader(2)];
    expect(await maker.call("public/get_instruments", { currency: "ETH" })).to.deep.equal([]);
    const before = await maker.call("public/ticker", { instrument_name: CALL });
    expect(before).to.deep.include({ mark_price: null, greeks: null, best_bid_price: null, index_price: "3000" });
    expect(await maker.call("public/get_instrument", { instrument_name: CALL })).to.deep.equal({
      instrument_name: CALL,
      kind: "option",
      option_type: "call",
      base_currency: "ETH",
      quote_currency: "USD",
      settlement_currency: "USDC",
      strike: "3000",
      expiration_timestamp: Number(EXPIRY) * 1_000,
      tick_size: "0.02",
      min_trade_amount: "0.1",
      contract_size: "1",
      is_active: true,
      market: MARKET,
      expiry_day: DAY,
      open_interest: "0",
    });

    const heard = hear(maker);
    await maker.call("public/subscribe", { channels: [`ticker.${CALL}`] });
    await heard.until(`ticker.${CALL}`);
    await maker.placeOrder(ownerSigner(1), orderInput(0n, { direction: "sell", amount: "3", price: "60" }));
    await maker.placeOrder(ownerSigner(1), orderInput(1n, { direction: "sell", amount: "1", price: "61" }));
    await taker.placeOrder(ownerSigner(2), orderInput(0n, { amount: "1", price: "60" }));
    await taker.placeOrder(ownerSigner(2), orderInput(1n, { amount: "2", price: "50" }));
    h.clock.time += 30n;
    const report = signed(CONFIG, reportOf(MARKET, h.clock.time, SPOT + 100_000n, [DAY]));
    expect(h.sequencer.submitReports([report])).to.deep.equal([{ accepted: true }]);
    const terms = { nonce: 900n, deadline: START + 600n };
    const mode = signSetMode(DOMAIN, { account: 2, mode: 1 }, terms, keyOf(2));
    expect(h.sequencer.submitMany([{ kind: "transaction", transaction: mode }])[0]).to.include({ accepted: true });

    const marked = (await heard.until(`ticker.${CALL}`, (data: TickerWire) => data.mark_price !== null))
      .data as TickerWire;
    expect(marked).to.include({ index_price: "3010", is_mark_fresh: true, mark_iv: "60", underlying_price: "3010" });
    expect(Number(marked.greeks!.delta)).to.be.within(0.5, 0.6);
    expect(Number(marked.greeks!.theta)).to.be.lessThan(0);
    const book = await taker.call("public/get_order_book", { instrument_name: CALL, depth: 1 });
    expect(book).to.deep.include({ bids: [["50", "2"]], asks: [["60", "2"]], open_interest: "1", last_price: "60" });
    expect(book.stats).to.deep.equal({ volume: "1", high: "60", low: "60" });
    const summary = await taker.call("public/get_book_summary_by_currency", { currency: "ETH" });
    expect(summary).to.have.length(1);
    expect(summary[0]).to.include({ bid_price: "50", ask_price: "60", mark_price: marked.mark_price, volume: "1" });
    expect(await taker.call("public/get_index_price", { index_name: "eth_usd" })).to.include({
      index_price: "3010",
      anchor_price: "3000",
    });
    h.clock.time += 121n;
    expect(await taker.call("public/ticker", { instrument_name: CALL })).to.include({ is_mark_fresh: false });
    const { trades, has_more } = await taker.call("public/get_last_trades_by_instrument", {
      instrument_name: CALL,
      start_seq: 1,
      count: 1,
    });
    expect([trades[0]!.trade_seq, has_more]).to.deep.equal([1, false]);
  });

  it("closes series, shows their settlement price and what it did to each side", async () => {
    h = await rpcHarness();
    const [maker, taker] = [await h.trader(1), await h.trader(2)];
    await maker.placeOrder(ownerSigner(1), orderInput(0n, { direction: "sell", price: "60" }));
    await taker.placeOrder(ownerSigner(2), orderInput(0n, { price: "60" }));
    h.clock.time = EXPIRY - 1_000n;
    h.sequencer.tick();
    const sealed = h.sequencer.sealedBatch(0n);
    if (sealed !== undefined) h.l1.append(sealed);
    h.sequencer.sync(h.l1.log);
    h.clock.time = EXPIRY + 100n;
    h.l1.fixPrice(DAY, SPOT + 1_000_000n);
    h.sequencer.sync(h.l1.log);
    h.sequencer.tick();
    const [one, two] = [await h.trader(1), await h.trader(2)];
    expect(await one.call("public/get_delivery_prices", { index_name: "eth_usd" })).to.deep.equal({
      data: [{ date: "7OCT24", delivery_price: "3100" }],
      records_total: 1,
    });
    expect(await one.call("public/ticker", { instrument_name: CALL })).to.include({
      state: "closed",
      mark_price: "100",
      open_interest: "0",
    });
    for (const [client, position, change] of [
      [one, "-1", "-100"],
      [two, "1", "100"],
    ] as const) {
      const { settlements } = await client.call("private/get_settlement_history_by_currency", { currency: "ETH" });
      expect(settlements).to.have.length(1);
      expect(settlements[0]).to.include({
        instrument_name: CALL,
        position,
        delivery_price: "3100",
        balance_change: change,
        debt_change: "0",
      });
    }
    expect(await two.call("private/get_positions", {})).to.deep.equal([]);
  });

  it("says so too where the trade was dropped while nobody served", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tenor-"));
    const historyPath = join(directory, "history.sqlite");
    const inner = harness({ cash: 100n * USDC });
    h = await serveHarness(inner, { historyPath });
    try {
      const put = { instrument: "ETH-7OCT24-50-P", price: "1", maxFee: "1" };
      const [maker, other, taker] = [await h.trader(1), await h.trader(3), await h.trader(2)];
      await maker.placeOrder(ownerSigner(1), orderInput(0n, { ...put, direction: "sell", amount: "2" }));
      await other.placeOrder(ownerSigner(3), orderInput(0n, put));
      await taker.placeOrder(ownerSigner(2), orderInput(0n, put));
      await h.stop();
      h.l1.forced(2, { type: TX_WITHDRAW, account: 2, amount: 100n * USDC, payee: 0, auth: undefined });
      h.l1.forceInclude();
      inner.restart();
      h = await serveHarness(inner, { historyPath });
      const states = await Promise.all(
        [3, 2].map(async (account) => {
          const client = await h.trader(account);
          const { trades } = await client.call("private/get_user_trades_by_currency", { currency: "ETH" });
          return trades.map(({ state }) => state);
        }),
      );
      expect(states).to.deep.equal([["executed"], ["dropped"]]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("says so when a trade is dropped, since L1 took the cash away before it", async () => {
    h = await rpcHarness({ cash: 100n * USDC });
    const [maker, taker] = [await h.trader(1), await h.trader(2)];
    const [makerHeard, takerHeard] = [hear(maker), hear(taker)];
    await maker.call("public/subscribe", { channels: [`book.${CALL}`] });
    await makerHeard.until(`book.${CALL}`);
    await taker.call("private/subscribe", { channels: ["user.trades.2"] });
    const put = { instrument: "ETH-7OCT24-50-P" };
    await maker.placeOrder(ownerSigner(1), orderInput(0n, { ...put, direction: "sell", price: "1", maxFee: "1" }));
    const bid = orderInput(1n, { price: "70", amount: "0.1", maxFee: "1" });
    await maker.placeOrder(ownerSigner(1), bid);
    await makerHeard.until(`book.${CALL}`, (data: BookChangeWire) => data.bids[0]?.[1] === "70");
    const { trades } = await taker.placeOrder(ownerSigner(2), orderInput(0n, { ...put, price: "1", maxFee: "1" }));
    expect(trades).to.have.length(1);
    // The buyer's cash is forced out before the batch is on L1.
    h.l1.forced(2, { type: TX_WITHDRAW, account: 2, amount: 100n * USDC, payee: 0, auth: undefined });
    h.l1.forceInclude();
    h.sequencer.sync(h.l1.log);
    const dropped = await takerHeard.until("user.trades.2", (data: UserTradeWire[]) => data[0]!.state === "dropped");
    expect((dropped.data as UserTradeWire[])[0]).to.include({ trade_id: trades[0]!.trade_id });
    const { trades: kept } = await taker.call("private/get_user_trades_by_currency", { currency: "ETH" });
    expect(kept.map(({ state }) => state)).to.deep.equal(["dropped"]);
    const everybody = await taker.call("public/get_last_trades_by_instrument", { instrument_name: put.instrument });
    expect(everybody.trades).to.deep.equal([]);
    // Withdrawing again finds nothing: a named refusal, not a failure.
    const withdrawal = { account: 2, amount: USDC, payee: 0 };
    const terms = { nonce: 77n, deadline: START + 600n };
    const again = signWithdraw(DOMAIN, withdrawal, new Uint8Array(20), terms, keyOf(2));
    expect(h.sequencer.submitMany([{ kind: "transaction", transaction: again }])[0]).to.include({ accepted: false });
  });
});
