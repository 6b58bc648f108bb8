// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title GameMock
/// @notice What the StateCommitmentChain reads of a dispute game, as it is told.
contract GameMock {
    mapping(bytes32 game => mapping(bytes32 historyRoot => uint64 time)) public timeOf;

    function setTime(bytes32 game, bytes32 historyRoot, uint64 time) external {
        timeOf[game][historyRoot] = time;
    }
}
