// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HistoryTree} from "../rollup/HistoryTree.sol";
import {TaggedHash} from "../machine/TaggedHash.sol";
import {Tags} from "../machine/Tags.sol";

/// @notice A place in the histories of one game, with what its rivals agree on.
///
/// | bytes | field | meaning                                                                    |
/// | ----- | ----- | -------------------------------------------------------------------------- |
/// | 1     | tag   | 0x0e                                                                       |
/// | 32    | game  | id of the assertion whose children the game is about                       |
/// | 1     | level | levels above the leaves: the node covers 2^level states                    |
/// | 4     | index | number of the node among those of its level, from the left                 |
/// | 32    | base  | commitment to everything left of it                                        |
struct Position {
    bytes32 game;
    uint8 level;
    uint32 index;
    bytes32 base;
}

using GameNode for Position global;

/// @title GameNode
/// @notice Identities of the nodes of a game (specification, section 8.2).
///
/// A node is a subtree of a claimed history: a position and a span, the subtree's root. Two nodes are rivals if they have the same
/// context, which is the hash of the position, and different spans.
library GameNode {
    error ChildCountMismatch(uint256 actual, uint256 expected);
    error ChildIndexOutOfRange(uint256 index, uint256 count);
    error SpanMismatch(bytes32 actual, bytes32 expected);
    error SiblingCountMismatch(uint256 actual, uint256 expected);

    /// @notice Position of the histories of a game as a whole.
    function root(bytes32 game, uint256 height) internal pure returns (Position memory) {
        // SAFETY: a height is at most 26.
        return Position({game: game, level: uint8(height), index: 0, base: 0});
    }

    /// @notice What rivals share.
    function context(Position memory self) internal pure returns (bytes32 hash) {
        (bytes32 game, bytes32 base) = (self.game, self.base);
        uint256 tag = Tags.GAME_CONTEXT;
        uint256 place = (uint256(self.level) << 32) | self.index;
        // SAFETY: writes 70 bytes behind the free memory pointer that nobody reads again, from the right to the left, since what is left
        // of a number shorter than a word is overwritten.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore(add(preimage, 38), base)
            mstore(add(preimage, 6), place)
            mstore(add(preimage, 1), game)
            mstore8(preimage, tag)
            hash := keccak256(preimage, 70)
        }
    }

    /// @notice `H(0x0f ‖ context ‖ span)`.
    function nodeId(bytes32 context_, bytes32 span) internal pure returns (bytes32) {
        return TaggedHash.inner(Tags.GAME_NODE, context_, span);
    }

    /// @notice Levels that a move goes down from `level`: m, or what remains.
    function sectionBits(uint256 level, uint256 m) internal pure returns (uint256) {
        return level < m ? level : m;
    }

    /// @notice Reverts unless `children` are the 2^bits nodes `bits` levels below a node of this span.
    function verifyChildren(bytes32 span, uint256 bits, bytes32[] calldata children) internal pure {
        uint256 count = uint256(1) << bits;
        if (children.length != count) revert ChildCountMismatch(children.length, count);
        bytes32 actual = HistoryTree.fold(children);
        if (actual != span) revert SpanMismatch(actual, span);
    }

    /// @notice Position of child number `index`, `bits` levels below a node with this span. Reverts unless `child` is its span.
    /// @param siblings The siblings on the way from the child up to the node, from below.
    function childPosition(
        Position memory self,
        bytes32 span,
        uint256 bits,
        uint256 index,
        bytes32 child,
        bytes32[] calldata siblings
    ) internal pure returns (Position memory) {
        bytes32 actual = spanAbove(bits, index, child, siblings);
        if (actual != span) revert SpanMismatch(actual, span);
        return self.below(bits, index, childBase(self.base, index, siblings));
    }

    /// @notice The position with this base that is number `index` of those `bits` levels below.
    function below(
        Position memory self,
        uint256 bits,
        uint256 index,
        bytes32 base
    ) internal pure returns (Position memory) {
        // SAFETY: `bits` is at most the level, and 26 bits hold every index.
        unchecked {
            return
                Position({
                    game: self.game,
                    level: uint8(self.level - bits),
                    index: uint32((uint256(self.index) << bits) | index),
                    base: base
                });
        }
    }

    /// @notice Span of the node whose child number `index`, `bits` levels below it, is `child`.
    /// @param siblings The siblings on the way from the child up to the node, from below.
    function spanAbove(
        uint256 bits,
        uint256 index,
        bytes32 child,
        bytes32[] calldata siblings
    ) internal pure returns (bytes32) {
        if (index >> bits != 0) revert ChildIndexOutOfRange(index, uint256(1) << bits);
        if (siblings.length != bits) revert SiblingCountMismatch(siblings.length, bits);
        return HistoryTree.foldPath(child, index, siblings);
    }

    /// @notice `H(0x0d ‖ base ‖ left sibling)`.
    function extendBase(bytes32 base, bytes32 left) internal pure returns (bytes32) {
        return TaggedHash.inner(Tags.GAME_BASE, base, left);
    }

    /// @notice Base of child number `index` of a node with base `base`: on the way down, one bit of `index` for each sibling, a left child
    /// keeps the base, a right child's is `H(0x0d ‖ base ‖ left sibling)`.
    function childBase(
        bytes32 base,
        uint256 index,
        bytes32[] calldata siblings
    ) internal pure returns (bytes32 extended) {
        uint256 tag = Tags.GAME_BASE;
        // SAFETY: reads the siblings alone, and writes 65 bytes behind the free memory pointer that nobody reads again.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore8(preimage, tag)
            mstore(add(preimage, 1), base)
            for {
                let level := siblings.length
            } level {} {
                level := sub(level, 1)
                if and(shr(level, index), 1) {
                    mstore(add(preimage, 33), calldataload(add(siblings.offset, shl(5, level))))
                    mstore(add(preimage, 1), keccak256(preimage, 65))
                }
            }
            extended := mload(add(preimage, 1))
        }
    }
}
