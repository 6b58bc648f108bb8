import { expect } from "chai";
import { Exchange, fakeSigner, START_DAY, USDC } from "../support/model/Exchange.ts";

/**
 * Neither the index nor the epoch of the session key is part of what is signed, so whoever fills supplies them.
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
   * Setting the same address again, to give it a new budget or a later end for instance, puts all its unfilled orders of
   * before back into force: the filler names the new epoch. "Orders that the key signed are void from now on" holds only
   * for orders that a fill has already stored. To close it, sign the epoch and the index with the order.
   */
  it("keeps an order void that a key signed before it was revoked, when the same address becomes a key again", () => {
    const x = prepared();
    x.setKey(1, owner, 1, session.address);
    const order = x.maker({ account: 1, signer: session, sell: true, keyIndex: 1, keyEpoch: 1, day: START_DAY + 3 });
    x.revokeKey(1, owner, 1);
    x.setKey(1, owner, 1, session.address);
    const taker = x.taker({ account: 2, signer: other });
    expect(x.fill({ ...order, keyEpoch: 3 }, taker)).to.equal("KeyInvalid");
  });

  /** A budget bounds a slot, not an address: with one address in two slots the filler picks the slot. */
  it("judges an order by the budget that its signer meant", () => {
    const x = prepared();
    x.setKey(1, owner, 1, session.address, { budget: 1n });
    x.setKey(1, owner, 2, session.address, { budget: 10n ** 12n });
    const order = x.maker({ account: 1, signer: session, sell: true, keyIndex: 1, keyEpoch: 1, day: START_DAY + 3 });
    const taker = x.taker({ account: 2, signer: other });
    expect(x.fill({ ...order, keyIndex: 2 }, taker)).to.equal("BudgetExceeded");
  });

  /**
   * Section 6.3, step 3 lists the terms that must be equal when a stored order is shown in full again: series, flags, key
   * index, deadline, limit, quantity and maximum fee. The machine compares the key epoch too. Two implementations of
   * these two readings part on this input; either the list or `sameTerms` has to change.
   */
  it("takes a stored order that is shown in full with another epoch as the specification says", () => {
    const x = prepared();
    x.setKey(1, owner, 1, session.address);
    const order = x.maker({
      account: 1,
      signer: session,
      sell: true,
      keyIndex: 1,
      keyEpoch: 1,
      quantity: 2_000_000n,
      day: START_DAY + 3,
    });
    expect(x.fill(order, x.taker({ account: 2, signer: other }))).to.equal("OK");
    expect(x.fill({ ...order, keyEpoch: 7 }, x.taker({ account: 2, signer: other }))).to.equal("OK");
  });
});
