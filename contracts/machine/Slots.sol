// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";

/// @notice An account (kind 1).
///
/// | bytes  | field     | unit and meaning                                                   |
/// | ------ | --------- | ------------------------------------------------------------------ |
/// | 20     | owner     |                                                                    |
/// | 8      | floor     | nonces below are retired                                           |
/// | 16     | cash      | 1e-6 USDC, never negative                                          |
/// | 16     | debt      | 1e-6 USDC, senior on all later credits                             |
/// | 32 · n | positions | see Positions.sol; strictly ascending by series, no zero quantity  |
struct Account {
    address owner;
    uint64 floor;
    uint128 cash;
    uint128 debt;
    uint256[] positions;
}

/// @notice An order, or a spent nonce: everything but the nonce is zero (kind 2).
///
/// | bytes | field      | unit and meaning                             |
/// | ----- | ---------- | -------------------------------------------- |
/// | 8     | nonce      |                                              |
/// | 8     | series     | see Positions.sol                            |
/// | 1     | flags      | see Wire.sol; bits 6 and 7 are zero          |
/// | 1     | keyIndex   | 0 is the owner                               |
/// | 4     | keyEpoch   | epoch of the key when the order came in      |
/// | 5     | deadline   | seconds                                      |
/// | 8     | limitPrice | 1e-4 USD per contract                        |
/// | 8     | quantity   | 1e-6 contract                                |
/// | 8     | filled     | 1e-6 contract                                |
/// | 8     | maxFee     | 1e-4 USD per contract                        |
/// | 16    | feeAccrued | 1e-15 USDC                                   |
struct Order {
    uint64 nonce;
    uint64 series;
    uint8 flags;
    uint8 keyIndex;
    uint32 keyEpoch;
    uint40 deadline;
    uint64 limitPrice;
    uint64 quantity;
    uint64 filled;
    uint64 maxFee;
    uint128 feeAccrued;
}

/// @notice A session key or a payee (kind 3).
///
/// | bytes | field  | unit and meaning                                          |
/// | ----- | ------ | --------------------------------------------------------- |
/// | 20    | signer | zero when revoked                                         |
/// | 1     | scope  | Slots.SCOPE_ bits; zero when revoked                      |
/// | 5     | expiry | seconds; the key is good up to and including it           |
/// | 8     | budget | 1e-6 USDC that the key may still lose                     |
/// | 4     | epoch  | times that the key was set or revoked                     |
struct Key {
    address signer;
    uint8 scope;
    uint40 expiry;
    uint64 budget;
    uint32 epoch;
}

/// @notice A market (kind 4).
///
/// | bytes | field      | unit and meaning                                          |
/// | ----- | ---------- | --------------------------------------------------------- |
/// | 4     | tick       | 1e-4 USD, a multiple of 100                               |
/// | 8     | lot        | 1e-6 contract, a multiple of 1000                         |
/// | 8     | shortStep  | 1e-4 USD, strike step of tenors up to SHORT_TENOR         |
/// | 8     | mediumStep | 1e-4 USD, strike step of tenors up to MEDIUM_TENOR        |
/// | 8     | longStep   | 1e-4 USD, strike step of longer tenors                    |
/// | 8     | anchor     | 1e-4 USD, last relayed price of the L1 feed; 0 before it  |
/// | 5     | anchorTime | seconds                                                   |
struct Market {
    uint32 tick;
    uint64 lot;
    uint64 shortStep;
    uint64 mediumStep;
    uint64 longStep;
    uint64 anchor;
    uint40 anchorTime;
}

/// @notice One expiry of a market and its pool (kind 5). An absent one counts as all zero.
///
/// | bytes | field    | unit and meaning                                                 |
/// | ----- | -------- | ---------------------------------------------------------------- |
/// | 8     | price    | 1e-4 USD, settlement price; 0 until it is fixed                  |
/// | 4     | shorts   | accounts that hold any short of this expiry                      |
/// | 1     | isFinal  | whether the payout ratio is fixed                                |
/// | 16    | owed     | 1e-6 USDC, sum of all settled debtors' amounts                   |
/// | 16    | received | 1e-6 USDC, what came in from debtors and the fund                |
/// | 16    | credited | 1e-6 USDC, sum of the paid creditors' amounts before the ratio   |
/// | 16    | paid     | 1e-6 USDC, sum of what they got                                  |
struct Expiry {
    uint64 price;
    uint32 shorts;
    bool isFinal;
    uint128 owed;
    uint128 received;
    uint128 credited;
    uint128 paid;
}

