import { toSvi } from "../machine/Marks.ts";
import type { Curve } from "../machine/Slots.ts";
import { MAX_LOG_MONEYNESS } from "../pricing/PricingBounds.ts";
import { isValid } from "../pricing/Svi.ts";

/** Fits a smile to vols at strikes. Floating point: what comes out is data that signers agree on, not a rule. */

/** A vol that somebody has seen. */
export interface SmilePoint {
  /** 1e-4 USD. */
  readonly strike: bigint;
  /** A fraction a year. */
  readonly vol: number;
  /** How much it counts, above zero. */
  readonly weight: number;
}

/** One unit of the parameters of a curve: they are in 1e-12. */
const UNIT = 1e12;
const SECONDS_PER_YEAR = 31_536_000;
/** A smile has five parameters; from fewer strikes the vol is taken to be the same at all of them. */
const LEAST_STRIKES = 5;
/** Positions of the lowest point, and widths, that are tried, as parts of the range of the strikes. */
const CENTRES = [-0.25, 0, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1, 1.25] as const;
const WIDTHS = [0.05, 0.1, 0.2, 0.35, 0.6, 1, 1.8] as const;
/** |ρ| stays below this, so that rounding cannot reach 1. */
const MOST_RHO = 0.995;
/** Between and beyond the strikes a vol is at least and at most so many times the least and the greatest seen. */
const LEAST_VOL = 0.6;
const MOST_VOL = 1.5;
/** Beyond the strikes the smile is looked at up to this part of their range. */
const MARGIN = 0.5;
/** Further out than this the machine takes a strike to be this far out. */
const FARTHEST = Number(MAX_LOG_MONEYNESS) / 1e18;

interface Sample {
  /** ln(strike / forward), within the bounds of the machine. */
  readonly k: number;
  /** Total variance. */
  readonly w: number;
  readonly weight: number;
}

interface Raw {
  readonly a: number;
  readonly b: number;
  readonly rho: number;
  readonly m: number;
  readonly sigma: number;
}

/**
 * The smile of an expiry whose total variances fit the points best, by least squares: over a grid of (m, σ), for which the
 * other three parameters have a closed form. A fit that would be invalid or leaves the range of the vols too far is not
 * taken; if there is none, or there are too few strikes, the smile is flat at the median vol. Always valid.
 *
 * @param forward 1e-4 USD, above zero.
 * @param seconds From the report to the expiry, above zero.
 * @returns Undefined if there is no point at all.
 */
export function fitSmile(points: readonly SmilePoint[], forward: bigint, seconds: bigint): Curve | undefined {
  const usable = points.filter(({ strike, vol, weight }) => strike > 0n && vol > 0 && vol < 10 && weight > 0);
  if (usable.length === 0) return undefined;
  const years = Number(seconds) / SECONDS_PER_YEAR;
  const flat = flatSmile(medianVol(usable), years, seconds);
  if (new Set(usable.map(({ strike }) => strike)).size < LEAST_STRIKES) return flat;
  const samples = usable.map(({ strike, vol, weight }) => ({
    // SAFETY: where the machine looks, so that no strike's vol is one that the fit was never held to.
    k: Math.min(FARTHEST, Math.max(-FARTHEST, Math.log(Number(strike) / Number(forward)))),
    w: vol * vol * years,
    weight,
  }));
  const raw = bestFit(samples);
  if (raw === undefined) return flat;
  const curve = toCurve(raw, seconds);
  return isValid(toSvi(curve)) ? curve : flat;
}

/** A smile with one vol at all strikes. */
export function flatSmile(vol: number, years: number, seconds: bigint): Curve {
  const a = BigInt(Math.max(1, Math.round(vol * vol * years * UNIT)));
  return { a, b: 0n, rho: 0n, m: 0n, sigma: BigInt(UNIT), refTau: seconds };
}

