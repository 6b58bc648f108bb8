// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchRecord, Message} from "../machine/Inputs.sol";
import {MachineState} from "../machine/MachineState.sol";

/// @notice What a step is judged against: the range of a claim, and the two sequences of inputs as the inbox had them at any time after
/// the range was complete.
struct StepContext {
    /// Number of batches that the range ends before.
    uint64 target;
    /// Number of batches, and root of their sequence.
    uint64 batchCount;
    bytes32 batchesRoot;
    /// Number of messages, and root of their sequence.
    uint64 messageCount;
    bytes32 messagesRoot;
}

/// @notice Evidence of the input that a step reads. What a step does not read must be empty: all fields zero, no bytes, no siblings.
struct InputEvidence {
    /// Record of the batch that is being read, and its path in the sequence of batches.
    BatchRecord record;
    bytes32[] recordPath;
    /// The next message, and its path in the sequence of messages.
    Message message;
    bytes32[] messagePath;
    /// The bytes of the chunks that hold the next item of the batch (or its length, if that is a framing error), and their path. Of a
    /// batch in blobs the field elements, 32 bytes each, and no path.
    bytes chunks;
    bytes32[] chunkPath;
    /// What shows that they are elements of the batch's blobs: its versioned hashes (32 bytes each), the KZG commitments of the blobs
    /// that they lie in and the KZG proofs of the elements (48 bytes each).
    bytes blobProof;
}

/// @title IOneStepProver
/// @notice Runs one step of the machine (docs/specification.md, section 5) from evidence: the judge's own copy of what every node
/// computes.
///
/// **Verdicts and evidence.** Every committed input has a result: the state after it, and a code that says whether it had an effect.
/// Bad evidence reverts with the values that disagreed, and proves nothing. So does a call that runs out of gas anywhere: no failed or
/// starved call is ever taken for a result.
///
/// **Assumptions.**
/// Safety: `pre` is a state that both parties of a dispute agree on, hence one that the machine reaches; the roots of the context are
/// those of the inbox; the Bridge enqueues only deposits that it received; OptionsSettlement enqueues only its own markets, anchors,
/// prices, signers and parameters.
/// Liveness: a transaction can carry 10 million gas and 100 kB, the most that a step needs.
interface IOneStepProver {
    /// @notice The next batch's record does not give this length to a payload of this kind.
    error DataKindUnknown(uint8 dataKind);
    /// @notice The cursor lies behind the end of the payload: no machine gets there.
    error OffsetBeyondPayload(uint32 offset, uint32 length);
    /// @notice The chunks end before what the step has to read of them (positions in the payload).
    error ChunksTooShort(uint256 end, uint256 needed);
    /// @notice Evidence that the step does not read: which is one of "record", "message", "chunks", "chunkPath", "blobProof",
    /// "witness".
    error EvidenceUnused(bytes32 which);

    /// @notice Runs one step.
    /// @param context Range and inputs.
    /// @param pre State before.
    /// @param input Evidence of the input that the step reads.
    /// @param witness Items of the slots that the step opens, in that order (section 2.1), used up exactly.
    /// @return postHash Hash of the state after.
    /// @return post State after.
    /// @return outcome Kind of the step: one of the constants of OneStepProver (0 identity, 1 message, 2 item, 3 next batch, 4 item limit
    /// reached and rest skipped, 5 framing error and rest skipped).
    /// @return code Result of the message or item (section 7); 0 for the other kinds.
    function step(
        StepContext calldata context,
        MachineState calldata pre,
        InputEvidence calldata input,
        bytes calldata witness
    ) external view returns (bytes32 postHash, MachineState memory post, uint8 outcome, uint8 code);

    /// @notice Hash of a machine state (section 2.3).
    function hashState(MachineState calldata state) external pure returns (bytes32);
}
