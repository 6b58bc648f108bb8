// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title TaggedHash
/// @notice The hash of an inner node of the protocol's binary trees: `keccak256(tag ‖ left ‖ right)`, 65 bytes.
library TaggedHash {
    function inner(uint8 tag, bytes32 left, bytes32 right) internal pure returns (bytes32 node) {
        // SAFETY: writes behind the free memory pointer only and leaves nothing there that anybody reads again.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore8(preimage, tag)
            mstore(add(preimage, 1), left)
            mstore(add(preimage, 33), right)
            node := keccak256(preimage, 65)
        }
    }
}
