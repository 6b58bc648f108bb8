// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";
import {Signature} from "./Signatures.sol";
import {Reader, Varint} from "./Varint.sol";

/// @notice What the owner signs besides the fields. Empty in forced transactions.
struct OwnerAuth {
    uint64 nonce;
    uint40 deadline;
    Signature signature;
}

/// @notice What the owner (key index 0) or a session key signs to cancel. Empty in forced transactions.
struct CancelAuth {
    uint8 keyIndex;
    uint40 deadline;
    Signature signature;
}

/// @notice One side of a fill: an order that the state holds already (`stored`: only account and nonce), or a new one, whose strike
/// and limit are still in wire units.
///
/// | bit of the wire flags | meaning                            | bit | meaning                                      |
/// | --------------------- | ---------------------------------- | --- | -------------------------------------------- |
/// | 0                     | sell (maker; zero for the taker)   | 4   | reduce-only                                  |
/// | 1                     | fill-or-kill                       | 5   | forcible                                     |
/// | 2                     | immediate-or-cancel                | 6   | put (maker; zero for the taker)              |
/// | 3                     | post-only                          | 7   | a session key signed: index and epoch follow |
struct WireOrder {
    bool stored;
    uint32 account;
    uint64 nonce;
    /// Without the bits that exist on the wire only. The taker's side is not in here: it is the opposite of the maker's.
    uint8 flags;
    uint8 keyIndex;
    uint32 keyEpoch;
    /// Series, of the maker only; the strike is in units of the market's first strike step.
    uint8 market;
    uint16 day;
    uint64 strikeSteps;
    bool put;
    /// 1e-6 contract.
    uint64 quantity;
    /// In ticks of the market.
    uint64 limitTicks;
    /// 1e-4 USD per contract.
    uint64 maxFee;
    uint40 deadline;
    Signature signature;
}

struct Withdraw {
    uint32 account;
    uint64 amount;
    uint8 payee;
    OwnerAuth auth;
}

struct Transfer {
    uint32 from;
    uint32 to;
    uint64 amount;
    OwnerAuth auth;
}

struct SetKey {
    uint32 account;
    uint8 index;
    address signer;
    uint8 scope;
    uint40 expiry;
    uint64 budget;
    OwnerAuth auth;
}

struct RevokeKey {
    uint32 account;
    uint8 index;
    OwnerAuth auth;
}

struct Cancel {
    uint32 account;
    uint64 nonce;
    CancelAuth auth;
}

struct CancelAll {
    uint32 account;
    uint64 floor;
    CancelAuth auth;
}

struct SetMode {
    uint32 account;
    /// Constants.MODE_
    uint8 mode;
    OwnerAuth auth;
}

struct Bid {
    /// The account in auction.
    uint32 account;
    uint32 bidder;
    /// Most of the account that the bidder takes, 1e-9.
    uint32 fraction;
    /// Most that the bidder would pay for the whole account, 1e-6 USDC.
    uint64 limit;
    /// Of the bidder.
    OwnerAuth auth;
}

struct FundBid {
    uint32 account;
    /// Which account of the fund takes the positions over: 0 to FUND_ACCOUNTS − 1.
    uint8 fund;
    /// Most of the account that the fund takes, 1e-9.
    uint32 fraction;
}

struct Fill {
    WireOrder maker;
    WireOrder taker;
    /// 1e-6 contract.
    uint64 quantity;
}

