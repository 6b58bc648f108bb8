// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Tags} from "../machine/Tags.sol";

/// @title SlotProof
/// @notice Opens an existing slot of a state by a witness item of form 0 (specification, section 2.1).
library SlotProof {
    error WitnessLengthMismatch(uint256 actual, uint256 expected);
    error WitnessFormInvalid(uint8 form);
    error WitnessBitInvalid(uint256 bit, uint256 below);
    error StateRootMismatch(bytes32 actual, bytes32 expected);

    /// @dev depth u8 and form u8 and length u16
    uint256 private constant _FIXED = 4;
    /// @dev bit u8 and sibling
    uint256 private constant _ELEMENT = 33;

    function openExisting(
        bytes32 root,
        uint64 key,
        bytes calldata witness
    ) internal pure returns (bytes calldata content) {
        if (witness.length < _FIXED) revert WitnessLengthMismatch(witness.length, _FIXED);
        uint256 depth = uint8(witness[0]);
        uint256 head = depth * _ELEMENT + _FIXED;
        if (witness.length < head) revert WitnessLengthMismatch(witness.length, head);
        uint8 form = uint8(witness[head - 3]);
        if (form != 0) revert WitnessFormInvalid(form);
        uint256 length = uint16(bytes2(witness[head - 2:head]));
        if (witness.length != head + length) revert WitnessLengthMismatch(witness.length, head + length);
        content = witness[head:];

        bytes32 node = keccak256(
            abi.encodePacked(Tags.STATE_LEAF, key, keccak256(abi.encodePacked(Tags.SLOT_CONTENT, content)))
        );
        // INVARIANT: bits strictly increase along the path and are below 64.
        uint256 below = 64;
        for (uint256 level = depth; level > 0; --level) {
            uint256 start = 1 + (level - 1) * _ELEMENT;
            uint256 bit = uint8(witness[start]);
            if (bit >= below) revert WitnessBitInvalid(bit, below);
            below = bit;
            bytes32 sibling = bytes32(witness[start + 1:start + _ELEMENT]);
            bool right = (key >> (63 - bit)) & 1 == 1;
            // SAFETY: a shift by 64 gives zero, since the key is widened first.
            uint64 prefix = uint64((uint256(key) >> (64 - bit)) << (64 - bit));
            node = keccak256(
                right
                    ? abi.encodePacked(Tags.STATE_INNER, uint8(bit), prefix, sibling, node)
                    : abi.encodePacked(Tags.STATE_INNER, uint8(bit), prefix, node, sibling)
            );
        }
        if (node != root) revert StateRootMismatch(node, root);
    }
}
