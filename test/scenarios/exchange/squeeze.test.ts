import { expect } from "chai";
import { START_DAY } from "../../support/model/Exchange.ts";
import { DAY, MarginStory, type Trader } from "../../support/MarginStory.ts";

const CALL = { strike: 2_000 };
const LATER = START_DAY + 9;

/** A writer of twenty calls on margin, two holders of them, a holder of another expiry and somebody who holds nothing. */
function squeeze(
  fund: number,
): MarginStory & { who: Record<"writer" | "six" | "fourteen" | "later" | "idle" | "bidder", Trader> } {
  const story = new MarginStory({ fund });
  const who = {
    writer: story.arrives("writer", 10_000, true),
    six: story.arrives("holder of six", 2_000),
    fourteen: story.arrives("holder of fourteen", 2_000),
    later: story.arrives("holder of a later expiry", 2_000),
    idle: story.arrives("idle", 7_000),
    bidder: story.arrives("bidder", 50_000, true),
  };
  const hedger = story.arrives("collateralised writer", 20_000);
  story.wait(1);
  story.must(story.oracleSays(2_000, { days: [DAY, LATER] }));
  story.must(story.sells(who.writer, who.six, 6, CALL, 45));
  story.must(story.sells(who.writer, who.fourteen, 14, CALL, 45));
  story.must(story.sells(hedger, who.later, 1, { strike: 2_000, day: LATER }, 80));
  return Object.assign(story, { who });
}

