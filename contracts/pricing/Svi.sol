// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Constants} from "../machine/Constants.sol";
import {FixedPoint} from "./FixedPoint.sol";
import {PricingBounds} from "./PricingBounds.sol";

/// @notice A smile of total variance: w(k) = a + b·(ρ(k − m) + √((k − m)² + σ²)), of `refTau` seconds. The rest in 1e18 fixed point.
struct SviParameters {
    int256 a;
    int256 b;
    int256 rho;
    int256 m;
    int256 sigma;
    uint256 refTau;
}

/// @title Svi
/// @notice Vol of a strike from a smile in Gatheral's raw SVI form (2004; docs/pricing.md, section 5).
library Svi {
    /// @notice Whether a curve can be used: every parameter within its bound, 1 <= refTau <= MAX_SECONDS, b >= 0, |ρ| < 1, σ > 0,
    /// total variance nowhere below zero, and wings no steeper than Lee's bound. Defined for every input.
    function isValid(SviParameters memory curve) internal pure returns (bool) {
        int256 wad = int256(FixedPoint.WAD);
        if (curve.a < -PricingBounds.MAX_SVI_A || curve.a > PricingBounds.MAX_SVI_A) return false;
        if (curve.b < 0 || curve.b > PricingBounds.MAX_SVI_SLOPE) return false;
        if (curve.rho <= -wad || curve.rho >= wad) return false;
        if (curve.m < -PricingBounds.MAX_SVI_M || curve.m > PricingBounds.MAX_SVI_M) return false;
        if (curve.sigma <= 0 || curve.sigma > PricingBounds.MAX_SVI_SIGMA) return false;
        if (curve.refTau == 0 || curve.refTau > PricingBounds.MAX_SECONDS) return false;
        // SAFETY: with the bounds above: b, σ, a < 2^70, the root at most 1e36 < 2^120.
        unchecked {
            int256 size = curve.rho < 0 ? -curve.rho : curve.rho;
            if (curve.b * (wad + size) > PricingBounds.MAX_SVI_SLOPE * wad) return false;
            // INVARIANT: the lowest total variance, a + b·σ·√(1 − ρ²), is not negative. The root is rounded down, against the curve.
            int256 root = int256(Math.sqrt(uint256(wad * wad - size * size) * 1e36));
            return curve.a * 1e54 + curve.b * curve.sigma * root >= 0;
        }
    }

    /// @notice Vol at the strike, 1e18 fixed point: √(w(k) / refTau) rounded down, raised to `minVol`, then lowered to `maxVol`, with
    /// k = ln(strike / forward) within ±MAX_LOG_MONEYNESS. Prices above MAX_PRICE count as that; a price of 0 is infinitely far from
    /// any other.
    /// @dev The curve must satisfy isValid; forward, strike and the limits may be anything.
    function vol(
        SviParameters memory curve,
        uint256 forward,
        uint256 strike,
        uint256 minVol,
        uint256 maxVol
    ) internal pure returns (uint256 result) {
        int256 k = _logMoneyness(forward, strike);
        // SAFETY: |k| <= 5e18, |m| <= 1e19, σ <= 1e19: the sum of the squares is below 2^129, times 1e36 below 2^249, its root below 2e37 and
        // so is |ρ·x|. With b <= 2e18 and |a| <= 1e21 the variance is below 2^191, times a year below 2^216. refTau > 0.
        unchecked {
            int256 x = k - curve.m;
            int256 root = int256(Math.sqrt(uint256(x * x + curve.sigma * curve.sigma) * 1e36));
            int256 variance = curve.a * 1e36 + curve.b * (curve.rho * x + root);
            // The root is rounded down, so that at the lowest point of a curve that touches zero the sum can fall below it.
            if (variance > 0) {
                result = Math.sqrt(
                    (uint256(variance) * PricingBounds.SECONDS_PER_YEAR) / (curve.refTau * FixedPoint.WAD)
                );
            }
        }
        if (result < minVol) result = minVol;
        if (result > maxVol) result = maxVol;
    }

    /// @dev ln(strike / forward), 1e18 fixed point, rounded towards zero.
    function _logMoneyness(uint256 forward, uint256 strike) private pure returns (int256 k) {
        if (forward > Constants.MAX_PRICE) forward = Constants.MAX_PRICE;
        if (strike > Constants.MAX_PRICE) strike = Constants.MAX_PRICE;
        if (forward == strike) return 0;
        if (forward == 0) return PricingBounds.MAX_LOG_MONEYNESS;
        if (strike == 0) return -PricingBounds.MAX_LOG_MONEYNESS;
        // SAFETY: the logarithm of a quotient of prices is below 28·2^96, times 1e18 < 2^161.
        unchecked {
            k = (FixedPoint.lnRatio(strike, forward) * int256(FixedPoint.WAD)) / int256(FixedPoint.ONE);
        }
        if (k > PricingBounds.MAX_LOG_MONEYNESS) return PricingBounds.MAX_LOG_MONEYNESS;
        if (k < -PricingBounds.MAX_LOG_MONEYNESS) return -PricingBounds.MAX_LOG_MONEYNESS;
    }
}
