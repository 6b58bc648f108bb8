// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlobPayload} from "../machine/BlobPayload.sol";
import {ChunkTree} from "../machine/ChunkTree.sol";
import {BatchRecord, Inputs, Message} from "../machine/Inputs.sol";
import {MachineState} from "../machine/MachineState.sol";
import {SequenceTree} from "../machine/SequenceTree.sol";

/// @title TreesHarness
/// @notice The libraries of the inputs as external functions, for tests.
contract TreesHarness {
    using SequenceTree for SequenceTree.Frontier;

    SequenceTree.Frontier private _sequence;
    uint256 public count;

    function append(bytes32 leaf) external {
        _sequence.append(count++, leaf);
    }

    function root() external view returns (bytes32) {
        return _sequence.root(count);
    }

    function verifyAgainstFrontier(uint256 index, bytes32 leaf, bytes32[] calldata path) external view {
        _sequence.verifyAgainstFrontier(count, index, leaf, path);
    }

    function verify(
        bytes32 expectedRoot,
        uint256 leaves,
        uint256 index,
        bytes32 leaf,
        bytes32[] calldata path
    ) external pure {
        SequenceTree.verify(expectedRoot, leaves, index, leaf, path);
    }

    function commit(bytes calldata payload) external pure returns (bytes32) {
        return ChunkTree.commit(payload);
    }

    function verifyRange(
        bytes32 commitment,
        uint32 length,
        uint256 lo,
        uint256 hi,
        bytes calldata chunks,
        bytes32[] calldata path
    ) external pure {
        ChunkTree.verifyRange(commitment, length, lo, hi, chunks, path);
    }

    function blobsCommitment(bytes32[] calldata hashes) external pure returns (bytes32) {
        return BlobPayload.blobsCommitment(hashes);
    }

    function payloadOf(bytes calldata elements) external pure returns (bytes memory) {
        return BlobPayload.payloadOf(elements);
    }

    function elementPoint(uint256 index) external pure returns (uint256) {
        return BlobPayload.elementPoint(index);
    }

    function verifyElements(
        bytes32 commitment,
        uint32 length,
        uint256 lo,
        uint256 hi,
        bytes calldata elements,
        bytes calldata proof
    ) external view {
        BlobPayload.verifyRange(commitment, length, lo, hi, elements, proof);
    }

    function batchLeaf(BatchRecord calldata record) external pure returns (bytes32) {
        return Inputs.batchLeaf(record);
    }

    function messageLeaf(Message calldata message) external pure returns (bytes32) {
        return Inputs.messageLeaf(message);
    }

    function hashMachineState(MachineState calldata state) external pure returns (bytes32) {
        return state.hash();
    }
}
