// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaggedHash} from "../machine/TaggedHash.sol";
import {Tags} from "../machine/Tags.sol";

/// @title HistoryTree
/// @notice The perfect tree of the 2^k machine-state hashes of a range (specification, section 8).
library HistoryTree {
    error HistoryPathLengthMismatch(uint256 actual, uint256 expected);
    error HistoryRootMismatch(bytes32 actual, bytes32 expected);

    function inner(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return TaggedHash.inner(Tags.HISTORY_INNER, left, right);
    }

    /// @notice Reverts unless `leaf` is the last leaf of the tree of `height` levels.
    /// @param path Its siblings, from the leaf upwards; all of them are left ones.
    function verifyLast(bytes32 root, uint256 height, bytes32 leaf, bytes32[] calldata path) internal pure {
        if (path.length != height) revert HistoryPathLengthMismatch(path.length, height);
        bytes32 node = leaf;
        for (uint256 level; level < height; ++level) node = inner(path[level], node);
        if (node != root) revert HistoryRootMismatch(node, root);
    }

    /// @notice The node `path.length` levels above `node`.
    /// @param index Number of `node` among those of its level; only its lowest bits count, one for each sibling.
    /// @param path The siblings, from below.
    function foldPath(bytes32 node, uint256 index, bytes32[] calldata path) internal pure returns (bytes32 above) {
        uint256 tag = Tags.HISTORY_INNER;
        above = node;
        // SAFETY: reads the path alone, and writes 65 bytes behind the free memory pointer that nobody reads again.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore8(preimage, tag)
            let left := add(preimage, 1)
            let end := add(path.offset, shl(5, path.length))
            for {
                let at := path.offset
            } lt(at, end) {
                at := add(at, 32)
            } {
                // A node with an odd number is the right one.
                let place := shl(5, and(index, 1))
                mstore(add(left, place), above)
                mstore(add(left, xor(place, 32)), calldataload(at))
                above := keccak256(preimage, 65)
                index := shr(1, index)
            }
        }
    }

    /// @notice Root of the tree with these nodes at one level.
    /// @param nodes Their number is a power of two.
    function fold(bytes32[] calldata nodes) internal pure returns (bytes32 root) {
        uint256 tag = Tags.HISTORY_INNER;
        // SAFETY: works behind the free memory pointer, where nobody reads again. Level by level each pair is hashed where it stands,
        // with the tag in the byte before it: that is the last byte of a node that was hashed just before, or of a spare word.
        // The result goes to half the pair's place, which was hashed too, so nothing that is still needed is overwritten.
        assembly ("memory-safe") {
            let first := add(mload(0x40), 32)
            let size := shl(5, nodes.length)
            calldatacopy(first, nodes.offset, size)
            for {} gt(size, 32) {
                size := shr(1, size)
            } {
                let to := first
                let end := add(first, size)
                for {
                    let pair := first
                } lt(pair, end) {
                    pair := add(pair, 64)
                } {
                    mstore8(sub(pair, 1), tag)
                    mstore(to, keccak256(sub(pair, 1), 65))
                    to := add(to, 32)
                }
            }
            root := mload(first)
        }
    }
}
