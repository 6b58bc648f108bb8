// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRollupInbox} from "../interfaces/IRollupInbox.sol";
import {BlobPayload} from "../machine/BlobPayload.sol";
import {ChunkTree} from "../machine/ChunkTree.sol";
import {BatchRecord, Inputs} from "../machine/Inputs.sol";
import {SequenceTree} from "../machine/SequenceTree.sol";
import {ParameterBounds} from "../ParameterBounds.sol";
import {TokenBucket} from "./TokenBucket.sol";

/// @title RollupInbox
/// @notice See {IRollupInbox}, which is the specification.
contract RollupInbox is IRollupInbox {
    using SequenceTree for SequenceTree.Frontier;

    /// @dev What a batch changes, one word:
    ///
    /// | bits | field        | meaning                                    |
    /// | ---- | ------------ | ------------------------------------------ |
    /// | 64   | count        | batches                                    |
    /// | 64   | messagesRead | messages read by the last of them          |
    /// | 40   | l2Time       | L2 time of the last of them                |
    /// | 40   | bucketTime   | timestamp at which the bucket was written  |
    /// | 48   | bucketBytes  | what was in it then                        |
    struct BatchState {
        uint64 count;
        uint64 messagesRead;
        uint40 l2Time;
        uint40 bucketTime;
        uint48 bucketBytes;
    }

    /// @dev What a message changes, one word:
    ///
    /// | bits | field     | meaning                                                               |
    /// | ---- | --------- | --------------------------------------------------------------------- |
    /// | 64   | count     | messages                                                              |
    /// | 160  | sequencer | lies here since a batch has to read both and a message overwrites the word anyway |
    struct MessageState {
        uint64 count;
        address sequencer;
    }

    address private immutable _OWNER;
    uint256 private immutable _FORCE_DELAY;
    uint256 private immutable _MAX_PAST;
    uint256 private immutable _MAX_FUTURE;
    uint256 private immutable _RATE;
    uint256 private immutable _BURST;

    BatchState private _batches;
    MessageState private _messages;
    SequenceTree.Frontier private _batchFrontier;
    SequenceTree.Frontier private _messageFrontier;

    /// @param sequencer_ The first sequencer; zero if there is none yet.
    constructor(Parameters memory parameters_, address sequencer_) {
        ParameterBounds.requireNonZero("owner", parameters_.owner);
        ParameterBounds.requireWithin("forceDelay", parameters_.forceDelay, 1 minutes, 7 days);
        ParameterBounds.requireWithin("maxPast", parameters_.maxPast, 0, 1 days);
        ParameterBounds.requireWithin("maxFuture", parameters_.maxFuture, 0, 1 hours);
        ParameterBounds.requireWithin("rate", parameters_.rate, 1, 1 << 24);
        ParameterBounds.requireWithin("burst", parameters_.burst, 2 * Inputs.MAX_ITEM, 1 << 24);

        _OWNER = parameters_.owner;
        _FORCE_DELAY = parameters_.forceDelay;
        _MAX_PAST = parameters_.maxPast;
        _MAX_FUTURE = parameters_.maxFuture;
        _RATE = parameters_.rate;
        _BURST = parameters_.burst;

        // SAFETY: `burst` is at most 2^24.
        _batches.bucketBytes = uint48(parameters_.burst);
        _batches.bucketTime = uint40(block.timestamp);
        _messages.sequencer = sequencer_;
        emit SequencerChanged(address(0), sequencer_);
    }

    /// @inheritdoc IRollupInbox
    function enqueue(uint8 kind, bytes calldata payload) external returns (uint64 index) {
        if (payload.length > Inputs.MAX_ITEM) revert PayloadTooLong(payload.length, Inputs.MAX_ITEM);

        index = _messages.count;
        _messages.count = index + 1;
        _messageFrontier.append(
            index,
            Inputs.messageLeaf(kind, msg.sender, uint64(block.number), uint64(block.timestamp), keccak256(payload))
        );
        emit MessageEnqueued(index, kind, msg.sender, payload);
    }

    /// @inheritdoc IRollupInbox
    function appendBatch(uint64 expectedIndex, uint64 messagesRead_, uint64 l2Time, bytes calldata payload) external {
        BatchState memory state = _admit(expectedIndex, messagesRead_, l2Time, payload.length);
        _append(
            state,
            BatchRecord({
                dataKind: Inputs.DATA_CALLDATA,
                commitment: ChunkTree.commit(payload),
                length: uint32(payload.length),
                messagesRead: messagesRead_,
                l1Time: uint64(block.timestamp),
                l2Time: l2Time
            })
        );
    }

    /// @inheritdoc IRollupInbox
    function appendBlobBatch(uint64 expectedIndex, uint64 messagesRead_, uint64 l2Time, uint32 length) external {
        uint256 count = _blobCount(length);
        // INVARIANT: the bucket bounds what nodes have to keep: whole blobs, however little of them is payload.
        BatchState memory state = _admit(expectedIndex, messagesRead_, l2Time, count * BlobPayload.BLOB_SIZE);
        _append(
            state,
            BatchRecord({
                dataKind: Inputs.DATA_BLOBS,
                commitment: BlobPayload.blobsCommitment(_blobHashes(count)),
                length: length,
                messagesRead: messagesRead_,
                l1Time: uint64(block.timestamp),
                l2Time: l2Time
            })
        );
    }

    /// @inheritdoc IRollupInbox
    function forceInclude(uint64 messagesRead_, MessageEvidence calldata evidence, bytes32[] calldata path) external {
        BatchState memory state = _batches;
        // INVARIANT: a forced batch reads at least one more message, so the same call never appends twice.
        if (messagesRead_ <= state.messagesRead) revert NothingToForce(messagesRead_, state.messagesRead);
        uint64 count = _messages.count;
        if (messagesRead_ > count) revert MessagesReadBeyondEnd(messagesRead_, count);
        uint256 earliest = uint256(evidence.l1Time) + _FORCE_DELAY;
        if (block.timestamp < earliest) revert ForceTooEarly(block.timestamp, earliest);

        bytes32 leaf = Inputs.messageLeaf(
            evidence.kind,
            evidence.sender,
            evidence.l1Block,
            evidence.l1Time,
            evidence.payloadHash
        );
        _messageFrontier.verifyAgainstFrontier(count, messagesRead_ - 1, leaf, path);

        _append(
            state,
            BatchRecord({
                dataKind: Inputs.DATA_FORCED,
                commitment: 0,
                length: 0,
                messagesRead: messagesRead_,
                l1Time: uint64(block.timestamp),
                l2Time: state.l2Time > block.timestamp ? state.l2Time : uint64(block.timestamp)
            })
        );
    }

    /// @inheritdoc IRollupInbox
    function setSequencer(address next) external {
        if (msg.sender != _OWNER) revert NotOwner(msg.sender, _OWNER);
        _setSequencer(next);
    }

    /// @inheritdoc IRollupInbox
    function revokeSequencer() external {
        address current = _messages.sequencer;
        if (msg.sender != current) revert NotSequencer(msg.sender, current);
        _setSequencer(address(0));
    }

    /// @inheritdoc IRollupInbox
    function batchCount() external view returns (uint64) {
        return _batches.count;
    }

    /// @inheritdoc IRollupInbox
    function messageCount() external view returns (uint64) {
        return _messages.count;
    }

    /// @inheritdoc IRollupInbox
    function messagesRead() external view returns (uint64) {
        return _batches.messagesRead;
    }

    /// @inheritdoc IRollupInbox
    function lastL2Time() external view returns (uint64) {
        return _batches.l2Time;
    }

    /// @inheritdoc IRollupInbox
    function batchesRoot() external view returns (bytes32) {
        return _batchFrontier.root(_batches.count);
    }

    /// @inheritdoc IRollupInbox
    function messagesRoot() external view returns (bytes32) {
        return _messageFrontier.root(_messages.count);
    }

    /// @inheritdoc IRollupInbox
    function availableBytes() external view returns (uint256) {
        BatchState memory state = _batches;
        return TokenBucket.available(state.bucketBytes, state.bucketTime, block.timestamp, _RATE, _BURST);
    }

    /// @inheritdoc IRollupInbox
    function sequencer() external view returns (address) {
        return _messages.sequencer;
    }

    /// @inheritdoc IRollupInbox
    function parameters() external view returns (Parameters memory) {
        return
            Parameters({
                owner: _OWNER,
                forceDelay: uint64(_FORCE_DELAY),
                maxPast: uint64(_MAX_PAST),
                maxFuture: uint64(_MAX_FUTURE),
                rate: uint64(_RATE),
                burst: uint64(_BURST)
            });
    }

    /// @dev Reverts unless the sequencer may append a batch now for which the bucket is charged `length` bytes. Returns the state, from whose
    /// bucket they have been taken.
    function _admit(
        uint64 expectedIndex,
        uint64 messagesRead_,
        uint64 l2Time,
        uint256 length
    ) private view returns (BatchState memory state) {
        state = _batches;
        MessageState memory messages = _messages;
        if (msg.sender != messages.sequencer) revert NotSequencer(msg.sender, messages.sequencer);
        if (state.count != expectedIndex) revert BatchIndexMismatch(state.count, expectedIndex);
        // INVARIANT: the payload lies in the transaction's own calldata or blobs. A delegated account has code, and may call itself.
        // solhint-disable-next-line avoid-tx-origin
        if (msg.sender != tx.origin) revert NotTopLevel(msg.sender, tx.origin);
        if (msg.sender.code.length != 0) revert SequencerHasCode(msg.sender);

        // INVARIANT: the number of messages read never falls and never exceeds what exists.
        if (messagesRead_ < state.messagesRead) revert MessagesReadFalls(messagesRead_, state.messagesRead);
        if (messagesRead_ > messages.count) revert MessagesReadBeyondEnd(messagesRead_, messages.count);

        // INVARIANT: L2 time never falls. The last one was at most `maxFuture` ahead of a timestamp that is not later than this
        // one, so the two lower bounds lie below the upper one and there is always a time that passes.
        uint256 earliest = block.timestamp - _MAX_PAST;
        if (earliest < state.l2Time) earliest = state.l2Time;
        uint256 latest = block.timestamp + _MAX_FUTURE;
        if (l2Time < earliest || l2Time > latest) revert L2TimeOutOfBounds(l2Time, earliest, latest);

        uint256 available = TokenBucket.available(state.bucketBytes, state.bucketTime, block.timestamp, _RATE, _BURST);
        if (length > available) revert RateExceeded(length, available);

        // SAFETY: at most `burst`, which is at most 2^24.
        state.bucketBytes = uint48(available - length);
        state.bucketTime = uint40(block.timestamp);
    }

    /// @dev How many blobs a payload of `length` bytes takes, which must be from one to six.
    function _blobCount(uint256 length) private pure returns (uint256) {
        uint256 maximum = BlobPayload.MAX_BLOBS * BlobPayload.BYTES_PER_BLOB;
        if (length == 0 || length > maximum) revert BlobPayloadLengthInvalid(length, maximum);
        return BlobPayload.blobCount(length);
    }

    /// @dev The versioned hashes of the transaction's blobs, of which there must be `expected`.
    function _blobHashes(uint256 expected) private view returns (bytes32[] memory hashes) {
        uint256 actual;
        while (blobhash(actual) != 0) ++actual;
        if (actual != expected) revert BlobCountMismatch(actual, expected);
        hashes = new bytes32[](actual);
        for (uint256 i; i < actual; ++i) hashes[i] = blobhash(i);
    }

    function _append(BatchState memory state, BatchRecord memory record) private {
        uint64 index = state.count;
        state.count = index + 1;
        state.messagesRead = record.messagesRead;
        // SAFETY: L2 time is at most an hour ahead of a timestamp, which passes 2^40 in some 34,000 years.
        state.l2Time = uint40(record.l2Time);
        _batches = state;
        _batchFrontier.append(index, Inputs.batchLeaf(record));
        emit BatchAppended(
            index,
            record.dataKind,
            record.commitment,
            record.length,
            record.messagesRead,
            record.l2Time
        );
    }

    function _setSequencer(address next) private {
        emit SequencerChanged(_messages.sequencer, next);
        _messages.sequencer = next;
    }
}
