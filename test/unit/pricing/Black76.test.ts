import { expect } from "chai";
import { MAX_PRICE } from "../../../src/machine/Constants.ts";
import { delta, greeks, price, priceAndDelta } from "../../../src/pricing/Black76.ts";
import { WAD } from "../../../src/pricing/FixedPoint.ts";
import { MAX_SECONDS, MAX_VOL } from "../../../src/pricing/PricingBounds.ts";
import * as exact from "../../support/pricing/exact.ts";
import { brokenRules, deviationOf } from "../../support/pricing/neighbours.ts";
import { decimal, referenceRows } from "../../support/pricing/references.ts";
import { edgeOptions, type Option, randomOption } from "../../support/pricing/samples.ts";
import { Random, runSeed } from "../../support/random.ts";
import { expectNear } from "../../support/near.ts";

const SEED = runSeed();
const UNIT = 10n ** 14n;
const YEAR = 31_536_000;
/** What the maths may add to the rounding, in units of 1e-18 USD; the last digits of 2^-96 at the highest price make a few 1e-3. */
const PRICE_ERROR = 0.01;

const bounded = (value: bigint): bigint => (value < MAX_PRICE ? value : MAX_PRICE);
const show = (option: Option): string => option.join(" ");

describe("Black76", () => {
  const random = new Random(SEED);
  before(() => console.log(`      seed ${SEED}`));

  describe("against exact values", () => {
    it("rounds the price of the option out of the money down, within a unit of 1e-18 USD", () => {
      let worst = 0;
      for (let i = 0; i < 1500; i++) {
        const drawn = randomOption(random);
        const option = random.chance(0.5) ? drawn : atHighestPrices(drawn);
        const above = exact.unitsAbove(price(...option), exact.black76(...option).price, WAD);
        expect(above, show(option)).to.be.within(-1 - PRICE_ERROR, PRICE_ERROR);
        worst = Math.max(worst, above, -1 - above);
      }
      console.log(`      ${worst.toExponential(1)} units of 1e-18 USD beyond the rounding`);
    });

    it("has the Greeks within their rounding and a relative 1e-12", () => {
      for (let i = 0; i < 1500; i++) {
        const option = randomOption(random);
        const ours = greeks(...option);
        const theirs = exact.black76(...option);
        expect(exact.unitsAbove(ours.delta, theirs.delta, WAD), `delta ${show(option)}`).to.be.within(-1.01, 1.01);
        for (const name of ["gamma", "vega", "theta"] as const) {
          const size = Math.abs(Number(ours[name]));
          // A weight of the density that is off by 1e-18 USD.
          const least = name === "gamma" ? 2 + 4e8 / Number(option[1]) ** 2 / deviationOf(option) : 2 + thetaOf(option);
          const away = exact.unitsAbove(ours[name], theirs[name], WAD);
          // The deviation is a multiple of 2^-96, which tells below a vol of 1e-14.
          const relative = 1e-12 + 300 / deviationOf(option) / 2 ** 96;
          expect(Math.abs(away), `${name} ${show(option)}`).to.be.below(least + size * relative);
        }
      }
    });

    it("agrees with the table of 715 options", function () {
      for (const row of referenceRows(this, "black76_ref.csv")) {
        const [forward, strike] = [decimal(row.forward!, 4), decimal(row.strike!, 4)];
        const [vol, time] = [decimal(row.vol!, 18), BigInt(row.seconds_to_expiry!)];
        const call = priceAndDelta(true, forward, strike, vol, time);
        const { gamma, vega } = greeks(true, forward, strike, vol, time);
        const ours = [call.price, price(false, forward, strike, vol, time), call.delta, gamma, vega];
        const theirs = [row.call, row.put, row.call_delta, row.gamma, row.vega_per_1].map((text) => decimal(text!, 18));
        // 4e-18 USD; the bar is 1e-9 of the forward.
        ours.forEach((value, i) => expect(Number(value - theirs[i]!), JSON.stringify(row)).to.be.within(-4, 4));
      }
    });
  });

  describe("against Haug, The Complete Guide to Option Pricing Formulas", () => {
    /** A value on the spot from the undiscounted one on the forward, prices scaled so that the unit of 1e-4 USD does not matter. */
    function onSpot(type: string, spot: number, strike: number, t: number, r: number, carry: number, vol: number) {
      const [scale, growth, discount] = [1e5, Math.exp(carry * t), Math.exp(-r * t)];
      const [forward, scaledStrike] = [spot * growth * scale, strike * scale].map((x) => BigInt(Math.round(x * 1e4)));
      const option: Option = [
        type === "call",
        forward!,
        scaledStrike!,
        BigInt(Math.round(vol * 1e6)) * 10n ** 12n,
        BigInt(Math.round(t * YEAR)),
      ];
      const { delta: change, gamma, vega } = greeks(...option);
      return {
        value: (Number(price(...option)) / 1e18 / scale) * discount,
        delta: (Number(change) / 1e18) * discount * growth,
        gamma: (Number(gamma) / 1e18) * scale * discount * growth ** 2,
        vega: (Number(vega) / 1e18 / scale) * discount,
      };
    }

    it("gives the examples of the text", () => {
      const value = (...args: Parameters<typeof onSpot>): number => onSpot(...args).value;
      expectNear(value("call", 60, 65, 0.25, 0.08, 0.08, 0.3), 2.1334, 1e-4, "Black-Scholes");
      expectNear(value("put", 100, 95, 0.5, 0.1, 0.05, 0.2), 2.4648, 1e-4, "Merton");
      expectNear(value("call", 19, 19, 0.75, 0.1, 0, 0.28), 1.7011, 1e-4, "Black-76");
      expectNear(value("put", 19, 19, 0.75, 0.1, 0, 0.28), 1.7011, 1e-4, "Black-76");
      expectNear(value("call", 1.56, 1.6, 0.5, 0.06, -0.02, 0.12), 0.0291, 1e-4, "Garman-Kohlhagen");
      expectNear(onSpot("call", 105, 100, 0.5, 0.1, 0, 0.36).delta, 0.5946, 1e-4, "delta");
      expectNear(onSpot("put", 105, 100, 0.5, 0.1, 0, 0.36).delta, -0.3566, 1e-4, "delta");
      expectNear(onSpot("call", 55, 60, 0.75, 0.1, 0.1, 0.3).gamma, 0.0278, 1e-4, "gamma");
      expectNear(onSpot("put", 55, 60, 0.75, 0.1, 0.1, 0.3).vega, 18.9358, 1e-4, "vega");
    });

    it("gives the printed tables", function () {
      for (const row of referenceRows(this, "haug.csv")) {
        const [spot, strike, t, r, q, vol] = [row.spot, row.strike, row.t, row.r, row.q, row.vol].map(Number);
        const { value } = onSpot(row.type!, spot!, strike!, t!, r!, r! - q!, vol!);
        expectNear(value, Number(row.value), Number(row.tolerance), JSON.stringify(row));
      }
    });
  });

  describe("invariant 8", () => {
    /** Options, the edges among them. */
    function* options(count: number): Generator<Option> {
      yield* edgeOptions();
      for (let i = 0; i < count; i++) yield randomOption(random);
    }

    it("call − put = forward − strike, 0 <= call <= forward, 0 <= put <= strike, exactly", () => {
      for (const option of options(2000)) {
        const [, forward, strike, vol, time] = option;
        const call = priceAndDelta(true, forward, strike, vol, time);
        const put = priceAndDelta(false, forward, strike, vol, time);
        expect(call.price - put.price, show(option)).to.equal((bounded(forward) - bounded(strike)) * UNIT);
        expect(call.price >= 0n && call.price <= bounded(forward) * UNIT, show(option)).to.be.true;
        expect(put.price >= 0n && put.price <= bounded(strike) * UNIT, show(option)).to.be.true;
        expect(call.delta - put.delta, show(option)).to.equal(WAD);
        expect(call.delta >= 0n && call.delta <= WAD, show(option)).to.be.true;
      }
    });

    it("rises or falls as it must from each value of an argument to the next, and no butterfly is worth less than −2e-18 USD", () => {
      for (const option of options(4000)) expect(brokenRules(option, random), show(option)).to.deep.equal([]);
    });

    it("on a market's grid, prices fall and are convex to the unit", () => {
      const forward = 35_002_500n;
      for (const [days, vol] of [
        [1n, 60n],
        [30n, 80n],
        [180n, 120n],
        [400n, 250n],
      ] as const) {
        const calls: bigint[] = [];
        for (let strike = 250_000n; strike <= 150_000_000n; strike += 250_000n) {
          calls.push(price(true, forward, strike, vol * 10n ** 16n, days * 86_400n));
        }
        for (let i = 2; i < calls.length; i++) {
          expect(calls[i]! <= calls[i - 1]!).to.be.true;
          // Where a butterfly is worth more than rounding can take, it is worth something.
          expect(calls[i]! - 2n * calls[i - 1]! + calls[i - 2]! >= (calls[i]! > 10n ** 9n ? 0n : -2n)).to.be.true;
        }
      }
    });
  });

  it("without time or vol is worth the intrinsic value", () => {
    for (const [forward, strike] of [
      [0n, 0n],
      [0n, 5n],
      [5n, 0n],
      [5n, 7n],
      [7n, 7n],
      [MAX_PRICE, 1n],
    ] as const) {
      for (const [vol, time] of [
        [0n, 0n],
        [0n, 1000n],
        [WAD, 0n],
      ] as const) {
        const intrinsic = forward > strike ? (forward - strike) * UNIT : 0n;
        expect(price(true, forward, strike, vol, time)).to.equal(intrinsic);
        const change = forward > strike ? WAD : forward < strike || forward === 0n ? 0n : WAD / 2n;
        expect(delta(true, forward, strike, vol, time), `${forward} ${strike}`).to.equal(change);
        expect(greeks(true, forward, strike, vol, time)).to.deep.equal({
          delta: change,
          gamma: 0n,
          vega: 0n,
          theta: 0n,
        });
      }
    }
  });

  it("an input above its bound counts as the bound", () => {
    const far = 2n ** 256n - 1n;
    for (const isCall of [true, false]) {
      // Near the bounds, so that they tell.
      const ordinary: Option = [isCall, 300_000_000_000n, 350_000_000_000n, (WAD * 8n) / 10n, 31_536_000n];
      for (const [at, bound] of [
        [1, MAX_PRICE],
        [2, MAX_PRICE],
        [3, MAX_VOL],
        [4, MAX_SECONDS],
      ] as const) {
        const result = (value: bigint) => {
          const option = ordinary.with(at, value) as unknown as Option;
          return [priceAndDelta(...option), greeks(...option)];
        };
        for (const above of [bound + 1n, far]) expect(result(above)).to.deep.equal(result(bound));
        expect(result(bound - bound / 1000n)).to.not.deep.equal(result(bound));
      }
    }
  });

  it("the three ways to a price or a delta give the same", () => {
    for (let i = 0; i < 500; i++) {
      const option = randomOption(random);
      const both = priceAndDelta(...option);
      expect([both.price, both.delta, both.delta]).to.deep.equal([
        price(...option),
        delta(...option),
        greeks(...option).delta,
      ]);
    }
  });

  it("the Greeks are the differences of the price", () => {
    for (let i = 0; i < 300; i++) {
      const isCall = random.chance(0.5);
      const forward = BigInt(random.integer(10_000_000, 2_000_000_000));
      const vol = BigInt(random.integer(20, 200)) * 10n ** 16n;
      const time = BigInt(random.integer(86_400, 34_560_000));
      const deviation = deviationOf([isCall, forward, forward, vol, time]);
      const strike = BigInt(Math.round(Number(forward) * Math.exp((random.next() - 0.5) * 3 * deviation)));
      const at = (f: bigint, v: bigint, t: bigint): bigint => price(isCall, f, strike, v, t);
      const ours = greeks(isCall, forward, strike, vol, time);
      const middle = at(forward, vol, time);

      const h = BigInt(Math.ceil(Number(forward) * deviation * 1e-3));
      const [down, up] = [at(forward - h, vol, time), at(forward + h, vol, time)];
      expectNear(Number(((up - down) * 5_000n) / h), Number(ours.delta), 1e12, "delta");
      const curvature = Number(((up - 2n * middle + down) * 10n ** 8n) / (h * h));
      expectNear(curvature, Number(ours.gamma), Number(ours.gamma) * 1e-4 + 1e6, "gamma");

      const v = vol / 10_000n;
      const slope = Number(((at(forward, vol + v, time) - at(forward, vol - v, time)) * WAD) / (2n * v));
      expectNear(slope, Number(ours.vega), Number(ours.vega) * 1e-5 + 1e12, "vega");

      const t = time / 1000n;
      const decay = Number(((at(forward, vol, time - t) - at(forward, vol, time + t)) * BigInt(YEAR)) / (2n * t));
      expectNear(decay, Number(ours.theta), Math.abs(Number(ours.theta)) * 1e-4 + 1e13, "theta");
    }
  });

  /** The option with the higher of its prices at the bound, where errors are largest. */
  function atHighestPrices([isCall, forward, strike, vol, time]: Option): Option {
    const highest = forward > strike ? forward : strike;
    const [scaledForward, scaledStrike] = [forward, strike].map((x) => (x * MAX_PRICE) / highest || 1n);
    return [isCall, scaledForward!, scaledStrike!, vol, time];
  }

  /** What 1e-18 USD of the density's weight make in theta. */
  function thetaOf([, , , vol, time]: Option): number {
    return Number(vol) / 1e18 / Math.sqrt(Number(time) / YEAR);
  }
});
