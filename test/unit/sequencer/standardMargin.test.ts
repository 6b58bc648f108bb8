import { expect } from "chai";
import { FRACTION, FUND_ACCOUNT, FUND_ACCOUNTS, MODE_STANDARD } from "../../../src/machine/Constants.ts";
import type { SignedReport } from "../../../src/machine/OracleReports.ts";
import { expiryTime } from "../../../src/machine/Slots.ts";
import {
  TX_BID,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FUND_BID,
  TX_ORACLE_REPORT,
  TX_SETTLE,
  TX_START_AUCTION,
} from "../../../src/machine/Wire.ts";
import type { SubmittedTransaction } from "../../../src/sequencer/AccountTransaction.ts";
import type { RefusalReason } from "../../../src/sequencer/Refusal.ts";
import { signBid, signSetMode, signTransfer, signWithdraw } from "../../../src/sequencer/Signing.ts";
import { signed, reportOf } from "../../support/oracle.ts";
import { expectParity } from "../../support/posting.ts";
import {
  CONFIG,
  CONTRACT,
  DOMAIN,
  harness,
  keyOf,
  MARKET,
  order,
  ownerOf,
  place,
  SPOT,
  USDC,
  type Harness,
  type HarnessOptions,
} from "../../support/sequencer.ts";

const DAY = 20_003;
const OTHER_DAY = 20_010;
/** The mark of the call at the money by a flat vol of 60 % is about 64 USD. */
const PRICE = 640_000n;

/** Accounts 1 to 4, of which 1 becomes a maker on standard margin, and a fund of 100,000 USDC. */
function world(options: HarnessOptions = {}): Harness {
  const h = harness({ oracle: true, cash: 100_000n * USDC, heartbeat: 30n, ...options });
  expect(
    submit(h, signTransfer(DOMAIN, { from: 4, to: FUND_ACCOUNT, amount: 90_000n * USDC }, auth(h), keyOf(4))),
  ).to.equal("OK");
  expect(submit(h, { type: TX_COLLECT_FUND, fund: 0 })).to.equal("OK");
  return h;
}

const nonces = { next: 500_000n };

function auth(h: Harness): { nonce: bigint; deadline: bigint } {
  return { nonce: nonces.next++, deadline: h.clock.time + 600n };
}

function submit(h: Harness, transaction: SubmittedTransaction): "OK" | RefusalReason {
  const [outcome] = h.sequencer.submitMany([{ kind: "transaction", transaction }]);
  return outcome!.accepted ? "OK" : outcome!.refusal.reason;
}

function setMode(h: Harness, account: number, mode = MODE_STANDARD): "OK" | RefusalReason {
  return submit(h, signSetMode(DOMAIN, { account, mode }, auth(h), keyOf(account)));
}

function report(h: Harness, spot = SPOT, days: readonly number[] = [DAY, OTHER_DAY], who = [0, 1, 2]): SignedReport {
  return signed(CONFIG, reportOf(MARKET, h.clock.time, spot, days), who);
}

/** The oracle speaks; the answer's reason, or OK. */
function speak(h: Harness, spot = SPOT, days: readonly number[] = [DAY, OTHER_DAY]): "OK" | RefusalReason {
  const [outcome] = h.sequencer.submitReports([report(h, spot, days)]);
  return outcome!.accepted ? "OK" : outcome!.refusal.reason;
}

/** The price comes to a level in steps that are no jumps, a minute each. */
function moveTo(h: Harness, from: bigint, to: bigint, steps: number): void {
  for (let i = 1; i <= steps; i++) {
    pass(h, 120n);
    expect(speak(h, from + ((to - from) * BigInt(i)) / BigInt(steps))).to.equal("OK");
  }
}

/** Time passes, and what is open is sealed, so that the next batch has the present time. */
function pass(h: Harness, seconds: bigint): void {
  h.sequencer.seal();
  h.clock.time += seconds;
}

