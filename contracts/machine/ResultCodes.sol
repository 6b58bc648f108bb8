// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// The constants bear the names of the specification, which the TypeScript twin uses too.
// solhint-disable const-name-snakecase

/// @title ResultCodes
/// @notice What the machine says of a message or a transaction (docs/specification.md, section 7). Every code but `OK` leaves the
/// state root unchanged.
library ResultCodes {
    uint8 internal constant OK = 0;
    uint8 internal constant Malformed = 1;
    uint8 internal constant UnknownKind = 2;
    uint8 internal constant WrongSender = 3;
    uint8 internal constant AccountUnknown = 4;
    uint8 internal constant OwnerMismatch = 5;
    uint8 internal constant NotOwner = 6;
    uint8 internal constant BadSignature = 7;
    uint8 internal constant Expired = 8;
    uint8 internal constant NonceOutOfWindow = 9;
    uint8 internal constant NonceUsed = 10;
    uint8 internal constant NonceRetired = 11;
    uint8 internal constant OrderUnknown = 12;
    uint8 internal constant KeyInvalid = 13;
    uint8 internal constant BudgetExceeded = 14;
    uint8 internal constant AccountInDebt = 15;
    uint8 internal constant InsufficientCash = 16;
    uint8 internal constant InsufficientMargin = 17;
    uint8 internal constant AmountZero = 18;
    uint8 internal constant MarketUnknown = 19;
    uint8 internal constant MarketExists = 20;
    uint8 internal constant MarketInvalid = 21;
    uint8 internal constant SeriesOffGrid = 22;
    uint8 internal constant SeriesMismatch = 23;
    uint8 internal constant SideMismatch = 24;
    uint8 internal constant SeriesExpired = 25;
    uint8 internal constant PriceFixed = 26;
    uint8 internal constant PriceNotFixed = 27;
    uint8 internal constant PriceInvalid = 28;
    uint8 internal constant AnchorMissing = 29;
    uint8 internal constant AnchorStale = 30;
    uint8 internal constant AnchorOutdated = 31;
    uint8 internal constant QuantityInvalid = 32;
    uint8 internal constant Overfill = 33;
    uint8 internal constant LimitViolated = 34;
    uint8 internal constant FillOrKillViolated = 35;
    uint8 internal constant PostOnlyTakes = 36;
    uint8 internal constant ImmediateRests = 37;
    uint8 internal constant ReduceOnlyGrows = 38;
    uint8 internal constant SelfTrade = 39;
    uint8 internal constant FeeAboveMaximum = 40;
    uint8 internal constant PositionCap = 41;
    uint8 internal constant ExpiryCap = 42;
    uint8 internal constant PositionLimit = 43;
    uint8 internal constant NotForcible = 44;
    uint8 internal constant FloorInvalid = 45;
    uint8 internal constant NothingToSettle = 46;
    uint8 internal constant ClaimNotReady = 47;
    uint8 internal constant NothingToCollect = 48;
    uint8 internal constant ModeInvalid = 49;
    uint8 internal constant OracleUnset = 50;
    uint8 internal constant SignersInvalid = 51;
    uint8 internal constant ReportEarly = 52;
    uint8 internal constant ReportLate = 53;
    uint8 internal constant ReportOutdated = 54;
    uint8 internal constant ReportJumps = 55;
    uint8 internal constant ReportOffAnchor = 56;
    uint8 internal constant ReportInvalid = 57;
    uint8 internal constant PriceOutsideBand = 58;
    uint8 internal constant BelowMaintenance = 59;
    uint8 internal constant ExposureCap = 60;
    uint8 internal constant NotLiquidatable = 61;
    uint8 internal constant AuctionRunning = 62;
    uint8 internal constant AuctionMissing = 63;
    uint8 internal constant MarksStale = 64;
    uint8 internal constant BidAboveLimit = 65;
    uint8 internal constant FundNotDue = 66;
    uint8 internal constant BidTooSmall = 67;
}