function bestFit(samples: readonly Sample[]): Raw | undefined {
  const ks = samples.map(({ k }) => k);
  const [low, high] = [Math.min(...ks), Math.max(...ks)];
  const range = high - low;
  let best: Raw | undefined;
  let least = Infinity;
  for (const centre of CENTRES) {
    for (const width of WIDTHS) {
      const raw = solve(samples, low + centre * range, width * range);
      if (raw === undefined || !isTame(raw, samples, low - MARGIN * range, high + MARGIN * range)) continue;
      const error = samples.reduce((sum, { k, w, weight }) => sum + weight * (varianceAt(raw, k) - w) ** 2, 0);
      if (error < least) [best, least] = [raw, error];
    }
  }
  return best;
}

/** For given m and σ the variance a + c·x + b·√(x² + σ²), x = k − m, c = bρ, is linear in the rest. */
function solve(samples: readonly Sample[], m: number, sigma: number): Raw | undefined {
  // Sums of the products of the columns 1, x and r = √(x² + 1), with x in units of σ so that they are of one size.
  let [s1, sx, sr, sxx, sxr, srr, w1, wx, wr] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (const { k, w, weight } of samples) {
    const x = (k - m) / sigma;
    const r = Math.sqrt(x * x + 1);
    s1 += weight;
    sx += weight * x;
    sr += weight * r;
    sxx += weight * x * x;
    sxr += weight * x * r;
    srr += weight * r * r;
    w1 += weight * w;
    wx += weight * w * x;
    wr += weight * w * r;
  }
  const solution = solveThree([
    [s1, sx, sr, w1],
    [sx, sxx, sxr, wx],
    [sr, sxr, srr, wr],
  ]);
  if (solution === undefined) return undefined;
  const [a, slope, b] = [solution[0]!, solution[1]! / sigma, solution[2]! / sigma];
  if (!(b > 0) || Math.abs(slope) > MOST_RHO * b) return undefined;
  return { a, b, rho: slope / b, m, sigma };
}

/** Gauss with pivots; the right side is the fourth column. */
function solveThree(rows: number[][]): number[] | undefined {
  for (let column = 0; column < 3; column++) {
    let pivot = column;
    for (let i = column + 1; i < 3; i++) {
      if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const divisor = rows[column]![column]!;
    if (Math.abs(divisor) < 1e-12 * rows[0]![0]!) return undefined;
    for (let i = 0; i < 3; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]! / divisor;
      for (let j = column; j < 4; j++) rows[i]![j]! -= factor * rows[column]![j]!;
    }
  }
  return rows.map((row, i) => row[3]! / row[i]!);
}

/** Whether the vols stay near those that were seen, also a little beyond the strikes. */
function isTame(raw: Raw, samples: readonly Sample[], from: number, to: number): boolean {
  const variances = samples.map(({ w }) => w);
  const [least, most] = [Math.min(...variances) * LEAST_VOL ** 2, Math.max(...variances) * MOST_VOL ** 2];
  const lowest = raw.a + raw.b * raw.sigma * Math.sqrt(1 - raw.rho ** 2);
  return lowest >= least && varianceAt(raw, from) <= most && varianceAt(raw, to) <= most;
}

function varianceAt({ a, b, rho, m, sigma }: Raw, k: number): number {
  return a + b * (rho * (k - m) + Math.sqrt((k - m) ** 2 + sigma ** 2));
}

function toCurve({ a, b, rho, m, sigma }: Raw, refTau: bigint): Curve {
  const unit = (value: number): bigint => BigInt(Math.round(value * UNIT));
  return { a: unit(a), b: unit(b), rho: unit(rho), m: unit(m), sigma: unit(sigma), refTau };
}

function medianVol(points: readonly SmilePoint[]): number {
  const sorted = [...points].sort((x, y) => x.vol - y.vol);
  let rest = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  return (sorted.find(({ weight }) => (rest -= weight) <= 0) ?? sorted.at(-1)!).vol;
}
