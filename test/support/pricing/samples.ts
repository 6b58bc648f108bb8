import { MAX_PRICE } from "../../../src/machine/Constants.ts";
import { WAD } from "../../../src/pricing/FixedPoint.ts";
import {
  MAX_LOG_MONEYNESS,
  MAX_SECONDS,
  MAX_SVI_A,
  MAX_SVI_M,
  MAX_SVI_SIGMA,
  MAX_SVI_SLOPE,
  MAX_VOL,
} from "../../../src/pricing/PricingBounds.ts";
import type { SviParameters } from "../../../src/pricing/Svi.ts";
import type { Random } from "../random.ts";

/** Arguments of the functions of Black76. */
export type Option = readonly [isCall: boolean, forward: bigint, strike: bigint, vol: bigint, time: bigint];
/** Arguments of Svi.vol behind the curve. */
export type VolArguments = readonly [forward: bigint, strike: bigint, minVol: bigint, maxVol: bigint];

/** A value from 0 to `most`, every one of them possible. */
export function uniform(random: Random, most: bigint): bigint {
  let value = 0n;
  for (let size = most; size > 0n; size >>= 24n) value = (value << 24n) | BigInt(random.integer(0, 2 ** 24 - 1));
  return value % (most + 1n);
}

/** A value from 1 to `most`, every magnitude equally likely. */
export function anyMagnitude(random: Random, most: bigint): bigint {
  const bits = BigInt(random.integer(1, most.toString(2).length));
  const value = uniform(random, (1n << bits) - 1n);
  return value === 0n ? 1n : value > most ? most : value;
}

/** An option with a time value as a rule: the strike is some deviations away from the forward. */
export function randomOption(random: Random): Option {
  const forward = random.chance(0.5) ? anyMagnitude(random, MAX_PRICE) : 10_000n + uniform(random, 2n * 10n ** 9n);
  const vol = random.chance(0.7) ? 10n ** 16n + uniform(random, 2n * WAD) : anyMagnitude(random, MAX_VOL);
  const time = random.chance(0.5) ? anyMagnitude(random, MAX_SECONDS) : 1n + uniform(random, 34_560_000n - 1n);
  const deviation = (Number(vol) / 1e18) * Math.sqrt(Number(time) / 31_536_000);
  const away = Math.exp((random.next() - 0.5) * 2 * random.pick([0.01, 1, 4, 12]) * deviation);
  const strike = BigInt(Math.round(Math.min(Number(MAX_PRICE), Math.max(1, Number(forward) * away))));
  return [random.chance(0.5), forward, strike, vol, time];
}

/** Every combination of the ends with ordinary values; and around each bound, the other arguments being ordinary or at an end. */
export function edgeOptions(): Option[] {
  const prices = [0n, 1n, 35_000_000n, 35_000_001n, MAX_PRICE];
  const vols = [0n, 1n, (WAD * 8n) / 10n, MAX_VOL];
  const times = [0n, 1n, 2_592_000n, MAX_SECONDS];
  const options = prices.flatMap((forward) =>
    prices.flatMap((strike) =>
      vols.flatMap((vol) => times.map((time): Option => [((forward + vol) & 1n) === 0n, forward, strike, vol, time])),
    ),
  );
  for (const at of [
    [true, 35_000_000n, 36_000_000n, (WAD * 8n) / 10n, 2_592_000n],
    [false, MAX_PRICE - 9n, MAX_PRICE - 7n, MAX_VOL, MAX_SECONDS],
    [true, 1n, 2n, WAD / 100n, 60n],
  ] as const) {
    const bounds = [0n, MAX_PRICE, MAX_PRICE, MAX_VOL, MAX_SECONDS];
    for (let i = 1; i <= 4; i++) {
      for (const value of [1n, 2n, bounds[i]! - 1n, bounds[i]!, bounds[i]! + 1n]) {
        options.push(
          at.with(i, value) as unknown as Option,
          [false, ...at.slice(1).with(i - 1, value)] as unknown as Option,
        );
      }
    }
  }
  return options;
}

