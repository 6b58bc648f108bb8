// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Constants
/// @notice Bounds and rates of the machine. Units, meaning and reasons: docs/specification.md, section 1.
library Constants {
    /// @notice Largest price, in 1e-4 USD: 39 bits, as in a series.
    uint256 internal constant MAX_PRICE = (1 << 39) - 1;
    /// @notice Largest quantity of an order or a position, in 1e-6 contract.
    uint256 internal constant MAX_QUANTITY = 1e15;
    /// @notice Largest account number.
    uint256 internal constant MAX_ACCOUNT = type(uint32).max;
    /// @notice Largest nonce.
    uint256 internal constant MAX_NONCE = (1 << 63) - 1;
    /// @notice Largest time, in seconds: 40 bits.
    uint256 internal constant MAX_TIME = (1 << 40) - 1;
    /// @notice Largest expiry day, in days since 1970.
    uint256 internal constant MAX_DAY = type(uint16).max;
    /// @notice Positions of one account.
    uint256 internal constant MAX_POSITIONS = 64;
    /// @notice Distinct (market, expiry) of one account's positions.
    uint256 internal constant MAX_EXPIRIES = 8;
    /// @notice Order slots of one account; nonce n uses slot n mod RING.
    uint256 internal constant RING = 1024;
    /// @notice A nonce n is valid while floor <= n < floor + NONCE_WINDOW, so that a thief cannot exhaust the numbers.
    uint256 internal constant NONCE_WINDOW = 1 << 30;
    /// @notice Session keys of one account have the indices 1 to MAX_KEYS; index 0 stands for the owner.
    uint256 internal constant MAX_KEYS = 4;
    /// @notice Accounts in one Settle transaction.
    uint256 internal constant MAX_SETTLE = 32;
    /// @notice A batch of n bytes has at most n / BYTES_PER_ITEM item steps, rounded up.
    uint256 internal constant BYTES_PER_ITEM = 64;

    uint256 internal constant DAY = 86_400;
    /// @notice Expiries are at 08:00 UTC.
    uint256 internal constant EXPIRY_HOUR = 28_800;
    /// @notice Latest expiry at which a position may open or grow.
    uint256 internal constant MAX_TENOR = 400 * DAY;
    /// @notice Series up to this tenor lie on the first strike step.
    uint256 internal constant SHORT_TENOR = 8 * DAY;
    /// @notice Series up to this tenor lie on the second strike step, later ones on the third.
    uint256 internal constant MEDIUM_TENOR = 40 * DAY;
    /// @notice An anchor older than this refuses new short calls.
    uint256 internal constant ANCHOR_MAX_AGE = DAY;
    /// @notice Short calls are scanned at this multiple of the anchor.
    uint256 internal constant CEILING = 3;
    /// @notice Longest remaining life of an immediate-or-cancel order when it fills.
    uint256 internal constant IOC_WINDOW = 120;

    /// @notice Quantities on the wire are in units of 1e-3 contract.
    uint256 internal constant WIRE_QUANTITY = 1000;
    /// @notice Maximum fees on the wire are in cents per contract.
    uint256 internal constant WIRE_FEE = 100;
    /// @notice price · quantity is in 1e-10 USDC; divided by this it is cash, in 1e-6 USDC.
    uint256 internal constant PRICE_TO_CASH = 10_000;

    /// @notice 0.03 % of the underlying: 1e-15 USDC for each 1e-10 USD.
    uint256 internal constant TAKER_FEE = 30;
    /// @notice 0.01 % of the underlying: 1e-15 USDC for each 1e-10 USD.
    uint256 internal constant MAKER_FEE = 10;
    /// @notice A fee is at most 12.5 % of the premium: 1e-15 USDC for each 1e-10 USDC.
    uint256 internal constant PREMIUM_CAP = 12_500;
    /// @notice Accrued fees, in 1e-15 USDC, divided by this are cash.
    uint256 internal constant FEE_TO_CASH = 1e9;
    /// @notice price · quantity, in 1e-10 USDC, times this is in 1e-15 USDC.
    uint256 internal constant PRICE_TO_FEE = 1e5;
    /// @notice One part in FUND_SHARE of every fee goes to the insurance fund, rounded down.
    uint256 internal constant FUND_SHARE = 5;
    /// @notice One expiry may draw at most one part in FUND_DRAW of the fund, rounded down.
    uint256 internal constant FUND_DRAW = 2;
    /// @notice The account that collects the other fees. It exists from genesis.
    uint32 internal constant FEE_ACCOUNT = 0;
}
