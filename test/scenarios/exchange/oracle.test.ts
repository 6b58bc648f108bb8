import { expect } from "chai";
import { fakeSigner, START_DAY, type Signer } from "../../support/model/Exchange.ts";
import { marketPayload, signersPayload } from "../../support/model/oracle.ts";
import { DAY, MarginStory, type Trader } from "../../support/MarginStory.ts";

const CALL = { strike: 2_000 };
const LATER = START_DAY + 9;

/** A maker on margin, short ten calls in each of two expiries. */
function market(): MarginStory & { dealer: Trader; client: Trader } {
  const story = new MarginStory({ fund: 20_000 });
  const dealer = story.arrives("dealer", 9_000, true);
  const client = story.arrives("client", 5_000);
  story.wait(1);
  story.must(story.oracleSays(2_000, { days: [DAY, LATER] }));
  for (const day of [DAY, LATER]) story.must(story.sells(dealer, client, 10, { ...CALL, day }, day === DAY ? 43 : 80));
  return Object.assign(story, { dealer, client });
}

describe("the oracle falls silent over a weekend (THREATS 26, 26d)", () => {
  it("and whatever adds risk is measured by the collateralised bound, while the rest goes on", () => {
    const story = market();
    const { dealer, client } = story;
    story.wait(2 * 86_400);
    expect(story.sells(dealer, client, 1, CALL, 43)).to.equal("AnchorStale");
    expect(story.sells(dealer, client, 1, { strike: 1_900, put: true }, 15)).to.equal("BelowMaintenance");
    expect(story.withdraw(dealer.account, dealer.signer, 1_000_000n)).to.equal("InsufficientMargin");
    expect(story.transfer(dealer.account, dealer.signer, client.account, 1_000_000n)).to.equal("InsufficientMargin");
    expect(story.startsAuction(dealer)).to.equal("MarksStale");
    story.must(story.deposit(dealer.account, dealer.signer.address, 1_000_000n));
    story.must(story.cancel(dealer.account, dealer.signer, story.nextNonce()));
    story.must(story.withdrawsAll(client));
  });

  it("and a maker may still reduce, inside the band of the last mark", () => {
    const story = market();
    const { dealer, client } = story;
    story.wait(2 * 86_400);
    expect(story.sells(client, dealer, 1, CALL, 300)).to.equal("PriceOutsideBand");
    // Measured by the collateralised bound the maker is below maintenance, so not above the last mark.
    expect(story.sells(client, dealer, 1, CALL, 60)).to.equal("BelowMaintenance");
    story.must(story.sells(client, dealer, 1, CALL, 43));
    expect(story.held(dealer, CALL)).to.equal(-9);
  });

  it("and an expiry is fixed and settled all the same", () => {
    const story = market();
    const { dealer, client } = story;
    story.expires(2_100);
    const before = story.cash(client);
    story.settlesAll();
    expect(story.cash(client) - before).to.equal(1_000);
    expect(story.held(dealer, { ...CALL, day: LATER })).to.equal(-10);
  });

  it("and comes back a third away: one report does not move a mark, the second a minute later does", () => {
    const story = market();
    const { dealer } = story;
    story.wait(2 * 86_400);
    expect(story.oracleSays(2_700)).to.equal("ReportJumps");
    expect(story.startsAuction(dealer)).to.equal("MarksStale");
    story.moves(2_700, { days: [DAY, LATER] });
    story.must(story.startsAuction(dealer));
  });

  it("and one dead smile does not stop the other expiry", () => {
    const story = market();
    const { dealer, client } = story;
    story.wait(1_801);
    story.must(story.oracleSays(2_000, { days: [LATER] }));
    expect(story.sells(dealer, client, 1, CALL, 43), "a fresh spot with an old smile").to.not.equal("OK");
    // The stale expiry is charged in full, which takes the maker's margin for both.
    expect(story.excessOf(dealer)).to.be.lessThan(0);
    const other = story.arrives("other maker", 9_000, true);
    story.must(story.sells(other, client, 1, { ...CALL, day: LATER }, 80));
  });
});

