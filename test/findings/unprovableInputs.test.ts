import { expect } from "chai";
import { decodeTransaction } from "../../src/machine/Wire.ts";
import { Exchange, fakeSigner } from "../support/model/Exchange.ts";

describe("finding: inputs that the machine cannot digest", () => {
  /**
   * A Deposit carries a u128. Two of them overflow the cash of an account: the step succeeds in memory, and the state can
   * then never be hashed again. On L1 the same step would revert, so no claim about it could be proven. The Bridge must
   * bound the sum of deposits, or the machine must refuse what does not fit. (THREATS 14: a step that is impossible to
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

  /**
   * Section 3 bounds the key index of an order (1 to 4) but not that of a cancellation, so by section 6 a Cancel with key
   * index 5 is KeyInvalid, after the deadline and the nonce. The machine calls the bytes Malformed.
   */
  it("decodes a cancellation by any key index, as the specification has it", () => {
    const bytes = Uint8Array.of(0x05, 1, 1, 5, 0, ...new Uint8Array(64));
    expect(decodeTransaction(bytes, 0n, false)).not.to.equal(undefined);
  });
});
