// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Tags} from "./Tags.sol";

/// @notice One batch as the machine reads it.
///
/// | bytes | field        | meaning                                                        |
/// | ----- | ------------ | -------------------------------------------------------------- |
/// | 1     | tag          | 0x06                                                           |
/// | 1     | dataKind     | 0 forced (no payload), 1 calldata, 2 blobs                     |
/// | 32    | commitment   | top of the payload's chunk tree, zero if it is empty; of blobs the hash of their versioned hashes |
/// | 4     | length       | bytes of the payload                                           |
/// | 8     | messagesRead | messages that have been read when the batch's payload starts   |
/// | 8     | l1Time       | timestamp of the L1 block that holds the batch                 |
/// | 8     | l2Time       | time at which the payload is executed, unless it is later already |
struct BatchRecord {
    uint8 dataKind;
    bytes32 commitment;
    uint32 length;
    uint64 messagesRead;
    uint64 l1Time;
    uint64 l2Time;
}

/// @notice One message from L1 as the machine reads it.
///
/// | bytes | field   | meaning                                   |
/// | ----- | ------- | ----------------------------------------- |
/// | 1     | tag     | 0x05                                      |
/// | 1     | kind    | specification, section 3                  |
/// | 20    | sender  | L1 account that enqueued it               |
/// | 8     | l1Block | number of the L1 block that holds it      |
/// | 8     | l1Time  | timestamp of that block                   |
/// | 32    | payload | keccak256 of the payload                  |
struct Message {
    uint8 kind;
    address sender;
    uint64 l1Block;
    uint64 l1Time;
    bytes payload;
}

/// @title Inputs
/// @notice Leaves of the two sequences of inputs, and the constants that describe them.
library Inputs {
    /// @notice Data kind of a batch that only reads messages.
    uint8 internal constant DATA_FORCED = 0;
    /// @notice Data kind of a batch whose payload lies in the calldata of the transaction that appended it.
    uint8 internal constant DATA_CALLDATA = 1;
    /// @notice Data kind of a batch whose payload lies in the blobs of the transaction that appended it.
    uint8 internal constant DATA_BLOBS = 2;

    /// @notice Largest payload of a message, and largest item of a batch, in bytes.
    uint256 internal constant MAX_ITEM = 4096;

    uint8 internal constant KIND_DEPOSIT = 1;
    uint8 internal constant KIND_FORCED = 2;
    uint8 internal constant KIND_LIST_MARKET = 3;
    uint8 internal constant KIND_ANCHOR = 4;
    uint8 internal constant KIND_FIX_PRICE = 5;
    uint8 internal constant KIND_SET_SIGNERS = 6;
    uint8 internal constant KIND_SET_MARKET = 7;

    function batchLeaf(BatchRecord memory record) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(
                    Tags.BATCH,
                    record.dataKind,
                    record.commitment,
                    record.length,
                    record.messagesRead,
                    record.l1Time,
                    record.l2Time
                )
            );
    }

    function messageLeaf(Message memory message) internal pure returns (bytes32) {
        return messageLeaf(message.kind, message.sender, message.l1Block, message.l1Time, keccak256(message.payload));
    }

    function messageLeaf(
        uint8 kind,
        address sender,
        uint64 l1Block,
        uint64 l1Time,
        bytes32 payloadHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(Tags.MESSAGE, kind, sender, l1Block, l1Time, payloadHash));
    }
}
