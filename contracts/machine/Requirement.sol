// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";
import {Positions} from "./Positions.sol";

/// @title Requirement
/// @notice What an account's positions need in the collateralised mode (docs/specification.md, section 6.1).
library Requirement {
    /// @notice Requirement of one (market, expiry), whose positions begin at `start`, in 1e-6 USDC: the largest loss at expiry, scanned at
    /// 0, at every strike and at the ceiling, rounded up. `end` is the index behind its positions.
    ///
    /// The payoff is linear between these prices, so its minimum up to the ceiling lies at one of them. The sweep keeps the value at
    /// the current price and the slope above it: at price 0 every put is worth its strike and the slope is minus the puts; passing a
    /// strike adds the quantity to the slope, for calls, which begin to rise, and puts, which cease to fall.
    function groupUp(
        uint256[] memory positions,
        uint256 start,
        uint256 anchor
    ) internal pure returns (uint256 requirement, uint256 end) {
        uint256 length = positions.length;
        uint256 expiry = Positions.elementAt(positions, start) >> 232;
        // SAFETY: a list has at most 2^11 positions (the witness gives their number in 16 bits), quantities are below 2^127 and in
        // every state that a machine reaches at most MAX_QUANTITY < 2^50 in size, prices are below 2^42, and below 2^66 by the
        // width of an anchor: values stay below 2^208.
        unchecked {
            int256 value;
            int256 slope;
            uint256 highestShortCall;
            for (end = start; end < length; ++end) {
                uint256 position = Positions.elementAt(positions, end);
                if (position >> 232 != expiry) break;
                int256 quantity = int128(uint128(position));
                uint256 strike = (position >> 193) & Constants.MAX_PRICE;
                if ((position >> 192) & 1 == 1) {
                    value += quantity * int256(strike);
                    slope -= quantity;
                } else if (quantity < 0) {
                    // The list ascends by strike.
                    highestShortCall = strike;
                }
            }
            requirement = _sweepUp(positions, start, end, value, slope, _ceiling(anchor, highestShortCall));
        }
    }

    /// @dev The largest loss of positions `start` to `end` − 1, which are worth `value` at price 0, with slope `slope` above it.
    function _sweepUp(
        uint256[] memory positions,
        uint256 start,
        uint256 end,
        int256 value,
        int256 slope,
        uint256 ceiling
    ) private pure returns (uint256) {
        // SAFETY: see groupUp.
        unchecked {
            int256 lowest = value;
            uint256 price;
            for (uint256 i = start; i < end; ++i) {
                uint256 position = Positions.elementAt(positions, i);
                uint256 strike = (position >> 193) & Constants.MAX_PRICE;
                if (strike >= ceiling) break;
                value += slope * int256(strike - price);
                price = strike;
                if (value < lowest) lowest = value;
                slope += int128(uint128(position));
            }
            value += slope * int256(ceiling - price);
            if (value < lowest) lowest = value;
            return lowest < 0 ? ceilDivide(uint256(-lowest), Constants.PRICE_TO_CASH) : 0;
        }
    }

    /// @dev The highest price of the scan: beyond the multiple of the anchor a call would be free to write; an anchor above the highest
    /// short call closes that.
    function _ceiling(uint256 anchor, uint256 highestShortCall) private pure returns (uint256 ceiling) {
        // SAFETY: an anchor has at most 64 bits.
        unchecked {
            ceiling = Constants.CEILING * anchor;
            if (highestShortCall != 0 && ceiling < highestShortCall + anchor) ceiling = highestShortCall + anchor;
        }
    }

    /// @notice a / b rounded up, for b > 0.
    function ceilDivide(uint256 a, uint256 b) internal pure returns (uint256) {
        return a == 0 ? 0 : (a - 1) / b + 1;
    }
}
