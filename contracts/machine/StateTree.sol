// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Tags} from "./Tags.sol";

/// @notice The state as one step sees it: a root, and the evidence that is still to be read.
struct State {
    /// Root that the last change left behind.
    bytes32 root;
    /// Calldata offset of the next witness item.
    uint256 cursor;
    /// Calldata offset behind the witness.
    uint256 end;
}

/// @notice One opened key. Peeking is opening without a change.
struct Slot {
    uint64 key;
    /// Whether the key is in the tree.
    bool exists;
    /// Calldata offset and length of the content; both 0 if absent.
    uint256 content;
    uint256 length;
    /// Calldata offset of the path, from the root downwards, and its number of elements.
    uint256 path;
    uint256 depth;
    /// Hash of the node at which an absent key's path ends, zero if the tree is empty.
    bytes32 terminal;
    /// Bit at which an absent key would part from that node.
    uint256 splitBit;
    /// Root against which the key was opened.
    bytes32 root;
}

/// @title StateTree
/// @notice The sparse Merkle tree of typed slots, read and changed through witness items (docs/specification.md, section 2.1).
///
/// | preimage of a leaf  | 1 tag 0x01 | 8 key | 32 hash of the content   |            |
/// | ------------------- | ---------- | ----- | ------------------------ | ---------- |
/// | preimage of a node  | 1 tag 0x02 | 1 bit | 8 prefix                 | 32 left, 32 right |
/// | witness item        | 1 depth    | depth × (1 bit, 32 sibling)      | 1 form, body |
///
/// | form | meaning                                                | body                                  |
/// | ---- | ------------------------------------------------------ | ------------------------------------- |
/// | 0    | the slot exists                                        | 2 length, content                     |
/// | 1    | absent: the tree is empty                              |                                       |
/// | 2    | absent: the path ends at another leaf                  | 8 other key, 32 its content hash      |
/// | 3    | absent: the path ends at a node of another prefix      | 1 bit, 8 prefix, 32 left, 32 right    |
library StateTree {
    uint256 internal constant FORM_PRESENT = 0;
    uint256 internal constant FORM_EMPTY = 1;
    uint256 internal constant FORM_OTHER_LEAF = 2;
    uint256 internal constant FORM_OTHER_PREFIX = 3;

    /// @notice Bits of a key; a leaf counts as a node at this bit.
    uint256 private constant KEY_BITS = 64;
    uint256 private constant PATH_ELEMENT = 33;

    /// @notice The witness ends inside an item: `end` of the item, `available` end of the witness (calldata offsets).
    error WitnessTooShort(uint256 end, uint256 available);
    /// @notice The step needed only the witness up to `cursor`, not to `end` (calldata offsets).
    error WitnessNotUsedUp(uint256 cursor, uint256 end);
    error WitnessFormUnknown(uint64 key, uint256 form);
    /// @notice The bit `bit` of the item that opens `key` is not below `limit`.
    error WitnessBitInvalid(uint64 key, uint256 bit, uint256 limit);
    error WitnessPrefixInvalid(uint64 key, uint64 prefix, uint256 bit);
    error WitnessRootMismatch(uint64 key, bytes32 actual, bytes32 expected);
    /// @notice A slot is to be changed under another root than it was opened at.
    error SlotOutdated(uint64 key, bytes32 openedAt, bytes32 current);
    error SlotAbsent(uint64 key);

    /// @notice The state with root `root` and all of `witness` unread.
    function begin(bytes32 root, bytes calldata witness) internal pure returns (State memory state) {
        state.root = root;
        uint256 offset;
        assembly ("memory-safe") {
            offset := witness.offset
        }
        state.cursor = offset;
        state.end = offset + witness.length;
    }

    /// @notice Reverts unless the witness was used up exactly.
    function finish(State memory state) internal pure {
        if (state.cursor != state.end) revert WitnessNotUsedUp(state.cursor, state.end);
    }

    /// @notice Reads the next witness item, which must open `key` against the current root.
    function open(State memory state, uint64 key) internal pure returns (Slot memory slot) {
        uint256 cursor = state.cursor;
        uint256 end = state.end;
        if (cursor >= end) revert WitnessTooShort(cursor + 1, end);
        slot.key = key;
        slot.root = state.root;
        slot.path = cursor + 1;
        slot.depth = _byteAt(cursor);
        cursor += 1 + PATH_ELEMENT * slot.depth;
        if (cursor >= end) revert WitnessTooShort(cursor + 1, end);
        uint256 form = _byteAt(cursor);
        bytes32 node;
        uint256 limit = KEY_BITS;

        if (form == FORM_PRESENT) {
            slot.exists = true;
            slot.content = cursor + 3;
            // SAFETY: reading behind the witness yields other bytes of the calldata or zeros; the end is checked below.
            slot.length = _wordAt(cursor + 1) >> 240;
            cursor += 3 + slot.length;
            if (cursor > end) revert WitnessTooShort(cursor, end);
            node = leafHash(key, _hashCalldata(slot.content, slot.length));
        } else if (form == FORM_EMPTY) {
            // INVARIANT: no node hashes to zero, so only the empty tree has root zero.
            if (slot.depth != 0) revert WitnessBitInvalid(key, slot.depth, 0);
            cursor += 1;
        } else {
            uint256 terminalBit = KEY_BITS;
            uint64 other;
            if (form == FORM_OTHER_LEAF) {
                if (cursor + 41 > end) revert WitnessTooShort(cursor + 41, end);
                other = uint64(_wordAt(cursor + 1) >> 192);
                node = leafHash(other, bytes32(_wordAt(cursor + 9)));
                cursor += 41;
            } else if (form == FORM_OTHER_PREFIX) {
                if (cursor + 74 > end) revert WitnessTooShort(cursor + 74, end);
                terminalBit = _byteAt(cursor + 1);
                other = uint64(_wordAt(cursor + 2) >> 192);
                if (terminalBit >= KEY_BITS) revert WitnessBitInvalid(key, terminalBit, KEY_BITS);
                if (_prefix(other, terminalBit) != other) revert WitnessPrefixInvalid(key, other, terminalBit);
                node = _innerHash(terminalBit, other, _wordAt(cursor + 10), _wordAt(cursor + 42));
                cursor += 74;
            } else {
                revert WitnessFormUnknown(key, form);
            }
            // INVARIANT: the key parts from the terminal node above that node's own bit and below the path's last bit, so the
            // tree has no other place where the key could be.
            limit = firstDifference(key, other);
            if (limit >= terminalBit) revert WitnessBitInvalid(key, limit, terminalBit);
            slot.terminal = node;
            slot.splitBit = limit;
        }

        bytes32 actual = _fold(key, slot.path, slot.depth, node, limit);
        if (actual != slot.root) revert WitnessRootMismatch(key, actual, slot.root);
        state.cursor = cursor;
    }

    /// @notice Gives the slot the content `content`, inserting it if it was absent.
    function write(State memory state, Slot memory slot, bytes memory content) internal pure {
        _requireCurrent(state, slot);
        bytes32 node = leafHash(slot.key, hashContent(content));
        uint256 limit = KEY_BITS;
        if (!slot.exists && slot.terminal != 0) {
            limit = slot.splitBit;
            uint256 leaf = uint256(node);
            uint256 terminal = uint256(slot.terminal);
            bool right = (slot.key >> (63 - limit)) & 1 == 1;
            uint64 prefix = _prefix(slot.key, limit);
            node = right ? _innerHash(limit, prefix, terminal, leaf) : _innerHash(limit, prefix, leaf, terminal);
        }
        state.root = _fold(slot.key, slot.path, slot.depth, node, limit);
    }

    /// @notice Takes the slot out of the tree.
    function remove(State memory state, Slot memory slot) internal pure {
        _requireCurrent(state, slot);
        if (!slot.exists) revert SlotAbsent(slot.key);
        if (slot.depth == 0) {
            state.root = 0;
            return;
        }
        uint256 last = slot.path + PATH_ELEMENT * (slot.depth - 1);
        state.root = _fold(slot.key, slot.path, slot.depth - 1, bytes32(_wordAt(last + 1)), _byteAt(last));
    }

    /// @notice The content of a slot that exists.
    function contentOf(Slot memory slot) internal pure returns (bytes calldata content) {
        uint256 offset = slot.content;
        uint256 length = slot.length;
        assembly ("memory-safe") {
            content.offset := offset
            content.length := length
        }
    }

    /// @notice H(0x01 ‖ key ‖ content hash).
    function leafHash(uint64 key, bytes32 contentHash) internal pure returns (bytes32 node) {
        uint256 head = (uint256(Tags.STATE_LEAF) << 64) | key;
        // SAFETY: writes behind the free memory pointer only and leaves nothing there that anybody reads again.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore(preimage, shl(184, head))
            mstore(add(preimage, 9), contentHash)
            node := keccak256(preimage, 41)
        }
    }

    /// @notice H(0x03 ‖ content).
    function hashContent(bytes memory content) internal pure returns (bytes32 hash) {
        uint256 tag = Tags.SLOT_CONTENT;
        // SAFETY: the tag takes the place of the last byte of the length, which is put back.
        assembly ("memory-safe") {
            let length := mload(content)
            mstore8(add(content, 31), tag)
            hash := keccak256(add(content, 31), add(length, 1))
            mstore(content, length)
        }
    }

    /// @notice Index of the first bit in which two keys differ, 0 being the most significant; 64 if they are equal.
    function firstDifference(uint64 a, uint64 b) internal pure returns (uint256 bit) {
        assembly ("memory-safe") {
            bit := sub(clz(xor(a, b)), 192)
        }
    }

    function _requireCurrent(State memory state, Slot memory slot) private pure {
        // INVARIANT: a slot is changed under the very root it was opened at, so two copies of one slot cannot exist.
        if (slot.root != state.root) revert SlotOutdated(slot.key, slot.root, state.root);
    }

    /// @dev Folds `node`, which lies below `depth` elements of the path, up to a root. Reverts unless the bits of the path strictly
    /// increase downwards and stay below `limit`.
    function _fold(
        uint64 key,
        uint256 path,
        uint256 depth,
        bytes32 node,
        uint256 limit
    ) private pure returns (bytes32) {
        uint256 tag = uint256(Tags.STATE_INNER) << 72;
        uint256 bad = type(uint256).max;
        // SAFETY: writes behind the free memory pointer only and leaves nothing there that anybody reads again. The calldata
        // read lies inside the witness, for `open` has checked that the path does.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            for {
                let at := add(path, mul(depth, 33))
            } gt(at, path) {} {
                at := sub(at, 33)
                let bit := byte(0, calldataload(at))
                if iszero(lt(bit, limit)) {
                    bad := bit
                    break
                }
                limit := bit
                let prefix := and(key, not(shr(bit, 0xffffffffffffffff)))
                mstore(preimage, shl(176, or(or(tag, shl(64, bit)), prefix)))
                // The key's bit says on which side the node is: 32 bytes further if it is the right child.
                let side := shl(5, and(shr(sub(63, bit), key), 1))
                mstore(add(add(preimage, 10), side), node)
                mstore(sub(add(preimage, 42), side), calldataload(add(at, 1)))
                node := keccak256(preimage, 74)
            }
        }
        if (bad != type(uint256).max) revert WitnessBitInvalid(key, bad, limit);
        return node;
    }

    function _innerHash(uint256 bit, uint64 prefix, uint256 left, uint256 right) private pure returns (bytes32 node) {
        uint256 head = (uint256(Tags.STATE_INNER) << 72) | (bit << 64) | prefix;
        // SAFETY: writes behind the free memory pointer only and leaves nothing there that anybody reads again.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore(preimage, shl(176, head))
            mstore(add(preimage, 10), left)
            mstore(add(preimage, 42), right)
            node := keccak256(preimage, 74)
        }
    }

    /// @dev H(0x03 ‖ content) of content that lies in calldata.
    function _hashCalldata(uint256 offset, uint256 length) private pure returns (bytes32 hash) {
        uint256 tag = Tags.SLOT_CONTENT;
        // SAFETY: writes behind the free memory pointer only and leaves nothing there that anybody reads again.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore8(preimage, tag)
            calldatacopy(add(preimage, 1), offset, length)
            hash := keccak256(preimage, add(length, 1))
        }
    }

    /// @dev The key's bits before `bit`, the rest zero.
    function _prefix(uint64 key, uint256 bit) private pure returns (uint64) {
        return key & ~(type(uint64).max >> bit);
    }

    function _byteAt(uint256 offset) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, calldataload(offset))
        }
    }

    function _wordAt(uint256 offset) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(offset)
        }
    }
}
