import { expect } from "chai";
import { ResultCode, type ResultName } from "../../../src/machine/ResultCodes.ts";
import {
  addressNamed,
  CONTRACT,
  Exchange,
  fakeSigner,
  ORACLES,
  START_DAY,
  USD,
  USDC,
  type Signer,
} from "../../support/model/Exchange.ts";
import { markOf } from "../../support/model/MarginModel.ts";
import { FIRST_FUND_ACCOUNT, LIQUIDATION_AGE } from "../../support/model/ModelState.ts";
import { asEarlier } from "../../support/model/oracle.ts";
import { instantOf } from "../../support/model/words.ts";

const DAY = START_DAY + 10;
const opened: Exchange[] = [];
const [alice, bob, carol] = ["alice", "bob", "carol"].map(fakeSigner) as [Signer, Signer, Signer];

/** Account 1 of Alice, 3 of Bob, 4 of Carol, each with 100,000 USDC; one market at 2,000 whose oracle is appointed. */
function exchange({
  oracle = true,
  standard = [1],
}: { oracle?: boolean; standard?: readonly number[] } = {}): Exchange {
  const x = new Exchange();
  opened.push(x);
  expect(x.list(1)).to.equal("OK");
  expect(x.anchor(1, 2000)).to.equal("OK");
  for (const [id, owner] of [
    [1, alice],
    [3, bob],
    [4, carol],
  ] as const)
    expect(x.deposit(id, owner.address, 100_000n * USDC)).to.equal("OK");
  if (!oracle) return x;
  expect(x.setSigners()).to.equal("OK");
  expect(x.setMarket(1)).to.equal("OK");
  x.endow(100_000n * USDC);
  expect(x.report(1, 2000, { days: [DAY] })).to.equal("OK");
  for (const id of standard) expect(x.setMode(id, ownerOf(id), 1)).to.equal("OK");
  return x;
}

const ownerOf = (id: number): Signer => (id === 1 ? alice : id === 3 ? bob : carol);

/** Account `seller` sells `contracts` calls at 2,000 to `buyer` for `usd`, or at the mark. */
function sell(x: Exchange, seller: number, buyer: number, contracts: number, usd = mark(x)): ResultName {
  const quantity = BigInt(Math.round(contracts * 1000)) * 1000n;
  const wish = { day: DAY, quantity, limitTicks: BigInt(Math.round(usd * 100)) };
  const side = (account: number): { account: number; signer: Signer } => ({ account, signer: ownerOf(account) });
  return x.trade(side(seller), side(buyer), wish);
}

/** The mark of the call at 2,000 in USD, in whole ticks. */
function mark(x: Exchange, strike = 2000n): number {
  const series = { market: 1, day: DAY, strike: strike * USD, put: false };
  return Number(markOf(x.model.view(`1/${DAY}`, x.now, LIQUIDATION_AGE), series) / 100n) / 100;
}

/** Alice is short as many calls as she can be, the rest of her cash is gone, and the price has risen to `usd`. */
function squeezed(usd = 2200): Exchange {
  const x = exchange();
  expect(sell(x, 1, 3, 40)).to.equal("OK");
  expect(x.transfer(1, alice, 4, x.excess(1))).to.equal("OK");
  x.wait(61);
  x.anchor(1, usd);
  expect(x.report(1, usd, { days: [DAY] })).to.equal("OK");
  return x;
}

