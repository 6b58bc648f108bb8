// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";

/// @notice An account (kind 1).
///
/// | bytes  | field     | unit and meaning                                                   |
/// | ------ | --------- | ------------------------------------------------------------------ |
/// | 20     | owner     |                                                                    |
/// | 8      | floor     | nonces below are retired                                           |
/// | 1      | mode      | Constants.MODE_                                                    |
/// | 5      | auction   | L2 time at which the running auction began; 0 if there is none     |
/// | 16     | cash      | 1e-6 USDC, never negative                                          |
/// | 16     | debt      | 1e-6 USDC, senior on all later credits                             |
/// | 32 · n | positions | see Positions.sol; strictly ascending by series, no zero quantity  |
struct Account {
    address owner;
    uint64 floor;
    uint8 mode;
    uint40 auction;
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
/// | bytes | field            | unit and meaning                                                              |
/// | ----- | ---------------- | ----------------------------------------------------------------------------- |
/// | 4     | tick             | 1e-4 USD, a multiple of 100                                                   |
/// | 8     | lot              | 1e-6 contract, a multiple of 1000                                             |
/// | 8     | shortStep        | 1e-4 USD, strike step of tenors up to SHORT_TENOR                             |
/// | 8     | mediumStep       | 1e-4 USD, strike step of tenors up to MEDIUM_TENOR                            |
/// | 8     | longStep         | 1e-4 USD, strike step of longer tenors                                        |
/// | 8     | anchor           | 1e-4 USD, last relayed price of the L1 feed; 0 before it                      |
/// | 5     | anchorTime       | seconds                                                                       |
/// | 4     | minVol           | 1e-6, least vol of a mark                                                     |
/// | 4     | maxVol           | 1e-6, largest vol of a mark; 0 while the market has no marks                  |
/// | 8     | bandFloor        | 1e-4 USD, part of the price band that does not depend on the mark             |
/// | 4     | exposureMultiple | the exposure at the spot may be at most this many times the fund              |
/// | 16    | exposure         | 1e-6 contract, sum of the short quantities of all accounts on standard margin |
/// | 8     | spot             | 1e-4 USD, last reported price; 0 before it                                    |
/// | 5     | spotTime         | seconds, time of that report                                                  |
/// | 8     | low              | 1e-4 USD, lowest spot of the minute spotTime / 60                             |
/// | 8     | high             | 1e-4 USD, highest                                                             |
/// | 8     | lowBefore        | 1e-4 USD, lowest spot of the minute before that one; 0 if there was none      |
/// | 8     | highBefore       | 1e-4 USD, highest                                                             |
struct Market {
    uint32 tick;
    uint64 lot;
    uint64 shortStep;
    uint64 mediumStep;
    uint64 longStep;
    uint64 anchor;
    uint40 anchorTime;
    uint32 minVol;
    uint32 maxVol;
    uint64 bandFloor;
    uint32 exposureMultiple;
    uint128 exposure;
    uint64 spot;
    uint40 spotTime;
    uint64 low;
    uint64 high;
    uint64 lowBefore;
    uint64 highBefore;
}

/// @notice The smile of an expiry as it is reported, part of Expiry: parameters in 1e-12, time in seconds (pricing/Svi.sol).
struct Curve {
    int64 a;
    int64 b;
    int64 rho;
    int64 m;
    int64 sigma;
    uint32 refTau;
}

/// @notice One expiry of a market, its pool and its curve (kind 5). An absent one counts as all zero.
///
/// | bytes | field     | unit and meaning                                                 |
/// | ----- | --------- | ---------------------------------------------------------------- |
/// | 8     | price     | 1e-4 USD, settlement price; 0 until it is fixed                  |
/// | 4     | shorts    | accounts that hold any short of this expiry                      |
/// | 1     | isFinal   | whether the payout ratio is fixed                                |
/// | 16    | owed      | 1e-6 USDC, sum of all settled debtors' amounts                   |
/// | 16    | received  | 1e-6 USDC, what came in from debtors and the fund                |
/// | 16    | credited  | 1e-6 USDC, sum of the paid creditors' amounts before the ratio   |
/// | 16    | paid      | 1e-6 USDC, sum of what they got                                  |
/// | 8     | forward   | 1e-4 USD, forward of the last reported curve; 0 before it        |
/// | 8     | curveSpot | 1e-4 USD, spot of that report                                    |
/// | 5     | curveTime | seconds, time of that report                                     |
/// | 44    | curve     | a, b, ρ, m, σ i64 ‖ refTau u32                                   |
struct Expiry {
    uint64 price;
    uint32 shorts;
    bool isFinal;
    uint128 owed;
    uint128 received;
    uint128 credited;
    uint128 paid;
    uint64 forward;
    uint64 curveSpot;
    uint40 curveTime;
    Curve curve;
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

/// @notice Who signs for the oracle, 1 to MAX_SIGNERS different addresses (the one slot of kind 9): threshold u8 ‖ addresses.
struct Signers {
    /// How many of them a report needs.
    uint8 threshold;
    address[] addresses;
}

/// @title Slots
/// @notice Keys and fields of the typed slots of the state (docs/specification.md, section 2.2). Their bytes: SlotCodec.sol.
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
/// | 9    | Signers    | 0                                     |
library Slots {
    uint64 internal constant KIND_ACCOUNT = 1;
    uint64 internal constant KIND_ORDER = 2;
    uint64 internal constant KIND_KEY = 3;
    uint64 internal constant KIND_MARKET = 4;
    uint64 internal constant KIND_EXPIRY = 5;
    uint64 internal constant KIND_CLAIM = 6;
    uint64 internal constant KIND_WITHDRAWAL = 7;
    uint64 internal constant KIND_GLOBALS = 8;
    uint64 internal constant KIND_SIGNERS = 9;

    /// @notice The key may sign orders, and cancel them.
    uint8 internal constant SCOPE_TRADE = 1;
    /// @notice The key may cancel orders.
    uint8 internal constant SCOPE_CANCEL = 2;
    /// @notice The address may receive withdrawals; it signs nothing.
    uint8 internal constant SCOPE_PAYEE = 4;
    uint8 internal constant SCOPE_ALL = 7;

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

    function signersKey() internal pure returns (uint64) {
        return KIND_SIGNERS << 56;
    }

    /// @notice Whether the slot says only that its nonce is used up.
    /// @dev INVARIANT: an order with quantity zero is never written.
    function isSpent(Order memory order) internal pure returns (bool) {
        return order.quantity == 0;
    }
}
