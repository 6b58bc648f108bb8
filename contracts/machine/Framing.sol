// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Inputs} from "./Inputs.sol";

/// @title Framing
/// @notice Items of a batch's payload (docs/specification.md, section 3): each `length ‖ bytes`, the length a minimal varint of one or
/// two bytes in 1 to 4096.
library Framing {
    /// @notice Reads the length at `offset` of a payload of `length` bytes from `data`, which starts at position `base` of it.
    /// @return valid Whether there is an item; otherwise it is a framing error.
    /// @return start Position of the item's first byte.
    /// @return end Position behind the item; for a framing error behind the bytes of the length that lie inside the payload.
    /// @return available Whether `data` holds the bytes of the length. The rest is meaningless if not.
    /// @dev Needs base <= offset < length.
    function frameAt(
        bytes memory data,
        uint256 base,
        uint256 offset,
        uint256 length
    ) internal pure returns (bool valid, uint256 start, uint256 end, bool available) {
        uint256 position = offset - base;
        if (position >= data.length) return (false, 0, offset + 1, false);
        uint256 size = uint8(data[position]);
        start = offset + 1;
        end = start;
        if (size >= 0x80) {
            // Cut off: the length would go on behind the payload.
            if (start == length) return (false, start, end, true);
            end = offset + 2;
            if (position + 1 >= data.length) return (false, 0, end, false);
            uint256 second = uint8(data[position + 1]);
            start = end;
            // Zero would be a second encoding, and a third byte is beyond the largest length.
            if (second == 0 || second >= 0x80) return (false, start, end, true);
            size = (size & 0x7f) | (second << 7);
        }
        available = true;
        if (size != 0 && size <= Inputs.MAX_ITEM && start + size <= length) {
            valid = true;
            end = start + size;
        }
    }

    /// @notice The bytes `start` to `end`, `end` excluded, of `data`, which holds them.
    function slice(bytes memory data, uint256 start, uint256 end) internal pure returns (bytes memory part) {
        part = new bytes(end - start);
        // SAFETY: writes the bytes that `part` was allocated for.
        assembly ("memory-safe") {
            mcopy(add(part, 32), add(add(data, 32), start), sub(end, start))
        }
    }
}
