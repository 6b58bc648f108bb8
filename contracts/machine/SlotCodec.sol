// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";
import {Account, Curve, Expiry, Globals, Key, Market, Order, Signers, Slots, Withdrawal} from "./Slots.sol";

/// @title SlotCodec
/// @notice The committed bytes of the slots (docs/specification.md, section 2.2; the tables stand with the structs in Slots.sol).
library SlotCodec {
    /// @notice Bytes of a curve within an expiry, and within a report.
    uint256 internal constant CURVE_LENGTH = 44;

    uint256 private constant ACCOUNT_HEAD = 66;
    uint256 private constant MARKET_LENGTH = 130;
    uint256 private constant EXPIRY_LENGTH = 142;

    /// @notice A slot's content has a length that no slot of its kind has.
    error SlotLengthInvalid(uint64 kind, uint256 actual, uint256 expected);

    function encodeAccount(Account memory account) internal pure returns (bytes memory content) {
        uint256[] memory positions = account.positions;
        content = new bytes(ACCOUNT_HEAD + 32 * positions.length);
        // SAFETY: fields in ascending order, so that what a word writes behind its field is overwritten by the next; the last one
        // writes at most into memory that is free still.
        assembly ("memory-safe") {
            mstore(add(content, 32), shl(96, mload(account)))
            mstore(add(content, 52), shl(192, mload(add(account, 32))))
            mstore8(add(content, 60), mload(add(account, 64)))
            mstore(add(content, 61), shl(216, mload(add(account, 96))))
            mstore(add(content, 66), shl(128, mload(add(account, 128))))
            mstore(add(content, 82), shl(128, mload(add(account, 160))))
            mcopy(add(content, 98), add(positions, 32), shl(5, mload(positions)))
        }
    }

    function decodeAccount(bytes calldata content) internal pure returns (Account memory account) {
        uint256 length = content.length;
        if (length < ACCOUNT_HEAD || (length - ACCOUNT_HEAD) % 32 != 0) {
            revert SlotLengthInvalid(Slots.KIND_ACCOUNT, length, ACCOUNT_HEAD);
        }
        account.owner = address(uint160(_word(content, 0) >> 96));
        uint256 word = _word(content, 20);
        account.floor = uint64(word >> 192);
        account.mode = uint8(word >> 184);
        account.auction = uint40(word >> 144);
        word = _word(content, 34);
        account.cash = uint128(word >> 128);
        account.debt = uint128(word);
        uint256[] memory positions = new uint256[]((length - ACCOUNT_HEAD) / 32);
        account.positions = positions;
        // SAFETY: copies as many bytes as were allocated.
        assembly ("memory-safe") {
            calldatacopy(add(positions, 32), add(content.offset, ACCOUNT_HEAD), shl(5, mload(positions)))
        }
    }

    function encodeOrder(Order memory order) internal pure returns (bytes memory) {
        return
            abi.encodePacked(
                order.nonce,
                order.series,
                order.flags,
                order.keyIndex,
                order.keyEpoch,
                order.deadline,
                order.limitPrice,
                order.quantity,
                order.filled,
                order.maxFee,
                order.feeAccrued
            );
    }

    function decodeOrder(bytes calldata content) internal pure returns (Order memory order) {
        _requireLength(Slots.KIND_ORDER, content.length, 75);
        uint256 word = _word(content, 0);
        order.nonce = uint64(word >> 192);
        order.series = uint64(word >> 128);
        order.flags = uint8(word >> 120);
        order.keyIndex = uint8(word >> 112);
        order.keyEpoch = uint32(word >> 80);
        order.deadline = uint40(word >> 40);
        word = _word(content, 27);
        order.limitPrice = uint64(word >> 192);
        order.quantity = uint64(word >> 128);
        order.filled = uint64(word >> 64);
        order.maxFee = uint64(word);
        order.feeAccrued = uint128(_word(content, 59) >> 128);
    }

    /// @notice The content of an order slot whose nonce is used up.
    function encodeSpent(uint64 nonce) internal pure returns (bytes memory content) {
        Order memory order;
        order.nonce = nonce;
        return encodeOrder(order);
    }

    function encodeKey(Key memory key) internal pure returns (bytes memory) {
        return abi.encodePacked(key.signer, key.scope, key.expiry, key.budget, key.epoch);
    }

    function decodeKey(bytes calldata content) internal pure returns (Key memory key) {
        _requireLength(Slots.KIND_KEY, content.length, 38);
        uint256 word = _word(content, 0);
        key.signer = address(uint160(word >> 96));
        key.scope = uint8(word >> 88);
        key.expiry = uint40(word >> 48);
        word = _word(content, 26);
        key.budget = uint64(word >> 192);
        key.epoch = uint32(word >> 160);
    }

    function encodeMarket(Market memory market) internal pure returns (bytes memory content) {
        content = new bytes(MARKET_LENGTH);
        uint256 word = (uint256(market.tick) << 224) | (uint256(market.lot) << 160) | (uint256(market.shortStep) << 96);
        _put(content, 0, word | (uint256(market.mediumStep) << 32));
        word = (uint256(market.longStep) << 192) | (uint256(market.anchor) << 128) | (uint256(market.anchorTime) << 88);
        _put(content, 28, word | (uint256(market.minVol) << 56) | (uint256(market.maxVol) << 24));
        word = (uint256(market.bandFloor) << 192) | (uint256(market.exposureMultiple) << 160);
        _put(content, 57, word | (uint256(market.exposure) << 32));
        word = (uint256(market.spot) << 192) | (uint256(market.spotTime) << 152);
        _put(content, 85, word | (uint256(market.low) << 88) | (uint256(market.high) << 24));
        _put(content, 114, (uint256(market.lowBefore) << 192) | (uint256(market.highBefore) << 128));
    }

    function decodeMarket(bytes calldata content) internal pure returns (Market memory market) {
        _requireLength(Slots.KIND_MARKET, content.length, MARKET_LENGTH);
        uint256 word = _word(content, 0);
        market.tick = uint32(word >> 224);
        market.lot = uint64(word >> 160);
        market.shortStep = uint64(word >> 96);
        market.mediumStep = uint64(word >> 32);
        word = _word(content, 28);
        market.longStep = uint64(word >> 192);
        market.anchor = uint64(word >> 128);
        market.anchorTime = uint40(word >> 88);
        market.minVol = uint32(word >> 56);
        market.maxVol = uint32(word >> 24);
        word = _word(content, 57);
        market.bandFloor = uint64(word >> 192);
        market.exposureMultiple = uint32(word >> 160);
        market.exposure = uint128(word >> 32);
        word = _word(content, 85);
        market.spot = uint64(word >> 192);
        market.spotTime = uint40(word >> 152);
        market.low = uint64(word >> 88);
        market.high = uint64(word >> 24);
        word = _word(content, 114);
        market.lowBefore = uint64(word >> 192);
        market.highBefore = uint64(word >> 128);
    }

    function encodeExpiry(Expiry memory expiry) internal pure returns (bytes memory content) {
        content = new bytes(EXPIRY_LENGTH);
        uint256 flag = expiry.isFinal ? 1 : 0;
        _put(content, 0, (uint256(expiry.price) << 192) | (uint256(expiry.shorts) << 160) | (flag << 152));
        _put(content, 13, (uint256(expiry.owed) << 128) | expiry.received);
        _put(content, 45, (uint256(expiry.credited) << 128) | expiry.paid);
        uint256 word = (uint256(expiry.forward) << 192) | (uint256(expiry.curveSpot) << 128);
        _put(content, 77, word | (uint256(expiry.curveTime) << 88));
        Curve memory curve = expiry.curve;
        // SAFETY: casts of equal width give the two's complement.
        word = (uint256(uint64(curve.a)) << 192) | (uint256(uint64(curve.b)) << 128);
        _put(content, 98, word | (uint256(uint64(curve.rho)) << 64) | uint64(curve.m));
        _put(content, 130, (uint256(uint64(curve.sigma)) << 192) | (uint256(curve.refTau) << 160));
    }

    function decodeExpiry(bytes calldata content) internal pure returns (Expiry memory expiry) {
        _requireLength(Slots.KIND_EXPIRY, content.length, EXPIRY_LENGTH);
        uint256 word = _word(content, 0);
        expiry.price = uint64(word >> 192);
        expiry.shorts = uint32(word >> 160);
        expiry.isFinal = (word >> 152) & 0xff != 0;
        word = _word(content, 13);
        expiry.owed = uint128(word >> 128);
        expiry.received = uint128(word);
        word = _word(content, 45);
        expiry.credited = uint128(word >> 128);
        expiry.paid = uint128(word);
        word = _word(content, 77);
        expiry.forward = uint64(word >> 192);
        expiry.curveSpot = uint64(word >> 128);
        expiry.curveTime = uint40(word >> 88);
        readCurve(expiry.curve, content[98:]);
    }

    /// @notice Reads a curve from the first CURVE_LENGTH bytes: a, b, ρ, m, σ i64 ‖ refTau u32.
    /// @dev SAFETY: callers have checked that there are as many.
    function readCurve(Curve memory curve, bytes calldata content) internal pure {
        uint256 word = _word(content, 0);
        curve.a = int64(uint64(word >> 192));
        curve.b = int64(uint64(word >> 128));
        curve.rho = int64(uint64(word >> 64));
        curve.m = int64(uint64(word));
        word = _word(content, 32);
        curve.sigma = int64(uint64(word >> 192));
        curve.refTau = uint32(word >> 160);
    }

    /// @notice A claim (kind 6) is its amount as u128, in 1e-6 USDC before the payout ratio.
    function encodeClaim(uint128 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(amount);
    }

    function decodeClaim(bytes calldata content) internal pure returns (uint128 amount) {
        _requireLength(Slots.KIND_CLAIM, content.length, 16);
        return uint128(_word(content, 0) >> 128);
    }

    function encodeWithdrawal(Withdrawal memory withdrawal) internal pure returns (bytes memory) {
        return abi.encodePacked(withdrawal.account, withdrawal.recipient, withdrawal.amount);
    }

    function decodeWithdrawal(bytes calldata content) internal pure returns (Withdrawal memory withdrawal) {
        _requireLength(Slots.KIND_WITHDRAWAL, content.length, 40);
        uint256 word = _word(content, 0);
        withdrawal.account = uint32(word >> 224);
        withdrawal.recipient = address(uint160(word >> 64));
        withdrawal.amount = uint128(_word(content, 24) >> 128);
    }

    function encodeGlobals(Globals memory globals) internal pure returns (bytes memory) {
        return abi.encodePacked(globals.withdrawals, globals.fees, globals.fund);
    }

    function decodeGlobals(bytes calldata content) internal pure returns (Globals memory globals) {
        _requireLength(Slots.KIND_GLOBALS, content.length, 40);
        uint256 word = _word(content, 0);
        globals.withdrawals = uint64(word >> 192);
        globals.fees = uint128(word >> 64);
        globals.fund = uint128(_word(content, 24) >> 128);
    }

    function encodeSigners(Signers memory signers) internal pure returns (bytes memory content) {
        address[] memory addresses = signers.addresses;
        content = new bytes(1 + 20 * addresses.length);
        _put(content, 0, uint256(signers.threshold) << 248);
        for (uint256 i; i < addresses.length; ++i) _put(content, 1 + 20 * i, uint256(uint160(addresses[i])) << 96);
    }

    function decodeSigners(bytes calldata content) internal pure returns (Signers memory signers) {
        uint256 count = content.length / 20;
        if (content.length % 20 != 1 || count == 0 || count > Constants.MAX_SIGNERS) {
            revert SlotLengthInvalid(Slots.KIND_SIGNERS, content.length, 1);
        }
        signers.threshold = uint8(_word(content, 0) >> 248);
        signers.addresses = new address[](count);
        for (uint256 i; i < count; ++i) signers.addresses[i] = address(uint160(_word(content, 1 + 20 * i) >> 96));
    }

    function _requireLength(uint64 kind, uint256 actual, uint256 expected) private pure {
        if (actual != expected) revert SlotLengthInvalid(kind, actual, expected);
    }

    /// @dev SAFETY: may read behind the content; callers use only bits that lie inside.
    function _word(bytes calldata content, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(content.offset, offset))
        }
    }

    /// @dev Writes a word at `offset` of the content.
    /// SAFETY: callers write in ascending order, so that what a word writes behind its field is overwritten by the next. The last one begins
    /// inside the content and ends inside its padding, or in memory that is free still.
    function _put(bytes memory content, uint256 offset, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(content, 32), offset), word)
        }
    }
}
