import { expect } from "chai";
import { Exchange, fakeSigner, START_DAY, USDC } from "../support/model/Exchange.ts";

/**
 * Neither the index nor the epoch of the session key was part of what is signed, so whoever filled supplied them. Closed by
 * signing both with the order.
 */
describe("finding: who fills chooses the key's index and epoch", () => {
  const [owner, other, session] = [fakeSigner("owner"), fakeSigner("other"), fakeSigner("session")];

  function prepared(): Exchange {
    const x = new Exchange();
    x.list(1);
    x.anchor(1, 2000);
    x.deposit(1, owner.address, 50_000n * USDC);
    x.deposit(2, other.address, 50_000n * USDC);
    return x;
  }

  /**
   * Setting the same address again, to give it a new budget or a later end for instance, put all its unfilled orders of
   * before back into force: the filler named the new epoch.
   */
  it("keeps an order void that a key signed before it was revoked, when the same address becomes a key again", () => {
    const x = prepared();
    x.setKey(1, owner, 1, session.address);
    const order = x.maker({ account: 1, signer: session, sell: true, keyIndex: 1, keyEpoch: 1, day: START_DAY + 3 });
    x.revokeKey(1, owner, 1);
    x.setKey(1, owner, 1, session.address);
    const taker = x.taker({ account: 2, signer: other });
    expect(x.fill(order, taker), "as it was signed").to.equal("KeyInvalid");
    expect(x.fill({ ...order, keyEpoch: 3 }, taker), "with the new epoch").to.equal("BadSignature");
  });

  /** A budget bounds a slot, not an address: with one address in two slots the filler picked the slot. */
  it("judges an order by the budget that its signer meant", () => {
    const x = prepared();
    x.setKey(1, owner, 1, session.address, { budget: 1n });
    x.setKey(1, owner, 2, session.address, { budget: 10n ** 12n });
    const order = x.maker({ account: 1, signer: session, sell: true, keyIndex: 1, keyEpoch: 1, day: START_DAY + 3 });
    const taker = x.taker({ account: 2, signer: other });
    expect(x.fill(order, taker), "as it was signed").to.equal("BudgetExceeded");
    expect(x.fill({ ...order, keyIndex: 2 }, taker), "with the other slot").to.equal("BadSignature");
  });
});
