import { expect } from "chai";
import { Exchange, fakeSigner } from "../support/model/Exchange.ts";

describe("finding: inputs that the machine cannot digest", () => {
  /**
   * A Deposit carries a u128. Two of them overflow the cash of an account: the step succeeds in memory, and the state can
   * then never be hashed again. On L1 the same step would revert, so no claim about it could be proven. Closed
   * by refusing deposits of 2^64 and more, in the Bridge and in the machine. (THREATS 14: a step that is impossible to
   * prove.)
   */
  it("gives every sequence of deposits a state that can be hashed", () => {
    const x = new Exchange();
    const owner = fakeSigner("owner");
    const all = 2n ** 128n - 1n;
    x.deposit(1, owner.address, all);
    x.deposit(1, owner.address, all);
    expect(() => x.state.hash()).not.to.throw();
  });
});
