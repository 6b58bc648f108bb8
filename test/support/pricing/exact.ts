/**
 * Black-76 and its parts to some 150 digits, by series that share nothing with the machine's: what its integers are measured
 * against. Everything here is in 2^-PRECISION.
 */

const PRECISION = 640n;
export const UNITY = 1n << PRECISION;
const SECONDS_PER_YEAR = 31_536_000n;
/** Beyond this the tail is below 3e-89, and counts as zero. */
const INFINITE = 20n * UNITY;

/** value · UNITY / divisor. */
export function ratio(value: bigint, divisor: bigint): bigint {
  return (value << PRECISION) / divisor;
}

export function multiply(a: bigint, b: bigint): bigint {
  return (a * b) >> PRECISION;
}

/** By how many units of 1/`scale` the integer `value` is above the exact one. */
export function unitsAbove(value: bigint, exact: bigint, scale: bigint): number {
  // Enough digits for the quotient, few enough for a double.
  return Number(((value << PRECISION) - exact * scale) >> (PRECISION - 40n)) / 2 ** 40;
}

export function squareRoot(value: bigint): bigint {
  return integerRoot(value << PRECISION);
}

/** The integer square root, digit by digit. */
export function integerRoot(value: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << BigInt(value.toString(2).length >> 1); bit > 0n; bit >>= 1n) {
    const candidate = root | bit;
    if (candidate * candidate <= value) root = candidate;
  }
  return root;
}

/** 2·artanh(t), |t| <= 1/3. */
function twoArtanh(t: bigint): bigint {
  const square = multiply(t, t);
  let sum = 0n;
  let power = t;
  for (let i = 1n; power !== 0n && power !== -1n; i += 2n) {
    sum += power / i;
    power = multiply(power, square);
  }
  return 2n * sum;
}

const LN2 = twoArtanh(UNITY / 3n);

/** ln(a / b). */
export function lnRatio(a: bigint, b: bigint): bigint {
  let halvings = 0n;
  while (a > 2n * b) {
    b *= 2n;
    halvings++;
  }
  while (b > 2n * a) {
    a *= 2n;
    halvings--;
  }
  return halvings * LN2 + twoArtanh(ratio(a - b, a + b));
}

/** e^x. */
export function exp(x: bigint): bigint {
  const reduced = x >> 10n;
  let sum = 0n;
  let term = UNITY;
  for (let i = 1n; term !== 0n && term !== -1n; i++) {
    sum += term;
    term = multiply(term, reduced) / i;
  }
  for (let i = 0; i < 10; i++) sum = multiply(sum, sum);
  return sum;
}

/** π by Machin's formula. */
const PI = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));
const ROOT_2PI = squareRoot(2n * PI);

function arctanOfInverse(n: bigint): bigint {
  let sum = 0n;
  let power = UNITY / n;
  for (let i = 1n; power !== 0n; i += 2n) {
    sum += i % 4n === 1n ? power / i : -(power / i);
    power /= n * n;
  }
  return sum;
}

/** The normal density. */
export function density(x: bigint): bigint {
  return ratio(exp(-multiply(x, x) / 2n), ROOT_2PI);
}

/** The normal distribution function: 1/2 + φ(x)·(x + x³/3 + x⁵/(3·5) + …). */
export function distribution(x: bigint): bigint {
  if (x >= INFINITE) return UNITY;
  if (x <= -INFINITE) return 0n;
  const square = multiply(x, x);
  let sum = 0n;
  let term = x;
  for (let i = 3n; term !== 0n && term !== -1n; i += 2n) {
    sum += term;
    term = multiply(term, square) / i;
  }
  return UNITY / 2n + multiply(density(x), sum);
}

/** Value, in USD, and Greeks of an option: the arguments are those of src/pricing/Black76.ts, with vol and time above 0. */
export function black76(isCall: boolean, forward: bigint, strike: bigint, vol: bigint, time: bigint) {
  const root = squareRoot(ratio(time, SECONDS_PER_YEAR));
  const deviation = (vol * root) / 10n ** 18n;
  const d1 = ratio(lnRatio(forward, strike), deviation) + deviation / 2n;
  const below = distribution(d1);
  const value = (forward * below - strike * distribution(d1 - deviation)) / 10_000n;
  const weight = (forward * density(d1)) / 10_000n;
  return {
    price: isCall ? value : value - ((forward - strike) * UNITY) / 10_000n,
    delta: isCall ? below : below - UNITY,
    gamma: (ratio(weight, deviation) * 10n ** 8n) / (forward * forward),
    vega: multiply(weight, root),
    theta: -ratio((weight * vol) / 10n ** 18n, 2n * root),
  };
}
