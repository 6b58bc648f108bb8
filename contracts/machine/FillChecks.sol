// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";
import {Positions} from "./Positions.sol";
import {ResultCodes} from "./ResultCodes.sol";
import {Market, Order} from "./Slots.sol";
import {Wire} from "./Wire.sol";

/// @title FillChecks
/// @notice What a fill must satisfy whatever the account holds beside it (docs/specification.md, section 6.3, steps 4 and 8).
library FillChecks {
    /// @notice Step 4: the predicates that the order carries.
    /// @param quantity What is to fill, 1e-6 contract.
    /// @param price At what, 1e-4 USD.
    function checkOrder(
        Order memory order,
        uint256 quantity,
        uint256 price,
        bool isMaker,
        bool forced,
        uint256 l2Time
    ) internal pure returns (uint8) {
        uint8 flags = order.flags;
        if (quantity == 0 || order.quantity == 0) return ResultCodes.QuantityInvalid;
        if (order.limitPrice == 0) return ResultCodes.PriceInvalid;
        if (forced && flags & Wire.FLAG_FORCIBLE == 0) return ResultCodes.NotForcible;
        if (order.deadline < l2Time) return ResultCodes.Expired;
        if (order.filled + quantity > order.quantity) return ResultCodes.Overfill;
        if (flags & Wire.FLAG_FILL_OR_KILL != 0 && quantity != order.quantity) return ResultCodes.FillOrKillViolated;
        if (!isMaker && flags & Wire.FLAG_POST_ONLY != 0) return ResultCodes.PostOnlyTakes;
        if (flags & Wire.FLAG_IMMEDIATE_OR_CANCEL != 0 && (isMaker || order.deadline > l2Time + Constants.IOC_WINDOW))
            return ResultCodes.ImmediateRests;
        bool crosses = flags & Wire.FLAG_SELL != 0 ? order.limitPrice <= price : order.limitPrice >= price;
        return crosses ? ResultCodes.OK : ResultCodes.LimitViolated;
    }

    /// @notice What only positions that open or grow must satisfy, so that the grid and the caps never refuse a close.
    /// @param next Quantity of the series after, 1e-6 contract.
    /// @param positions The list after.
    function checkGrowth(
        Market memory market,
        uint64 series,
        int256 next,
        uint256[] memory positions,
        uint256 l1Time
    ) internal pure returns (uint8) {
        uint256 strike = Positions.strikeOf(series);
        // SAFETY: the expiry is later than the L1 time, see step 2.
        uint256 tenor = Positions.expiryTime(Positions.dayOf(Positions.expiryOf(series))) - l1Time;
        uint256 step =
            tenor <= Constants.SHORT_TENOR
                ? market.shortStep
                : tenor <= Constants.MEDIUM_TENOR
                    ? market.mediumStep
                    : market.longStep;
        if (strike == 0 || strike % market.tick != 0 || strike % step != 0 || tenor > Constants.MAX_TENOR) {
            return ResultCodes.SeriesOffGrid;
        }
        if (uint256(next < 0 ? -next : next) > Constants.MAX_QUANTITY) return ResultCodes.PositionLimit;
        if (positions.length > Constants.MAX_POSITIONS) return ResultCodes.PositionCap;
        if (Positions.countExpiries(positions) > Constants.MAX_EXPIRIES) return ResultCodes.ExpiryCap;
        return ResultCodes.OK;
    }
}
