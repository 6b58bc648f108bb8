/** The ranges within which prices and vols are computed: docs/pricing.md, section 1. Prices have MAX_PRICE of the machine. */

export const SECONDS_PER_YEAR = 31_536_000n;
/** Longest time to expiry: two years. Longer ones count as this. */
export const MAX_SECONDS = 2n * SECONDS_PER_YEAR;
/** Highest vol: 1000 %. Higher ones count as this, so that vol·√time is at most 14.15 (the maths is good to 15). */
export const MAX_VOL = 10n ** 19n;
/** The SVI curve is flat where |ln(strike / forward)| is above 5: beyond 148 times the forward or a 148th of it. */
export const MAX_LOG_MONEYNESS = 5n * 10n ** 18n;
/** Largest |a| of an SVI curve: total variance at MAX_VOL and MAX_SECONDS is 200. */
export const MAX_SVI_A = 10n ** 21n;
/** Largest b(1 + |ρ|) of an SVI curve: the slope above which a wing allows arbitrage (Lee 2004). 1e18 fixed point. */
export const MAX_SVI_SLOPE = 2n * 10n ** 18n;
/** Largest |m| of an SVI curve: twice the largest log-moneyness. */
export const MAX_SVI_M = 10n ** 19n;
/** Largest σ of an SVI curve. */
export const MAX_SVI_SIGMA = 10n ** 19n;