/** Types of the items that came after the first `from` events. */
function executed(h: Harness, from = 0): number[] {
  return h.events.slice(from).flatMap((event) => (event.kind === "executed" ? [event.transaction.type] : []));
}

function sell(h: Harness, account: number, nonce: bigint, contracts: bigint, limitPrice = PRICE): string {
  const deadline = h.clock.time + 3_600n;
  const outcome = place(
    h,
    order(account, nonce, { isSell: true, quantity: contracts * CONTRACT, limitPrice, deadline }),
  );
  return outcome.accepted ? outcome.status : outcome.refusal.reason;
}

function buy(h: Harness, account: number, nonce: bigint, contracts: bigint, limitPrice = PRICE): string {
  const deadline = h.clock.time + 60n;
  const terms = { quantity: contracts * CONTRACT, limitPrice, deadline, immediateOrCancel: true };
  const outcome = place(h, order(account, nonce, terms));
  return outcome.accepted ? outcome.status : outcome.refusal.reason;
}

/** Account 1 is on standard margin and has sold `contracts` calls at the money to account 2. */
function squeezed(contracts = 200n, options: HarnessOptions = {}): Harness {
  const h = world(options);
  expect(setMode(h, 1)).to.equal("OK");
  expect(speak(h)).to.equal("OK");
  expect(sell(h, 1, 1n, contracts)).to.equal("live");
  expect(buy(h, 2, 1n, contracts)).to.equal("filled");
  return h;
}