describe("threats to the oracle", () => {
  it("nobody reports before signers are appointed, and markets without limits have no marks", () => {
    const x = exchange({ oracle: false });
    expect(x.report(1, 2000)).to.equal("OracleUnset");
    expect(x.setSigners(0)).to.equal("SignersInvalid");
    expect(x.setSigners(4)).to.equal("SignersInvalid");
    expect(x.setSigners(1, [ORACLES[0]!, ORACLES[0]!])).to.equal("SignersInvalid");
    expect(x.setSigners(1, [ORACLES[0]!, { ...alice, address: new Uint8Array(20) }])).to.equal("SignersInvalid");
    expect(x.setSigners(1, [])).to.equal("Malformed");
    expect(x.setSigners(1, Array<Signer>(17).fill(alice))).to.equal("Malformed");
    expect(x.setSigners(2, ORACLES, addressNamed("anyone"))).to.equal("WrongSender");
    expect(x.setSigners()).to.equal("OK");
    expect(x.report(9, 2000)).to.equal("MarketUnknown");
    expect(x.report(1, 2000)).to.equal("MarketInvalid");
    expect(x.setMarket(9)).to.equal("MarketUnknown");
    for (const terms of [
      { minVol: 9_999 },
      { maxVol: 10_000_001 },
      { minVol: 200_000, maxVol: 199_999 },
      { bandFloor: 0n },
      { bandFloor: 2n ** 39n },
      { exposureMultiple: 1001 },
    ])
      expect(x.setMarket(1, terms), JSON.stringify(Object.keys(terms))).to.equal("MarketInvalid");
    expect(x.setMarket(1, {}, addressNamed("anyone"))).to.equal("WrongSender");
    expect(x.setMarket(1)).to.equal("OK");
    expect(x.report(1, 2000)).to.equal("OK");
  });

  it("needs as many signers as the threshold, all of them appointed, and each signature", () => {
    const x = exchange();
    x.wait(1);
    expect(x.report(1, 2000, { signers: [0] })).to.equal("SignersInvalid");
    expect(x.report(1, 2000, { signers: [] })).to.equal("SignersInvalid");
    expect(x.report(1, 2000, { signers: [0, 1, 3] })).to.equal("SignersInvalid");
    const report = x.reported(1, 2000);
    const [first, second] = report.signatures as [Uint8Array, Uint8Array];
    expect(x.run({ ...report, signatures: [second, first] })).to.equal("BadSignature");
    expect(x.run({ ...report, signatures: [first, first] })).to.equal("BadSignature");
    expect(x.run({ ...report, spot: report.spot + 1n })).to.equal("BadSignature");
    expect(x.run({ ...report, time: report.time - 1n })).to.equal("BadSignature");
    const [curve] = report.curves;
    expect(x.run({ ...report, curves: [{ ...curve!, forward: curve!.forward + 1n }] })).to.equal("BadSignature");
    // The earlier report is checked even if nothing jumps, and its signers before anybody's signature.
    const earlier = asEarlier(report);
    expect(x.run({ ...report, earlier: { ...earlier, spot: 1n } })).to.equal("BadSignature");
    const few = { ...earlier, signers: 1, signatures: [first] };
    expect(x.run({ ...report, signatures: [second, first], earlier: few })).to.equal("SignersInvalid");
    expect(x.run({ ...report, earlier })).to.equal("OK");
    expect(x.setSigners(3)).to.equal("OK");
    x.wait(1);
    expect(x.report(1, 2000)).to.equal("SignersInvalid");
    expect(x.report(1, 2000, { signers: [0, 1, 2] })).to.equal("OK");
  });

  it("takes no report from the future, of two minutes ago, or of before the last one", () => {
    const x = exchange();
    x.wait(200);
    expect(x.report(1, 2000, { time: x.now + 1n })).to.equal("ReportEarly");
    expect(x.report(1, 2000, { time: x.now - 121n })).to.equal("ReportLate");
    expect(x.report(1, 2000, { time: x.now - 120n })).to.equal("OK");
    expect(x.report(1, 2000, { time: x.now - 120n })).to.equal("ReportOutdated");
    expect(x.report(1, 2000, { time: x.now - 119n })).to.equal("OK");
    expect(x.report(1, 0)).to.equal("PriceInvalid");
    expect(x.report(1, 54_975_582)).to.equal("PriceInvalid");
  });

  it("stays within 10 % of what L1 said within the hour", () => {
    const x = exchange();
    x.wait(3600);
    expect(x.report(1, 2200.0001)).to.equal("ReportOffAnchor");
    expect(x.report(1, 1799.9999)).to.equal("ReportOffAnchor");
    expect(x.report(1, 2200)).to.equal("OK");
    x.wait(1);
    expect(x.report(1, 2300)).to.equal("OK");
  });

  it("moves by more than 15 % only when a second report confirms it", () => {
    const x = exchange();
    x.wait(3601);
    for (const usd of [2300.0001, 1699.9999]) expect(x.report(1, usd)).to.equal("ReportJumps");
    const earlier = asEarlier(x.reported(1, 2600));
    x.wait(59);
    expect(x.report(1, 2600, { earlier }), "59 seconds").to.equal("ReportJumps");
    x.wait(1);
    expect(x.report(1, 2990.0001, { earlier }), "too far from the earlier one").to.equal("ReportJumps");
    expect(x.report(1, 2990, { earlier })).to.equal("OK");
    x.wait(60);
    const stale = asEarlier(x.reported(1, 4000));
    x.wait(601);
    expect(x.report(1, 4000, { earlier: stale }), "601 seconds").to.equal("ReportJumps");
    const older = asEarlier(x.reported(1, 4000));
    x.wait(100);
    expect(x.report(1, 3000, { time: x.now - 60n })).to.equal("OK");
    expect(x.report(1, 4000, { earlier: older }), "there was a report in between").to.equal("ReportJumps");
  });

  it("cannot be led 15 % at a time through a minute", () => {
    const x = exchange();
    x.waitUntil((x.now / 60n + 61n) * 60n);
    expect(x.report(1, 2000)).to.equal("OK");
    x.wait(59);
    expect(x.report(1, 2200)).to.equal("OK");
    x.wait(30);
    expect(x.report(1, 2320), "16 % above the lowest of the minute before").to.equal("ReportJumps");
    expect(x.report(1, 2290)).to.equal("OK");
    x.wait(20);
    expect(x.report(1, 2320), "still the minute after").to.equal("ReportJumps");
    x.wait(11);
    expect(x.report(1, 2320), "of the lowest before is nothing left").to.equal("OK");
  });

  it("believes no smile that is none, and nothing of an expiry that is over", () => {
    const x = exchange();
    x.wait(1);
    const { curves, ...report } = x.reported(1, 2000, { days: [DAY] });
    const [only] = curves;
    const signed = (change: object): ResultName => {
      const changed = [{ ...only!, ...change }];
      const signatures = x.reported(1, 2000).signatures;
      return x.run({ ...report, curves: changed, signatures });
    };
    expect(signed({ forward: 1n }), "what is not signed").to.equal("BadSignature");
    expect(x.report(1, 2000, { days: [START_DAY] })).to.equal("ReportInvalid");
    expect(x.report(1, 2000, { basis: 1.014 })).to.equal("ReportInvalid");
    expect(x.report(1, 2000, { basis: 0.986 })).to.equal("ReportInvalid");
    expect(x.report(1, 2000, { basis: 0 })).to.equal("ReportInvalid");
    expect(x.report(1, 2000, { basis: 1.01, days: [DAY, DAY + 1] })).to.equal("OK");
    x.fixPrice(1, DAY + 1, 2000);
    x.wait(1);
    const before = x.model.expiries.get(`1/${DAY}`)!.curveTime;
    expect(x.report(1, 2000, { days: [DAY, DAY + 1] }), "fixed").to.equal("ReportInvalid");
    expect(x.model.expiries.get(`1/${DAY}`)!.curveTime, "nothing of it counts").to.equal(before);
  });
});

