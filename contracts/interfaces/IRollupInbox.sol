// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IRollupInbox
/// @notice Orders the inputs of the rollup: messages from L1 and batches from the sequencer, in two append-only sequences.
/// It interprets none of them. What kinds of message a sender may send is judged by the machine, which sees the sender;
/// so the inbox knows no other contract.
///
/// # Safety: what may be relied upon, whatever the sequencer and the owner do
/// - The sequences only grow; no leaf, and no order between leaves, ever changes.
/// - A batch reads a number of messages that never falls and never exceeds what exists, so no message is skipped.
/// - The payload of a batch lies in the calldata of an L1 transaction that called `appendBatch` directly, so that a node with a
///   plain L1 endpoint can read it; or in the blobs, all of them, of one that called `appendBlobBatch` directly, so that a node finds
///   their hashes in it, and the blobs with any consensus node for at least 18 days, with an archive later.
/// - L2 time never falls and is never more than `maxFuture` ahead of the L1 block that fixes it.
/// - The sequencer appends at most `burst` bytes of payload at once and `rate` bytes a second; a blob counts whole.
///
/// # Liveness: assumptions about the outside
/// - L1 includes a transaction that pays for itself within the time for which an adversary can censor it.
/// - Somebody calls `forceInclude` once a message is `forceDelay` old and unread: this needs nobody's consent. Neither the sequencer
///   nor anybody else can outdate such a call other than by reading the message or by appending messages in numbers that double
///   each time.
interface IRollupInbox {
    /// @notice Parameters that are fixed at deployment.
    struct Parameters {
        /// @dev The only account that may replace the sequencer. A TimelockController. Not zero.
        address owner;
        /// @dev Seconds after which anybody may force a message in. 1 minute to 7 days.
        uint64 forceDelay;
        /// @dev Seconds by which the L2 time of a batch may lie behind its L1 block. At most 1 day.
        uint64 maxPast;
        /// @dev Seconds by which the L2 time of a batch may lie ahead of its L1 block. At most 1 hour.
        uint64 maxFuture;
        /// @dev Bytes of payload a second that the sequencer may append in the long run. 1 to 2^24.
        uint64 rate;
        /// @dev Bytes of payload that it may append at once. 8192 to 2^24.
        uint64 burst;
    }

    /// @notice What `forceInclude` is told about the last message that it reads.
    struct MessageEvidence {
        uint8 kind;
        address sender;
        uint64 l1Block;
        uint64 l1Time;
        bytes32 payloadHash;
    }

    /// @notice A message was appended; its leaf holds the number and the timestamp of this event's block.
    event MessageEnqueued(uint64 indexed index, uint8 kind, address indexed sender, bytes payload);

    /// @notice A batch was appended; its L1 time is the timestamp of this event's block.
    event BatchAppended(
        uint64 indexed index,
        uint8 dataKind,
        bytes32 commitment,
        uint32 payloadLength,
        uint64 messagesRead,
        uint64 l2Time
    );

    /// @notice The sequencer was replaced by the owner, or has revoked itself (`current` is zero).
    event SequencerChanged(address indexed previous, address indexed current);

    error NotOwner(address actual, address expected);
    error NotSequencer(address actual, address expected);
    error NotTopLevel(address sender, address origin);
    error SequencerHasCode(address sequencer);
    error PayloadTooLong(uint256 actual, uint256 maximum);
    error BatchIndexMismatch(uint64 actual, uint64 expected);
    error MessagesReadFalls(uint64 actual, uint64 minimum);
    error MessagesReadBeyondEnd(uint64 actual, uint64 maximum);
    error NothingToForce(uint64 messagesRead, uint64 alreadyRead);
    error ForceTooEarly(uint256 now_, uint256 earliest);
    error L2TimeOutOfBounds(uint64 actual, uint256 minimum, uint256 maximum);
    error RateExceeded(uint256 length, uint256 available);
    /// @notice A payload in blobs has at least one byte, and at most what six blobs carry.
    error BlobPayloadLengthInvalid(uint256 actual, uint256 maximum);
    /// @notice The transaction carries another number of blobs than the payload takes.
    error BlobCountMismatch(uint256 actual, uint256 expected);

    /// @notice Appends a message. Anybody may send any kind; a kind from the wrong sender has no effect on L2.
    /// @param kind The message's kind (specification, section 3).
    /// @param payload At most 4096 bytes.
    /// @return index The message's number.
    function enqueue(uint8 kind, bytes calldata payload) external returns (uint64 index);

    /// @notice Appends a batch. Only the sequencer, and only directly from an account without code: an account with an EIP-7702
    /// delegation could otherwise call itself and hide the payload from the transaction's calldata.
    /// @param expectedIndex The number that the batch gets. A poster that restarts or races cannot append twice.
    /// @param messagesRead_ Number of messages that the machine reads before it executes the payload.
    /// @param l2Time Within [block.timestamp − maxPast, block.timestamp + maxFuture], and not before the last batch's.
    /// @param payload Items one after another; may be empty.
    function appendBatch(uint64 expectedIndex, uint64 messagesRead_, uint64 l2Time, bytes calldata payload) external;

    /// @notice Appends a batch whose payload lies in the blobs of this transaction. What {appendBatch} demands of the caller, the index,
    /// the messages, the time and the rate holds here too. Nothing of the blobs is checked but their number and the version of their
    /// hashes: all bytes that they can hold are a payload.
    /// @param expectedIndex The number that the batch gets.
    /// @param messagesRead_ Number of messages that the machine reads before it executes the payload.
    /// @param l2Time Within the same bounds.
    /// @param length Bytes of the payload, at least 1: the first `length` of those that the blobs carry, 126,976 each (specification,
    /// section 4). The transaction has exactly as many blobs as that takes, at most 6.
    function appendBlobBatch(uint64 expectedIndex, uint64 messagesRead_, uint64 l2Time, uint32 length) external;

    /// @notice Appends a batch without payload that reads messages up to and including one that is `forceDelay` old. Anybody may
    /// call. There is no expected index: a sequencer that appends empty batches in front of it must not outdate the call, and
    /// it cannot be executed twice, since it has to read at least one more message.
    /// @param messagesRead_ Number of messages that will have been read; more than now.
    /// @param evidence Message number `messagesRead_ − 1`.
    /// @param path Its siblings in the sequence tree, from the leaf up to level ⌊log2((messagesRead_ − 1) xor messageCount)⌋.
    function forceInclude(uint64 messagesRead_, MessageEvidence calldata evidence, bytes32[] calldata path) external;

    /// @notice Replaces the sequencer. Only the owner. Zero: there is none, and only forced batches are possible.
    function setSequencer(address next) external;

    /// @notice Ends the sequencer's right at once. Only the sequencer itself.
    function revokeSequencer() external;

    function batchCount() external view returns (uint64);
    function messageCount() external view returns (uint64);
    function messagesRead() external view returns (uint64);
    /// @notice The L2 time of the last batch. It is zero before the first one.
    function lastL2Time() external view returns (uint64);
    /// @notice Root of the sequence of batches, computed from the frontier.
    function batchesRoot() external view returns (bytes32);
    /// @notice Root of the sequence of messages, computed from the frontier.
    function messagesRoot() external view returns (bytes32);
    /// @notice Bytes of payload that the sequencer could append in a block with the present timestamp.
    function availableBytes() external view returns (uint256);
    function sequencer() external view returns (address);
    function parameters() external view returns (Parameters memory);
}
