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
}
