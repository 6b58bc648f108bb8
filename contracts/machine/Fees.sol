// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";
import {Requirement} from "./Requirement.sol";

/// @title Fees
/// @notice Amounts of a fill (docs/specification.md, section 6.4).
/// @dev Prices and anchors are below 2^39, quantities at most 1e15 < 2^50, so products stay below 2^110.
library Fees {
    /// @notice price · quantity in 1e-6 USDC; exact, since the tick is a multiple of 100 and the lot of 1000.
    function premium(uint256 price, uint256 quantity) internal pure returns (uint256) {
        return (price * quantity) / Constants.PRICE_TO_CASH;
    }

    /// @notice What an order has accrued, in 1e-15 USDC, after a fill of `quantity` at `price`: `rate` of the underlying, at most
    /// 12.5 % of the premium. No rounding, so splitting a fill changes nothing.
    function accrue(
        uint256 accrued,
        uint256 rate,
        uint256 anchor,
        uint256 price,
        uint256 quantity
    ) internal pure returns (uint256) {
        uint256 byUnderlying = rate * anchor * quantity;
        uint256 byPremium = Constants.PREMIUM_CAP * price * quantity;
        return accrued + (byUnderlying < byPremium ? byUnderlying : byPremium);
    }

    /// @notice The cash that is due between two accruals of one order, in 1e-6 USDC, rounded up over the order as a whole.
    function feeUp(uint256 before, uint256 afterwards) internal pure returns (uint256) {
        return
            Requirement.ceilDivide(afterwards, Constants.FEE_TO_CASH) -
            Requirement.ceilDivide(before, Constants.FEE_TO_CASH);
    }

    /// @notice Whether `accrued` (1e-15 USDC) exceeds `maxFee` (1e-4 USD per contract) on `filled` (1e-6 contract).
    function exceedsMaximum(uint256 accrued, uint256 maxFee, uint256 filled) internal pure returns (bool) {
        return accrued > maxFee * filled * Constants.PRICE_TO_FEE;
    }

    /// @notice The most that a fill can cost whom a session key acts for, fee apart, in 1e-6 USDC, rounded up: a buyer the premium, a
    /// seller what the option could at most be worth (`most`: the strike of a put, the underlying for a call) beyond the price.
    function lossBoundUp(bool sells, uint256 price, uint256 quantity, uint256 most) internal pure returns (uint256) {
        if (!sells) return premium(price, quantity);
        return most > price ? Requirement.ceilDivide((most - price) * quantity, Constants.PRICE_TO_CASH) : 0;
    }

    /// @notice What a fill costs whom a session key acts for against a mark of `fair` that may have moved by `drift`, fee apart, in 1e-6
    /// USDC, rounded up.
    function adverseUp(
        bool sells,
        uint256 price,
        uint256 quantity,
        uint256 fair,
        uint256 drift
    ) internal pure returns (uint256) {
        (uint256 low, uint256 high) = sells ? (price, fair + drift) : (fair, price + drift);
        return high > low ? Requirement.ceilDivide((high - low) * quantity, Constants.PRICE_TO_CASH) : 0;
    }
}
