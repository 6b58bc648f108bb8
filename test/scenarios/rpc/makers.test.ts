import { expect } from "chai";
import { toHex } from "../../../src/crypto/bytes.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { signSetMode } from "../../../src/sequencer/Signing.ts";
import type { RpcError } from "../../../src/rpc/RpcError.ts";
import type { OrderWire } from "../../../src/rpc/wire.ts";
import { reportOf, signed } from "../../support/oracle.ts";
import { CALL, hear, orderInput, ownerSigner, rpcHarness, serveHarness, type RpcHarness } from "../../support/rpc.ts";
import { CONFIG, DOMAIN, harness, keyOf, MARKET, SPOT, START } from "../../support/sequencer.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PUT = "ETH-7OCT24-2800-P";
const OTHER_EXPIRY = "ETH-8OCT24-3000-C";

async function errorOf(call: Promise<unknown>): Promise<RpcError> {
  return call.then(
    () => expect.fail("it was not refused"),
    (error: unknown) => error as RpcError,
  );
}

async function states(h: RpcHarness, account: number): Promise<Record<string, string>> {
  const client = await h.trader(account);
  const orders = await client.call("private/get_open_orders", {});
  return Object.fromEntries(orders.map((order) => [`${order.instrument_name} ${order.price}`, order.order_state]));
}

