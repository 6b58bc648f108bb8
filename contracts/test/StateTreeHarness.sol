// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Slot, State, StateTree} from "../machine/StateTree.sol";

/// @title StateTreeHarness
/// @notice The state tree as external functions, for tests.
contract StateTreeHarness {
    /// @dev What a tree operation does with a slot that it opened.
    enum Change {
        Peek,
        Write,
        Remove
    }

    struct Operation {
        uint64 key;
        Change change;
        bytes content;
    }

    /// @notice Opens each key and changes it, with the witness items one behind the other.
    function runTree(
        bytes32 root,
        bytes calldata witness,
        Operation[] calldata operations
    ) external pure returns (bytes32, bool[] memory found, bytes[] memory contents) {
        State memory state = StateTree.begin(root, witness);
        found = new bool[](operations.length);
        contents = new bytes[](operations.length);
        for (uint256 i; i < operations.length; ++i) {
            Slot memory slot = StateTree.open(state, operations[i].key);
            found[i] = slot.exists;
            if (slot.exists) contents[i] = StateTree.contentOf(slot);
            if (operations[i].change == Change.Write) StateTree.write(state, slot, operations[i].content);
            if (operations[i].change == Change.Remove) StateTree.remove(state, slot);
        }
        StateTree.finish(state);
        return (state.root, found, contents);
    }

    /// @notice Opens a key twice, and changes it through both handles.
    function writeTwice(bytes32 root, bytes calldata witness, uint64 key, bytes calldata content) external pure {
        State memory state = StateTree.begin(root, witness);
        Slot memory first = StateTree.open(state, key);
        Slot memory second = StateTree.open(state, key);
        StateTree.write(state, first, content);
        StateTree.write(state, second, content);
    }
}