describe("threats to margin", () => {
  it("a fill on standard margin stays in the band, on either side of it", () => {
    const x = exchange();
    const fair = mark(x);
    const delta = 0.03 * 2000 * 0.52;
    for (const [usd, result] of [
      [fair + delta + 4, "PriceOutsideBand"],
      [Math.max(0.01, fair - delta - 4), "PriceOutsideBand"],
      [fair + delta - 2, "OK"],
      [fair - delta + 2, "OK"],
    ] as const) {
      expect(sell(x, 1, 3, 0.1, usd), `seller at ${usd}`).to.equal(result);
      expect(sell(x, 3, 1, 0.1, usd), `buyer at ${usd}`).to.equal(result);
    }
    expect(sell(x, 3, 4, 0.1, fair + 100), "collateralised accounts trade as they like").to.equal("OK");
  });

  it("an account below maintenance only shrinks a position, and not below the mark", () => {
    const x = squeezed();
    const fair = mark(x);
    expect(x.model.excessesOf(x.account(1), x.now).maintenance < 0n).to.equal(true);
    expect(sell(x, 1, 3, 1), "grows").to.equal("InsufficientMargin");
    expect(sell(x, 3, 1, 1, fair + 1), "buys back above the mark").to.equal("BelowMaintenance");
    expect(sell(x, 3, 1, 1, fair)).to.equal("OK");
    const hedge = { day: DAY, strike: 2200, quantity: CONTRACT, limitTicks: BigInt(Math.floor(mark(x, 2200n) * 100)) };
    const sides = [
      { account: 3, signer: bob },
      { account: 1, signer: alice },
    ] as const;
    expect(x.trade(...sides, hedge), "a hedge raises the excess, but is no reduction").to.equal("BelowMaintenance");
    x.wait(121);
    expect(sell(x, 3, 1, 1, fair + 1), "the same by marks of two minutes ago").to.equal("BelowMaintenance");
    expect(sell(x, 3, 1, 1, fair - 90), "and out of the band").to.equal("PriceOutsideBand");
    expect(sell(x, 3, 1, 1, fair)).to.equal("OK");
  });

  it("cash leaves only what the initial requirement leaves free", () => {
    const x = squeezed(2000);
    expect(x.transfer(1, alice, 3, x.excess(1)), "what a minute of decay has freed").to.equal("OK");
    expect(x.excess(1)).to.equal(0n);
    expect(x.transfer(1, alice, 3, 1n)).to.equal("InsufficientMargin");
    expect(x.withdraw(1, alice, 1n)).to.equal("InsufficientMargin");
    expect(x.deposit(1, alice.address, 5n)).to.equal("OK");
    expect(x.withdraw(1, alice, 5n)).to.equal("OK");
    x.wait(121);
    expect(x.withdraw(1, alice, 1n), "without marks, the scan").to.equal("InsufficientMargin");
  });

  it("a mode has to be another one, to be paid for, and cannot be left in an auction", () => {
    const x = exchange({ standard: [] });
    expect(x.setMode(1, alice, 0)).to.equal("ModeInvalid");
    expect(x.setMode(1, bob, 1)).to.equal("BadSignature");
    expect(x.setMode(1, alice, 1)).to.equal("OK");
    expect(sell(x, 1, 3, 40)).to.equal("OK");
    expect(x.setMode(1, alice, 0), "40 calls up to three times the anchor").to.equal("InsufficientMargin");
    expect(x.run({ type: 0x09, account: 1, mode: 0, auth: undefined }, bob.address)).to.equal("NotOwner");
    const sunk = squeezed();
    expect(sunk.startAuction(1)).to.equal("OK");
    expect(sunk.setMode(1, alice, 0)).to.equal("AuctionRunning");
  });

  it("exposure is what accounts on standard margin are short, and the cap binds nothing but its growth", () => {
    const x = exchange({ standard: [1, 3] });
    const exposure = (): bigint => x.model.markets.get("1")!.exposure;
    expect(sell(x, 1, 3, 10)).to.equal("OK");
    expect(exposure()).to.equal(10n * CONTRACT);
    expect(sell(x, 3, 4, 15), "Bob passes on ten, and writes five").to.equal("OK");
    expect(exposure()).to.equal(15n * CONTRACT);
    x.setMarket(1, { exposureMultiple: 0 });
    expect(sell(x, 1, 4, 0.001), "no exposure may be added").to.equal("ExposureCap");
    expect(sell(x, 4, 3, 5), "the cap binds no reduction").to.equal("OK");
    expect(exposure()).to.equal(10n * CONTRACT);
    expect(sell(x, 3, 1, 3), "from one to the other").to.equal("OK");
    expect(exposure()).to.equal(10n * CONTRACT);
    expect(sell(x, 4, 3, 3)).to.equal("OK");
    expect(exposure()).to.equal(7n * CONTRACT);
    expect(x.setMode(1, alice, 0), "the cap binds no way out").to.equal("OK");
    expect(exposure()).to.equal(0n);
    expect(x.setMode(1, alice, 1), "but the way in").to.equal("ExposureCap");
  });

  it("the cap is a multiple of the fund, to the unit", () => {
    const x = exchange();
    x.setMarket(1, { exposureMultiple: 1 });
    const most = Number((x.model.globals.get("")!.fund * 1000n) / (2000n * USDC)) / 1000;
    expect(sell(x, 1, 3, most + 0.001)).to.equal("ExposureCap");
    expect(sell(x, 1, 3, most)).to.equal("OK");
    expect(x.model.markets.get("1")!.exposure).to.equal(50n * CONTRACT);
  });

  it("exposure ends with settlement", () => {
    const x = exchange();
    expect(sell(x, 1, 3, 10)).to.equal("OK");
    x.waitUntil(instantOf(DAY));
    x.fixPrice(1, DAY, 2100);
    expect(x.settle(1, DAY, 1, 3)).to.deep.equal(["OK", "OK"]);
    expect(x.model.markets.get("1")!.exposure).to.equal(0n);
  });

  it("a session key gives away no more than its budget, measured from the mark", () => {
    const x = exchange();
    const fair = mark(x);
    expect(x.setKey(1, alice, 1, carol.address, { budget: 30n * USDC })).to.equal("OK");
    const thief = { account: 1, signer: carol, keyIndex: 1, keyEpoch: 1 };
    const trade = (usd: number): ResultName =>
      x.trade(thief, { account: 3, signer: bob }, { day: DAY, limitTicks: BigInt(Math.round(usd * 100)) });
    expect(trade(fair + 5), "above the mark it loses the fee alone").to.equal("OK");
    expect(trade(fair - 29.95)).to.equal("BudgetExceeded");
    expect(trade(fair - 25)).to.equal("OK");
    expect(trade(fair - 5)).to.equal("BudgetExceeded");
  });
});

