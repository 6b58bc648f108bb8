// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A compact signature: r ‖ (yParity · 2^255 + s), 64 bytes (EIP-2098).
struct Signature {
    bytes32 r;
    bytes32 yParityAndS;
}

/// @title Signatures
/// @notice Who signed a digest.
library Signatures {
    /// @notice Half the order of secp256k1, rounded down; s must not be above it.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice The precompile could not run: the call has too little gas. Never a verdict on the signature.
    error Starved();

    /// @notice The address that signed `digest`, or zero if nobody did: s is zero or high, or there is no such point.
    function recover(bytes32 digest, Signature memory signature) internal view returns (address signer) {
        uint256 word = uint256(signature.yParityAndS);
        uint256 s = word & (type(uint256).max >> 1);
        uint256 v = 27 + (word >> 255);
        if (s == 0 || s > HALF_ORDER) return address(0);
        bytes32 r = signature.r;
        bool success;
        // SAFETY: the precompile fails only for lack of gas. For a signature that nobody made it succeeds and returns nothing; the
        // two must not be confused, for else a starved call would prove a good signature to be bad.
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, digest)
            mstore(add(input, 32), v)
            mstore(add(input, 64), r)
            mstore(add(input, 96), s)
            mstore(0, 0)
            success := staticcall(gas(), 1, input, 128, 0, 32)
            if eq(returndatasize(), 32) {
                signer := mload(0)
            }
        }
        if (!success) revert Starved();
    }

    /// @notice Whether `expected` signed `digest`. The zero address signs nothing.
    function signedBy(bytes32 digest, Signature memory signature, address expected) internal view returns (bool) {
        address signer = recover(digest, signature);
        return signer != address(0) && signer == expected;
    }
}
