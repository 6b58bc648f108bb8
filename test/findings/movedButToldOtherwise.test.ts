import { expect } from "chai";
import { RpcError } from "../../src/rpc/RpcError.ts";
import { CALL, orderInput, ownerSigner, serveHarness, type RpcHarness } from "../support/rpc.ts";
import { harness, START } from "../support/sequencer.ts";

/**
 * Positions are moved one after another, each for itself. But a trade whose instrument does not exist, or whose terms are off the grid, threw
 * in the midst: what had been moved before it was moved for good, and the caller had an error for all of it, and no receipt.
 */
describe("finding: positions were moved, and the answer says that nothing was", () => {
  let h: RpcHarness;

  beforeEach(async () => {
    const inner = harness({ accounts: 2 });
    // Account 9 belongs to the owner of account 1.
    inner.l1.depositFor(9, 1, 1_000_000_000_000n);
    inner.sequencer.sync(inner.l1.log);
    h = await serveHarness(inner);
  });
  afterEach(async () => h.stop());

  for (const [what, change, reason] of [
    ["an instrument that does not exist", { instrument_name: "ETH-7OCT24-3001-C" }, "INSTRUMENT_NOT_FOUND"],
    ["a price off the tick", { price: "44.0001" }, "PRICE_OFF_TICK"],
    ["an amount off the lot", { amount: "0.00001" }, "AMOUNT_OFF_LOT"],
  ] as const) {
    it(`answers for each, also where one names ${what}`, async () => {
      const [owner, maker] = [await h.trader(1), await h.trader(2)];
      await maker.placeOrder(ownerSigner(2), orderInput(0n, { direction: "sell" }));
      await owner.placeOrder(ownerSigner(1), orderInput(0n));
      const terms = { amount: "1", maxFee: "10", deadline: START + 600n, timeInForce: "fill_or_kill" } as const;
      const sign = (account: number, nonce: bigint, direction: "buy" | "sell"): string => {
        const signer = { ...ownerSigner(1), account };
        const input = { instrument: CALL, price: "44", direction, nonce, reduceOnly: account === 1, ...terms };
        return owner.signedOrder(signer, input).signature;
      };
      const good = {
        ...{ instrument_name: CALL, amount: "1", price: "44", max_fee: "10", deadline: String(terms.deadline) },
        ...{ source_nonce: "5", target_nonce: "6" },
        ...{ source_signature: sign(1, 5n, "sell"), target_signature: sign(9, 6n, "buy") },
      };
      const trades = [good, { ...good, source_nonce: "7", target_nonce: "8", ...change }];
      const answer = await owner
        .call("private/move_positions", { source: 1, target: 9, trades })
        .catch((error: unknown) => (error instanceof RpcError ? error.code : error));
      expect(h.sequencer.exchange.account(1)!.positions, "what is left to move").to.deep.equal([]);
      expect(answer).to.have.length(2);
      const [first, second] = answer as { state: string; reason?: string; receipt?: unknown }[];
      expect(first).to.include({ state: "moved" }).and.have.nested.property("receipt.type", "FillReceipt");
      expect(second).to.deep.include({ state: "refused", reason });
    });
  }
});
