// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext, IExecutor} from "../interfaces/IExecutor.sol";
import {ResultCodes} from "../machine/ResultCodes.sol";
import {State, StateTree} from "../machine/StateTree.sol";

/// @title Executor
/// @notice What all executors have in common: the state is what the witness shows of it, all of the witness is used, and a transaction that
/// fails changes nothing.
abstract contract Executor is IExecutor {
    /// @inheritdoc IExecutor
    function execute(
        ExecutionContext calldata context,
        bytes calldata item,
        bytes calldata witness
    ) external view returns (bytes32 root, uint8 code) {
        State memory state = StateTree.begin(context.root, witness);
        code = _dispatch(context, state, item);
        StateTree.finish(state);
        root = code == ResultCodes.OK ? state.root : context.root;
    }

    /// @dev Runs the transaction, whose kind or type decides which. Reverts with NotMine for those of other executors.
    function _dispatch(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) internal view virtual returns (uint8 code);
}
