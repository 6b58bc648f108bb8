import { expect } from "chai";
import { TX_WITHDRAW } from "../../src/machine/Wire.ts";
import { hear, orderInput, ownerSigner, rpcHarness, type RpcHarness } from "../support/rpc.ts";
import { USDC } from "../support/sequencer.ts";

/**
 * Where L1 takes a trade's ground away, the trade is dropped, and what it had filled of the other side's order is open again. The maker
 * was told that its trade was dropped, but of its order the last it heard was that it was filled, while it rested in the book, to be
 * hit by whoever came by.
 *
 * Orders are now told again with the trades that are dropped.
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
});
