// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title PricingBounds
/// @notice The ranges within which prices and vols are computed (docs/pricing.md, section 1). Prices have Constants.MAX_PRICE.
library PricingBounds {
    uint256 internal constant SECONDS_PER_YEAR = 31_536_000;
    /// @notice Longest time to expiry: two years. Longer ones count as this.
    uint256 internal constant MAX_SECONDS = 2 * SECONDS_PER_YEAR;
    /// @notice Highest vol: 1000 %. Higher ones count as this, so that vol·√time is at most 14.15 (the maths is good to 15).
    uint256 internal constant MAX_VOL = 10e18;
    /// @notice The SVI curve is flat where |ln(strike / forward)| is above 5: beyond 148 times the forward or a 148th of it.
    int256 internal constant MAX_LOG_MONEYNESS = 5e18;
    /// @notice Largest |a| of an SVI curve: total variance at MAX_VOL and MAX_SECONDS is 200.
    int256 internal constant MAX_SVI_A = 1000e18;
    /// @notice Largest b(1 + |ρ|) of an SVI curve: the slope above which a wing allows arbitrage (Lee 2004). 1e18 fixed point.
    int256 internal constant MAX_SVI_SLOPE = 2e18;
    /// @notice Largest |m| of an SVI curve: twice the largest log-moneyness.
    int256 internal constant MAX_SVI_M = 10e18;
    /// @notice Largest σ of an SVI curve.
    int256 internal constant MAX_SVI_SIGMA = 10e18;
}
