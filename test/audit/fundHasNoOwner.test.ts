import { expect } from "chai";
import { FUND_ACCOUNT, FUND_ACCOUNTS } from "../../src/machine/Constants.ts";
import { recoverAddress } from "../../src/crypto/secp256k1.ts";
import { Exchange, fakeSigner, deploymentFor, USDC, type Signer } from "../support/model/Exchange.ts";

const ZERO = new Uint8Array(20);

/** The signer of signatures that name nobody, which a careless recovery takes for the zero address. */
const nobody = (signature: Uint8Array): Signer => ({ ...fakeSigner("nobody"), address: ZERO, sign: () => signature });

/**
 * Threat 22. The 16 accounts of the fund belong to the zero address, and that is what ecrecover says of a signature that is none.
 */
describe("the fund's accounts", () => {
  it("nothing takes money out of the fund's accounts in the name of their owner, the zero address", () => {
    const x = new Exchange(deploymentFor({ real: true }));
    const thief = fakeSigner("thief");
    expect(x.deposit(1, thief.address, 5n * USDC)).to.equal("OK");
    for (const account of [FUND_ACCOUNT, FUND_ACCOUNT + FUND_ACCOUNTS - 1]) {
      expect(x.deposit(account, ZERO, 1000n * USDC), "it has something to lose").to.equal("OK");
      const noSignatures = [new Uint8Array(64), new Uint8Array(64).fill(0xff), Uint8Array.of(...new Uint8Array(63), 1)];
      for (const signature of noSignatures) {
        expect(recoverAddress(new Uint8Array(32), signature), "nobody, not the zero address").to.equal(undefined);
        const signer = nobody(signature);
        expect(x.withdraw(account, signer, 1n)).to.equal("BadSignature");
        expect(x.transfer(account, signer, 1, 1n)).to.equal("BadSignature");
        expect(x.setKey(account, signer, 1, thief.address)).to.equal("BadSignature");
        expect(x.setMode(account, signer, 0)).to.equal("BadSignature");
        expect(x.cancelAll(account, signer, 5n)).to.equal("BadSignature");
      }
      const forced = { type: 0x01, account, amount: 1n, payee: 0, auth: undefined } as const;
      expect(x.run(forced, thief.address)).to.equal("NotOwner");
      expect(x.account(account).cash).to.equal(1000n * USDC);
    }
  });
});