describe("threats to liquidation", () => {
  it("only accounts on standard margin below maintenance are auctioned, by recent marks", () => {
    const x = squeezed(2000);
    expect(x.startAuction(99)).to.equal("AccountUnknown");
    expect(x.startAuction(1), "between initial and maintenance").to.equal("NotLiquidatable");
    expect(x.startAuction(3), "collateralised").to.equal("NotLiquidatable");
    expect(x.startAuction(FIRST_FUND_ACCOUNT)).to.equal("NotLiquidatable");
    expect(x.endAuction(1)).to.equal("AuctionMissing");
    expect(x.bid(1, 4, carol)).to.equal("AuctionMissing");
    expect(x.fundBid(1)).to.equal("AuctionMissing");
    const low = squeezed();
    low.wait(900);
    expect(low.startAuction(1), "15 minutes").to.equal("OK");
    const late = squeezed();
    late.wait(901);
    expect(late.startAuction(1)).to.equal("MarksStale");
    expect(low.startAuction(1)).to.equal("AuctionRunning");
    expect(low.endAuction(1)).to.equal("AuctionRunning");
    low.wait(1);
    expect(low.bid(1, 4, carol)).to.equal("MarksStale");
    expect(low.endAuction(1)).to.equal("MarksStale");
  });

  it("a bid pays no more than its limit, takes something, and leaves the bidder covered", () => {
    const x = squeezed();
    x.setMode(4, carol, 1);
    expect(x.startAuction(1)).to.equal("OK");
    expect(x.bid(1, 1, alice)).to.equal("SelfTrade");
    expect(x.bid(99, 4, carol)).to.equal("AccountUnknown");
    expect(x.bid(1, 4, bob)).to.equal("BadSignature");
    expect(x.bid(1, 4, carol, { limit: 1n })).to.equal("BidAboveLimit");
    expect(x.bid(1, 3, bob), "covered calls, three anchors of cash each").to.equal("OK");
    expect(x.account(1).auction, "restored").to.equal(0n);
  });

  it("an auction lapses after two hours, is started again, and ends when the account recovers", () => {
    const x = squeezed();
    expect(x.startAuction(1)).to.equal("OK");
    const began = x.now;
    while (x.now < began + 7200n) {
      x.wait(600);
      x.anchor(1, 2200);
      expect(x.report(1, 2200, { days: [DAY] })).to.equal("OK");
    }
    expect(x.startAuction(1)).to.equal("AuctionRunning");
    x.wait(1);
    expect(x.bid(1, 4, carol)).to.equal("AuctionMissing");
    expect(x.startAuction(1)).to.equal("OK");
    x.anchor(1, 2000);
    expect(x.report(1, 2000, { days: [DAY] })).to.equal("OK");
    expect(x.bid(1, 4, carol), "above the buffer").to.equal("NotLiquidatable");
    expect(x.endAuction(1)).to.equal("OK");
  });

  it("the fund bids last, for nothing, and with no more than a quarter of itself", () => {
    const x = squeezed();
    expect(x.startAuction(1)).to.equal("OK");
    expect(x.fundBid(1)).to.equal("FundNotDue");
    expect(x.fundBid(FIRST_FUND_ACCOUNT)).to.equal("SelfTrade");
    for (let i = 0; i < 6; i++) {
      x.wait(600);
      x.anchor(1, 2200);
      expect(x.report(1, 2200, { days: [DAY] })).to.equal("OK");
    }
    const { fund } = x.model.globals.get("")!;
    expect(x.fundBid(1)).to.equal("OK");
    expect(x.account(1).positions.size).to.equal(0);
    const taken = x.account(FIRST_FUND_ACCOUNT);
    expect(taken.positions.size).to.equal(1);
    expect(x.excess(FIRST_FUND_ACCOUNT), "topped up to the unit").to.equal(0n);
    expect(fund - x.model.globals.get("")!.fund <= fund / 4n).to.equal(true);
    expect(x.run({ type: 0x0e, fund: 0 })).to.equal("NothingToCollect");
    x.waitUntil(instantOf(DAY));
    x.fixPrice(1, DAY, 1900);
    expect(x.settle(1, DAY, FIRST_FUND_ACCOUNT, 3)).to.deep.equal(["OK", "OK"]);
    expect(x.run({ type: 0x0e, fund: 0 }), "what is left goes back").to.equal("OK");
    expect(x.account(FIRST_FUND_ACCOUNT).cash).to.equal(0n);
  });

  it("a bid that improves nothing is refused", () => {
    const x = exchange();
    // Alice owes more than she has, and holds nothing but a long call.
    expect(sell(x, 3, 1, 1)).to.equal("OK");
    const near = START_DAY + 1;
    const wish = { day: near, quantity: 20n * CONTRACT, limitTicks: 2000n };
    x.anchor(1, 2000);
    expect(x.report(1, 2000, { days: [near, DAY], time: x.now })).to.equal("ReportOutdated");
    x.wait(1);
    expect(x.report(1, 2000, { days: [near, DAY] })).to.equal("OK");
    const view = x.model.view(`1/${near}`, x.now, LIQUIDATION_AGE);
    const limitTicks = markOf(view, { market: 1, day: near, strike: 2000n * USD, put: false }) / 100n;
    expect(x.trade({ account: 1, signer: alice }, { account: 3, signer: bob }, { ...wish, limitTicks })).to.equal("OK");
    x.waitUntil(instantOf(near));
    x.fixPrice(1, near, 9000);
    expect(x.settle(1, near, 1)).to.deep.equal(["OK"]);
    expect(x.account(1).debt > 0n).to.equal(true);
    x.anchor(1, 2000);
    expect(x.report(1, 2000, { days: [DAY] })).to.equal("OK");
    expect(x.startAuction(1)).to.equal("OK");
    expect(x.bid(1, 4, carol, { fraction: 1n })).to.equal("BidTooSmall");
  });
});

describe("results of margin", () => {
  it("each code from ModeInvalid on was reached above", () => {
    const seen = new Set(opened.flatMap((x) => [...x.seen]));
    const missing = (Object.keys(ResultCode) as ResultName[]).filter(
      (name) => ResultCode[name] >= ResultCode.ModeInvalid && !seen.has(name),
    );
    expect(missing).to.deep.equal([]);
  });
});