/** A curve that isValid accepts. */
export function randomCurve(random: Random): SviParameters {
  const sign = (): bigint => (random.chance(0.5) ? 1n : -1n);
  const rho = sign() * uniform(random, WAD - 1n);
  const size = rho < 0n ? -rho : rho;
  const b = random.chance(0.1) ? 0n : anyMagnitude(random, (MAX_SVI_SLOPE * WAD) / (WAD + size));
  const sigma = anyMagnitude(random, MAX_SVI_SIGMA);
  // A little above the lowest a, which makes the curve touch zero, often enough.
  const root = BigInt(Math.floor(Math.sqrt(Math.max(0, 1 - (Number(rho) / 1e18) ** 2)) * 1e18));
  const lowest = -((b * sigma * root) / WAD ** 2n);
  const a = random.chance(0.5) ? anyMagnitude(random, MAX_SVI_A) : (lowest * BigInt(random.integer(0, 99))) / 100n;
  return { a, b, rho, m: sign() * anyMagnitude(random, MAX_SVI_M), sigma, refTau: anyMagnitude(random, MAX_SECONDS) };
}

/** Arguments for a vol, within and without the range of moneyness. */
export function randomVolArguments(random: Random): VolArguments {
  const forward = anyMagnitude(random, MAX_PRICE);
  const near = BigInt(Math.round(Number(forward) * Math.exp((random.next() - 0.5) * 4)));
  const strike = random.chance(0.3) ? anyMagnitude(random, MAX_PRICE) : near;
  return random.chance(0.5)
    ? [forward, strike, 0n, 2n ** 256n - 1n]
    : [forward, strike, anyMagnitude(random, WAD / 10n), anyMagnitude(random, MAX_VOL)];
}

/** Curves at, just within and just outside each bound of each parameter, the others ordinary; and what no type forbids. */
export function edgeCurves(): SviParameters[] {
  const ordinary = { a: WAD / 50n, b: WAD / 10n, rho: -WAD / 3n, m: WAD / 20n, sigma: WAD / 8n, refTau: 2_592_000n };
  const extreme = 2n ** 255n - 1n;
  const values: Record<keyof SviParameters, bigint[]> = {
    a: [0n, 1n, MAX_SVI_A],
    b: [0n, 1n, MAX_SVI_SLOPE / 2n, (MAX_SVI_SLOPE * 3n) / 4n, MAX_SVI_SLOPE],
    rho: [0n, 1n, WAD - 1n, WAD],
    m: [0n, 1n, MAX_LOG_MONEYNESS, MAX_SVI_M],
    sigma: [0n, 1n, MAX_SVI_SIGMA],
    refTau: [0n, 1n, MAX_SECONDS],
  };
  const curves: SviParameters[] = [ordinary];
  for (const name of Object.keys(values) as (keyof SviParameters)[]) {
    for (const value of [...values[name], extreme]) {
      for (const near of [value - 1n, value, value + 1n]) {
        if (near > extreme) continue;
        if (near >= 0n) curves.push({ ...ordinary, [name]: near });
        if (name !== "refTau") curves.push({ ...ordinary, [name]: -near });
      }
    }
  }
  // Where b(1 + |ρ|) is exactly the steepest slope, and one unit above it.
  for (const [b, size] of [
    [MAX_SVI_SLOPE, 0n],
    [(MAX_SVI_SLOPE * 5n) / 8n, (WAD * 3n) / 5n],
  ] as const) {
    for (const rho of [size, -size]) curves.push({ ...ordinary, b, rho }, { ...ordinary, b: b + 1n, rho });
  }
  // The lowest total variance is a + b·σ·√(1 − ρ²): with a root of 0.8, 0 and one unit below it.
  const lowest = -(ordinary.b * ordinary.sigma * 4n) / (5n * WAD);
  for (const rho of [(WAD * 3n) / 5n, (-WAD * 3n) / 5n]) {
    curves.push({ ...ordinary, a: lowest, rho }, { ...ordinary, a: lowest - 1n, rho });
  }
  curves.push({ a: -extreme - 1n, b: -extreme - 1n, rho: -extreme - 1n, m: -extreme - 1n, sigma: extreme, refTau: 1n });
  return curves;
}
