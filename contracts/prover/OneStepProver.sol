// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext, IExecutor} from "../interfaces/IExecutor.sol";
import {InputEvidence, IOneStepProver, StepContext} from "../interfaces/IOneStepProver.sol";
import {BlobPayload} from "../machine/BlobPayload.sol";
import {ChunkTree} from "../machine/ChunkTree.sol";
import {Constants} from "../machine/Constants.sol";
import {Framing} from "../machine/Framing.sol";
import {BatchRecord, Inputs, Message} from "../machine/Inputs.sol";
import {MachineState} from "../machine/MachineState.sol";
import {ResultCodes} from "../machine/ResultCodes.sol";
import {SequenceTree} from "../machine/SequenceTree.sol";
import {Wire} from "../machine/Wire.sol";

/// @title OneStepProver
/// @notice The machine in Solidity, one step at a time: reads the input, hands it to the executor of its family, moves the cursor.
contract OneStepProver is IOneStepProver {
    /// @notice The range is complete; nothing changes.
    uint8 public constant IDENTITY = 0;
    uint8 public constant MESSAGE = 1;
    uint8 public constant ITEM = 2;
    uint8 public constant NEXT_BATCH = 3;
    /// @notice The batch has had its item steps; the rest of it is skipped.
    uint8 public constant ITEM_LIMIT = 4;
    /// @notice There is no item where one should begin; the rest of the batch is skipped.
    uint8 public constant FRAMING_ERROR = 5;

    /// @dev In place of a message's kind: an item of a batch. No message has this kind.
    uint8 private constant BATCH_ITEM = 0;

    IExecutor public immutable ACCOUNT_EXECUTOR;
    IExecutor public immutable FILL_EXECUTOR;
    IExecutor public immutable SETTLEMENT_EXECUTOR;
    IExecutor public immutable ORACLE_EXECUTOR;
    IExecutor public immutable LIQUIDATION_EXECUTOR;

    /// @notice An executor has no code.
    error ExecutorMissing(address executor);

    constructor(
        IExecutor accountExecutor,
        IExecutor fillExecutor,
        IExecutor settlementExecutor,
        IExecutor oracleExecutor,
        IExecutor liquidationExecutor
    ) {
        ACCOUNT_EXECUTOR = _deployed(accountExecutor);
        FILL_EXECUTOR = _deployed(fillExecutor);
        SETTLEMENT_EXECUTOR = _deployed(settlementExecutor);
        ORACLE_EXECUTOR = _deployed(oracleExecutor);
        LIQUIDATION_EXECUTOR = _deployed(liquidationExecutor);
    }

    /// @inheritdoc IOneStepProver
    function step(
        StepContext calldata context,
        MachineState calldata pre,
        InputEvidence calldata input,
        bytes calldata witness
    ) external view returns (bytes32 postHash, MachineState memory post, uint8 outcome, uint8 code) {
        post = pre;
        if (pre.batch == context.target) {
            _requireNoRecord(input);
            _requireNoMessage(input);
            _requireNoChunks(input);
            _requireNoWitness(witness);
            outcome = IDENTITY;
        } else {
            SequenceTree.verify(
                context.batchesRoot,
                context.batchCount,
                pre.batch,
                Inputs.batchLeaf(input.record),
                input.recordPath
            );
            if (pre.message < input.record.messagesRead) {
                _requireNoChunks(input);
                outcome = MESSAGE;
                code = _runMessage(context, post, input, witness);
            } else {
                _requireNoMessage(input);
                (outcome, code) = _runBatch(post, input, witness);
            }
        }
        postHash = post.hash();
    }

    /// @inheritdoc IOneStepProver
    function hashState(MachineState calldata state) external pure returns (bytes32) {
        return state.hash();
    }

    /// @dev The next message. `state` becomes the one after.
    function _runMessage(
        StepContext calldata context,
        MachineState memory state,
        InputEvidence calldata input,
        bytes calldata witness
    ) private view returns (uint8 code) {
        Message calldata message = input.message;
        bytes memory payload = message.payload;
        SequenceTree.verify(
            context.messagesRoot,
            context.messageCount,
            state.message,
            Inputs.messageLeaf(message.kind, message.sender, message.l1Block, message.l1Time, keccak256(payload)),
            input.messagePath
        );
        if (message.l1Time > state.l2Time) state.l2Time = message.l1Time;
        ExecutionContext memory execution = ExecutionContext({
            root: state.stateRoot,
            l2Time: state.l2Time,
            l1Time: message.l1Time,
            timeBase: 0,
            kind: message.kind,
            part: state.part,
            sender: message.sender
        });
        if (message.kind == BATCH_ITEM) {
            _requireNoWitness(witness);
            code = ResultCodes.UnknownKind;
        } else {
            (state.stateRoot, code) = _execute(execution, payload, witness);
        }
        if (message.kind == Inputs.KIND_FORCED && _hasPartsLeft(payload, state.part)) {
            ++state.part;
        } else {
            ++state.message;
            state.part = 0;
        }
    }

    /// @dev What the batch has next: an item, its end, or a reason to skip the rest. `state` becomes the one after.
    function _runBatch(
        MachineState memory state,
        InputEvidence calldata input,
        bytes calldata witness
    ) private view returns (uint8 outcome, uint8 code) {
        BatchRecord calldata record = input.record;
        uint32 length = record.length;
        if (record.l2Time > state.l2Time) state.l2Time = record.l2Time;

        if (state.offset == length) {
            ++state.batch;
            (state.offset, state.items, state.part) = (0, 0, 0);
            outcome = NEXT_BATCH;
        } else if (state.items == itemLimit(length)) {
            (state.offset, state.part) = (length, 0);
            outcome = ITEM_LIMIT;
        } else {
            (bytes memory item, uint256 end) = _openItem(state.offset, input);
            if (item.length != 0) {
                return (ITEM, _runItem(state, record, item, end, witness));
            }
            _requireNoWitness(witness);
            (state.offset, state.part) = (length, 0);
            return (FRAMING_ERROR, ResultCodes.OK);
        }
        _requireNoChunks(input);
        _requireNoWitness(witness);
    }

    /// @dev An item of a batch. `state` becomes the one after.
    function _runItem(
        MachineState memory state,
        BatchRecord calldata record,
        bytes memory item,
        uint256 end,
        bytes calldata witness
    ) private view returns (uint8 code) {
        ExecutionContext memory execution = ExecutionContext({
            root: state.stateRoot,
            l2Time: state.l2Time,
            l1Time: record.l1Time,
            timeBase: record.l2Time,
            kind: BATCH_ITEM,
            part: state.part,
            sender: address(0)
        });
        (state.stateRoot, code) = _execute(execution, item, witness);
        ++state.items;
        if (_hasPartsLeft(item, state.part)) {
            ++state.part;
        } else {
            // SAFETY: not beyond the payload's length.
            state.offset = uint32(end);
            state.part = 0;
        }
    }

    /// @dev Verifies the chunks or field elements that hold the item at `offset`. `item` is empty if there is none, which is a framing
    /// error. `end` is the position behind it.
    function _openItem(
        uint256 offset,
        InputEvidence calldata input
    ) private view returns (bytes memory item, uint256 end) {
        BatchRecord calldata record = input.record;
        bool inBlobs = record.dataKind == Inputs.DATA_BLOBS;
        // INVARIANT: no other batches have a payload.
        if (!inBlobs && record.dataKind != Inputs.DATA_CALLDATA) revert DataKindUnknown(record.dataKind);
        if (offset > record.length) revert OffsetBeyondPayload(uint32(offset), record.length);
        uint256 unit = inBlobs ? BlobPayload.BYTES_PER_ELEMENT : ChunkTree.CHUNK;
        uint256 lo = offset / unit;
        bytes memory payload = inBlobs ? BlobPayload.payloadOf(input.chunks) : input.chunks;
        bool valid;
        bool available;
        uint256 start;
        (valid, start, end, available) = Framing.frameAt(payload, lo * unit, offset, record.length);
        if (!available) revert ChunksTooShort(lo * unit + payload.length, end);
        // INVARIANT: the evidence is exactly that from the first byte of the length to the last byte that is read, so everything
        // that was read above is what the batch commits to.
        _verifyRange(input, lo, (end - 1) / unit);
        if (valid) item = Framing.slice(payload, start - lo * unit, end - lo * unit);
    }

    /// @dev Reverts unless `chunks` are the chunks, or field elements, `lo` to `hi` of the batch.
    function _verifyRange(InputEvidence calldata input, uint256 lo, uint256 hi) private view {
        BatchRecord calldata record = input.record;
        if (record.dataKind == Inputs.DATA_BLOBS) {
            if (input.chunkPath.length != 0) revert EvidenceUnused("chunkPath");
            BlobPayload.verifyRange(record.commitment, record.length, lo, hi, input.chunks, input.blobProof);
        } else {
            if (input.blobProof.length != 0) revert EvidenceUnused("blobProof");
            ChunkTree.verifyRange(record.commitment, record.length, lo, hi, input.chunks, input.chunkPath);
        }
    }

    /// @dev Hands a transaction or message to the executor of its family. What no family knows is refused without opening anything. A
    /// revert of an executor, for whatever reason, is a revert of the step.
    function _execute(
        ExecutionContext memory execution,
        bytes memory item,
        bytes calldata witness
    ) private view returns (bytes32 root, uint8 code) {
        (IExecutor executor, uint8 refusal) = _executorOf(execution.kind, _typeOf(item));
        if (address(executor) != address(0)) return executor.execute(execution, item, witness);
        _requireNoWitness(witness);
        return (execution.root, refusal);
    }

    function _executorOf(uint8 kind, uint8 transactionType) private view returns (IExecutor executor, uint8 refusal) {
        if (kind == BATCH_ITEM || kind == Inputs.KIND_FORCED) {
            if (transactionType >= Wire.TX_FILL && transactionType <= Wire.TX_FILL_BOTH_STORED) {
                return (FILL_EXECUTOR, 0);
            }
            if (transactionType == Wire.TX_SETTLE) return (SETTLEMENT_EXECUTOR, 0);
            if (transactionType == Wire.TX_ORACLE_REPORT) return (ORACLE_EXECUTOR, 0);
            if (transactionType >= Wire.TX_WITHDRAW && transactionType <= Wire.TX_SET_MODE) {
                return (ACCOUNT_EXECUTOR, 0);
            }
            if (transactionType >= Wire.TX_START_AUCTION && transactionType <= Wire.TX_COLLECT_FUND) {
                return (LIQUIDATION_EXECUTOR, 0);
            }
            return (IExecutor(address(0)), ResultCodes.Malformed);
        }
        if (kind == Inputs.KIND_DEPOSIT) return (ACCOUNT_EXECUTOR, 0);
        if (kind == Inputs.KIND_LIST_MARKET || kind == Inputs.KIND_ANCHOR || kind == Inputs.KIND_FIX_PRICE) {
            return (SETTLEMENT_EXECUTOR, 0);
        }
        if (kind == Inputs.KIND_SET_SIGNERS || kind == Inputs.KIND_SET_MARKET) return (ORACLE_EXECUTOR, 0);
        return (IExecutor(address(0)), ResultCodes.UnknownKind);
    }

    /// @notice Most item steps that a batch of `length` bytes may have.
    function itemLimit(uint256 length) public pure returns (uint256) {
        return (length + Constants.BYTES_PER_ITEM - 1) / Constants.BYTES_PER_ITEM;
    }

    /// @dev Whether the item is a Settle with accounts behind `part`.
    function _hasPartsLeft(bytes memory item, uint256 part) private pure returns (bool) {
        return part + 1 < Wire.settleCount(_typeOf(item), item.length);
    }

    /// @dev As {Wire-typeOf}, of bytes in memory.
    function _typeOf(bytes memory item) private pure returns (uint8) {
        return item.length == 0 ? 0 : uint8(item[0]);
    }

    function _requireNoRecord(InputEvidence calldata input) private pure {
        BatchRecord calldata record = input.record;
        bool empty =
            record.dataKind == 0 &&
                record.commitment == 0 &&
                record.length == 0 &&
                record.messagesRead == 0 &&
                record.l1Time == 0 &&
                record.l2Time == 0 &&
                input.recordPath.length == 0;
        if (!empty) revert EvidenceUnused("record");
    }

    function _requireNoMessage(InputEvidence calldata input) private pure {
        Message calldata message = input.message;
        bool empty =
            message.kind == 0 &&
                message.sender == address(0) &&
                message.l1Block == 0 &&
                message.l1Time == 0 &&
                message.payload.length == 0 &&
                input.messagePath.length == 0;
        if (!empty) revert EvidenceUnused("message");
    }

    function _requireNoChunks(InputEvidence calldata input) private pure {
        if (input.chunks.length != 0) revert EvidenceUnused("chunks");
        if (input.chunkPath.length != 0) revert EvidenceUnused("chunkPath");
        if (input.blobProof.length != 0) revert EvidenceUnused("blobProof");
    }

    function _requireNoWitness(bytes calldata witness) private pure {
        if (witness.length != 0) revert EvidenceUnused("witness");
    }

    function _deployed(IExecutor executor) private view returns (IExecutor) {
        if (address(executor).code.length == 0) revert ExecutorMissing(address(executor));
        return executor;
    }
}
