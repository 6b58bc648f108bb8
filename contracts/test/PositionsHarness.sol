// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Assessment, Peeks} from "../machine/Assessment.sol";
import {Fees} from "../machine/Fees.sol";
import {Positions} from "../machine/Positions.sol";
import {Market} from "../machine/Slots.sol";

/// @title PositionsHarness
/// @notice Positions, the collateralised requirement and the amounts of a fill as external functions, for tests.
contract PositionsHarness {
    function withQuantity(
        uint256[] memory positions,
        uint64 series,
        int256 quantity
    ) external pure returns (int256 held, uint256[] memory result, uint256[] memory original) {
        uint256 index;
        (index, held) = Positions.find(positions, series);
        result = Positions.withQuantity(positions, series, index, held, quantity);
        original = positions;
    }

    function positionFacts(
        uint256[] memory positions,
        uint24 expiry
    ) external pure returns (uint256 expiries, bool holdsShort) {
        return (Positions.countExpiries(positions), Positions.holdsShort(positions, expiry));
    }

    function payoff(uint64 series, uint256 price) external pure returns (uint256) {
        return Positions.payoff(series, price);
    }

    /// @param marketIds Markets, with their anchors; those of others are zero.
    function requirementUp(
        uint256[] memory positions,
        uint8[] calldata marketIds,
        uint64[] calldata anchorPrices
    ) external view returns (uint256 total, uint256 gasUsed) {
        Peeks memory peeks;
        for (uint256 i; i < positions.length; ++i) {
            Market memory unknown;
            Assessment.rememberMarket(peeks, uint8(positions[i] >> 248), unknown);
        }
        for (uint256 i; i < marketIds.length; ++i) {
            Market memory market;
            market.anchor = anchorPrices[i];
            Assessment.rememberMarket(peeks, marketIds[i], market);
        }
        gasUsed = gasleft();
        total = Assessment.collateralisedUp(peeks, positions);
        gasUsed -= gasleft();
    }

    function fees(
        uint256 accrued,
        uint256 rate,
        uint256 anchor,
        uint256 price,
        uint256 quantity
    ) external pure returns (uint256 afterwards, uint256 fee, uint256 premium) {
        afterwards = Fees.accrue(accrued, rate, anchor, price, quantity);
        fee = Fees.feeUp(accrued, afterwards);
        premium = Fees.premium(price, quantity);
    }

    function adverseUp(
        bool sells,
        uint256 price,
        uint256 quantity,
        uint256 fair,
        uint256 drift
    ) external pure returns (uint256) {
        return Fees.adverseUp(sells, price, quantity, fair, drift);
    }

    function lossBoundUp(bool sells, uint256 price, uint256 quantity, uint256 most) external pure returns (uint256) {
        return Fees.lossBoundUp(sells, price, quantity, most);
    }
}