describe("makers", () => {
  let h: RpcHarness;
  beforeEach(async () => {
    h = await rpcHarness();
  });
  afterEach(async () => h.stop());

  it("are protected: one order sweeps three quotes, the limit stops it after two, and the rest of the market's quotes go", async () => {
    const [maker, taker] = [await h.trader(1), await h.trader(2)];
    const heard = hear(maker);
    await maker.call("private/subscribe", { channels: ["user.mmp_trigger.1", "user.orders.1"] });
    await maker.call("private/set_mmp_config", {
      index_name: "eth_usd",
      interval: 10,
      frozen_time: 30,
      quantity_limit: "2",
    });
    const quote = async (nonce: bigint, price: string, instrument = CALL): Promise<OrderWire> =>
      (await maker.placeOrder(ownerSigner(1), orderInput(nonce, { instrument, direction: "sell", price }))).order;
    await quote(0n, "50");
    await quote(1n, "51");
    const third = await quote(2n, "52");
    const other = await quote(3n, "40", PUT);
    const sweep = orderInput(0n, { amount: "3", price: "60" });
    const { order, trades } = await taker.placeOrder(ownerSigner(2), sweep);
    expect(trades.map(({ price }) => price)).to.deep.equal(["50", "51"]);
    expect(order).to.include({ filled_amount: "2", order_state: "open" });

    expect((await heard.until("user.mmp_trigger.1")).data).to.include({
      is_frozen: true,
      frozen_until: Number(h.clock.time + 30n) * 1_000,
    });
    for (const { order_id } of [third, other]) {
      const gone = await heard.until(
        "user.orders.1",
        (data: OrderWire) => data.order_id === order_id && data.order_state === "cancelled",
      );
      expect(gone.data).to.include({ cancel_reason: "MakerProtection" });
    }
    const again = orderInput(4n, { direction: "sell", price: "70" });
    expect(await errorOf(maker.placeOrder(ownerSigner(1), again))).to.include({ code: "MAKER_PROTECTION_FROZEN" });
    const hedge = orderInput(5n, { timeInForce: "immediate_or_cancel", deadline: h.clock.time + 60n });
    expect(await errorOf(maker.placeOrder(ownerSigner(1), hedge))).to.deep.include({
      code: "REFUSED",
      fields: { error: "REFUSED", reason: "ImmediateUnfilled" },
    });

    h.clock.time += 30n;
    expect((await maker.placeOrder(ownerSigner(1), again)).order.order_state).to.equal("open");
  });

  it("may limit delta, in one expiry, until they reset it", async () => {
    const [maker, taker] = [await h.trader(1), await h.trader(2)];
    const scope = { index_name: "eth_usd", expiry: "7OCT24" };
    await maker.call("private/set_mmp_config", { ...scope, interval: 3_600, frozen_time: 0, delta_limit: "1.5" });
    const sell = (nonce: bigint, price: string, instrument = CALL): ReturnType<typeof maker.placeOrder> =>
      maker.placeOrder(ownerSigner(1), orderInput(nonce, { instrument, direction: "sell", price }));
    await sell(0n, "50");
    await sell(1n, "40", PUT);
    await sell(2n, "51");
    await sell(3n, "50", OTHER_EXPIRY);
    // Without marks a call sold counts −1 and a put sold +1: 1, then 0, then −1.
    await taker.placeOrder(ownerSigner(2), orderInput(0n, { price: "50" }));
    await taker.placeOrder(ownerSigner(2), orderInput(1n, { instrument: PUT, price: "40" }));
    await taker.placeOrder(ownerSigner(2), orderInput(2n, { price: "51" }));
    expect((await maker.call("private/get_mmp_config", {}))[0]).to.include({ is_frozen: false });
    await sell(4n, "52");
    await sell(5n, "53");
    await taker.placeOrder(ownerSigner(2), orderInput(3n, { price: "52" }));
    expect(await states(h, 1)).to.deep.equal({ [`${OTHER_EXPIRY} 50`]: "open" });
    h.clock.time += 3_000n;
    expect((await maker.call("private/get_mmp_config", {}))[0]).to.include({ is_frozen: true, frozen_until: 0 });
  });

  it("keep their limits, and that they were hit, over a restart", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tenor-"));
    const historyPath = join(directory, "history.sqlite");
    const inner = harness();
    let served = await serveHarness(inner, { historyPath });
    try {
      let [maker, taker] = [await served.trader(1), await served.trader(2)];
      const limits = { index_name: "eth_usd", interval: 10, frozen_time: 0, quantity_limit: 1 };
      await maker.call("private/set_mmp_config", limits);
      await maker.placeOrder(ownerSigner(1), orderInput(0n, { direction: "sell" }));
      await taker.placeOrder(ownerSigner(2), orderInput(0n));
      await served.stop();
      inner.restart();
      served = await serveHarness(inner, { historyPath });
      [maker, taker] = [await served.trader(1), await served.trader(2)];
      const quote = orderInput(1n, { direction: "sell" });
      expect(await errorOf(maker.placeOrder(ownerSigner(1), quote))).to.include({ code: "MAKER_PROTECTION_FROZEN" });
      await maker.call("private/reset_mmp", { index_name: "eth_usd" });
      expect((await maker.placeOrder(ownerSigner(1), quote)).order.order_state).to.equal("open");
      const { trades } = await taker.call("private/get_user_trades_by_currency", { currency: "ETH" });
      expect(trades).to.have.length(1);
    } finally {
      await served.stop();
      rmSync(directory, { recursive: true });
    }
  });

  it("have trades of a lost history filled in from the journal", async () => {
    const inner = harness();
    let served = await serveHarness(inner);
    const [maker, taker] = [await served.trader(1), await served.trader(2)];
    await maker.placeOrder(ownerSigner(1), orderInput(0n, { direction: "sell" }));
    const { trades } = await taker.placeOrder(ownerSigner(2), orderInput(0n));
    await served.stop();
    inner.restart();
    served = await serveHarness(inner);
    try {
      const again = await served.trader(2);
      const found = await again.call("private/get_user_trades_by_currency", { currency: "ETH" });
      const { fee: _fee, mark_price: _mark, ...known } = trades[0]!;
      expect(found.trades[0]).to.deep.include({ ...known, fee: null });
    } finally {
      await served.stop();
    }
  });

  it("have the orders of a connection cancelled when it ends, or all of the account's", async () => {
    const [one, two] = [await h.trader(1), await h.trader(1)];
    await one.placeOrder(ownerSigner(1), orderInput(0n, { price: "10" }));
    await two.placeOrder(ownerSigner(1), orderInput(1n, { price: "11" }));
    await two.call("private/enable_cancel_on_disconnect", {});
    expect(await two.call("private/get_cancel_on_disconnect", {})).to.deep.equal({ scope: "connection" });
    const heard = hear(one);
    await one.call("private/subscribe", { channels: ["user.orders.1"] });
    await two.close();
    await heard.until("user.orders.1", (data: OrderWire) => data.price === "11" && data.order_state === "cancelled");
    expect(await states(h, 1)).to.deep.equal({ [`${CALL} 10`]: "open" });

    const three = await h.trader(1);
    await three.call("private/enable_cancel_on_disconnect", { scope: "account" });
    await three.close();
    await heard.until("user.orders.1", (data: OrderWire) => data.price === "10" && data.order_state === "cancelled");
    expect(await states(h, 1)).to.deep.equal({});
  });

  it("withdraw a whole series at once, and are told that their signatures stay good", async () => {
    const maker = await h.trader(1);
    for (const [nonce, price, instrument] of [
      [0n, "10", CALL],
      [1n, "11", CALL],
      [2n, "12", PUT],
    ] as const) {
      await maker.placeOrder(ownerSigner(1), orderInput(nonce, { price, instrument, label: "mine" }));
    }
    const gone = await maker.call("private/cancel_all_by_instrument", { instrument_name: CALL });
    expect(gone.count).to.equal(2);
    for (const { finality, warning, fillable_until, receipt } of gone.orders) {
      expect({ finality, fillable_until }).to.deep.equal({ finality: "book", fillable_until: Number(START + 3_600n) });
      expect(warning).to.include("can still be filled");
      expect(receipt?.type).to.equal("WithdrawalReceipt");
    }
    // The same signature does not come back in, whoever sends it.
    const same = orderInput(0n, { price: "10" });
    expect(await errorOf(maker.placeOrder(ownerSigner(1), same))).to.deep.include({
      code: "REFUSED",
      fields: { error: "REFUSED", reason: "Withdrawn" },
    });
    const left = await maker.call("private/cancel_by_label", { label: "mine" });
    expect(left.orders.map(({ order }) => order.instrument_name)).to.deep.equal([PUT]);

    const { order } = await maker.placeOrder(ownerSigner(1), orderInput(7n, { price: "13" }));
    const signedCancel = await maker.cancelSigned(ownerSigner(1), order.order_id, 7n, START + 60n);
    expect(signedCancel).to.include({ finality: "batched" });
    expect(await errorOf(maker.call("private/cancel", { order_id: order.order_id }))).to.include({
      code: "ORDER_NOT_OPEN",
    });
    await maker.placeOrder(ownerSigner(1), orderInput(8n, { price: "13" }));
    await maker.placeOrder(ownerSigner(1), orderInput(20n, { price: "14" }));
    const all = await maker.cancelAllSigned(ownerSigner(1), 10n, START + 60n);
    expect(all.orders.map(({ order: { price }, finality }) => `${price} ${finality}`)).to.deep.equal([
      "13 batched",
      "14 book",
    ]);
    expect((await maker.call("private/get_account_summary", {})).nonce_floor).to.equal("10");
  });
});