/// @title Wire
/// @notice Transactions as bytes (docs/specification.md, section 3). Every decoder returns `valid` = false for bytes that are not
/// exactly one transaction of its type; the rest of what it returns is meaningless then. None of them reverts.
///
/// `timeBase` is what times and days are relative to: the batch's L2 time, or 0 for a forced transaction; `forced` says that the
/// authority is an L1 sender, so that there is no signature.
library Wire {
    using Varint for Reader;

    uint8 internal constant TX_WITHDRAW = 0x01;
    uint8 internal constant TX_TRANSFER = 0x02;
    uint8 internal constant TX_SET_KEY = 0x03;
    uint8 internal constant TX_REVOKE_KEY = 0x04;
    uint8 internal constant TX_CANCEL = 0x05;
    uint8 internal constant TX_CANCEL_ALL = 0x06;
    uint8 internal constant TX_COLLECT_FEES = 0x07;
    uint8 internal constant TX_SETTLE = 0x08;
    uint8 internal constant TX_SET_MODE = 0x09;
    uint8 internal constant TX_START_AUCTION = 0x0a;
    uint8 internal constant TX_END_AUCTION = 0x0b;
    uint8 internal constant TX_BID = 0x0c;
    uint8 internal constant TX_FUND_BID = 0x0d;
    uint8 internal constant TX_COLLECT_FUND = 0x0e;
    /// @notice Bit 0: the maker's order is stored; bit 1: the taker's is.
    uint8 internal constant TX_FILL = 0x10;
    uint8 internal constant TX_FILL_BOTH_STORED = 0x13;
    uint8 internal constant TX_ORACLE_REPORT = 0x20;

    uint8 internal constant FLAG_SELL = 0x01;
    uint8 internal constant FLAG_FILL_OR_KILL = 0x02;
    uint8 internal constant FLAG_IMMEDIATE_OR_CANCEL = 0x04;
    uint8 internal constant FLAG_POST_ONLY = 0x08;
    uint8 internal constant FLAG_REDUCE_ONLY = 0x10;
    uint8 internal constant FLAG_FORCIBLE = 0x20;
    /// @notice On the wire only: the maker's series is a put.
    uint8 internal constant WIRE_PUT = 0x40;
    /// @notice On the wire only: a session key signed.
    uint8 internal constant WIRE_KEYED = 0x80;

    uint256 private constant MAX_U64 = type(uint64).max;
    /// @notice Bytes of a Settle before its accounts.
    uint256 private constant SETTLE_HEAD = 4;

    /// @notice The type byte, 0 (which is no type) if there is none.
    function typeOf(bytes calldata item) internal pure returns (uint8) {
        return item.length == 0 ? 0 : uint8(item[0]);
    }

    function decodeWithdraw(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) internal pure returns (bool valid, Withdraw memory transaction) {
        Reader memory r = begin(item);
        transaction.account = _account(r);
        transaction.amount = uint64(r.varint(MAX_U64));
        transaction.payee = r.u8();
        _ownerAuth(r, timeBase, forced, transaction.auth);
        valid = r.finished();
    }

    function decodeTransfer(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) internal pure returns (bool valid, Transfer memory transaction) {
        Reader memory r = begin(item);
        transaction.from = _account(r);
        transaction.to = _account(r);
        transaction.amount = uint64(r.varint(MAX_U64));
        _ownerAuth(r, timeBase, forced, transaction.auth);
        valid = r.finished();
    }

    function decodeSetKey(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) internal pure returns (bool valid, SetKey memory transaction) {
        Reader memory r = begin(item);
        transaction.account = _account(r);
        transaction.index = r.u8();
        transaction.signer = r.takeAddress();
        transaction.scope = r.u8();
        transaction.expiry = uint40(r.varint(Constants.MAX_TIME));
        transaction.budget = uint64(r.varint(MAX_U64));
        _ownerAuth(r, timeBase, forced, transaction.auth);
        valid = r.finished();
    }

    function decodeRevokeKey(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) internal pure returns (bool valid, RevokeKey memory transaction) {
        Reader memory r = begin(item);
        transaction.account = _account(r);
        transaction.index = r.u8();
        _ownerAuth(r, timeBase, forced, transaction.auth);
        valid = r.finished();
    }

    function decodeCancel(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) internal pure returns (bool valid, Cancel memory transaction) {
        Reader memory r = begin(item);
        transaction.account = _account(r);
        transaction.nonce = _nonce(r);
        _cancelAuth(r, timeBase, forced, transaction.auth);
        valid = r.finished();
    }

    function decodeCancelAll(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) internal pure returns (bool valid, CancelAll memory transaction) {
        Reader memory r = begin(item);
        transaction.account = _account(r);
        transaction.floor = _nonce(r);
        _cancelAuth(r, timeBase, forced, transaction.auth);
        valid = r.finished();
    }

    function decodeSetMode(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) internal pure returns (bool valid, SetMode memory transaction) {
        Reader memory r = begin(item);
        transaction.account = _account(r);
        transaction.mode = r.u8();
        if (transaction.mode > Constants.MODE_STANDARD) r.fail();
        _ownerAuth(r, timeBase, forced, transaction.auth);
        valid = r.finished();
    }

    /// @notice Reads a StartAuction or an EndAuction, which have one form.
    function decodeAuction(bytes calldata item) internal pure returns (bool valid, uint32 account) {
        Reader memory r = begin(item);
        account = _account(r);
        valid = r.finished();
    }

    function decodeBid(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) internal pure returns (bool valid, Bid memory transaction) {
        Reader memory r = begin(item);
        transaction.account = _account(r);
        transaction.bidder = _account(r);
        transaction.fraction = _fraction(r);
        transaction.limit = uint64(r.varint(MAX_U64));
        _ownerAuth(r, timeBase, forced, transaction.auth);
        valid = r.finished();
    }

    function decodeFundBid(bytes calldata item) internal pure returns (bool valid, FundBid memory transaction) {
        Reader memory r = begin(item);
        transaction.account = _account(r);
        transaction.fund = _fund(r);
        transaction.fraction = _fraction(r);
        valid = r.finished();
    }

    function decodeCollectFund(bytes calldata item) internal pure returns (bool valid, uint8 fund) {
        Reader memory r = begin(item);
        fund = _fund(r);
        valid = r.finished();
    }

    /// @notice Number of accounts of a Settle; 0 if the item is not a well-formed one.
    function settleCount(bytes calldata item) internal pure returns (uint256 count) {
        return settleCount(typeOf(item), item.length);
    }

    /// @notice The same of an item of this type and length, on which alone it depends.
    function settleCount(uint8 transactionType, uint256 length) internal pure returns (uint256 count) {
        if (transactionType != TX_SETTLE || length <= SETTLE_HEAD || length % 4 != 0) return 0;
        count = (length - SETTLE_HEAD) / 4;
        if (count > Constants.MAX_SETTLE) return 0;
    }

    /// @notice The expiry (market u8 ‖ day u16) of a well-formed Settle, and the account of part `part`.
    function decodeSettle(bytes calldata item, uint256 part) internal pure returns (uint24 expiry, uint32 account) {
        expiry = uint24(bytes3(item[1:SETTLE_HEAD]));
        account = uint32(bytes4(item[SETTLE_HEAD + 4 * part:]));
    }

    function decodeFill(
        bytes calldata item,
        uint256 timeBase,
        bool forced
    ) internal pure returns (bool valid, Fill memory transaction) {
        Reader memory r = begin(item);
        uint256 form = typeOf(item) - TX_FILL;
        _order(r, timeBase, form & 1 == 1, true, transaction.maker);
        _order(r, timeBase, form & 2 == 2, false, transaction.taker);
        transaction.quantity = _quantity(r);
        // A forced fill carries both orders with their signatures.
        valid = r.finished() && !(forced && form != 0);
    }

    /// @notice A reader of what follows the type byte.
    function begin(bytes calldata item) internal pure returns (Reader memory r) {
        r = Varint.reader(item);
        r.u8();
    }

    function _order(Reader memory r, uint256 timeBase, bool stored, bool maker, WireOrder memory order) private pure {
        order.stored = stored;
        order.account = _account(r);
        order.nonce = _nonce(r);
        if (stored) return;
        uint8 wireFlags = r.u8();
        order.flags = wireFlags & ~(WIRE_PUT | WIRE_KEYED);
        if (wireFlags & WIRE_KEYED != 0) {
            order.keyIndex = r.u8();
            order.keyEpoch = uint32(r.varint(type(uint32).max));
            if (order.keyIndex == 0 || order.keyIndex > Constants.MAX_KEYS) r.fail();
        }
        if (maker) {
            order.put = wireFlags & WIRE_PUT != 0;
            order.market = r.u8();
            uint256 day = timeBase / Constants.DAY + r.varint(Constants.MAX_DAY);
            if (day > Constants.MAX_DAY) r.fail();
            // SAFETY: what the casts cut off has been refused.
            order.day = uint16(day);
            order.strikeSteps = uint64(r.varint(Constants.MAX_PRICE));
        } else if (wireFlags & (WIRE_PUT | FLAG_SELL) != 0) {
            r.fail();
        }
        order.quantity = _quantity(r);
        order.limitTicks = uint64(r.varint(Constants.MAX_PRICE));
        order.maxFee = uint64(r.varint(Constants.MAX_PRICE / Constants.WIRE_FEE) * Constants.WIRE_FEE);
        order.deadline = _time(r, timeBase);
        _signature(r, order.signature);
    }

    function _ownerAuth(Reader memory r, uint256 timeBase, bool forced, OwnerAuth memory auth) private pure {
        if (forced) return;
        auth.nonce = _nonce(r);
        auth.deadline = _time(r, timeBase);
        _signature(r, auth.signature);
    }

    function _cancelAuth(Reader memory r, uint256 timeBase, bool forced, CancelAuth memory auth) private pure {
        if (forced) return;
        auth.keyIndex = r.u8();
        if (auth.keyIndex > Constants.MAX_KEYS) r.fail();
        auth.deadline = _time(r, timeBase);
        _signature(r, auth.signature);
    }

    function _signature(Reader memory r, Signature memory signature) private pure {
        signature.r = r.takeWord();
        signature.yParityAndS = r.takeWord();
    }

    function _account(Reader memory r) private pure returns (uint32) {
        return uint32(r.varint(Constants.MAX_ACCOUNT));
    }

    function _fraction(Reader memory r) private pure returns (uint32 fraction) {
        fraction = uint32(r.varint(Constants.FRACTION));
        if (fraction == 0) r.fail();
    }

    function _fund(Reader memory r) private pure returns (uint8 fund) {
        fund = r.u8();
        if (fund >= Constants.FUND_ACCOUNTS) r.fail();
    }

    function _nonce(Reader memory r) private pure returns (uint64) {
        return uint64(r.varint(Constants.MAX_NONCE));
    }

    function _quantity(Reader memory r) private pure returns (uint64) {
        return uint64(r.varint(Constants.MAX_QUANTITY / Constants.WIRE_QUANTITY) * Constants.WIRE_QUANTITY);
    }

    function _time(Reader memory r, uint256 timeBase) private pure returns (uint40) {
        uint256 time = timeBase + r.varint(Constants.MAX_TIME);
        if (time > Constants.MAX_TIME) r.fail();
        // SAFETY: what the cast cuts off has been refused.
        return uint40(time);
    }
}
