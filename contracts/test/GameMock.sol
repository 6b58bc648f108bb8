// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBisectionGame} from "../interfaces/IBisectionGame.sol";

/// @title GameMock
/// @notice A dispute game that says what it is told to.
contract GameMock is IBisectionGame {
    mapping(bytes32 assertionId => uint64 total) public totalOf;

    function setTotal(bytes32 assertionId, uint64 total) external {
        totalOf[assertionId] = total;
    }
}
