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

    /// @notice Lots are multiples of this, 1e-6 contract, and ticks multiples of LEAST_TICK, 1e-4 USD: so every premium is exact.
    uint256 internal constant LEAST_LOT = 1000;
    uint256 internal constant LEAST_TICK = 100;
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
    /// @notice First of the FUND_ACCOUNTS accounts in which the insurance fund takes positions over. They exist from genesis.
    uint32 internal constant FUND_ACCOUNT = 0xfffffff0;
    uint256 internal constant FUND_ACCOUNTS = 16;
    /// @notice What the fund takes over with one bid has a maintenance requirement of at least this, 1e-6 USDC: dust must not fill its
    /// accounts.
    uint256 internal constant FUND_LEAST = 1e9;

    /// @notice An account whose requirement is its largest loss at expiry.
    uint8 internal constant MODE_COLLATERALISED = 0;
    /// @notice An account whose requirement is a risk charge on marks.
    uint8 internal constant MODE_STANDARD = 1;

    /// @notice Rates, ratios and factors are parts of this many.
    uint256 internal constant BASIS = 10_000;

    /// @notice Most oracle signers.
    uint256 internal constant MAX_SIGNERS = 16;
    /// @notice Most curves of one report.
    uint256 internal constant MAX_CURVES = 16;
    /// @notice An older spot is stale, in seconds.
    uint256 internal constant SPOT_MAX_AGE = 120;
    /// @notice An older curve is stale.
    uint256 internal constant CURVE_MAX_AGE = 1800;
    /// @notice No auction starts and nobody bids on an older spot.
    uint256 internal constant LIQUIDATION_MAX_AGE = 900;
    /// @notice An older report is refused.
    uint256 internal constant REPORT_MAX_AGE = 120;
    /// @notice Lowest and highest spots are kept for spans of this many seconds; orders' deadlines that are multiples of it are shorter
    /// on the wire.
    uint256 internal constant MINUTE = 60;
    /// @notice Largest move of the spot within a rolling minute that needs no confirmation, in BASIS.
    uint256 internal constant JUMP = 1500;
    /// @notice Least and largest distance in time of the two reports of a confirmed jump.
    uint256 internal constant CONFIRM_AFTER = 60;
    uint256 internal constant CONFIRM_WITHIN = 600;
    /// @notice Largest distance of a spot from an anchor that is at most ANCHOR_BOUND_AGE old, in BASIS of the anchor.
    uint256 internal constant ANCHOR_BOUND = 1000;
    uint256 internal constant ANCHOR_BOUND_AGE = 3600;
    /// @notice Largest distance of a forward from the spot of its report, in BASIS of the spot: this and FORWARD_RATE for each year to the
    /// expiry.
    uint256 internal constant FORWARD_BASE = 100;
    uint256 internal constant FORWARD_RATE = 4000;

    /// @notice Charge on the forward for a short, less what it is out of the money, in BASIS.
    uint256 internal constant RISK_OTM = 1500;
    /// @notice Floor of that charge.
    uint256 internal constant RISK_INITIAL = 1300;
    /// @notice Charge on the forward, and for puts on the mark, of the maintenance requirement.
    uint256 internal constant RISK_MAINTENANCE = 900;
    /// @notice A short put's initial charge is at least PUT_INITIAL / PUT_MAINTENANCE of its maintenance charge.
    uint256 internal constant PUT_INITIAL = 105;
    uint256 internal constant PUT_MAINTENANCE = 100;
    /// @notice Price band: part of the mark, and of forward · |delta|, in BASIS.
    uint256 internal constant BAND_MARK = 3000;
    uint256 internal constant BAND_DELTA = 300;
    /// @notice What a session key's budget allows a mark to have moved in each second of its age, in 1e-6 of forward · |delta|.
    uint256 internal constant KEY_DRIFT = 50;

    /// @notice Factor of the value at which an auction begins, and which it has after AUCTION_STEEP seconds, in BASIS.
    uint256 internal constant FACTOR_START = 9500;
    uint256 internal constant FACTOR_STEEP = 7000;
    uint256 internal constant AUCTION_STEEP = 900;
    /// @notice From then on the factor is zero and the fund may bid.
    uint256 internal constant AUCTION_DUE = 3600;
    /// @notice An auction lapses after this long and has to be started again.
    uint256 internal constant AUCTION_LENGTH = 7200;
    /// @notice Percent of the risk that an auction restores beyond maintenance.
    uint256 internal constant AUCTION_BUFFER = 15;
    /// @notice A whole account, as a fraction in a bid.
    uint256 internal constant FRACTION = 1e9;
    /// @notice One bid of the fund is backed by at most one part in FUND_BID of it, rounded down.
    uint256 internal constant FUND_BID = 4;

    /// @notice Bounds of a market's least and largest vol, in 1e-6.
    uint256 internal constant MIN_VOL = 10_000;
    uint256 internal constant MAX_VOL = 10_000_000;
    /// @notice Vols of a market's parameters times this are 1e18 fixed point.
    uint256 internal constant VOL_UNIT = 1e12;
    /// @notice Parameters of a curve times this are 1e18 fixed point.
    int256 internal constant CURVE_UNIT = 1e6;
    /// @notice Largest ratio of a market's exposure to the fund.
    uint256 internal constant MAX_EXPOSURE_MULTIPLE = 1000;
    /// @notice price · quantity · BASIS, in 1e-14 USDC, divided by this is cash.
    uint256 internal constant CHARGE_TO_CASH = 1e8;
}
