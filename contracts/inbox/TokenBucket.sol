// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title TokenBucket
/// @notice Limit on bytes per second: the bucket holds at most `burst` bytes and gains `rate` bytes a second.
library TokenBucket {
    function available(
        uint256 stored,
        uint256 storedAt,
        uint256 timestamp,
        uint256 rate,
        uint256 burst
    ) internal pure returns (uint256) {
        uint256 filled = stored + (timestamp - storedAt) * rate;
        return filled < burst ? filled : burst;
    }
}