describe("a squeezed short (THREATS 26e)", () => {
  it("cannot withdraw below its initial requirement, nor sell more", () => {
    const story = squeeze(2_500);
    const { writer, six } = story.who;
    const spare = BigInt(story.excessOf(writer) + 1) * 1_000_000n;
    expect(story.withdraw(writer.account, writer.signer, spare)).to.equal("InsufficientMargin");
    expect(story.sells(writer, six, 20, CALL, 45)).to.equal("InsufficientMargin");
  });

  it("is left alone above maintenance, and auctioned below it by whoever sees it", () => {
    const story = squeeze(2_500);
    story.moves(2_200);
    expect(story.startsAuction(story.who.writer)).to.equal("NotLiquidatable");
    story.moves(2_400);
    story.must(story.startsAuction(story.who.writer));
    expect(story.startsAuction(story.who.writer)).to.equal("AuctionRunning");
  });

  it("sells a part of itself to a bidder, and with the rest stands above maintenance again", () => {
    const story = squeeze(2_500);
    const { writer, bidder } = story.who;
    story.moves(2_400);
    story.must(story.startsAuction(writer));
    const before = story.cash(bidder);
    story.must(story.bids(bidder, writer, 1));
    expect(story.held(bidder, CALL), "shorts that went over").to.be.within(-19.999, -0.001);
    expect(story.held(bidder, CALL) + story.held(writer, CALL)).to.be.within(-20 - 1e-9, -20 + 1e-9);
    expect(story.cash(bidder), "who takes shorts over gets cash with them").to.be.greaterThan(before);
    expect(story.account(writer.account).auction, "restored, so the auction is over").to.equal(0n);
    story.moves(2_401);
    expect(story.startsAuction(writer)).to.equal("NotLiquidatable");
  });

  it("ends in a shortfall that the longs of its expiry share, while everybody else withdraws in full", () => {
    const story = squeeze(2_500);
    const { writer, six, fourteen, later, idle } = story.who;
    story.moves(2_400);
    story.must(story.startsAuction(writer));
    story.must(story.bids(story.who.bidder, writer, 0.25));
    const shorts = -story.held(writer, CALL);
    // Nobody wants the rest before the price runs away.
    story.moves(3_000);
    story.expires(3_000);
    const [writerHad, fundHad] = [story.cash(writer), story.fund];
    const before = { six: story.cash(six), fourteen: story.cash(fourteen) };
    story.settlesAll();

    const owed = shorts * 1_000;
    expect(story.cash(writer)).to.equal(0);
    expect(story.debt(writer), "nothing is forgiven").to.be.closeTo(owed - writerHad, 1);
    const paid = { six: story.cash(six) - before.six, fourteen: story.cash(fourteen) - before.fourteen };
    const drawn = fundHad - story.fund;
    expect(drawn, "half of the fund, and what rounding left came back").to.be.within(fundHad / 2 - 1, fundHad / 2 + 1);
    const ratio = paid.fourteen / 14_000;
    expect(paid.six / 6_000, "one ratio for all").to.be.within(ratio - 1e-3, ratio + 1e-3);
    expect(paid.six).to.be.lessThan(6_000);
    // The bidder's part of the shorts is paid in full; the writer's by what it had and the fund.
    const sources = (20 - shorts) * 1_000 + writerHad + drawn;
    expect(paid.six + paid.fourteen).to.be.within(sources - 2, sources + 2);

    for (const trader of [six, fourteen, later, idle]) story.must(story.withdrawsAll(trader));
    expect(story.held(later, { strike: 2_000, day: LATER }), "another expiry goes on").to.equal(1);
    expect(story.withdraw(writer.account, writer.signer, 1n)).to.equal("AccountInDebt");
  });

  it("is taken over by the fund after an hour, with no more than a quarter of the fund behind one bid", () => {
    const story = squeeze(40_000);
    const { writer } = story.who;
    story.moves(2_400);
    story.must(story.startsAuction(writer));
    expect(story.fundBids(writer, 1)).to.equal("FundNotDue");
    story.wait(3_600);
    story.moves(2_400);
    const before = story.fund;
    story.must(story.fundBids(writer, 0.5));
    expect(before - story.fund, "top-up").to.be.within(1, before / 4);
    story.must(story.fundBids(writer, 1, 1));
    expect(story.held(writer, CALL)).to.equal(0);
    // What the fund's accounts do not need any more comes back to the fund after the settlement.
    story.expires(2_100);
    story.settlesAll();
    for (const fund of [0, 1]) story.must(story.run({ type: 0x0e, fund }));
    expect(story.fund, "the fund has earned what the price came back by").to.be.greaterThan(before);
  });

  it("of which the fund cannot back the whole stays where it is, and the fund takes a smaller part", () => {
    const story = squeeze(3_000);
    const { writer } = story.who;
    story.moves(2_400);
    story.must(story.startsAuction(writer));
    story.wait(3_600);
    story.moves(2_480);
    expect(story.fundBids(writer, 1)).to.equal("InsufficientMargin");
    expect(story.fundBids(writer, 0.05), "asked less than 1,000 USDC").to.equal("BidTooSmall");
    story.must(story.fundBids(writer, 0.08));
  });

  it("that recovers is not sold, and its next fall begins a new auction", () => {
    const story = squeeze(2_500);
    const { writer, bidder } = story.who;
    story.moves(2_400);
    story.must(story.startsAuction(writer));
    expect(story.endsAuction(writer)).to.equal("AuctionRunning");
    story.moves(2_150);
    expect(story.bids(bidder, writer, 1)).to.equal("NotLiquidatable");
    story.must(story.endsAuction(writer));
    expect(story.endsAuction(writer)).to.equal("AuctionMissing");
    story.moves(2_400);
    expect(story.bids(bidder, writer, 1)).to.equal("AuctionMissing");
    story.must(story.startsAuction(writer));
    expect(story.account(writer.account).auction).to.equal(story.now);
  });

  it("whose auction nobody ended cannot be sold for nothing two hours later", () => {
    const story = squeeze(2_500);
    const { writer, bidder } = story.who;
    story.moves(2_400);
    story.must(story.startsAuction(writer));
    story.moves(2_150);
    story.wait(7_201);
    story.moves(2_400);
    expect(story.bids(bidder, writer, 1)).to.equal("AuctionMissing");
    story.must(story.startsAuction(writer));
  });

  it("is protected from a bid at a price above the bidder's limit, and bids need margin themselves", () => {
    const story = squeeze(2_500);
    const { writer, bidder } = story.who;
    const poor = story.arrives("poor bidder", 10, true);
    story.moves(2_400);
    story.must(story.startsAuction(writer));
    expect(story.bids(bidder, writer, 1, 1_000_000n)).to.equal("BidAboveLimit");
    expect(story.bids(poor, writer, 1)).to.equal("InsufficientMargin");
    expect(story.bids(writer, writer, 1)).to.equal("SelfTrade");
  });
});
