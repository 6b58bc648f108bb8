import { expect } from "chai";
import { MAX_PRICE } from "../../../src/machine/Constants.ts";
import { greeks, price } from "../../../src/pricing/Black76.ts";
import { expNegative, lnRatio, ONE, sqrt, WAD } from "../../../src/pricing/FixedPoint.ts";
import { cdf, pdf, tail } from "../../../src/pricing/NormalDistribution.ts";
import { MAX_SECONDS, MAX_VOL } from "../../../src/pricing/PricingBounds.ts";
import { isValid, type SviParameters, vol } from "../../../src/pricing/Svi.ts";
import type { PricingHarness } from "../../../typechain/index.ts";
import type { Connection } from "../baseChain.ts";
import type { Random } from "../random.ts";
import {
  anyMagnitude,
  edgeCurves,
  edgeOptions,
  type Option,
  randomCurve,
  randomOption,
  randomVolArguments,
  uniform,
  type VolArguments,
} from "./samples.ts";

/** The Solidity side. */
export type PricingTwin = PricingHarness;

/** Words of arguments to a call: few enough that the simulator does not slow down over the calldata. */
const BATCH_WORDS = 600;
const ANY = 2n ** 256n - 1n;

export async function deployPricing({ ethers }: Connection): Promise<PricingTwin> {
  return ethers.deployContract("PricingHarness");
}

/** Compares both languages at `points` random points of every function. */
export async function comparePricing(twin: PricingTwin, random: Random, points: number): Promise<void> {
  const many = <T>(draw: () => T): T[] => Array.from({ length: points }, draw);
  await compareRoots(
    twin,
    many(() => anyMagnitude(random, ANY)),
  );
  await compareLogarithms(
    twin,
    many(() => [anyMagnitude(random, 2n ** 125n - 1n), anyMagnitude(random, 2n ** 125n - 1n)]),
  );
  await compareExponentials(
    twin,
    many(() => anyMagnitude(random, 2n ** 104n - 1n)),
  );
  await compareTails(
    twin,
    many(() => anyMagnitude(random, 26n * ONE - 1n)),
  );
  await compareNormals(
    twin,
    many(() => uniform(random, 24n * WAD) - 12n * WAD),
  );
  await compareOptions(
    twin,
    many(() => randomOption(random)),
  );
  await compareVols(twin, many(() => randomCurve(random)).filter(isValid), () => randomVolArguments(random));
  await compareValidities(
    twin,
    many(() => randomCurve(random)),
  );
}

/** Compares both languages wherever something changes. */
export async function edgeCases(twin: PricingTwin): Promise<void> {
  const around = (...values: bigint[]): bigint[] => values.flatMap((value) => [value - 1n, value, value + 1n]);
  await compareRoots(twin, [0n, 1n, 2n, ...around(4n, 2n ** 128n, (2n ** 128n - 1n) ** 2n), ANY - 1n, ANY]);
  const most = 2n ** 125n - 1n;
  // The last ones lie about √2, where the reduction changes.
  const sizes = [1n, 2n, 3n, MAX_PRICE, most - 1n, most, 100_000_000n, 141_421_356n, 141_421_357n, 70_710_678n];
  await compareLogarithms(
    twin,
    sizes.flatMap((a) => sizes.map((b): [bigint, bigint] => [a, b])),
  );
  const half = 54916777467707473351141471128n / 2n;
  await compareExponentials(twin, [0n, 1n, ...around(half, 3n * half, ONE, 61n * ONE), 2n ** 104n - 1n]);
  await compareTails(twin, [0n, 1n, ...around(ONE, 11n * ONE), 26n * ONE - 1n]);
  const normals = [0n, 1n, ...around(WAD, 11n * WAD), 2n ** 255n - 1n];
  await compareNormals(twin, [...normals, ...normals.map((x) => -x), -(2n ** 255n)]);
  await compareOptions(twin, edgeOptions());
  const wide = [0n, 1n, MAX_PRICE, ANY];
  for (const forward of wide) {
    for (const strike of wide) {
      for (const beyond of [0n, MAX_VOL, ANY]) {
        for (const time of [0n, MAX_SECONDS, ANY]) {
          const option: Option = [true, forward, strike, beyond, time];
          expectQuote(option, await twin.quote(...option));
        }
      }
    }
  }
  const curves = edgeCurves();
  await compareValidities(twin, curves);
  const valid = curves.filter(isValid);
  // Among them both sides of the range of log-moneyness, which ends at 148.4.
  const prices = [1n, 148n, 149n, MAX_PRICE + 1n];
  for (const other of prices) {
    await compareVols(twin, valid, () => [1n, other, 0n, ANY]);
    await compareVols(twin, valid, () => [other, 1n, 0n, ANY]);
  }
  for (const [forward, strike] of [
    [0n, 0n],
    [0n, 1n],
    [ANY, 0n],
    [ANY, MAX_PRICE],
  ] as const) {
    await compareVols(twin, valid, () => [forward, strike, 0n, ANY]);
  }
  await compareVols(twin, valid, () => [35_000_000n, 40_000_000n, MAX_VOL, WAD]);
}

