// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InputEvidence, StepContext} from "../../interfaces/IOneStepProver.sol";
import {MachineState} from "../../machine/MachineState.sol";

/// @title InboxStub
/// @notice As much of an inbox as the chain and its game read: sequences that grow.
contract InboxStub {
    uint64 public batchCount = 1;

    function grow() external {
        ++batchCount;
    }

    function batchesRoot() external view returns (bytes32) {
        return bytes32(uint256(batchCount));
    }

    function messageCount() external pure returns (uint64) {
        return 0;
    }

    function messagesRoot() external pure returns (bytes32) {
        return 0;
    }
}

/// @title ProverStub
/// @notice A machine that counts: from a state it goes to the one whose root is a hash of its own, and in a range's last step to the
/// target. The invariants are about time and money and ask of a machine only that it has one next state; games with the
/// real machine and prover are played in test/scenarios/game.
contract ProverStub {
    /// Steps of a range.
    uint256 private constant STEPS = 4;

    function step(
        StepContext calldata context,
        MachineState calldata pre,
        InputEvidence calldata,
        bytes calldata
    ) external pure returns (bytes32 postHash, MachineState memory post, uint8 outcome, uint8 code) {
        post = next(context.target, pre);
        return (post.hash(), post, outcome, code);
    }

    /// @notice The state after `pre` in a range up to `target`.
    function next(uint64 target, MachineState memory pre) public pure returns (MachineState memory post) {
        post = pre;
        post.stateRoot = keccak256(abi.encode(pre.stateRoot));
        if (pre.items + 1 == STEPS) {
            post.batch = target;
            post.items = 0;
        } else {
            ++post.items;
        }
    }
}
