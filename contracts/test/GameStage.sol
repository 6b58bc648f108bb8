// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBisectionGame} from "../interfaces/IBisectionGame.sol";
import {StepContext} from "../interfaces/IOneStepProver.sol";
import {IRollupInbox} from "../interfaces/IRollupInbox.sol";
import {Assertion, Escrow, IStateCommitmentChain} from "../interfaces/IStateCommitmentChain.sol";

/// @title GameStage
/// @notice Chain and inbox of a dispute game, as they are told to be: whatever is asked for is an assertion with a rival, and
/// confirmed; the inputs are those given.
contract GameStage {
    IBisectionGame private immutable _GAME;
    uint8 private immutable _HEIGHT;
    StepContext private _inputs;

    constructor(IBisectionGame game, uint8 height, StepContext memory inputs) {
        _GAME = game;
        _HEIGHT = height;
        _inputs = inputs;
    }

    function parameters() external view returns (IStateCommitmentChain.Parameters memory all) {
        all.game = _GAME;
        all.inbox = IRollupInbox(address(this));
        all.historyHeight = _HEIGHT;
    }

    function assertionOf(bytes32) external view returns (Assertion memory assertion) {
        assertion.createdAt = 1;
        assertion.childCount = 2;
        assertion.childTarget = _inputs.target;
    }

    function isConfirmed(bytes32) external pure returns (bool) {
        return true;
    }

    function escrowOf(bytes32) external view returns (Escrow memory escrow) {
        escrow.closedAt = uint40(block.timestamp);
    }

    function batchCount() external view returns (uint64) {
        return _inputs.batchCount;
    }

    function batchesRoot() external view returns (bytes32) {
        return _inputs.batchesRoot;
    }

    function messageCount() external view returns (uint64) {
        return _inputs.messageCount;
    }

    function messagesRoot() external view returns (bytes32) {
        return _inputs.messagesRoot;
    }
}
