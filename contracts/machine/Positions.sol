// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";

/// @title Positions
/// @notice Series and positions (docs/specification.md, section 2.2).
///
/// | series, u64 | market u8 | day u16 | strike u39 | put u1 |
/// | ----------- | --------- | ------- | ---------- | ------ |
/// | bits        | 63..56    | 55..40  | 39..1      | 0      |
///
/// | position, 32 bytes | series u64 | zero u64  | quantity i128, 1e-6 contract, long positive |
/// | ------------------ | ---------- | --------- | ------------------------------------------- |
/// | bits               | 255..192   | 191..128  | 127..0                                      |
///
/// An account's list is strictly ascending by series and has no zero quantity, so positions of one expiry (market u8 ‖ day u16)
/// are adjacent and in strike order.
library Positions {
    /// @notice Packs a series.
    /// @dev SAFETY: callers have checked strike <= MAX_PRICE, so the fields do not overlap.
    function packSeries(uint8 market, uint16 day, uint256 strike, bool put) internal pure returns (uint64) {
        return (uint64(market) << 56) | (uint64(day) << 40) | (uint64(strike) << 1) | (put ? 1 : 0);
    }

    /// @notice market u8 ‖ day u16 of a series.
    function expiryOf(uint64 series) internal pure returns (uint24) {
        return uint24(series >> 40);
    }

    function marketOf(uint24 expiry) internal pure returns (uint8) {
        return uint8(expiry >> 16);
    }

    function dayOf(uint24 expiry) internal pure returns (uint16) {
        return uint16(expiry);
    }

    /// @notice Strike of a series, in 1e-4 USD.
    function strikeOf(uint64 series) internal pure returns (uint256) {
        return (series >> 1) & Constants.MAX_PRICE;
    }

    function isPut(uint64 series) internal pure returns (bool) {
        return series & 1 == 1;
    }

    /// @notice The instant of an expiry day, in seconds.
    function expiryTime(uint256 day) internal pure returns (uint256) {
        return day * Constants.DAY + Constants.EXPIRY_HOUR;
    }

    /// @notice What one contract of the series pays at `price`, in 1e-4 USD.
    function payoff(uint64 series, uint256 price) internal pure returns (uint256) {
        uint256 strike = strikeOf(series);
        if (isPut(series)) return strike > price ? strike - price : 0;
        return price > strike ? price - strike : 0;
    }

    function makePosition(uint64 series, int256 quantity) internal pure returns (uint256) {
        // SAFETY: quantities are at most twice MAX_QUANTITY in size.
        return (uint256(series) << 192) | uint128(int128(quantity));
    }

    function seriesOf(uint256 position) internal pure returns (uint64) {
        return uint64(position >> 192);
    }

    function quantityOf(uint256 position) internal pure returns (int256) {
        return int128(uint128(position));
    }

    /// @notice Where `series` is in the list, or belongs: index of the first position whose series is not below it.
    function find(uint256[] memory positions, uint64 series) internal pure returns (uint256 index, int256 quantity) {
        uint256 length = positions.length;
        uint256 target = uint256(series) << 192;
        while (index < length && elementAt(positions, index) < target) ++index;
        if (index < length && seriesOf(elementAt(positions, index)) == series)
            quantity = quantityOf(elementAt(positions, index));
    }

    /// @notice A copy of the list with `quantity` of `series`; zero takes the position out.
    /// @param index What {find} says of the series, and `held` the quantity that it says.
    function withQuantity(
        uint256[] memory positions,
        uint64 series,
        uint256 index,
        int256 held,
        int256 quantity
    ) internal pure returns (uint256[] memory result) {
        uint256 taken = held == 0 ? 0 : 1;
        uint256 added = quantity == 0 ? 0 : 1;
        uint256 position = makePosition(series, quantity);
        result = new uint256[](positions.length - taken + added);
        // SAFETY: copies `index` words and then the rest of the list, which are as many as `result` was allocated for.
        assembly ("memory-safe") {
            let source := add(positions, 32)
            let target := add(result, 32)
            let size := shl(5, index)
            mcopy(target, source, size)
            source := add(source, add(size, shl(5, taken)))
            target := add(target, size)
            if added {
                mstore(target, position)
                target := add(target, 32)
            }
            mcopy(target, source, shl(5, sub(sub(mload(positions), index), taken)))
        }
    }

    /// @notice Number of distinct (market, expiry). The list is sorted, so equal ones are adjacent.
    function countExpiries(uint256[] memory positions) internal pure returns (uint256 count) {
        uint256 last = type(uint256).max;
        for (uint256 i; i < positions.length; ++i) {
            uint256 expiry = elementAt(positions, i) >> 232;
            if (expiry != last) ++count;
            last = expiry;
        }
    }

    /// @notice Whether the list has any short of `expiry`.
    function holdsShort(uint256[] memory positions, uint24 expiry) internal pure returns (bool) {
        for (uint256 i; i < positions.length; ++i) {
            uint256 position = elementAt(positions, i);
            if (position >> 232 == expiry && quantityOf(position) < 0) return true;
        }
        return false;
    }

    /// @notice Whether the list has any short call of `expiry`.
    function holdsShortCall(uint256[] memory positions, uint24 expiry) internal pure returns (bool) {
        for (uint256 i; i < positions.length; ++i) {
            uint256 position = elementAt(positions, i);
            if (position >> 232 == expiry && !isPut(seriesOf(position)) && quantityOf(position) < 0) return true;
        }
        return false;
    }

    /// @notice Index behind the positions of the (market, expiry) of position `start`, which are adjacent.
    function endOfGroup(uint256[] memory positions, uint256 start) internal pure returns (uint256 end) {
        uint256 length = positions.length;
        uint256 expiry = elementAt(positions, start) >> 232;
        // SAFETY: at most the length.
        unchecked {
            end = start + 1;
            while (end < length && elementAt(positions, end) >> 232 == expiry) ++end;
        }
    }

    /// @notice Sum of the short quantities of a market, not negative.
    function shortQuantity(uint256[] memory positions, uint8 market) internal pure returns (uint256 sum) {
        for (uint256 i; i < positions.length; ++i) {
            uint256 position = elementAt(positions, i);
            int256 quantity = quantityOf(position);
            // SAFETY: a list has at most 2^11 positions of less than 2^128.
            if (quantity < 0 && position >> 248 == market) sum += uint256(-quantity);
        }
    }

    /// @notice Element `index` without a bounds check.
    /// @dev SAFETY: callers keep `index` below the length.
    function elementAt(uint256[] memory positions, uint256 index) internal pure returns (uint256 position) {
        assembly ("memory-safe") {
            position := mload(add(add(positions, 32), shl(5, index)))
        }
    }
}
