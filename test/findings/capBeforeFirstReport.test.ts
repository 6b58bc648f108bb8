import { expect } from "chai";
import { CONTRACT, Exchange, fakeSigner, USDC } from "../support/model/Exchange.ts";

/**
 * The cap on exposure is measured at the spot, which is zero until the first report of a market. So whoever opens his
 * shorts before it, charged by the scan, or changes his mode before it, passes any cap; with the first report the charge
 * falls to that of standard margin, and the rest of the cash is withdrawn, which no cap binds. From then on nobody else can
 * open anything. (THREATS 26; the cap protects the other holders of the expiry.)
 *
 * Closed by measuring the cap at the higher of the spot and the anchor, which is there before anybody can be short.
 */
describe("finding: a market's first report comes after its cap has been passed", () => {
  const [writer, friend] = [fakeSigner("writer"), fakeSigner("friend")];

  function opened(fill: boolean): { x: Exchange; result: string } {
    const x = new Exchange();
    x.list(1);
    x.anchor(1, 2_000);
    x.setSigners();
    x.setMarket(1, { exposureMultiple: 5 });
    x.deposit(1, writer.address, 500_000n * USDC);
    x.deposit(2, friend.address, 50_000n * USDC);
    const sale = { strike: 2_000, quantity: 100n * CONTRACT, limitTicks: 4_500n };
    const sells = (): string => x.trade({ account: 1, signer: writer }, { account: 2, signer: friend }, sale);
    if (fill) {
      expect(x.setMode(1, writer, 1)).to.equal("OK");
      return { x, result: sells() };
    }
    expect(sells()).to.equal("OK");
    return { x, result: x.setMode(1, writer, 1) };
  }

  for (const fill of [true, false]) {
    it(`refuses ${fill ? "a short" : "a change of mode"} that the fund does not back`, () => {
      const { x, result } = opened(fill);
      if (result === "OK") {
        x.wait(1);
        expect(x.report(1, 2_000)).to.equal("OK");
        const spare = x.excess(1);
        expect(x.withdraw(1, writer, spare)).to.equal("OK");
        const { fund } = x.state.openGlobals();
        expect.fail(`200,000 of shorts at a fund of ${fund / USDC}, and ${spare / USDC} withdrawn`);
      }
      expect(result).to.equal("ExposureCap");
    });
  }
});