describe("the oracle's reports in the sequencer", () => {
  it("are kept, and cost nothing, until a transaction needs one", () => {
    const h = world();
    for (let i = 0; i < 5; i++) {
      pass(h, 10n);
      expect(speak(h)).to.equal("OK");
    }
    expect(executed(h)).to.not.include(TX_ORACLE_REPORT);
    expect(setMode(h, 1)).to.equal("OK");
    expect(executed(h)).to.not.include(TX_ORACLE_REPORT);
    expect(sell(h, 1, 1n, 1n)).to.equal("live");
    expect(executed(h)).to.not.include(TX_ORACLE_REPORT);
    expect(buy(h, 2, 1n, 1n)).to.equal("filled");
    expect(executed(h).filter((type) => type === TX_ORACLE_REPORT)).to.have.length(1);
    const market = h.sequencer.exchange.state.openMarket(MARKET)!;
    expect([market.spot, market.spotTime]).to.deep.equal([SPOT, h.clock.time]);
  });

  it("come again only when the marks on L2 have become old", () => {
    const h = squeezed(1n);
    const before = h.events.length;
    pass(h, 15n);
    expect(speak(h)).to.equal("OK");
    sell(h, 1, 2n, 1n);
    expect(buy(h, 2, 2n, 1n)).to.equal("filled");
    expect(executed(h, before)).to.not.include(TX_ORACLE_REPORT);
    pass(h, 10n);
    expect(speak(h)).to.equal("OK");
    sell(h, 1, 3n, 1n);
    expect(buy(h, 2, 3n, 1n)).to.equal("filled");
    expect(executed(h, before).filter((type) => type === TX_ORACLE_REPORT)).to.have.length(1);
  });

  it("come before withdrawals, transfers and bids too, of accounts on standard margin with positions", () => {
    const h = squeezed(1n, { heartbeat: 3_600n });
    const transactions = [
      () => signWithdraw(DOMAIN, { account: 1, amount: USDC, payee: 0 }, ownerOf(1), auth(h), keyOf(1)),
      () => signTransfer(DOMAIN, { from: 1, to: 2, amount: USDC }, auth(h), keyOf(1)),
      () => signTransfer(DOMAIN, { from: 2, to: 3, amount: USDC }, auth(h), keyOf(2)),
    ];
    const posted = transactions.map((make) => {
      pass(h, 60n);
      expect(speak(h)).to.equal("OK");
      const before = h.events.length;
      expect(submit(h, make())).to.equal("OK");
      return executed(h, before).includes(TX_ORACLE_REPORT);
    });
    expect(posted).to.deep.equal([true, true, false]);
  });

  it("come by themselves while somebody could be liquidated", () => {
    const h = squeezed(1n);
    const before = h.events.length;
    for (let i = 0; i < 4; i++) {
      pass(h, 40n);
      expect(speak(h)).to.equal("OK");
    }
    expect(executed(h, before)).to.deep.equal([TX_ORACLE_REPORT, TX_ORACLE_REPORT, TX_ORACLE_REPORT, TX_ORACLE_REPORT]);
  });

  it("carry curves only when those on L2 have become old", () => {
    const h = squeezed(1n);
    const curves: number[] = [];
    for (let i = 0; i < 20; i++) {
      pass(h, 40n);
      const { time } = h.clock;
      const both = [reportOf(MARKET, time, SPOT, [DAY, OTHER_DAY]), reportOf(MARKET, time, SPOT)];
      const before = h.events.length;
      for (const outcome of h.sequencer.submitReports(both.map((each) => signed(CONFIG, each)))) {
        expect(outcome.accepted).to.equal(true);
      }
      for (const event of h.events.slice(before)) {
        if (event.kind === "executed" && "curves" in event.transaction) curves.push(event.transaction.curves.length);
      }
    }
    expect(curves.length).to.equal(20);
    expect(curves.filter((count) => count > 0).length).to.be.within(1, 2);
  });

  it("are refused by the machine's reason", () => {
    const h = world();
    h.sequencer.tick();
    const answers = (reports: SignedReport[]): string[] =>
      h.sequencer.submitReports(reports).map((outcome) => (outcome.accepted ? "OK" : outcome.refusal.reason));
    const time = h.clock.time;
    expect(
      answers([
        signed(CONFIG, reportOf(MARKET, time + 30n, SPOT)),
        signed(CONFIG, reportOf(MARKET, time - 130n, SPOT)),
        signed(CONFIG, reportOf(9, time, SPOT)),
        { ...report(h), spot: SPOT + 1n },
        { ...report(h), signers: 0, signatures: [] },
        signed(CONFIG, reportOf(MARKET, time, SPOT * 2n)),
        { ...report(h), time: 1n << 40n },
        report(h, SPOT, [DAY]),
      ]),
    ).to.deep.equal([
      "ReportEarly",
      "ReportLate",
      "MarketUnknown",
      "BadSignature",
      "SignersInvalid",
      "ReportOffAnchor",
      "Malformed",
      "OK",
    ]);
  });

  it("are held back when the spot jumps, until one a minute later confirms it", () => {
    const h = squeezed(1n, { heartbeat: 10n });
    pass(h, 3_700n);
    const jumped = (SPOT * 120n) / 100n;
    expect(speak(h, jumped)).to.equal("ReportJumps");
    pass(h, 30n);
    expect(speak(h, jumped)).to.equal("ReportJumps");
    pass(h, 31n);
    const before = h.events.length;
    expect(speak(h, jumped)).to.equal("OK");
    const posted = h.events.slice(before).find((event) => event.kind === "executed");
    expect(posted?.transaction)
      .to.have.property("earlier")
      .with.property("time", h.clock.time - 61n);
    expect(h.sequencer.exchange.state.openMarket(MARKET)!.spot).to.equal(jumped);
  });
});

