import { expect } from "chai";
import { KIND_KEY } from "../../src/machine/Slots.ts";
import { Exchange, fakeSigner, USDC } from "../support/model/Exchange.ts";

/**
 * The judge counts the changes of a key modulo 2^32. The machine of the nodes counted on: after 2^32 − 1 changes the next one
 * succeeded in memory, and the state could not be hashed any more, so every node stopped at a step that the judge proves.
 * Closed by wrapping in both. (Invariant 12; 2^32 transactions are years of a full exchange, but nothing else bounds them.)
 */
describe("finding: the epoch of a key outgrows its field", () => {
  const [owner, session] = [fakeSigner("owner"), fakeSigner("session")];

  function worn(): Exchange {
    const x = new Exchange();
    x.deposit(1, owner.address, 100n * USDC);
    x.setKey(1, owner, 1, session.address);
    const key = x.state.openKey(1, 1)!;
    x.state.writeKey(1, 1, { ...key, kind: KIND_KEY, epoch: 0xffffffff });
    const recorded = x.model.keys.get("1/1")!;
    x.model.keys.set("1/1", { ...recorded, epoch: 0xffffffff });
    return x;
  }

  for (const change of ["set", "revoked"] as const) {
    it(`wraps when the key is ${change} for the 2^32nd time`, () => {
      const x = worn();
      const result = change === "set" ? x.setKey(1, owner, 1, session.address) : x.revokeKey(1, owner, 1);
      expect(result).to.equal("OK");
      expect(() => x.state.hash()).not.to.throw();
      expect(x.state.openKey(1, 1)!.epoch).to.equal(0);
    });
  }
});
