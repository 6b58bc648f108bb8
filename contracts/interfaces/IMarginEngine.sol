// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExpiryView} from "../machine/Marks.sol";

/// @title IMarginEngine
/// @notice The formulas of marks and of standard margin (docs/specification.md, sections 6.6 and 6.7), which several executors need and which
/// are too large to be part of each. It opens nothing: who calls it has opened the slots.
/// @dev A call that fails, for lack of gas above all, is not a result: callers let the failure through.
///
///      `positions` is a list as an account holds it (machine/Positions.sol); `views[i]` is the view of its i-th distinct
///      (market, expiry). Amounts are in 1e-6 USDC, prices in 1e-4 USD.
interface IMarginEngine {
    /// @notice What positions need on standard margin.
    /// @param positions The list.
    /// @param views The views of its expiries.
    /// @return initial Requirement to add risk or take cash out, rounded up.
    /// @return maintenance Requirement not to be liquidated, rounded up.
    function requirements(
        uint256[] calldata positions,
        ExpiryView[] calldata views
    ) external pure returns (uint256 initial, uint256 maintenance);

    /// @notice What decides about the auction of an account on standard margin.
    /// @param positions The list.
    /// @param views The views of its expiries.
    /// @return initial Requirement of the whole list to add risk or take cash out, rounded up.
    /// @return maintenance Requirement not to be liquidated, of the positions whose marks are recent, rounded up.
    /// @return value Sum of quantity · mark over the positions that have a mark, recent or not, rounded down.
    /// @return shorts Sum of quantity · mark over the shorts whose marks are recent, rounded down; not positive.
    function assess(
        uint256[] calldata positions,
        ExpiryView[] calldata views
    ) external pure returns (uint256 initial, uint256 maintenance, int256 value, int256 shorts);

    /// @notice Mark and delta of a series, whose expiry must have a mark and no fixed price.
    /// @param expiry The view of its expiry.
    /// @param series The series.
    /// @return fair Mark.
    /// @return delta Delta, 1e18 fixed point.
    function quote(ExpiryView calldata expiry, uint64 series) external pure returns (uint256 fair, int256 delta);
}
