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
    /// Cash less debt and all positions at their marks; 0 if that is negative.
    uint256 value;
}

/// @title Auction
/// @notice The arithmetic of an auction of a part of an account (docs/specification.md, section 6.9). Amounts in 1e-6 USDC.
/// @dev SAFETY, for every unchecked block: cash and debt are below 2^128, requirements and values below 2^115 in every state that a machine
/// reaches, and below 2^194 by the widths of what they are computed from (Margin.sol). The largest product here is that of such an amount
/// with BASIS · FRACTION < 2^44.
library Auction {
    /// @notice The health of an account.
    /// @param net Cash less debt.
    /// @param maintenance Maintenance requirement; it contains what the shorts are worth.
    /// @param marked What the positions are worth at their marks.
    function healthOf(int256 net, uint256 maintenance, int256 marked) internal pure returns (Health memory health) {
        // SAFETY: see above.
        unchecked {
            int256 risk = int256(maintenance) + marked;
            uint256 buffer = risk > 0 ? Requirement.ceilDivide(Constants.AUCTION_BUFFER * uint256(risk), 100) : 0;
            health.maintenanceExcess = net - int256(maintenance);
            health.bufferedExcess = health.maintenanceExcess - int256(buffer);
            if (net + marked > 0) health.value = uint256(net + marked);
        }
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
    /// A fraction f takes f of the requirement, the cash and the positions away and brings f · rate · value, so the buffered
    /// excess e becomes (1 − f) · e + f · rate · value, which is zero at f = −e / (rate · value − e).
    function largestFraction(Health memory health, uint256 rate) internal pure returns (uint256) {
        // SAFETY: see above; the excess is negative, so the divisor is not zero.
        unchecked {
            uint256 deficit = uint256(-health.bufferedExcess) * Constants.BASIS;
            return (Constants.FRACTION * deficit) / (rate * health.value + deficit);
        }
    }

    /// @notice What a bidder pays for `fraction` of the account, rounded up.
    function paymentUp(Health memory health, uint256 rate, uint256 fraction) internal pure returns (uint256) {
        // SAFETY: see above; the rate is at most BASIS, the fraction at most FRACTION.
        unchecked {
            return Requirement.ceilDivide(rate * health.value * fraction, Constants.BASIS * Constants.FRACTION);
        }
    }
}
