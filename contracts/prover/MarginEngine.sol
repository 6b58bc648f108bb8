// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {Margin} from "../machine/Margin.sol";
import {ExpiryView, Marks} from "../machine/Marks.sol";

/// @title MarginEngine
/// @notice Marks and standard margin behind one address.
contract MarginEngine is IMarginEngine {
    /// @inheritdoc IMarginEngine
    function requirements(
        uint256[] memory positions,
        ExpiryView[] memory views
    ) external pure returns (uint256 initial, uint256 maintenance) {
        return Margin.requirements(positions, views);
    }

    /// @inheritdoc IMarginEngine
    function assess(
        uint256[] memory positions,
        ExpiryView[] memory views
    ) external pure returns (uint256 initial, uint256 maintenance, int256 value, int256 shorts) {
        return Margin.assess(positions, views);
    }

    /// @inheritdoc IMarginEngine
    function quote(ExpiryView memory expiry, uint64 series) external pure returns (uint256 fair, int256 delta) {
        return Marks.quote(expiry, series);
    }
}
