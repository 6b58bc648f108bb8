import { expect } from "chai";
import fc from "fast-check";
import { factor, healthOf, largestFraction, paymentUp } from "../../../src/machine/Auction.ts";
import { Random } from "../../../src/market/random.ts";
import { CONTRACT, Exchange, fakeSigner, START_DAY, USDC, type Signer } from "../../support/model/Exchange.ts";
import { discountFactor, largestPart } from "../../support/model/LiquidationModel.ts";
import { markOf } from "../../support/model/MarginModel.ts";
import { LIQUIDATION_AGE } from "../../support/model/ModelState.ts";

const RUNS = { numRuns: 1000, seed: 23 };
const WHOLE = 10n ** 9n;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const DAYS = [START_DAY + 7, START_DAY + 14];

const worth = fc.bigInt({ min: 0n, max: 10n ** 16n });
const health = fc
  .record({
    cash: fc.bigInt({ min: 0n, max: 10n ** 16n }),
    debt: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 16n })),
    maintenance: fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.bigInt({ min: 0n, max: 10n ** 17n })),
    longs: fc.oneof(fc.constant(0n), worth),
    shorts: worth,
  })
  .map(({ cash, debt, maintenance, longs, shorts }) => healthOf(cash, debt, maintenance, longs - shorts, -shorts));