describe("orders of accounts on standard margin", () => {
  it("rest only inside the price band, and are taken only there", () => {
    const h = squeezed(1n);
    expect(sell(h, 1, 2n, 1n, 3n * PRICE)).to.equal("PriceOutsideBand");
    // A collateralised maker may quote what it likes; the taker on standard margin stops.
    expect(sell(h, 3, 1n, 1n, 3n * PRICE)).to.equal("live");
    expect(setMode(h, 2)).to.equal("OK");
    expect(buy(h, 2, 2n, 1n, 3n * PRICE)).to.equal("PriceOutsideBand");
  });

  it("are removed by name when the marks have left them behind", () => {
    const h = squeezed(1n);
    expect(sell(h, 1, 2n, 1n)).to.equal("live");
    moveTo(h, SPOT, (SPOT * 106n) / 100n, 1);
    const before = h.events.length;
    buy(h, 2, 2n, 1n);
    const closed = h.events.slice(before).find((event) => event.kind === "closed");
    expect(closed).to.include({ account: 1, reason: "PriceOutsideBand" });
  });

  it("are refused beyond the initial requirement, which is a fraction of the collateralised one", () => {
    const h = world();
    expect(speak(h)).to.equal("OK");
    // 6,000 USD each without marks, 514 with them.
    expect(sell(h, 1, 1n, 17n)).to.equal("live");
    expect(buy(h, 2, 1n, 17n)).to.equal("ImmediateUnfilled");
    expect(h.events.at(-1)).to.include({ kind: "closed", account: 1, reason: "InsufficientMargin" });
    expect(setMode(h, 3)).to.equal("OK");
    expect(sell(h, 3, 1n, 190n)).to.equal("live");
    expect(buy(h, 2, 3n, 190n)).to.equal("filled");
    expect(sell(h, 3, 2n, 100n)).to.equal("live");
    buy(h, 2, 4n, 100n);
    expect(h.events.findLast((event) => event.kind === "closed")).to.include({
      account: 3,
      reason: "InsufficientMargin",
    });
  });

  it("are refused beyond what the fund backs, and it is the seller who goes", () => {
    const h = harness({ oracle: true, cash: 100_000n * USDC });
    expect(setMode(h, 1)).to.equal("OK");
    expect(speak(h)).to.equal("OK");
    expect(sell(h, 1, 1n, 1n)).to.equal("live");
    expect(buy(h, 2, 1n, 1n)).to.equal("ImmediateUnfilled");
    expect(h.events.find((event) => event.kind === "closed")).to.include({ account: 1, reason: "ExposureCap" });
    // As the taker of a bid that rests it goes itself.
    expect(place(h, order(2, 9n, { quantity: CONTRACT, limitPrice: PRICE })).accepted).to.equal(true);
    expect(sell(h, 1, 2n, 1n)).to.equal("ExposureCap");
  });
});

