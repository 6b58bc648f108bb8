import { expect } from "chai";
import { factor, healthOf, largestFraction, paymentUp } from "../../src/machine/Auction.ts";
import { AUCTION_DUE, BASIS, FORWARD_BASE, FORWARD_RATE, FRACTION } from "../../src/machine/Constants.ts";
import { adverseUp } from "../../src/machine/Fees.ts";
import { driftUp, inBand, quote } from "../../src/machine/Marks.ts";
import { requirement } from "../../src/machine/Requirement.ts";
import { SECONDS_PER_YEAR } from "../../src/pricing/PricingBounds.ts";
import { expectTable, usd } from "../support/docTables.ts";
import { chargeOf, exampleView, hold, markOf, ONE, price, sorted } from "../support/riskExamples.ts";

const collateralised = (positions: Parameters<typeof chargeOf>[0]): bigint =>
  requirement(sorted(positions), () => price(2_000));

/** A fraction of 1e-9 in percent. */
const percent = (fraction: bigint): string => `${(Number(fraction) / 1e7).toFixed(2)} %`;

describe("docs/risk.md", () => {
  it("charges single shorts as its table says", () => {
    const shorts: [string, ReturnType<typeof hold>][] = [1_600, 2_000, 2_200, 2_600]
      .map((strike): [string, ReturnType<typeof hold>] => [`call ${strike}`, hold(-1, strike, false)])
      .concat([2_600, 2_000, 1_800, 1_400].map((strike) => [`put ${strike}`, hold(-1, strike, true)]));
    expectTable(
      "risk.md",
      ["short", "mark", "initial", "maintenance", "collateralised"],
      shorts.map(([name, short]) => {
        const { initial, maintenance } = chargeOf([short]);
        return [name, usd(markOf(short)), usd(initial), usd(maintenance), usd(collateralised([short]))];
      }),
    );
  });

  it("charges books as its table says", () => {
    const condor = [hold(1, 1_700, true), hold(-1, 1_800, true), hold(-1, 2_200, false), hold(1, 2_300, false)];
    const naked = [hold(-1, 2_000, false)];
    const books: [string, ReturnType<typeof hold>[]][] = [
      ["short call 2000", naked],
      ["call spread 2000 / 2100", [...naked, hold(1, 2_100, false)]],
      ["call spread 2000 / 3000", [...naked, hold(1, 3_000, false)]],
      ["condor 1700 / 1800 / 2200 / 2300", condor],
      ["that condor and the short call 2000", [...condor, ...naked]],
      ["short straddle 2000", [...naked, hold(-1, 2_000, true)]],
      ["two short calls 2000, long call 1900", [hold(-2, 2_000, false), hold(1, 1_900, false)]],
    ];
    expectTable(
      "risk.md",
      ["book", "initial", "maintenance", "collateralised"],
      books.map(([name, positions]) => {
        const { initial, maintenance } = chargeOf(positions);
        return [name, usd(initial), usd(maintenance), usd(collateralised(positions))];
      }),
    );
  });

  it("bounds prices as its table says", () => {
    const view = exampleView();
    const options: [string, ReturnType<typeof hold>][] = [
      ["call 2000", hold(1, 2_000, false)],
      ["call 2600", hold(1, 2_600, false)],
      ["put 2600", hold(1, 2_600, true)],
    ];
    expectTable(
      "risk.md",
      ["option", "mark", "delta", "lowest", "highest"],
      options.map(([name, { series }]) => {
        const { mark, delta } = quote(view, series);
        let lowest = mark;
        let highest = mark;
        // Cents, the market's tick: the band is an interval around the mark.
        while (lowest >= 100n && inBand(view, series, lowest - 100n)) lowest -= 100n;
        while (inBand(view, series, highest + 100n)) highest += 100n;
        return [name, usd(mark * 100n), (Number(delta) / 1e18).toFixed(4), usd(lowest * 100n), usd(highest * 100n)];
      }),
    );
  });

  it("says what a stolen key loses when the forward moves fast", () => {
    const view = { ...exampleView(), forward: price(2_000) };
    const half = 5n * 10n ** 17n;
    expectTable(
      "risk.md",
      [
        "seconds since the report",
        "allowed for, USD",
        "lost beyond the budget per contract at a delta of 0.5, if the forward moved 0.5 %",
        "1 %",
        "2 %",
      ],
      [1n, 10n, 60n, 120n].map((age) => {
        const drift = driftUp(view, half, age);
        const beyond = [50n, 100n, 200n].map((move) => {
          const worth = (view.forward * move) / BASIS / 2n;
          // Sold at the mark, to be bought back after the report; the budget has paid for the drift.
          const [sold, charged] = [0n, adverseUp(true, 1_000_000n, ONE, 1_000_000n, drift)];
          const lost = worth * 100n - sold - charged;
          return usd(lost > 0n ? lost : 0n);
        });
        return [String(age), usd(drift * 100n), ...beyond];
      }),
    );
  });

  it("says how far reports of dishonest signers move a requirement", () => {
    const [call] = [hold(-1, 2_000, false)];
    const spot = price(2_000);
    expectTable(
      "risk.md",
      ["days to expiry", "forward off by", "honest", "worst forward", "worst forward and smile"],
      [1n, 7n, 30n, 90n, 365n].map((days) => {
        const left = days * 86_400n;
        const basis = (spot * (FORWARD_BASE * SECONDS_PER_YEAR + FORWARD_RATE * left)) / (BASIS * SECONDS_PER_YEAR);
        const [honest, forward, both] = [
          exampleView(spot, 600_000n, left),
          exampleView(spot + basis, 600_000n, left),
          exampleView(spot + basis, 1_500_000n, left),
        ].map((view) => usd(chargeOf([call], view).maintenance));
        return [
          String(days),
          `${(Number((basis * 1_000_000n) / spot) / 10_000).toFixed(2)} %`,
          honest!,
          forward!,
          both!,
        ];
      }),
    );
  });

  it("follows an auction as its table says", () => {
    // One short put or call on a forward of 100,000 with a mark of 7,400: the account has 15,000 and needs 16,400.
    const cash = 15_000_000_000n;
    const [maintenance, marked] = [16_400_000_000n, -7_400_000_000n];
    const health = healthOf(cash, 0n, maintenance, marked, marked);
    expect(usd(health.maintenanceExcess)).to.equal("-1,400.00");
    expect(usd(health.bufferedExcess)).to.equal("-2,750.00");
    expect(usd(health.value)).to.equal("7,600.00");
    expectTable(
      "risk.md",
      ["minutes", "factor", "largest fraction", "paid for it", "cash that goes with it", "left after it"],
      [0n, 5n, 15n, 30n, 45n, AUCTION_DUE / 60n].map((minutes) => {
        const rate = factor(minutes * 60n);
        const fraction = largestFraction(health, rate);
        const payment = paymentUp(health, rate, fraction);
        const moved = (cash * fraction) / FRACTION;
        const part = (amount: bigint): bigint => (amount * (FRACTION - fraction)) / FRACTION;
        const after = healthOf(cash - moved + payment, 0n, part(maintenance), part(marked), part(marked));
        // The buffered excess is restored to zero and no further; what is missing is rounding.
        expect(after.bufferedExcess <= 1n && after.bufferedExcess > -10n, `${after.bufferedExcess}`).to.equal(true);
        return [
          String(minutes),
          `${Number((rate * 10_000n) / BASIS) / 100} %`,
          percent(fraction),
          usd(payment),
          usd(moved),
          usd(after.maintenanceExcess),
        ];
      }),
    );
  });
});