describe("the arithmetic of auctions", () => {
  it("begins at 95 %, is at 70 % after 15 minutes and at nothing after an hour, and never rises", () => {
    expect([0n, 900n, 3600n, 7200n].map(factor)).to.deep.equal([9500n, 7000n, 0n, 0n]);
    for (let elapsed = 0n; elapsed <= 7300n; elapsed++) {
      expect(factor(elapsed)).to.equal(discountFactor(elapsed));
      if (elapsed > 0n) expect(factor(elapsed) <= factor(elapsed - 1n)).to.equal(true);
    }
  });

  it("sells a fraction that restores the buffered excess to zero, and no more", () => {
    fc.assert(
      fc.property(health, fc.bigInt({ min: 0n, max: 7200n }), (state, elapsed) => {
        const { bufferedExcess, debt } = state;
        if (bufferedExcess >= 0n) return;
        const rate = factor(elapsed);
        const fraction = largestFraction(state, rate);
        expect(fraction).to.equal(largestPart({ buffered: bufferedExcess, value: state.value, debt }, rate));
        expect(fraction >= 0n && fraction <= WHOLE).to.equal(true);
        const value = state.value > 0n ? state.value : 0n;
        // What is left after a fraction f of 10^9, times 10^13: (1 − f) · (excess + debt) − debt + f · rate · value.
        const left = (part: bigint): bigint =>
          ((WHOLE - part) * (bufferedExcess + debt) - WHOLE * debt) * 10_000n + part * rate * value;
        expect(left(fraction) <= 0n, "no more").to.equal(true);
        if (fraction < WHOLE) expect(left(fraction + 1n) > 0n, "to the last billionth").to.equal(true);
        else expect(rate * value <= debt * 10_000n, "the whole brings no more than is owed").to.equal(true);
      }),
      RUNS,
    );
  });

  it("has its signs right: cash 15,000 and a requirement of 16,400 sell 0.28, not 1.69", () => {
    // Forward 100,000, mark 7,400: 9 % and the mark are 16,400, the buffer is 15 % of 9,000.
    const state = healthOf(15_000n * USDC, 0n, 16_400n * USDC, -7_400n * USDC, -7_400n * USDC);
    expect(state.maintenanceExcess).to.equal(-1_400n * USDC);
    expect(state.bufferedExcess).to.equal(-2_750n * USDC);
    expect(state.value).to.equal(7_600n * USDC);
    expect(Number(largestFraction(state, factor(0n)))).to.equal(Math.floor((1e9 * 2_750) / (0.95 * 7_600 + 2_750)));
    expect((Number(largestFraction(state, factor(0n))) / 1e9).toFixed(2)).to.equal("0.28");
  });

  it("sells more of who owes, for the debt stays: cash 3,000, the same shorts, longs of 12,000 and a debt of 2,000", () => {
    const state = healthOf(3_000n * USDC, 2_000n * USDC, 9_000n * USDC, 8_000n * USDC, -4_000n * USDC);
    expect(state.maintenanceExcess).to.equal(-8_000n * USDC);
    // 15 % of 9,000 − 4,000.
    expect(state.bufferedExcess).to.equal(-8_750n * USDC);
    expect(state.value, "the debt is not sold").to.equal(11_000n * USDC);
    const fraction = largestFraction(state, factor(0n));
    expect(Number(fraction)).to.equal(Math.floor((1e9 * 8_750) / (0.95 * 11_000 + 8_750 - 2_000)));
    expect(largestFraction({ ...state, debt: 0n }, factor(0n)) < fraction, "than of who does not").to.equal(true);
    const paid = paymentUp(state, factor(0n), fraction);
    const kept = (of: bigint): bigint => (of * USDC * (WHOLE - fraction)) / WHOLE;
    // What is paid serves the debt.
    expect(paid > 2_000n * USDC).to.equal(true);
    const cash = kept(3_000n) + paid - 2_000n * USDC;
    const after = healthOf(cash, 0n, kept(9_000n), kept(8_000n), kept(-4_000n));
    expect(after.bufferedExcess <= 1n && after.bufferedExcess > -30n, `${after.bufferedExcess}`).to.equal(true);
  });

  it("sells all of who owes more than the whole brings", () => {
    const state = healthOf(1_000n * USDC, 5_000n * USDC, 2_000n * USDC, 3_000n * USDC, -500n * USDC);
    expect(state.value).to.equal(4_000n * USDC);
    for (const elapsed of [0n, 900n, 3600n]) expect(largestFraction(state, factor(elapsed))).to.equal(WHOLE);
  });

  it("does not count longs into the buffer, however much they are worth", () => {
    const bare = healthOf(10_000n * USDC, 0n, 9_000n * USDC, -4_000n * USDC, -4_000n * USDC);
    const rich = healthOf(10_000n * USDC, 0n, 9_000n * USDC, 96_000n * USDC, -4_000n * USDC);
    expect(bare.bufferedExcess).to.equal(250n * USDC);
    expect(rich.bufferedExcess, "15 % of 9,000 − 4,000 as well").to.equal(bare.bufferedExcess);
    expect(rich.value).to.equal(106_000n * USDC);
  });

  it("gives an account that is worth less than nothing no price, and sells all of it", () => {
    const state = healthOf(1_000n * USDC, 0n, 5_000n * USDC, -3_000n * USDC, -3_000n * USDC);
    expect(state.value).to.equal(-2_000n * USDC);
    expect(largestFraction(state, factor(0n))).to.equal(WHOLE);
    expect(paymentUp(state, factor(0n), WHOLE)).to.equal(0n);
  });

  it("asks less for the same fraction the longer it takes, and never more than the value", () => {
    fc.assert(
      fc.property(health, fc.bigInt({ min: 0n, max: WHOLE }), fc.bigInt({ min: 0n, max: 7200n }), (state, part, at) => {
        const paid = paymentUp(state, factor(at), part);
        expect(paid >= paymentUp(state, factor(at + 60n), part)).to.equal(true);
        expect(paid >= 0n && paid <= (state.value > 0n ? state.value : 0n)).to.equal(true);
      }),
      RUNS,
    );
  });
});