/// @notice A withdrawal, written once (kind 7): account u32 ‖ recipient address ‖ amount u128 (1e-6 USDC).
struct Withdrawal {
    uint32 account;
    address recipient;
    uint128 amount;
}

/// @notice The one Globals slot (kind 8): withdrawals u64 ‖ fees u128 ‖ fund u128.
/// `withdrawals` is the number of the next withdrawal; `fees` (not yet collected) and `fund` are in 1e-6 USDC.
struct Globals {
    uint64 withdrawals;
    uint128 fees;
    uint128 fund;
}

/// @title Slots
/// @notice Keys and contents of the typed slots of the state (docs/specification.md, section 2.2).
///
/// A key is `kind u8 ‖ id u56`; ids are packed into the low bits:
///
/// | kind | slot       | id                                    |
/// | ---- | ---------- | ------------------------------------- |
/// | 1    | Account    | account u32                           |
/// | 2    | Order      | account u32 ‖ (nonce mod 1024) u10    |
/// | 3    | Key        | account u32 ‖ index u8                |
/// | 4    | Market     | market u8                             |
/// | 5    | Expiry     | market u8 ‖ day u16                   |
/// | 6    | Claim      | market u8 ‖ day u16 ‖ account u32     |
/// | 7    | Withdrawal | number u56                            |
/// | 8    | Globals    | 0                                     |
library Slots {
    uint64 internal constant KIND_ACCOUNT = 1;
    uint64 internal constant KIND_ORDER = 2;
    uint64 internal constant KIND_KEY = 3;
    uint64 internal constant KIND_MARKET = 4;
    uint64 internal constant KIND_EXPIRY = 5;
    uint64 internal constant KIND_CLAIM = 6;
    uint64 internal constant KIND_WITHDRAWAL = 7;
    uint64 internal constant KIND_GLOBALS = 8;

    /// @notice The key may sign orders, and cancel them.
    uint8 internal constant SCOPE_TRADE = 1;
    /// @notice The key may cancel orders.
    uint8 internal constant SCOPE_CANCEL = 2;
    /// @notice The address may receive withdrawals; it signs nothing.
    uint8 internal constant SCOPE_PAYEE = 4;
    uint8 internal constant SCOPE_ALL = 7;

    uint256 private constant ACCOUNT_HEAD = 60;

    /// @notice A slot's content has a length that no slot of its kind has.
    error SlotLengthInvalid(uint64 kind, uint256 actual, uint256 expected);

    function accountKey(uint32 account) internal pure returns (uint64) {
        return (KIND_ACCOUNT << 56) | account;
    }

    function orderKey(uint32 account, uint64 nonce) internal pure returns (uint64) {
        return (KIND_ORDER << 56) | (uint64(account) << 10) | uint64(nonce % Constants.RING);
    }

    function keyKey(uint32 account, uint8 index) internal pure returns (uint64) {
        return (KIND_KEY << 56) | (uint64(account) << 8) | index;
    }

    function marketKey(uint8 market) internal pure returns (uint64) {
        return (KIND_MARKET << 56) | market;
    }

    /// @param expiry market u8 ‖ day u16
    function expiryKey(uint24 expiry) internal pure returns (uint64) {
        return (KIND_EXPIRY << 56) | expiry;
    }

    /// @param expiry market u8 ‖ day u16
    function claimKey(uint24 expiry, uint32 account) internal pure returns (uint64) {
        return (KIND_CLAIM << 56) | (uint64(expiry) << 32) | account;
    }

    /// @dev SAFETY: each withdrawal takes a step, so numbers stay far below 2^56.
    function withdrawalKey(uint64 number) internal pure returns (uint64) {
        return (KIND_WITHDRAWAL << 56) | number;
    }

    function globalsKey() internal pure returns (uint64) {
        return KIND_GLOBALS << 56;
    }

    function encodeAccount(Account memory account) internal pure returns (bytes memory content) {
        uint256[] memory positions = account.positions;
        content = new bytes(ACCOUNT_HEAD + 32 * positions.length);
        // SAFETY: fields in ascending order, so that what a word writes behind its field is overwritten by the next; the last one
        // writes at most into memory that is free still.
        assembly ("memory-safe") {
            mstore(add(content, 32), shl(96, mload(account)))
            mstore(add(content, 52), shl(192, mload(add(account, 32))))
            mstore(add(content, 60), shl(128, mload(add(account, 64))))
            mstore(add(content, 76), shl(128, mload(add(account, 96))))
            mcopy(add(content, 92), add(positions, 32), shl(5, mload(positions)))
        }
    }

    function decodeAccount(bytes calldata content) internal pure returns (Account memory account) {
        uint256 length = content.length;
        if (length < ACCOUNT_HEAD || (length - ACCOUNT_HEAD) % 32 != 0) {
            revert SlotLengthInvalid(KIND_ACCOUNT, length, ACCOUNT_HEAD);
        }
        account.owner = address(uint160(_word(content, 0) >> 96));
        account.floor = uint64(_word(content, 20) >> 192);
        account.cash = uint128(_word(content, 28) >> 128);
        account.debt = uint128(_word(content, 44) >> 128);
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
        _requireLength(KIND_ORDER, content.length, 75);
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

    /// @notice Whether the slot says only that its nonce is used up.
    /// @dev INVARIANT: an order with quantity zero is never written.
    function isSpent(Order memory order) internal pure returns (bool) {
        return order.quantity == 0;
    }

    function encodeKey(Key memory key) internal pure returns (bytes memory) {
        return abi.encodePacked(key.signer, key.scope, key.expiry, key.budget, key.epoch);
    }

    function decodeKey(bytes calldata content) internal pure returns (Key memory key) {
        _requireLength(KIND_KEY, content.length, 38);
        uint256 word = _word(content, 0);
        key.signer = address(uint160(word >> 96));
        key.scope = uint8(word >> 88);
        key.expiry = uint40(word >> 48);
        word = _word(content, 26);
        key.budget = uint64(word >> 192);
        key.epoch = uint32(word >> 160);
    }

    function encodeMarket(Market memory market) internal pure returns (bytes memory) {
        return
            abi.encodePacked(
                market.tick,
                market.lot,
                market.shortStep,
                market.mediumStep,
                market.longStep,
                market.anchor,
                market.anchorTime
            );
    }

    function decodeMarket(bytes calldata content) internal pure returns (Market memory market) {
        _requireLength(KIND_MARKET, content.length, 49);
        uint256 word = _word(content, 0);
        market.tick = uint32(word >> 224);
        market.lot = uint64(word >> 160);
        market.shortStep = uint64(word >> 96);
        market.mediumStep = uint64(word >> 32);
        word = _word(content, 28);
        market.longStep = uint64(word >> 192);
        market.anchor = uint64(word >> 128);
        market.anchorTime = uint40(word >> 88);
    }

    function encodeExpiry(Expiry memory expiry) internal pure returns (bytes memory) {
        return
            abi.encodePacked(
                expiry.price,
                expiry.shorts,
                expiry.isFinal,
                expiry.owed,
                expiry.received,
                expiry.credited,
                expiry.paid
            );
    }

    function decodeExpiry(bytes calldata content) internal pure returns (Expiry memory expiry) {
        _requireLength(KIND_EXPIRY, content.length, 77);
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
    }

    /// @notice A claim (kind 6) is its amount as u128, in 1e-6 USDC before the payout ratio.
    function encodeClaim(uint128 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(amount);
    }

    function decodeClaim(bytes calldata content) internal pure returns (uint128 amount) {
        _requireLength(KIND_CLAIM, content.length, 16);
        return uint128(_word(content, 0) >> 128);
    }

    function encodeWithdrawal(Withdrawal memory withdrawal) internal pure returns (bytes memory) {
        return abi.encodePacked(withdrawal.account, withdrawal.recipient, withdrawal.amount);
    }

    function decodeWithdrawal(bytes calldata content) internal pure returns (Withdrawal memory withdrawal) {
        _requireLength(KIND_WITHDRAWAL, content.length, 40);
        uint256 word = _word(content, 0);
        withdrawal.account = uint32(word >> 224);
        withdrawal.recipient = address(uint160(word >> 64));
        withdrawal.amount = uint128(_word(content, 24) >> 128);
    }

    function encodeGlobals(Globals memory globals) internal pure returns (bytes memory) {
        return abi.encodePacked(globals.withdrawals, globals.fees, globals.fund);
    }

    function decodeGlobals(bytes calldata content) internal pure returns (Globals memory globals) {
        _requireLength(KIND_GLOBALS, content.length, 40);
        uint256 word = _word(content, 0);
        globals.withdrawals = uint64(word >> 192);
        globals.fees = uint128(word >> 64);
        globals.fund = uint128(_word(content, 24) >> 128);
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
}
