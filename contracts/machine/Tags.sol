// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Tags
/// @notice First byte of every hash of the protocol but the EIP-712 digests (specification, section 1). Each structure has
/// its own, so that no preimage of one can be read as a preimage of another.
library Tags {
    uint8 internal constant STATE_LEAF = 0x01;
    uint8 internal constant STATE_INNER = 0x02;
    uint8 internal constant SLOT_CONTENT = 0x03;
    uint8 internal constant MACHINE_STATE = 0x04;
    uint8 internal constant MESSAGE = 0x05;
    uint8 internal constant BATCH = 0x06;
    uint8 internal constant CHUNK = 0x07;
    uint8 internal constant CHUNK_INNER = 0x08;
    uint8 internal constant SEQUENCE_INNER = 0x09;
    uint8 internal constant SEQUENCE_ROOT = 0x0a;
    uint8 internal constant HISTORY_INNER = 0x0b;
    uint8 internal constant ASSERTION = 0x0c;
    uint8 internal constant GAME_BASE = 0x0d;
    uint8 internal constant GAME_CONTEXT = 0x0e;
    uint8 internal constant GAME_NODE = 0x0f;
    uint8 internal constant GAME_MOVE = 0x10;
    uint8 internal constant BLOBS = 0x11;
}