describe("liquidation", () => {
  it("starts an auction of an account below maintenance at the report that shows it, and ends it when it has recovered", async () => {
    const h = squeezed(215n);
    expect(h.sequencer.exchange.standardAccounts.shortIn(MARKET)).to.deep.equal([1]);
    moveTo(h, SPOT, (SPOT * 109n) / 100n, 3);
    expect(executed(h)).to.include(TX_START_AUCTION);
    expect(h.sequencer.exchange.standardAccounts.inAuction).to.deep.equal([1]);
    moveTo(h, (SPOT * 109n) / 100n, SPOT, 3);
    expect(executed(h)).to.include(TX_END_AUCTION);
    expect(h.sequencer.exchange.standardAccounts.inAuction).to.deep.equal([]);
    await expectParity(h);
  });

  it("takes bids: a part for a part of the value, and no more than restores the account", async () => {
    const h = squeezed(215n);
    moveTo(h, SPOT, (SPOT * 109n) / 100n, 3);
    const bid = (fraction: bigint, limit = 100_000n * USDC): "OK" | RefusalReason =>
      submit(h, signBid(DOMAIN, { account: 1, bidder: 3, fraction, limit }, auth(h), keyOf(3)));
    expect(setMode(h, 3)).to.equal("OK");
    expect(bid(FRACTION / 10n, 1n)).to.equal("BidAboveLimit");
    expect(bid(FRACTION / 10n)).to.equal("OK");
    expect(bid(FRACTION)).to.equal("OK");
    const [seller, bidder] = [1, 3].map((account) => h.sequencer.exchange.account(account)!);
    expect(seller!.auction).to.equal(0n);
    expect(seller!.positions[0]!.quantity + bidder!.positions[0]!.quantity).to.equal(-215n * CONTRACT);
    expect(executed(h).filter((type) => type === TX_BID)).to.have.length(2);
    expect(h.sequencer.exchange.standardAccounts.shortIn(MARKET)).to.deep.equal([1, 3]);
    await expectParity(h);
  });

  it("has the fund bid when nobody else did, over its accounts, and collects after the settlement", async () => {
    const h = squeezed(215n);
    let spot = (SPOT * 109n) / 100n;
    moveTo(h, SPOT, spot, 3);
    for (let i = 0; i < 31; i++) {
      pass(h, 120n);
      expect(speak(h, spot)).to.equal("OK");
    }
    const fundBids = executed(h).filter((type) => type === TX_FUND_BID).length;
    expect(fundBids).to.be.greaterThan(0);
    const held = Array.from({ length: FUND_ACCOUNTS }, (_, i) => h.sequencer.exchange.account(FUND_ACCOUNT + i)!);
    expect(held.some(({ positions }) => positions.length > 0)).to.equal(true);
    // The expiry settles; what the fund's accounts have left goes back.
    spot = SPOT;
    h.sequencer.seal();
    h.clock.time = expiryTime(DAY) + 100n;
    h.l1.anchor(SPOT);
    h.l1.fixPrice(DAY, SPOT);
    h.sequencer.sync(h.l1.log);
    for (let i = 0; i < 6; i++) {
      pass(h, 20n);
      h.sequencer.tick();
    }
    expect(executed(h)).to.include(TX_SETTLE);
    for (let i = 0; i < FUND_ACCOUNTS; i++) {
      const account = h.sequencer.exchange.account(FUND_ACCOUNT + i)!;
      expect([account.positions.length, account.cash]).to.deep.equal([0, 0n]);
    }
    expect(executed(h).filter((type) => type === TX_COLLECT_FUND).length).to.be.greaterThan(1);
    await expectParity(h);
  });

  it("takes auctions that anybody starts or ends, and refuses those that are not due, by name", () => {
    const h = squeezed(215n);
    expect(submit(h, { type: TX_START_AUCTION, account: 1 })).to.equal("NotLiquidatable");
    expect(submit(h, { type: TX_START_AUCTION, account: 2 })).to.equal("NotLiquidatable");
    expect(submit(h, { type: TX_END_AUCTION, account: 1 })).to.equal("AuctionMissing");
    expect(submit(h, { type: TX_FUND_BID, account: 1, fund: 0, fraction: FRACTION })).to.equal("AuctionMissing");
    expect(submit(h, { type: TX_FUND_BID, account: 1, fund: FUND_ACCOUNTS, fraction: FRACTION })).to.equal(
      "NotRepresentable",
    );
    expect(submit(h, { type: TX_FUND_BID, account: 1, fund: 0, fraction: 0n })).to.equal("NotRepresentable");
    expect(submit(h, { type: TX_COLLECT_FUND, fund: 1 })).to.equal("NothingToCollect");
    moveTo(h, SPOT, (SPOT * 109n) / 100n, 3);
    expect(submit(h, { type: TX_START_AUCTION, account: 1 })).to.equal("AuctionRunning");
    expect(submit(h, { type: TX_FUND_BID, account: 1, fund: 0, fraction: FRACTION })).to.equal("FundNotDue");
  });

  it("looks at no more accounts at once than it may, and at the others next time", () => {
    const h = squeezed(215n, { liquidationsPerTurn: 0 });
    moveTo(h, SPOT, (SPOT * 109n) / 100n, 3);
    expect(executed(h)).to.not.include(TX_START_AUCTION);
  });

  it("goes on after a restart: who could be liquidated is found in the state", async () => {
    const h = squeezed(215n);
    h.restart();
    h.sequencer.sync(h.l1.log);
    expect(h.sequencer.exchange.standardAccounts.shortIn(MARKET)).to.deep.equal([1]);
    moveTo(h, SPOT, (SPOT * 109n) / 100n, 3);
    expect(executed(h)).to.include(TX_START_AUCTION);
    await expectParity(h);
  });
});
