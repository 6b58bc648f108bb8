/** Square root, logarithm and exponential in integers: docs/pricing.md, section 2. */

/** 1 in the fixed point of parameters and results. */
export const WAD = 10n ** 18n;
/** 1 in the fixed point of the maths. */
export const ONE = 1n << 96n;
/** ln 2, 2^96 fixed point, rounded down. */
const LN2 = 54916777467707473351141471128n;

/** Of u^17 to 1 in artanh(t) / t, u = t². */
const ARTANH = Array.from({ length: 18 }, (_, i) => ONE / BigInt(35 - 2 * i));

/** The largest integer whose square is at most `value`, for value >= 0. */
export function sqrt(value: bigint): bigint {
  if (value === 0n) return 0n;
  // Any guess > 0 will do: a step of Newton's is never below the root, and from above it falls until it is there.
  let root = BigInt(Math.floor(Math.sqrt(Number(value))));
  root = (root + value / root) >> 1n;
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * ln(a / b), 2^96 fixed point, for a and b from 1 to 2^125 − 1; exactly −ln(b / a).
 *
 * The larger is divided by b·2^n, so that the quotient lies within [1/√2, √2], and ln z = 2·artanh t with
 * t = (z − 1)/(z + 1), |t| <= 0.1716: 18 terms of the series leave 3e-30.
 */
export function lnRatio(a: bigint, b: bigint): bigint {
  if (a < b) return -lnRatio(b, a);
  let n = bitLength(a) - bitLength(b);
  b <<= n;
  if (a * a > 2n * b * b) {
    b <<= 1n;
    n++;
  } else if (2n * a * a < b * b) {
    b >>= 1n;
    n--;
  }
  const t = ((a - b) * ONE) / (a + b);
  const u = (t * t) >> 96n;
  let sum = 0n;
  for (const coefficient of ARTANH) sum = ((sum * u) >> 96n) + coefficient;
  return n * LN2 + ((t * sum) >> 95n);
}

function bitLength(value: bigint): bigint {
  return BigInt(value.toString(2).length);
}

/**
 * e^(−y) = mantissa · 2^(−96 − halvings), for y in 2^96 fixed point below 2^104; the mantissa lies within [1/√2, √2].
 *
 * r = y − halvings·ln 2 is within ±ln 2 / 2, and e^(−r) is the diagonal Padé approximant of degree 9, whose coefficients
 * are integers (Higham, The Scaling and Squaring Method for the Matrix Exponential Revisited, 2005); it leaves 4e-31.
 */
export function expNegative(y: bigint): { readonly mantissa: bigint; readonly halvings: bigint } {
  const halvings = (y + LN2 / 2n) / LN2;
  const r = y - halvings * LN2;
  const u = (r * r) >> 96n;
  let sum = u + 3_960n * ONE;
  sum = ((sum * u) >> 96n) + 2_162_160n * ONE;
  sum = ((sum * u) >> 96n) + 302_702_400n * ONE;
  sum = ((sum * u) >> 96n) + 8_821_612_800n * ONE;
  const odd = (r * sum) >> 96n;
  sum = 90n * u + 110_880n * ONE;
  sum = ((sum * u) >> 96n) + 30_270_240n * ONE;
  sum = ((sum * u) >> 96n) + 2_075_673_600n * ONE;
  const even = ((sum * u) >> 96n) + 17_643_225_600n * ONE;
  return { mantissa: ((even - odd) << 96n) / (even + odd), halvings };
}