describe("an owner with two accounts", () => {
  it("moves a position between them at the mark, past the book, and pays fees as in any trade", async () => {
    const inner = harness({ oracle: true, accounts: 2 });
    // Account 9 belongs to the owner of account 1.
    inner.l1.depositFor(9, 1, 1_000_000_000_000n);
    inner.sequencer.sync(inner.l1.log);
    const h = await serveHarness(inner);
    try {
      h.clock.time += 30n;
      const report = signed(CONFIG, reportOf(MARKET, h.clock.time, SPOT, [20_003]));
      expect(h.sequencer.submitReports([report])).to.deep.equal([{ accepted: true }]);
      const [owner, maker] = [await h.trader(1), await h.trader(2)];
      await maker.placeOrder(ownerSigner(2), orderInput(0n, { direction: "sell", price: "60" }));
      await owner.placeOrder(ownerSigner(1), orderInput(0n, { price: "60" }));
      // Its mode decides whether marks are brought to L2.
      const mode = signSetMode(DOMAIN, { account: 1, mode: 1 }, { nonce: 900n, deadline: START + 600n }, keyOf(1));
      await owner.call("private/submit", { transaction: toHex(encodeTransaction(mode, 0n)) });
      expect((await owner.call("private/get_account_summary", {})).margin_model).to.equal("standard");
      // A better price in the book is not in the way: the two orders are meant for each other.
      await maker.placeOrder(ownerSigner(2), orderInput(1n, { price: "45" }));
      const heard = hear(owner);
      await owner.call("public/subscribe", { channels: [`trades.${CALL}`] });
      const key = ownerSigner(1).privateKey;
      const move = {
        instrument: CALL,
        amount: "1",
        maxFee: "10",
        deadline: START + 600n,
        sourceNonce: 5n,
        targetNonce: 0n,
      };
      const refused = await owner.movePositions(1, 9, key, [{ ...move, amount: "2", price: "50" }]);
      expect(refused).to.deep.equal([{ instrument_name: CALL, state: "refused", reason: "ReduceOnlyGrows" }]);
      const [moved] = await owner.movePositions(1, 9, key, [{ ...move, price: "44" }]);
      expect(moved).to.include({ state: "moved", price: "44", amount: "1" });
      const trade = await heard.until(`trades.${CALL}`);
      expect((trade.data as { block_trade: boolean }[])[0]).to.include({ block_trade: true, price: "44" });
      const target = await h.connect();
      await target.login({ account: 9, privateKey: key }, h.clock.time + 60n);
      expect((await target.call("private/get_positions", {}))[0]).to.include({ size: "1" });
      expect(await owner.call("private/get_positions", {})).to.deep.equal([]);
      const { trades } = await target.call("private/get_user_trades_by_currency", { currency: "ETH" });
      expect(Number(trades[0]!.fee)).to.be.greaterThan(0);
      expect(
        await errorOf(
          owner.movePositions(
            1,
            2,
            key,
            [move].map((m) => ({ ...m, price: "44" })),
          ),
        ),
      ).to.include({
        code: "FORBIDDEN",
      });
      const back = { ...move, sourceNonce: 1n, targetNonce: 6n };
      const [atMark] = await target.movePositions(9, 1, key, [back]);
      const { mark_price } = await target.call("public/ticker", { instrument_name: CALL });
      expect(atMark).to.include({ state: "moved" });
      expect(Math.abs(Number((atMark as { price: string }).price) - Number(mark_price))).to.be.at.most(0.01);
    } finally {
      await h.stop();
    }
  });
});