describe("auctions of random accounts", () => {
  let [auctions, bids] = [0, 0];
  let overshoot = 0n;

  for (const seed of SEEDS) {
    it(`shrink the deficit with every bid and sell no more than it takes (seed ${seed})`, () => {
      const { x, random, bidder, usd } = ruined(seed);
      const below = [1, 2, 3].filter((id) => x.startAuction(id) === "OK");
      auctions += below.length;
      let price = usd;
      for (let round = 0; round < 60 && below.some((id) => x.account(id).auction > 0n); round++) {
        x.wait(random.uint(round < 20 ? 40 : 400));
        price *= Math.exp(0.002 * random.normal());
        expect(x.report(1, price, { days: DAYS })).to.be.oneOf(["OK", "ReportOutdated"]);
        const id = random.pick(below);
        const fraction = 1n + random.bigint(random.bool(0.05) ? WHOLE : WHOLE / 20n);
        const limit = random.bool(0.1) ? 1n : 10n ** 15n;
        const result = random.bool(0.2)
          ? x.fundBid(id, random.uint(4), fraction)
          : x.bid(id, 9, bidder, { fraction, limit });
        const account = x.account(id);
        if (result === "OK" && account.auction === 0n) {
          const { maintenance } = x.model.excessesOf(account, x.now, LIQUIDATION_AGE);
          expect(maintenance >= 0n, "who is out of auction is above maintenance").to.equal(true);
        }
        if (random.bool(0.1)) x.endAuction(id);
      }
      bids += x.watch.risk.bids;
      if (x.watch.risk.overshoot > overshoot) overshoot = x.watch.risk.overshoot;
    });
  }

  it("were enough to mean something", () => {
    expect(auctions, "auctions").to.be.greaterThan(SEEDS.length);
    expect(bids, "bids").to.be.greaterThan(5 * SEEDS.length);
    // Less than a dollar for each lot of a thousandth that rounding moved.
    expect(Number(overshoot) / 1e6).to.be.lessThan(20);
  });
});

/** Three accounts that sold what they could, after the price has moved against most of them; a rich bidder, 9. */
function ruined(seed: number): { x: Exchange; random: Random; bidder: Signer; usd: number } {
  const random = new Random(seed);
  const x = new Exchange();
  const [bidder, maker] = [fakeSigner("bidder"), fakeSigner("maker")];
  x.list(1);
  x.anchor(1, 2000);
  x.setSigners();
  x.setMarket(1, { exposureMultiple: 1000 });
  x.endow(1_000_000n * USDC);
  expect(x.report(1, 2000, { days: DAYS })).to.equal("OK");
  x.deposit(8, maker.address, 1_000_000_000n * USDC);
  x.deposit(9, bidder.address, 1_000_000_000n * USDC);
  const owners = [1, 2, 3].map((id) => ({ account: id, signer: fakeSigner(`seller ${id}`) }));
  for (const { account, signer } of [...owners, { account: 9, signer: bidder }]) {
    if (account < 9) x.deposit(account, signer.address, BigInt(20_000 + random.uint(200_000)) * USDC);
    expect(x.setMode(account, signer, 1)).to.equal("OK");
  }
  const up = random.bool(0.5);
  for (const seller of owners) {
    for (let i = 0; i < 12; i++) {
      const put = random.bool(up ? 0.2 : 0.8);
      const [strike, day] = [1500 + 100 * random.uint(11), random.pick(DAYS)];
      const series = { market: 1, day, strike: BigInt(strike) * 10_000n, put };
      const view = x.model.view(`1/${day}`, x.now, LIQUIDATION_AGE);
      const limitTicks = markOf(view, series) / 100n;
      if (limitTicks === 0n) continue;
      const free = Number(x.excess(seller.account)) / 1e6;
      const contracts = Math.floor((1000 * free * random.float()) / (0.15 * 2000)) / 1000;
      const quantity = BigInt(Math.round(contracts * 1000)) * 1000n;
      if (quantity === 0n) continue;
      const other = { account: 8, signer: maker };
      const sides = random.bool(0.75) ? ([seller, other] as const) : ([other, seller] as const);
      x.trade(...sides, {
        day,
        strike,
        put,
        quantity: quantity < 50n * CONTRACT ? quantity : 50n * CONTRACT,
        limitTicks,
      });
    }
    // All that is free goes, so that any move hurts.
    const free = x.excess(seller.account);
    if (free > 0n) x.transfer(seller.account, seller.signer, 8, free);
  }
  x.wait(70);
  const usd = up ? 2200 : 1800;
  x.anchor(1, usd);
  expect(x.report(1, usd, { days: DAYS })).to.equal("OK");
  return { x, random, bidder, usd };
}
