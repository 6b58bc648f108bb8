// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GameClock, Node, Rivals} from "../game/GameClock.sol";
import {GameNode, Position} from "../game/GameNode.sol";

/// @title GameHarness
/// @notice The libraries of the dispute game as external functions, for tests.
contract GameHarness {
    function root(bytes32 game, uint256 height) external pure returns (Position memory) {
        return GameNode.root(game, height);
    }

    function context(Position calldata position) external pure returns (bytes32) {
        return position.context();
    }

    function nodeId(bytes32 context_, bytes32 span) external pure returns (bytes32) {
        return GameNode.nodeId(context_, span);
    }

    function sectionBits(uint256 level, uint256 m) external pure returns (uint256) {
        return GameNode.sectionBits(level, m);
    }

    function verifyChildren(bytes32 span, uint256 bits, bytes32[] calldata children) external pure {
        GameNode.verifyChildren(span, bits, children);
    }

    function childPosition(
        Position calldata position,
        bytes32 span,
        uint256 bits,
        uint256 index,
        bytes32 child,
        bytes32[] calldata siblings
    ) external pure returns (Position memory) {
        return position.childPosition(span, bits, index, child, siblings);
    }

    function childBase(bytes32 base, uint256 index, bytes32[] calldata siblings) external pure returns (bytes32) {
        return GameNode.childBase(base, index, siblings);
    }

    function extendBase(bytes32 base, bytes32 left) external pure returns (bytes32) {
        return GameNode.extendBase(base, left);
    }

    function insert(Rivals memory rivals, uint40 time) external pure returns (Rivals memory) {
        rivals.insert(time);
        return rivals;
    }

    function lower(Rivals memory rivals, uint40 from, uint40 to) external pure returns (Rivals memory) {
        rivals.lower(from, to);
        return rivals;
    }

    function move(Rivals memory rivals, uint40 from, uint40 to) external pure returns (Rivals memory) {
        rivals.move(from, to);
        return rivals;
    }

    function own(Rivals calldata rivals, uint40 createdAt) external pure returns (uint40) {
        return rivals.own(createdAt);
    }

    function packNode(Node calldata node) external pure returns (uint256) {
        return node.pack();
    }

    function unpackNode(uint256 word) external pure returns (Node memory) {
        return GameClock.unpackNode(word);
    }

    function packRivals(Rivals calldata rivals) external pure returns (uint256) {
        return rivals.pack();
    }

    function unpackRivals(uint256 word) external pure returns (Rivals memory) {
        return GameClock.unpackRivals(word);
    }
}
