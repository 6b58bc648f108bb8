import { expect } from "chai";
import { TX_FILL, TX_WITHDRAW, type Fill } from "../../src/machine/Wire.ts";
import { seriesOf, toWireMaker, toWireTaker } from "../../src/sequencer/SignedOrder.ts";
import { hear, orderInput, ownerSigner, rpcHarness, type RpcHarness } from "../support/rpc.ts";
import { CONTRACT, LOT, order, USDC } from "../support/sequencer.ts";

/**
 * Where L1 takes a trade's ground away, the trade is dropped, and what it had filled of the other side's order is open again. The maker
 * was told that its trade was dropped, but of its order the last it heard was that it was filled, while it rested in the book, to be
 * hit by whoever came by.
 *
 * The same where a message of L1 carries a fill: the order was filled, and its maker not told.
 *
 * Orders are now told again with the trades that are dropped, and when a message has filled them.
 */
describe("finding: an order rests again, and its maker was told that it is filled", () => {
  const put = { instrument: "ETH-7OCT24-50-P", price: "1", maxFee: "1" } as const;
  let h: RpcHarness;
  beforeEach(async () => {
    h = await rpcHarness({ cash: 100n * USDC });
  });
  afterEach(async () => h.stop());

  for (const [what, amount, before] of [
    ["filled", "1", { order_state: "filled", filled_amount: "1" }],
    ["filled in part", "2", { order_state: "open", filled_amount: "1" }],
  ] as const) {
    it(`tells of one that was ${what}`, async () => {
      const [maker, taker] = [await h.trader(1), await h.trader(2)];
      const heard = hear(maker);
      await maker.call("private/subscribe", { channels: ["user.orders.1"] });
      await maker.placeOrder(ownerSigner(1), orderInput(0n, { ...put, amount, direction: "sell" }));
      await taker.placeOrder(ownerSigner(2), orderInput(0n, put));
      await heard.until("user.orders.1", (data: { filled_amount: string }) => data.filled_amount === "1");
      expect(heard.all.at(-1)!.data).to.include(before);
      // The buyer's cash is forced out before the batch is on L1.
      h.l1.forced(2, { type: TX_WITHDRAW, account: 2, amount: 100n * USDC, payee: 0, auth: undefined });
      h.l1.forceInclude();
      h.sequencer.sync(h.l1.log);
      // Behind whatever the server had to tell.
      const [open] = await maker.call("private/get_open_orders", {});
      expect(open).to.include({ order_state: "open", filled_amount: "0" });
      expect(heard.all.at(-1)!.data).to.deep.equal(open);
    });
  }

  for (const [amount, state] of [
    ["1", "filled"],
    ["2", "open"],
  ] as const) {
    it(`tells of one that a message of L1 has filled, and that is ${state} then`, async () => {
      const maker = await h.trader(1);
      const heard = hear(maker);
      await maker.call("private/subscribe", { channels: ["user.orders.1"] });
      const input = { ...put, amount, direction: "sell", forcible: true } as const;
      const { order: placed } = await maker.placeOrder(ownerSigner(1), orderInput(0n, input));
      const { signed } = h.sequencer.exchange.orders.get(Number(placed.order_id))!;
      const market = h.sequencer.exchange.market(seriesOf(signed.terms));
      const { market: id, expiryDay, strike, isPut, maxFee } = signed.terms;
      const buy = { market: id, expiryDay, strike, isPut, maxFee, limitPrice: 10_000n, forcible: true };
      const fill: Fill = {
        type: TX_FILL,
        maker: toWireMaker(signed, market),
        taker: toWireTaker(order(2, 9n, buy), market, 10_000n),
        lots: CONTRACT / LOT,
      };
      h.l1.forced(2, fill);
      h.sequencer.sync(h.l1.log);
      h.sequencer.tick();
      // Behind whatever the server had to tell.
      await maker.call("public/test", {});
      expect(heard.all.at(-1)!.data).to.include({ filled_amount: "1", order_state: state });
    });
  }
});