describe("reports that are refused (THREATS 26d)", () => {
  const refused: [string, (story: MarginStory) => string, string][] = [
    ["early", (story) => story.oracleSays(2_000, { time: story.now + 1n }), "ReportEarly"],
    ["late", (story) => (story.wait(200), story.oracleSays(2_000, { time: story.now - 121n })), "ReportLate"],
    ["repeated", (story) => story.oracleSays(2_000), "ReportOutdated"],
    ["by too few signers", (story) => (story.wait(1), story.oracleSays(2_000, { by: [2] })), "SignersInvalid"],
    ["at zero", (story) => (story.wait(1), story.oracleSays(0)), "PriceInvalid"],
    ["of another market", (story) => (story.wait(1), story.oracleSays(2_000, { market: 7 })), "MarketUnknown"],
    ["of an expired day", (story) => (story.wait(1), story.oracleSays(2_000, { days: [START_DAY] })), "ReportInvalid"],
    ["that jumps", (story) => (story.wait(4_000), story.oracleSays(2_400)), "ReportJumps"],
    ["far from the feed", (story) => (story.wait(1), story.oracleSays(2_201)), "ReportOffAnchor"],
  ];
  for (const [what, run, code] of refused) {
    it(`${what}: ${code}, and nothing changes`, () => {
      const story = new MarginStory();
      const before = story.state.hash();
      expect(run(story)).to.equal(code);
      expect(story.state.hash()).to.deep.equal(before);
    });
  }

  it("by a retired signer: BadSignature", () => {
    const story = new MarginStory();
    const { settlement } = story.deployment.machine;
    const addresses = [0, 1, 3].map((i): Signer => fakeSigner(`oracle ${i}`)).map(({ address }) => address);
    story.must(story.message(6, settlement, signersPayload(2, addresses)));
    story.wait(1);
    expect(story.oracleSays(2_000, { by: [0, 2] })).to.equal("BadSignature");
    story.must(story.oracleSays(2_000, { by: [0, 1] }));
  });

  it("a walk of small moves gets no further in a minute than one jump", () => {
    const story = new MarginStory();
    story.wait(4_000);
    story.must(story.oracleSays(2_000));
    let spot = 2_000;
    let steps = 0;
    for (let result = "OK"; result === "OK" && steps < 20; steps++) {
      story.wait(2);
      result = story.oracleSays(spot * 1.04);
      if (result === "OK") spot *= 1.04;
    }
    expect(spot).to.be.within(2_200, 2_300);
    // Two minutes later the window has moved on.
    story.wait(121);
    story.must(story.oracleSays(spot * 1.04));
  });

  it("a glitch that is gone a minute later confirms nothing", () => {
    const story = new MarginStory();
    story.wait(4_000);
    expect(story.oracleSays(3_000)).to.equal("ReportJumps");
    story.wait(20);
    story.must(story.oracleSays(2_010));
    story.wait(45);
    // The earlier report is older than one that was accepted.
    expect(() => story.moves(3_000)).to.not.throw();
    expect(story.model.markets.get("1")!.spot).to.equal(30_000_000n);
  });

  it("a vol beyond the market's limits is refused, and one just within them counts", () => {
    const story = new MarginStory();
    const maker = story.arrives("maker", 2_000, true);
    const taker = story.arrives("taker", 2_000);
    for (const vol of [0.0001, 0.0999, 3.001]) {
      story.wait(1);
      expect(story.oracleSays(2_000, { vol }), String(vol)).to.equal("ReportInvalid");
    }
    story.must(story.oracleSays(2_000, { vol: 0.1001 }));
    // At 10 %, the market's least, the call is worth 7.2.
    expect(story.sells(maker, taker, 1, CALL, 120)).to.equal("PriceOutsideBand");
    story.must(story.sells(maker, taker, 1, CALL, 7.2));
  });

  it("parameters outside their bounds are refused", () => {
    const story = new MarginStory();
    const { settlement } = story.deployment.machine;
    const good = { minVol: 100_000, maxVol: 3_000_000, bandFloor: 20_000n, exposureMultiple: 20 };
    const bad = [
      { minVol: 9_999 },
      { maxVol: 10_000_001 },
      { minVol: 3_000_001 },
      { bandFloor: 0n },
      { exposureMultiple: 1_001 },
    ];
    for (const wrong of bad) {
      expect(story.message(7, settlement, marketPayload(1, { ...good, ...wrong }))).to.equal("MarketInvalid");
    }
    expect(story.message(6, settlement, signersPayload(0, [fakeSigner("a").address]))).to.equal("SignersInvalid");
    expect(story.message(6, settlement, signersPayload(2, [fakeSigner("a").address]))).to.equal("SignersInvalid");
    const twice = fakeSigner("a").address;
    expect(story.message(6, settlement, signersPayload(1, [twice, twice]))).to.equal("SignersInvalid");
  });
});

describe("rogue signers (THREATS 26d)", () => {
  it("cannot move a mark further than the feed allows while anybody relays it", () => {
    const story = market();
    const { dealer } = story;
    story.wait(1);
    story.must(story.anchor(1, 2_000));
    expect(story.oracleSays(2_500)).to.equal("ReportOffAnchor");
    story.must(story.oracleSays(2_199));
    expect(story.startsAuction(dealer), "ten per cent is less than the margin").to.not.equal("MarksStale");
  });

  it("who let an expiry grow stale and pass free no margin by it", () => {
    const story = market();
    const { dealer } = story;
    // No report of the expiry for its last day; the spot goes on.
    story.waitUntil(BigInt(DAY) * 86_400n + 28_800n - 60n);
    story.must(story.oracleSays(2_000, { days: [LATER] }));
    const before = story.excessOf(dealer);
    story.wait(61);
    story.must(story.oracleSays(2_000, { days: [LATER] }));
    expect(story.excessOf(dealer)).to.be.at.most(before + 1);
    expect(story.withdraw(dealer.account, dealer.signer, 1_000_000n)).to.equal("InsufficientMargin");
  });

  it("do not decide what anybody is paid", () => {
    const story = market();
    const { client } = story;
    story.moves(2_190);
    story.expires(2_050);
    const before = story.cash(client);
    story.settlesAll();
    expect(story.cash(client) - before).to.equal(500);
  });
});