async function inBatches<T>(values: T[], words: number, compare: (batch: T[]) => Promise<void>): Promise<void> {
  const size = BATCH_WORDS / words;
  for (let i = 0; i < values.length; i += size) await compare(values.slice(i, i + size));
}

/** Compares one by one, so that a failure names its argument. */
function expectEqual(
  name: string,
  batch: readonly unknown[],
  theirs: readonly unknown[],
  ours: readonly unknown[],
): void {
  batch.forEach((value, i) => expect(plain(theirs[i]), `${name} of ${text(value)}`).to.deep.equal(ours[i]));
}

/** A result without the prototype and the names that ethers gives it. */
function plain(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as unknown[])] : value;
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
}

async function compareRoots(twin: PricingTwin, values: bigint[]): Promise<void> {
  await inBatches(values, 1, async (batch) => {
    expectEqual("sqrt", batch, await twin.roots(batch), batch.map(sqrt));
  });
}

async function compareLogarithms(twin: PricingTwin, ratios: [bigint, bigint][]): Promise<void> {
  await inBatches(ratios, 2, async (batch) => {
    const ours = batch.map(([a, b]) => lnRatio(a, b));
    expectEqual("lnRatio", batch, await twin.logarithms(batch), ours);
  });
}

async function compareExponentials(twin: PricingTwin, values: bigint[]): Promise<void> {
  await inBatches(values, 1, async (batch) => {
    const ours = batch.map(expNegative).map(({ mantissa, halvings }) => [mantissa, halvings]);
    expectEqual("expNegative", batch, await twin.exponentials(batch), ours);
  });
}

async function compareTails(twin: PricingTwin, values: bigint[]): Promise<void> {
  await inBatches(values, 1, async (batch) => {
    expectEqual("tail", batch, await twin.tails(batch), batch.map(tail));
  });
}

async function compareNormals(twin: PricingTwin, values: bigint[]): Promise<void> {
  await inBatches(values, 1, async (batch) => {
    const ours = batch.map((x) => [cdf(x), pdf(x)]);
    expectEqual("cdf and pdf", batch, await twin.normals(batch), ours);
  });
}

async function compareOptions(twin: PricingTwin, options: Option[]): Promise<void> {
  await inBatches(options, 3, async (batch) => {
    const results = await twin.quotes(batch.map(pack));
    batch.forEach((option, i) => expectQuote(option, results[i]!));
  });
}

/** The harness has seen to it that priceAndDelta, delta and greeks agree. */
function expectQuote(option: Option, theirs: Awaited<ReturnType<PricingTwin["quote"]>>): void {
  const { delta, gamma, vega, theta } = greeks(...option);
  const values = [theirs.price, theirs.delta, theirs.greeks.gamma, theirs.greeks.vega, theirs.greeks.theta];
  expect(values, `option ${option.join(" ")}`).to.deep.equal([price(...option), delta, gamma, vega, theta]);
}

/** The word of the harness. */
function pack([isCall, forward, strike, volatility, time]: Option): bigint {
  return (isCall ? 1n : 0n) | (forward << 8n) | (strike << 48n) | (time << 88n) | (volatility << 128n);
}

async function compareVols(twin: PricingTwin, curves: SviParameters[], draw: () => VolArguments): Promise<void> {
  await inBatches(curves, 10, async (batch) => {
    const drawn = batch.map((curve) => [curve, draw()] as const);
    const theirs = await twin.vols(
      batch,
      drawn.map(([, [...values]]) => values),
    );
    const ours = drawn.map(([curve, values]) => vol(curve, ...values));
    expectEqual("vol", drawn, theirs, ours);
  });
}

async function compareValidities(twin: PricingTwin, curves: SviParameters[]): Promise<void> {
  await inBatches(curves, 6, async (batch) => {
    expectEqual("isValid", batch, await twin.validities(batch), batch.map(isValid));
  });
}
