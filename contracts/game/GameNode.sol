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
    function context(Position memory self) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(Tags.GAME_CONTEXT, self.game, self.level, self.index, self.base));
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
        bytes32[] memory nodes = children;
        while (count > 1) {
            count >>= 1;
            for (uint256 i; i < count; ++i) nodes[i] = HistoryTree.inner(nodes[2 * i], nodes[2 * i + 1]);
        }
        if (nodes[0] != span) revert SpanMismatch(nodes[0], span);
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
    ) internal pure returns (Position memory position) {
        if (index >> bits != 0) revert ChildIndexOutOfRange(index, uint256(1) << bits);
        if (siblings.length != bits) revert SiblingCountMismatch(siblings.length, bits);
        bytes32 node = child;
        for (uint256 level; level < bits; ++level) {
            node =
                (index >> level) & 1 == 1
                    ? HistoryTree.inner(siblings[level], node)
                    : HistoryTree.inner(node, siblings[level]);
        }
        if (node != span) revert SpanMismatch(node, span);
        // SAFETY: `bits` is at most the level, and 26 bits hold every index.
        position = Position({
            game: self.game,
            level: uint8(self.level - bits),
            index: uint32((uint256(self.index) << bits) | index),
            base: baseBelow(self.base, bits, index, siblings)
        });
    }

    /// @notice Base of the node reached from one with base `base` by the lowest `bits` bits of `index`: a left child keeps the base, a
    /// right child's is `H(0x0d ‖ base ‖ left sibling)`.
    function baseBelow(
        bytes32 base,
        uint256 bits,
        uint256 index,
        bytes32[] calldata siblings
    ) internal pure returns (bytes32) {
        for (uint256 level = bits; level > 0; --level) {
            if ((index >> (level - 1)) & 1 == 1) base = extendBase(base, siblings[level - 1]);
        }
        return base;
    }

    /// @notice `H(0x0d ‖ base ‖ left sibling)`.
    function extendBase(bytes32 base, bytes32 left) internal pure returns (bytes32) {
        return TaggedHash.inner(Tags.GAME_BASE, base, left);
    }
}
