// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Tags} from "./Tags.sol";

/// @title BlobPayload
/// @notice A payload in blobs, the commitment to it, and the proof of a range of its field elements (specification, section 4).
///
/// Each field element carries 31 bytes in its low end; what its highest byte says has no meaning, so that every blob that L1
/// takes is a payload. Elements are numbered through all blobs of a batch.
///
/// ```
///   byte     0     1 … 31            element of 32 bytes, big-endian, below the field's modulus
///          any   payload             payload byte p is byte 1 + p mod 31 of element p / 31, which is number (p / 31) mod 4096
///                                    of blob p / 126,976
/// ```
library BlobPayload {
    /// @notice Bytes of a field element.
    uint256 internal constant FIELD_ELEMENT = 32;
    /// @notice Bytes of payload that a field element carries.
    uint256 internal constant BYTES_PER_ELEMENT = 31;
    /// @notice Field elements of a blob.
    uint256 internal constant ELEMENTS_PER_BLOB = 4096;
    /// @notice Bytes of a blob.
    uint256 internal constant BLOB_SIZE = FIELD_ELEMENT * ELEMENTS_PER_BLOB;
    /// @notice Bytes of payload that a blob carries.
    uint256 internal constant BYTES_PER_BLOB = BYTES_PER_ELEMENT * ELEMENTS_PER_BLOB;
    /// @notice Most blobs of a batch: what a transaction may carry.
    uint256 internal constant MAX_BLOBS = 6;
    /// @notice Order of the field that the elements belong to.
    uint256 internal constant BLS_MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    /// @dev Bytes of a versioned hash.
    uint256 private constant HASH = 32;
    /// @dev Bytes of a commitment, and of a proof: a compressed point of the curve's first group.
    uint256 private constant G1_POINT = 48;
    /// @dev First byte of the versioned hash of a KZG commitment.
    uint256 private constant VERSION_KZG = 0x01;
    /// @dev A primitive root of unity of order 4096: 7 ** ((BLS_MODULUS − 1) / 4096).
    uint256 private constant ROOT_OF_UNITY = 0x564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306;
    /// @dev Verifies an opening of a commitment (EIP-4844).
    address private constant POINT_EVALUATION = address(0x0a);

    error BlobVersionUnknown(bytes32 versionedHash);
    error ElementRangeInvalid(uint256 lo, uint256 hi, uint256 count);
    error ElementBytesMismatch(uint256 actual, uint256 expected);
    error BlobProofLengthMismatch(uint256 actual, uint256 expected);
    error BlobsCommitmentMismatch(bytes32 actual, bytes32 expected);
    error BlobCommitmentMismatch(bytes32 actual, bytes32 expected);
    /// @notice The precompile does not say that the element, by its number in the batch, has that value: since the proof is of
    /// something else, the value not below the modulus, the gas too little, or because the chain has no such precompile.
    error ElementNotProven(uint256 index);

    /// @notice Blobs that a payload of `length` bytes takes.
    function blobCount(uint256 length) internal pure returns (uint256) {
        return (length + BYTES_PER_BLOB - 1) / BYTES_PER_BLOB;
    }

    /// @notice The commitment to a payload in the blobs with these versioned hashes: H(0x11 ‖ hash 0 ‖ hash 1 ‖ …).
    /// @dev INVARIANT: only hashes of KZG commitments, since nothing else can be opened. No blob has another today.
    function blobsCommitment(bytes32[] memory hashes) internal pure returns (bytes32) {
        for (uint256 i; i < hashes.length; ++i) {
            if (uint256(hashes[i]) >> 248 != VERSION_KZG) revert BlobVersionUnknown(hashes[i]);
        }
        return keccak256(abi.encodePacked(Tags.BLOBS, hashes));
    }

    /// @notice What the elements carry: the 31 low bytes of each. Bytes behind the last whole element are left out.
    function payloadOf(bytes calldata elements) internal pure returns (bytes memory payload) {
        uint256 count = elements.length / FIELD_ELEMENT;
        payload = new bytes(count * BYTES_PER_ELEMENT);
        // SAFETY: each word is written over the last byte of the one before. The last byte of the last word lies behind `payload`,
        // at most one byte behind the free memory pointer, and is zero.
        assembly ("memory-safe") {
            let source := elements.offset
            let target := add(payload, 32)
            for {
                let end := add(source, mul(count, 32))
            } lt(source, end) {
                source := add(source, 32)
            } {
                mstore(target, shl(8, calldataload(source)))
                target := add(target, 31)
            }
        }
    }

    /// @notice Reverts unless `elements` are exactly the elements `lo` to `hi`, both included, of the payload of `length` bytes
    /// that `commitment` stands for, and `proof` is exactly what it takes to show it.
    /// @param proof The versioned hashes of all blobs of the batch; the KZG commitment of each blob from the one that holds `lo` to
    /// the one that holds `hi`; the proof of each element.
    function verifyRange(
        bytes32 commitment,
        uint32 length,
        uint256 lo,
        uint256 hi,
        bytes calldata elements,
        bytes calldata proof
    ) internal view {
        uint256 count = (uint256(length) + BYTES_PER_ELEMENT - 1) / BYTES_PER_ELEMENT;
        if (lo > hi || hi >= count) revert ElementRangeInvalid(lo, hi, count);
        uint256 expected = (hi - lo + 1) * FIELD_ELEMENT;
        if (elements.length != expected) revert ElementBytesMismatch(elements.length, expected);
        uint256 blobs = blobCount(length);
        uint256 touched = hi / ELEMENTS_PER_BLOB - lo / ELEMENTS_PER_BLOB + 1;
        expected = HASH * blobs + G1_POINT * (touched + hi - lo + 1);
        if (proof.length != expected) revert BlobProofLengthMismatch(proof.length, expected);

        bytes32[] memory hashes = _hashes(proof, blobs);
        bytes32 actual = blobsCommitment(hashes);
        if (actual != commitment) revert BlobsCommitmentMismatch(actual, commitment);

        bytes calldata commitments = proof[HASH * blobs:];
        bytes calldata proofs = commitments[G1_POINT * touched:];
        while (lo <= hi) {
            uint256 blob = lo / ELEMENTS_PER_BLOB;
            uint256 next = (blob + 1) * ELEMENTS_PER_BLOB;
            if (next > hi + 1) next = hi + 1;
            _requireOpened(hashes[blob], commitments[:G1_POINT], lo, next, elements, proofs);
            commitments = commitments[G1_POINT:];
            elements = elements[FIELD_ELEMENT * (next - lo):];
            proofs = proofs[G1_POINT * (next - lo):];
            lo = next;
        }
    }

    /// @notice The hash by which a transaction names a blob: version ‖ last 31 bytes of sha256(commitment).
    function versionedHash(bytes calldata commitment) internal pure returns (bytes32) {
        return bytes32(((uint256(sha256(commitment)) << 8) >> 8) | (VERSION_KZG << 248));
    }

    /// @notice The point at which a blob's polynomial has element `index`, below 4096, as its value: the root of unity to the power of the
    /// index with its 12 bits reversed (EIP-4844, blobs are in bit-reversed order).
    function elementPoint(uint256 index) internal pure returns (uint256 point) {
        point = 1;
        uint256 power = ROOT_OF_UNITY;
        // The highest bit of the index is the lowest of the exponent.
        for (uint256 bit = ELEMENTS_PER_BLOB >> 1; bit != 0; bit >>= 1) {
            if (index & bit != 0) point = mulmod(point, power, BLS_MODULUS);
            power = mulmod(power, power, BLS_MODULUS);
        }
    }

    /// @dev Reverts unless the elements `lo` to `end`, `end` excluded, all in one blob, are the first of `elements`.
    function _requireOpened(
        bytes32 hash,
        bytes calldata commitment,
        uint256 lo,
        uint256 end,
        bytes calldata elements,
        bytes calldata proofs
    ) private view {
        bytes32 actual = versionedHash(commitment);
        if (actual != hash) revert BlobCommitmentMismatch(actual, hash);
        for (uint256 i; i < end - lo; ++i) {
            // SAFETY: a call that fails, is starved, or has nobody to answer it reverts here; no verdict ever rests on it.
            (bool success, bytes memory answer) = POINT_EVALUATION.staticcall(
                abi.encodePacked(
                    hash,
                    elementPoint((lo + i) % ELEMENTS_PER_BLOB),
                    elements[FIELD_ELEMENT * i:FIELD_ELEMENT * (i + 1)],
                    commitment,
                    proofs[G1_POINT * i:G1_POINT * (i + 1)]
                )
            );
            if (!success || !_isAnswer(answer)) revert ElementNotProven(lo + i);
        }
    }

    /// @dev Whether it is what the precompile returns for an opening that is right.
    function _isAnswer(bytes memory answer) private pure returns (bool) {
        if (answer.length != 64) return false;
        (uint256 elements, uint256 modulus) = abi.decode(answer, (uint256, uint256));
        return elements == ELEMENTS_PER_BLOB && modulus == BLS_MODULUS;
    }

    /// @dev The words that `proof` begins with.
    function _hashes(bytes calldata proof, uint256 count) private pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](count);
        for (uint256 i; i < count; ++i) hashes[i] = bytes32(proof[HASH * i:]);
    }
}
