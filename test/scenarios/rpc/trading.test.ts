import { expect } from "chai";
import { toHex } from "../../../src/crypto/bytes.ts";
import { addressOf } from "../../../src/crypto/secp256k1.ts";
import { isSignedBy } from "../../../src/rpc/Receipt.ts";
import { receiptFromWire, type BookChangeWire, type OrderWire, type UserTradeWire } from "../../../src/rpc/wire.ts";
import { CALL, hear, ownerSigner, orderInput, RECEIPT_KEY, rpcHarness, type RpcHarness } from "../../support/rpc.ts";
import { DOMAIN, replayRoot } from "../../support/sequencer.ts";

describe("two traders over WebSockets", () => {
  let h: RpcHarness;
  beforeEach(async () => {
    h = await rpcHarness({ cash: 10_000_000_000n });
  });
  afterEach(async () => h.stop());

  it("see each other's quotes, trade, and have receipts of it that L1 keeps", async () => {
    const [maker, taker] = [await h.trader(1), await h.trader(2)];
    const [makerHeard, takerHeard] = [hear(maker), hear(taker)];
    await maker.call("private/subscribe", { channels: ["user.orders.1", "user.trades.1"] });
    await taker.call("public/subscribe", { channels: [`book.${CALL}`, `trades.${CALL}`, `ticker.${CALL}`] });
    const empty = await takerHeard.until(`book.${CALL}`);
    expect(empty.data).to.include({ type: "snapshot" });

    const ask = orderInput(0n, { direction: "sell", amount: "2", price: "55.02", label: "quote" });
    const quote = await maker.placeOrder(ownerSigner(1), ask);
    expect(quote.order).to.include({ order_state: "open", amount: "2", price: "55.02", label: "quote" });
    const first = (await takerHeard.until(`book.${CALL}`, (data: BookChangeWire) => data.type === "change"))
      .data as BookChangeWire;
    expect(first.asks).to.deep.equal([["new", "55.02", "2"]]);
    expect(first.prev_change_id).to.equal((empty.data as BookChangeWire).change_id);

    const bid = orderInput(0n, {
      amount: "0.5",
      price: "60",
      timeInForce: "immediate_or_cancel",
      deadline: h.clock.time + 60n,
    });
    const bought = await taker.placeOrder(ownerSigner(2), bid);
    expect(bought.order).to.include({ order_state: "filled", filled_amount: "0.5" });
    expect(bought.trades).to.have.length(1);
    expect(bought.trades[0]).to.include({
      price: "55.02",
      amount: "0.5",
      direction: "buy",
      liquidity: "T",
      trade_seq: 1,
    });

    const sold = (await makerHeard.until("user.trades.1")).data as UserTradeWire[];
    expect(sold[0]).to.include({ direction: "sell", liquidity: "M", order_id: quote.order.order_id });
    const left = await makerHeard.until("user.orders.1", (data: OrderWire) => data.filled_amount === "0.5");
    expect(left.data).to.include({ order_state: "open" });
    const second = (await takerHeard.until(`book.${CALL}`, (data: BookChangeWire) => data.asks[0]?.[0] === "change"))
      .data as BookChangeWire;
    expect(second.asks).to.deep.equal([["change", "55.02", "1.5"]]);
    expect(second.prev_change_id).to.equal(first.change_id);
    await takerHeard.until(`trades.${CALL}`);

    for (const wire of [quote.receipts.order, bought.receipts.order, ...bought.receipts.fills]) {
      expect(isSignedBy(DOMAIN, receiptFromWire(wire), addressOf(RECEIPT_KEY))).to.equal(true);
    }
    expect(bought.receipts.fills).to.have.length(1);

    const positions = await taker.call("private/get_positions", {});
    expect(positions).to.have.length(1);
    expect(positions[0]).to.include({ instrument_name: CALL, size: "0.5", direction: "buy" });
    const summary = await taker.call("private/get_account_summary", {});
    const fee = Number(bought.trades[0]!.fee);
    expect(Math.abs(Number(summary.balance) - (10_000 - 27.51 - fee))).to.be.below(1e-9);
    const { trades } = await maker.call("private/get_user_trades_by_instrument", { instrument_name: CALL });
    expect(trades.map(({ trade_id }) => trade_id)).to.deep.equal([bought.trades[0]!.trade_id]);
    expect(await maker.call("private/get_open_orders", {})).to.have.length(1);

    h.clock.time += 60n;
    h.sequencer.tick();
    const sealed = h.sequencer.sealedBatch(0n)!;
    expect(h.l1.append(sealed)).to.equal(undefined);
    h.sequencer.sync(h.l1.log);
    expect(toHex(replayRoot(h.l1.log))).to.equal(toHex(h.sequencer.stateRoot));
  });

  it("sees nothing private, and nobody else's orders", async () => {
    const [one, two] = [await h.trader(1), await h.trader(2)];
    const { order } = await one.placeOrder(ownerSigner(1), orderInput(0n));
    for (const call of [
      two.call("private/cancel", { order_id: order.order_id }),
      two.call("private/get_order_state", { order_id: order.order_id }),
    ]) {
      const error = await call.catch((caught: unknown) => caught);
      expect(error).to.include({ code: "ORDER_NOT_FOUND" });
    }
    const foreign = await two.call("private/get_open_orders", { account: 1 }).catch((error: unknown) => error);
    expect(foreign).to.include({ code: "UNAUTHORIZED" });
    const channel = await two
      .call("private/subscribe", { channels: ["user.orders.1"] })
      .catch((error: unknown) => error);
    expect(channel).to.include({ code: "UNAUTHORIZED" });
  });
});
