// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A position in committed bytes. Whether anything could not be read is remembered, for malformed input is an ordinary
/// result of the machine; values read since are meaningless.
struct Reader {
    /// Calldata offset of the next byte, and of the end.
    uint256 cursor;
    uint256 end;
    bool failed;
}

/// @title Varint
/// @notice Strict reading of the wire format (docs/specification.md, section 3): little-endian base-128 varints of at most 64 bits
/// with one encoding for each value, and raw bytes. Nothing in here reverts.
library Varint {
    function reader(bytes calldata data) internal pure returns (Reader memory r) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := data.offset
        }
        r.cursor = offset;
        r.end = offset + data.length;
    }

    /// @notice A varint of at most `maximum`, which is below 2^64.
    function varint(Reader memory r, uint256 maximum) internal pure returns (uint256 value) {
        uint256 cursor = r.cursor;
        uint256 end = r.end;
        bool complete;
        assembly ("memory-safe") {
            for {
                let shift := 0
            } and(lt(cursor, end), lt(shift, 70)) {
                shift := add(shift, 7)
            } {
                let group := byte(0, calldataload(cursor))
                cursor := add(cursor, 1)
                value := or(value, shl(shift, and(group, 0x7f)))
                if lt(group, 0x80) {
                    // The last group is not zero unless it is the only one: one encoding for each value.
                    complete := or(iszero(shift), iszero(iszero(group)))
                    break
                }
            }
        }
        r.cursor = cursor;
        if (!complete || value > maximum) return fail(r);
    }

    function u8(Reader memory r) internal pure returns (uint8) {
        return uint8(_take(r, 1) >> 248);
    }

    function u16(Reader memory r) internal pure returns (uint16) {
        return uint16(_take(r, 2) >> 240);
    }

    function u32(Reader memory r) internal pure returns (uint32) {
        return uint32(_take(r, 4) >> 224);
    }

    function u40(Reader memory r) internal pure returns (uint40) {
        return uint40(_take(r, 5) >> 216);
    }

    function u64(Reader memory r) internal pure returns (uint64) {
        return uint64(_take(r, 8) >> 192);
    }

    function takeAddress(Reader memory r) internal pure returns (address) {
        return address(uint160(_take(r, 20) >> 96));
    }

    function takeWord(Reader memory r) internal pure returns (bytes32) {
        return bytes32(_take(r, 32));
    }

    /// @notice The next `size` bytes, or none if there are fewer.
    function take(Reader memory r, uint256 size) internal pure returns (bytes calldata data) {
        uint256 cursor = r.cursor;
        uint256 length = size;
        if (cursor + size > r.end) length = fail(r);
        r.cursor = cursor + length;
        // SAFETY: the bytes lie inside those that are read.
        assembly ("memory-safe") {
            data.offset := cursor
            data.length := length
        }
    }

    /// @notice Whether everything was read and nothing is left.
    function finished(Reader memory r) internal pure returns (bool) {
        return !r.failed && r.cursor == r.end;
    }

    /// @notice Marks the reader as failed.
    function fail(Reader memory r) internal pure returns (uint256) {
        r.failed = true;
        return 0;
    }

    /// @dev The next `size` bytes, at most 32, in the high bits; what follows them is not cleared.
    function _take(Reader memory r, uint256 size) private pure returns (uint256 word) {
        uint256 cursor = r.cursor;
        if (cursor + size > r.end) return fail(r);
        r.cursor = cursor + size;
        assembly ("memory-safe") {
            word := calldataload(cursor)
        }
    }
}
