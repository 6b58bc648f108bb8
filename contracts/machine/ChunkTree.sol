// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TaggedHash} from "./TaggedHash.sol";
import {Tags} from "./Tags.sol";

/// @title ChunkTree
/// @notice Commitment to the bytes of a payload, and the proof of a range of its chunks (specification, section 4).
///
/// Leaf i is the tagged hash of bytes 256·i to 256·i + 255, the last one shorter. A node without a right neighbour moves up
/// unchanged. The top is the commitment; an empty payload has commitment zero and no chunk that could be proven.
library ChunkTree {
    /// @notice Bytes of a chunk.
    uint256 internal constant CHUNK = 256;

    error ChunkRangeInvalid(uint256 lo, uint256 hi, uint256 count);
    error ChunkBytesMismatch(uint256 actual, uint256 expected);
    error ChunkPathLengthMismatch(uint256 actual, uint256 expected);
    error ChunkCommitmentMismatch(bytes32 actual, bytes32 expected);

    function chunkCount(uint256 length) internal pure returns (uint256) {
        return (length + CHUNK - 1) / CHUNK;
    }

    function commit(bytes calldata payload) internal pure returns (bytes32) {
        uint256 count = chunkCount(payload.length);
        if (count == 0) return 0;

        bytes32[] memory nodes = _leaves(payload);
        while (count > 1) {
            uint256 parents;
            for (uint256 i; i < count; i += 2) {
                nodes[parents++] =
                    i + 1 < count ? TaggedHash.inner(Tags.CHUNK_INNER, nodes[i], nodes[i + 1]) : nodes[i];
            }
            count = parents;
        }
        return nodes[0];
    }

    /// @notice Reverts unless `chunks` are exactly the bytes of chunks `lo` to `hi`, both included, of the payload of `length`
    /// bytes that `commitment` stands for, and `path` is exactly what it takes to show it.
    /// @param path Level by level from the bottom: the left neighbour if `lo` is odd, then the right neighbour if `hi` is even and
    /// not the last of its level; both are halved at each level, until one node is left.
    function verifyRange(
        bytes32 commitment,
        uint32 length,
        uint256 lo,
        uint256 hi,
        bytes calldata chunks,
        bytes32[] calldata path
    ) internal pure {
        uint256 count = chunkCount(length);
        if (lo > hi || hi >= count) revert ChunkRangeInvalid(lo, hi, count);
        uint256 end = (hi + 1) * CHUNK;
        uint256 expected = (end < length ? end : length) - lo * CHUNK;
        if (chunks.length != expected) revert ChunkBytesMismatch(chunks.length, expected);

        bytes32[] memory nodes = _leaves(chunks);
        uint256 used;
        for (; count > 1; count = (count + 1) >> 1) {
            uint256 parent = lo >> 1;
            for (uint256 written; parent <= hi >> 1; ++written) {
                uint256 left = parent << 1;
                bytes32 node = left < lo ? _take(path, used++) : nodes[left - lo];
                if (left < hi) node = TaggedHash.inner(Tags.CHUNK_INNER, node, nodes[left + 1 - lo]);
                else if (left + 1 < count) node = TaggedHash.inner(Tags.CHUNK_INNER, node, _take(path, used++));
                nodes[written] = node;
                ++parent;
            }
            lo >>= 1;
            hi >>= 1;
        }
        if (used != path.length) revert ChunkPathLengthMismatch(path.length, used);
        if (nodes[0] != commitment) revert ChunkCommitmentMismatch(nodes[0], commitment);
    }

    function _take(bytes32[] calldata path, uint256 index) private pure returns (bytes32) {
        if (index >= path.length) revert ChunkPathLengthMismatch(path.length, index + 1);
        return path[index];
    }

    /// @dev The leaves of the chunks in `data`, which starts at a chunk's border.
    function _leaves(bytes calldata data) private pure returns (bytes32[] memory nodes) {
        nodes = new bytes32[](chunkCount(data.length));
        uint256 tag = Tags.CHUNK;
        // SAFETY: writes one word of `nodes` for each chunk, which is what it was allocated for; the preimages, of at most 257 bytes,
        // lie behind the free memory pointer.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            let target := add(nodes, 32)
            mstore8(preimage, tag)
            for {
                let done := 0
            } lt(done, data.length) {
                done := add(done, 256)
            } {
                let size := sub(data.length, done)
                if gt(size, 256) {
                    size := 256
                }
                calldatacopy(add(preimage, 1), add(data.offset, done), size)
                mstore(target, keccak256(preimage, add(size, 1)))
                target := add(target, 32)
            }
        }
    }
}
