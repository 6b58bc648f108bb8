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
        return Margin.requirements(positions, views, new uint256[](positions.length));
    }

    /// @inheritdoc IMarginEngine
    function assess(
        uint256[] memory positions,
        ExpiryView[] memory views
    ) external pure returns (uint256 maintenance, int256 value) {
        uint256[] memory marks = new uint256[](positions.length);
        value = Margin.valueDown(positions, views, marks);
        (, maintenance) = Margin.requirements(positions, views, marks);
    }

    /// @inheritdoc IMarginEngine
    function quote(ExpiryView memory expiry, uint64 series) external pure returns (uint256 fair, int256 delta) {
        return Marks.quote(expiry, series);
    }
}
