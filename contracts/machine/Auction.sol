// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";
import {Requirement} from "./Requirement.sol";

/// @notice What of an account decides about its auction, in 1e-6 USDC.
struct Health {
    /// Cash less debt less the maintenance requirement.
    int256 maintenanceExcess;
    /// The same with the requirement raised by AUCTION_BUFFER percent of the risk in it: what an auction restores to zero.
    int256 bufferedExcess;
    /// Cash and all positions at their marks, without the debt, which stays; may be negative.
    int256 value;
    uint256 maintenance;
    uint256 debt;
}

/// @title Auction
/// @notice The arithmetic of an auction of a part of an account (docs/specification.md, section 6.9). Amounts in 1e-6 USDC.
/// @dev SAFETY, for every unchecked block: cash and debt are below 2^128, requirements and values below 2^115 in every state that a machine
/// reaches, and below 2^207 by the widths of what they are computed from (Margin.sol: 2^220 / PRICE_TO_CASH). So excesses, values, deficits
/// and gains are below 2^209 in size, whatever their sign; the largest product here is that of such an amount with BASIS · FRACTION < 2^44.
library Auction {
    /// @notice The health of an account.
    /// @param maintenance Maintenance requirement; it contains what the shorts are worth.
    /// @param marked What the positions are worth at their marks.
    /// @param shorts What the shorts among them are worth, not positive. The risk is what the requirement asks beyond that; longs are no
    /// part of it, however much they are worth.
    function healthOf(
        uint256 cash,
        uint256 debt,
        uint256 maintenance,
        int256 marked,
        int256 shorts
    ) internal pure returns (Health memory health) {
        // SAFETY: see above.
        unchecked {
            uint256 risk = _positive(int256(maintenance) + shorts);
            uint256 buffer = Requirement.ceilDivide(Constants.AUCTION_BUFFER * risk, 100);
            health.maintenanceExcess = int256(cash) - int256(debt) - int256(maintenance);
            health.bufferedExcess = health.maintenanceExcess - int256(buffer);
            health.value = int256(cash) + marked;
        }
        health.maintenance = maintenance;
        health.debt = debt;
    }

    /// @notice What part of the value, in BASIS, a bidder pays `elapsed` seconds after the start. It never rises.
    function factor(uint256 elapsed) internal pure returns (uint256) {
        if (elapsed >= Constants.AUCTION_DUE) return 0;
        // SAFETY: elapsed is below AUCTION_DUE.
        unchecked {
            if (elapsed <= Constants.AUCTION_STEEP) {
                uint256 fall = (Constants.FACTOR_START - Constants.FACTOR_STEEP) * elapsed;
                return Constants.FACTOR_START - fall / Constants.AUCTION_STEEP;
            }
            uint256 rest = Constants.FACTOR_STEEP * (elapsed - Constants.AUCTION_STEEP);
            return Constants.FACTOR_STEEP - rest / (Constants.AUCTION_DUE - Constants.AUCTION_STEEP);
        }
    }

    /// @notice The largest fraction (1e-9) of an account with a negative buffered excess that may be sold at `rate` (BASIS), rounded down.
    ///
    /// A fraction f takes f of the requirement, the cash and the positions away, leaves the debt, and brings f · rate · value. So the
    /// buffered excess e becomes (1 − f) · (e + debt) − debt + f · rate · value, which is zero at f = −e / (rate · value − e − debt).
    /// Where that is not reached, the whole may be sold.
    function largestFraction(Health memory health, uint256 rate) internal pure returns (uint256) {
        // SAFETY: see above; the rate is at most BASIS, the debt below 2^128. The excess is negative, so the deficit is not, and nor is
        // the divisor, which is above it.
        unchecked {
            uint256 deficit = uint256(-health.bufferedExcess) * Constants.BASIS;
            int256 gain = int256(rate * _positive(health.value) + deficit) - int256(health.debt * Constants.BASIS);
            if (gain <= int256(deficit)) return Constants.FRACTION;
            return (Constants.FRACTION * deficit) / uint256(gain);
        }
    }

    /// @notice What a bidder pays for `fraction` of the account, rounded up.
    function paymentUp(Health memory health, uint256 rate, uint256 fraction) internal pure returns (uint256) {
        // SAFETY: see above; the rate is at most BASIS, the fraction at most FRACTION.
        unchecked {
            uint256 price = rate * _positive(health.value) * fraction;
            return Requirement.ceilDivide(price, Constants.BASIS * Constants.FRACTION);
        }
    }

    function _positive(int256 value) private pure returns (uint256) {
        return value > 0 ? uint256(value) : 0;
    }
}
