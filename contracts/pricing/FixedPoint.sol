// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title FixedPoint
/// @notice Logarithm and exponential in 2^96 fixed point (docs/pricing.md, section 2).
library FixedPoint {
    /// @notice 1 in the fixed point of parameters and results.
    uint256 internal constant WAD = 1e18;
    /// @notice 1 in the fixed point of the maths.
    uint256 internal constant ONE = 1 << 96;
    /// @notice ln 2, 2^96 fixed point, rounded down.
    uint256 internal constant LN2 = 54916777467707473351141471128;

    /// @notice ln(a / b), 2^96 fixed point, for a and b from 1 to 2^125 − 1; exactly −ln(b / a).
    ///
    /// The larger is divided by b·2^n, so that the quotient lies within [1/√2, √2], and
    /// ln z = 2·artanh t with t = (z − 1)/(z + 1), |t| <= 0.1716: 18 terms of the series leave 3e-30.
    /// @dev Not bounded here: callers give a and b within the range.
    function lnRatio(uint256 a, uint256 b) internal pure returns (int256) {
        // SAFETY: a and b < 2^125, b·2^n < 2a; so the squares are below 2^255, and the difference can be shifted by 96 bits. |t| < 2^94 and
        // every partial sum of the series < 2^97. b is even if n falls, since then n >= 1: n = 0 gives a >= b.
        unchecked {
            bool inverse = a < b;
            if (inverse) (a, b) = (b, a);
            uint256 n;
            assembly ("memory-safe") {
                n := sub(clz(b), clz(a))
            }
            b <<= n;
            if (a * a > 2 * b * b) {
                b <<= 1;
                ++n;
            } else if (2 * a * a < b * b) {
                b >>= 1;
                --n;
            }
            int256 t = ((int256(a) - int256(b)) * int256(ONE)) / int256(a + b);
            uint256 u = uint256(t * t) >> 96;
            uint256 sum = ONE / 35;
            sum = ((sum * u) >> 96) + ONE / 33;
            sum = ((sum * u) >> 96) + ONE / 31;
            sum = ((sum * u) >> 96) + ONE / 29;
            sum = ((sum * u) >> 96) + ONE / 27;
            sum = ((sum * u) >> 96) + ONE / 25;
            sum = ((sum * u) >> 96) + ONE / 23;
            sum = ((sum * u) >> 96) + ONE / 21;
            sum = ((sum * u) >> 96) + ONE / 19;
            sum = ((sum * u) >> 96) + ONE / 17;
            sum = ((sum * u) >> 96) + ONE / 15;
            sum = ((sum * u) >> 96) + ONE / 13;
            sum = ((sum * u) >> 96) + ONE / 11;
            sum = ((sum * u) >> 96) + ONE / 9;
            sum = ((sum * u) >> 96) + ONE / 7;
            sum = ((sum * u) >> 96) + ONE / 5;
            sum = ((sum * u) >> 96) + ONE / 3;
            sum = ((sum * u) >> 96) + ONE;
            int256 logarithm = int256(n * LN2) + ((t * int256(sum)) >> 95);
            return inverse ? -logarithm : logarithm;
        }
    }

    /// @notice e^(−y) = mantissa · 2^(−96 − halvings), for y in 2^96 fixed point below 2^104; the mantissa lies within [1/√2, √2].
    ///
    /// r = y − halvings·ln 2 is within ±ln 2 / 2, and e^(−r) is the diagonal Padé approximant of degree 9, whose coefficients are integers
    /// (Higham, The Scaling and Squaring Method for the Matrix Exponential Revisited, 2005); it leaves 4e-31.
    /// @dev Not bounded here: callers give y within the range.
    function expNegative(uint256 y) internal pure returns (uint256 mantissa, uint256 halvings) {
        // SAFETY: |r| <= ln 2 / 2 and the coefficients are below 2^35, so no product reaches 2^229; even > |odd|.
        unchecked {
            halvings = (y + LN2 / 2) / LN2;
            int256 r = int256(y) - int256(halvings * LN2);
            uint256 u = uint256(r * r) >> 96;
            uint256 sum = u + 3_960 * ONE;
            sum = ((sum * u) >> 96) + 2_162_160 * ONE;
            sum = ((sum * u) >> 96) + 302_702_400 * ONE;
            sum = ((sum * u) >> 96) + 8_821_612_800 * ONE;
            int256 odd = (r * int256(sum)) >> 96;
            sum = 90 * u + 110_880 * ONE;
            sum = ((sum * u) >> 96) + 30_270_240 * ONE;
            sum = ((sum * u) >> 96) + 2_075_673_600 * ONE;
            int256 even = int256(((sum * u) >> 96) + 17_643_225_600 * ONE);
            mantissa = (uint256(even - odd) << 96) / uint256(even + odd);
        }
    }
}
