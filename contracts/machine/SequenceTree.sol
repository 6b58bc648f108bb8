// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaggedHash} from "./TaggedHash.sol";
import {Tags} from "./Tags.sol";

/// @title SequenceTree
/// @notice Append-only Merkle tree (specification, section 4), kept as a frontier: one word for each level, the top of the last
/// complete subtree of that level that was a left child. The number of leaves is kept by the caller, beside whatever else it
/// changes in the same transaction.
///
/// ```
///   level 2         ·              with 7 leaves the words of levels 0, 1 and 2 are the live ones (7 = 0b111):
///               /       \          frontier[2] covers leaves 0 to 3, frontier[1] leaves 4 and 5, frontier[0] leaf 6.
///   level 1   ·           ·        A word stays where it is when its subtree is merged into a greater one, and is replaced
///            / \         / \       when the next left child of its level is complete.
///   level 0 0   1 ...   .   6
/// ```
library SequenceTree {
    /// @notice Levels of a frontier: enough for 2^64 − 1 leaves.
    uint256 internal constant LEVELS = 64;

    struct Frontier {
        bytes32[64] nodes;
    }

    error SequenceIndexInvalid(uint256 index, uint256 count);
    error SequencePathLengthMismatch(uint256 actual, uint256 expected);
    error SequenceRootMismatch(bytes32 actual, bytes32 expected);
    error FrontierLevelInvalid(uint256 level, uint256 index, uint256 count);
    error FrontierNodeMismatch(bytes32 actual, bytes32 expected);

    /// @notice Appends the leaf with number `count` to a sequence of `count` leaves. Overwrites one word.
    function append(Frontier storage self, uint256 count, bytes32 leaf) internal {
        uint256 level;
        // INVARIANT: bit `level` of count is set exactly if frontier[level] is the left neighbour of what is being appended.
        for (; (count >> level) & 1 == 1; ++level) {
            leaf = TaggedHash.inner(Tags.SEQUENCE_INNER, self.nodes[level], leaf);
        }
        self.nodes[level] = leaf;
    }

    /// @notice The root of the sequence, which has `count` leaves. Reads the words of the set bits of `count` only.
    function root(Frontier storage self, uint256 count) internal view returns (bytes32) {
        uint256 top = height(count);
        bytes32 node;
        if (count == 1 << top) {
            node = self.nodes[top];
        } else if (count != 0) {
            // `node` is the right edge of each level in turn: an empty subtree below the lowest set bit.
            bytes32 missing;
            for (uint256 level; level < top; ++level) {
                if ((count >> level) & 1 == 1) {
                    node = TaggedHash.inner(Tags.SEQUENCE_INNER, self.nodes[level], node);
                } else {
                    node = TaggedHash.inner(Tags.SEQUENCE_INNER, node, missing);
                }
                missing = TaggedHash.inner(Tags.SEQUENCE_INNER, missing, missing);
            }
        }
        return rootOf(count, node);
    }

    /// @notice Reverts unless `leaf` has number `index` in the sequence of `count` leaves that `expectedRoot` stands for.
    /// @param path The siblings from the leaf upwards, exactly `height(count)` of them.
    function verify(
        bytes32 expectedRoot,
        uint256 count,
        uint256 index,
        bytes32 leaf,
        bytes32[] calldata path
    ) internal pure {
        if (index >= count) revert SequenceIndexInvalid(index, count);
        uint256 expectedLength = height(count);
        if (path.length != expectedLength) revert SequencePathLengthMismatch(path.length, expectedLength);
        bytes32 actual = rootOf(count, _fold(index, leaf, path));
        if (actual != expectedRoot) revert SequenceRootMismatch(actual, expectedRoot);
    }

    /// @notice Reverts unless `leaf` has number `index` in the sequence, which has `count` leaves. Reads one word.
    /// @param path The siblings from the leaf up to a frontier word above it: the first elements of the leaf's path in any later
    /// tree, since they are tops of complete subtrees. One that ends at level n = ⌊log2(index xor count)⌋, the live word above
    /// the leaf, stays good for 2^n further leaves: each time that somebody outdates it costs him twice as many appends.
    function verifyAgainstFrontier(
        Frontier storage self,
        uint256 count,
        uint256 index,
        bytes32 leaf,
        bytes32[] calldata path
    ) internal view {
        if (index >= count) revert SequenceIndexInvalid(index, count);
        uint256 level = path.length;
        // INVARIANT: frontier[level] covers the greatest even-numbered subtree of that level that is complete.
        uint256 complete = level < LEVELS ? count >> level : 0;
        if (complete == 0 || index >> level != (complete - 1) & ~uint256(1)) {
            revert FrontierLevelInvalid(level, index, count);
        }
        bytes32 actual = _fold(index, leaf, path);
        bytes32 expected = self.nodes[level];
        if (actual != expected) revert FrontierNodeMismatch(actual, expected);
    }

    /// @notice The smallest h with 2^h >= count.
    function height(uint256 count) internal pure returns (uint256 h) {
        while (1 << h < count) ++h;
    }

    function rootOf(uint256 count, bytes32 top) internal pure returns (bytes32) {
        // SAFETY: counts are below 2^64 everywhere, so the cast does not cut anything off.
        return keccak256(abi.encodePacked(Tags.SEQUENCE_ROOT, uint64(count), top));
    }

    function _fold(uint256 index, bytes32 node, bytes32[] calldata path) private pure returns (bytes32) {
        for (uint256 level; level < path.length; ++level) {
            node =
                (index >> level) & 1 == 1
                    ? TaggedHash.inner(Tags.SEQUENCE_INNER, path[level], node)
                    : TaggedHash.inner(Tags.SEQUENCE_INNER, node, path[level]);
        }
        return node;
    }
}
