// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Assertion} from "../interfaces/IStateCommitmentChain.sol";
import {MachineState} from "../machine/MachineState.sol";
import {Tags} from "../machine/Tags.sol";

/// @title AssertionTree
/// @notice The rules of the tree of assertions, apart from time, money and the outside.
library AssertionTree {
    error EndBeyondTarget(uint64 batch, uint64 target);
    error EndInsideBatch(uint32 offset, uint32 items, uint16 part);

    function assertionId(bytes32 parent, bytes32 endStateHash, bytes32 historyRoot) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(Tags.ASSERTION, parent, endStateHash, historyRoot));
    }

    /// @notice How a range that ends in `end` has ended: false if it is finished, true if it has more steps than a history holds.
    ///
    /// A range without any step cannot occur: a target is always at least one more than the batches that the start state has
    /// behind it, and the last batch takes a step to leave.
    function isOverflow(MachineState calldata end, uint64 target) internal pure returns (bool) {
        if (end.batch < target) return true;
        if (end.batch > target) revert EndBeyondTarget(end.batch, target);
        // INVARIANT: the machine stops where the target's batch would start, with nothing taken from it.
        if (end.offset != 0 || end.items != 0 || end.part != 0) {
            revert EndInsideBatch(end.offset, end.items, end.part);
        }
        return false;
    }

    /// @notice Target of the children of an assertion about the range up to `target`: what the inbox holds when it is made, and
    /// at least one batch more, so that their range is not empty; an overflow's children go on with its own.
    function childTargetOf(uint64 target, bool overflow, uint64 batches) internal pure returns (uint64) {
        if (overflow) return target;
        return batches > target ? batches : target + 1;
    }

    /// @notice Time for which `child` was, or has been, the only child of `parent`. A second or later child has none; the first
    /// one's stops when the second is made, and two of the same block have none.
    function ownTime(
        Assertion memory child,
        Assertion memory parent,
        uint256 timestamp
    ) internal pure returns (uint64) {
        if (!child.isFirstChild) return 0;
        uint256 stop = parent.childCount > 1 ? parent.secondChildAt : timestamp;
        // SAFETY: a difference of timestamps.
        return uint64(stop - child.createdAt);
    }
}
