// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "./IAggregatorV3.sol";

/// @title IOptionsSettlement
/// @notice Lists markets, names the oracle's signers, sets what marks and margin of a market depend on, relays the price feed's last
///         price, fixes settlement prices from the feed's own rounds, and forces settlements from L1. Everything it decides goes to the rollup as a message of the inbox.
/// @dev Units: prices are 1e-4 USD; a day counts from 1970-01-01 and expires at 08:00 UTC, `day · 86400 + 28800`.
///
///      Assumptions about the feed, on which docs/price-fixing.md proves that there is one answer:
///      SAFETY: the rounds of a phase are 1, 2, … without a hole; their `updatedAt` never falls; a round that has been
///      readable never changes; a round is readable at the latest 15 minutes after its `updatedAt`; a phase is never taken
///      back and its decimals are those of the listing.
///      LIVENESS: fewer than about 1,500 rounds in a row are invalid, so that a transaction can read past them.
///      The contract assumes nothing about the callers of fixPrice, relayAnchor and forceSettle.
interface IOptionsSettlement {
    /// @notice What is recorded of a market.
    struct Market {
        IAggregatorV3 feed;
        uint32 tick;
        uint8 decimals;
        uint16 phaseBase;
    }

    /// @notice A market was listed; message kind 3.
    /// @param market The market.
    /// @param feed Its price feed proxy.
    /// @param tick Smallest step of a price, 1e-4 USD.
    /// @param lot Smallest step of a quantity, 1e-6 contract.
    /// @param strikeSteps Strike steps of short, medium and long tenors, 1e-4 USD.
    /// @param phaseBase First phase of the feed that may fix a price.
    /// @param message Index of the message.
    event MarketListed(
        uint8 indexed market,
        address indexed feed,
        uint32 tick,
        uint64 lot,
        uint64[3] strikeSteps,
        uint16 phaseBase,
        uint64 message
    );

    /// @notice The feed's last price was relayed; message kind 4.
    /// @param market The market.
    /// @param price The price, 1e-4 USD.
    /// @param updatedAt The feed's time of it.
    /// @param message Index of the message.
    event AnchorRelayed(uint8 indexed market, uint64 price, uint40 updatedAt, uint64 message);

    /// @notice A settlement price was fixed, for good; message kind 5.
    /// @param market The market.
    /// @param day Expiry day.
    /// @param price The settlement price, 1e-4 USD.
    /// @param roundId A dead feed's single round that gave the price; else the first round of the time-weighted window.
    /// @param deadFeed Whether no phase covered the window.
    /// @param message Index of the message.
    event PriceFixed(
        uint8 indexed market,
        uint16 indexed day,
        uint64 price,
        uint80 roundId,
        bool deadFeed,
        uint64 message
    );

    /// @notice A settlement was forced; message kind 2.
    /// @param market The market.
    /// @param day Expiry day.
    /// @param accounts How many accounts.
    /// @param message Index of the message.
    event SettleForced(uint8 indexed market, uint16 indexed day, uint256 accounts, uint64 message);

    /// @notice The oracle's signers were named; message kind 6.
    /// @param threshold How many of them a report needs.
    /// @param signers The signers.
    /// @param message Index of the message.
    event SignersSet(uint8 threshold, address[] signers, uint64 message);

    /// @notice The parameters of a market's marks and margin were set; message kind 7.
    /// @param market The market.
    /// @param minVol Least vol of a mark, 1e-6.
    /// @param maxVol Largest vol of a mark, 1e-6.
    /// @param bandFloor Part of the price band that does not depend on the mark, 1e-4 USD.
    /// @param exposureMultiple How many times the insurance fund the market's exposure may be.
    /// @param message Index of the message.
    event MarketSet(
        uint8 indexed market,
        uint32 minVol,
        uint32 maxVol,
        uint64 bandFloor,
        uint32 exposureMultiple,
        uint64 message
    );

    /// @notice A constructor argument is the zero address.
    error AddressZero();
    /// @notice Only the owner lists markets, names signers and sets parameters.
    error NotOwner(address caller, address owner);
    /// @notice Market 0 does not exist.
    error MarketZero();
    /// @notice The market is listed already.
    error MarketAlreadyListed(uint8 market);
    /// @notice The market is not listed.
    error MarketUnknown(uint8 market);
    /// @notice The tick is zero or not a multiple of `unit`.
    error TickInvalid(uint32 tick, uint32 unit);
    /// @notice The lot is zero, not a multiple of `unit`, or above `maximum`.
    error LotInvalid(uint64 lot, uint64 unit, uint64 maximum);
    /// @notice Strike step `index` is zero, not a multiple of `unit`, or (the last) above `maximum`.
    error StrikeStepInvalid(uint256 index, uint64 step, uint64 unit, uint64 maximum);
    /// @notice The feed has more decimals than prices are computed with.
    error DecimalsTooMany(uint8 decimals, uint8 maximum);
    /// @notice The base phase is zero or above the feed's current phase.
    error PhaseBaseInvalid(uint16 phaseBase, uint16 current);
    /// @notice The feed's decimals are no longer those of the listing.
    error DecimalsChanged(uint8 actual, uint8 listed);
    /// @notice The feed's last answer is zero or negative.
    error AnswerNotPositive(int256 answer);
    /// @notice The feed's last update has no time or one in the future.
    error UpdateTimeInvalid(uint256 updatedAt, uint256 nowTime);
    /// @notice The feed's last answer rounds to a price of zero or above `maximum`.
    error AnchorOutOfRange(int256 answer, uint64 maximum);
    /// @notice The price has not been fixed, so there is nothing to settle.
    error PriceNotFixed(uint8 market, uint16 day);
    /// @notice A settlement takes 1 to `maximum` accounts.
    error AccountCountInvalid(uint256 count, uint256 maximum);
    /// @notice The oracle has 1 to `maximum` signers.
    error SignerCountInvalid(uint256 count, uint256 maximum);
    /// @notice The threshold is zero or above the number of signers.
    error ThresholdInvalid(uint8 threshold, uint256 count);
    /// @notice Signer `index` is the zero address or one that stands before it.
    error SignerInvalid(uint256 index, address signer);
    /// @notice The least vol is below `minimum`, the largest above `maximum`, or the least above the largest.
    error VolBoundsInvalid(uint32 minVol, uint32 maxVol, uint32 minimum, uint32 maximum);
    /// @notice The band's floor is zero or above `maximum`.
    error BandFloorInvalid(uint64 bandFloor, uint64 maximum);
    /// @notice The exposure multiple is above `maximum`.
    error ExposureMultipleInvalid(uint32 exposureMultiple, uint32 maximum);

    /// @notice Lists a market, once.
    /// @dev Only the owner. The checks are those of ListMarket in specification 6.5, so the message cannot be invalid.
    /// @param market The market, not 0.
    /// @param feed The price feed proxy; quotes the underlying in USD.
    /// @param tick Smallest step of a price: a multiple of 100.
    /// @param lot Smallest step of a quantity: a multiple of 1000, at most 10^15.
    /// @param strikeSteps Strike steps: the first a multiple of the tick, the others of the first, the third at most 2^39 − 1.
    /// @param phaseBase First phase that may fix a price: 1 to the feed's current phase.
    function listMarket(
        uint8 market,
        IAggregatorV3 feed,
        uint32 tick,
        uint64 lot,
        uint64[3] calldata strikeSteps,
        uint16 phaseBase
    ) external;

    /// @notice Names the signers of the oracle, in place of those before.
    /// @dev Only the owner. The checks are those of SetSigners in specification 6.10, so the message cannot be invalid.
    /// @param threshold How many of them a report needs: 1 to their number.
    /// @param signers The signers: 1 to 16 different addresses.
    function setSigners(uint8 threshold, address[] calldata signers) external;

    /// @notice Sets what marks and margin of a market depend on. Before the first time the market has no marks.
    /// @dev Only the owner. The checks are those of SetMarket in specification 6.10, so the message cannot be invalid.
    /// @param market The market.
    /// @param minVol Least vol of a mark, 1e-6: at least 1 %.
    /// @param maxVol Largest vol of a mark, 1e-6: at least `minVol`, at most 1000 %.
    /// @param bandFloor Part of the price band that does not depend on the mark, 1e-4 USD: 1 to 2^39 − 1.
    /// @param exposureMultiple How many times the insurance fund the exposure of the market may be, at most 1000.
    function setMarket(uint8 market, uint32 minVol, uint32 maxVol, uint64 bandFloor, uint32 exposureMultiple) external;

    /// @notice Relays the feed's last price, rounded half up to 1e-4 USD, with the feed's own time.
    /// @dev Anyone. The rollup ignores one that is older than what it has.
    /// @param market The market.
    /// @return price The price, 1e-4 USD.
    function relayAnchor(uint8 market) external returns (uint64 price);

    /// @notice Fixes the settlement price of an expiry by the rule of docs/price-fixing.md.
    /// @dev Anyone, after expiry. There is one answer: evidence that does not lead to it reverts. The first success is final;
    ///      a repeat has no effect and returns the price, whatever its evidence.
    /// @param market The market.
    /// @param day Expiry day.
    /// @param starts Element i is the aggregator round of phase `phaseBase + i` from which the contract reads on: a valid
    ///        round not after the window's start, or 1 to show that there is none. One element for each phase up to the
    ///        first that covers the window; one for each phase of the feed if none does.
    /// @return price The settlement price, 1e-4 USD.
    function fixPrice(uint8 market, uint16 day, uint64[] calldata starts) external returns (uint64 price);

    /// @notice Forces the settlement of up to 32 accounts at a fixed price.
    /// @dev Anyone. An account without a position there is passed over by the rollup.
    /// @param accounts The accounts.
    /// @param market The market.
    /// @param day Expiry day.
    function forceSettle(uint32[] calldata accounts, uint8 market, uint16 day) external;

    /// @notice The address that lists markets, names signers and sets parameters: a timelock.
    /// @return The owner.
    function owner() external view returns (address);

    /// @notice The inbox that takes the messages.
    /// @return The inbox.
    function inbox() external view returns (address);

    /// @notice What is recorded of a market; all zero if it is not listed.
    /// @param market The market.
    /// @return The record.
    function marketOf(uint8 market) external view returns (Market memory);

    /// @notice The settlement price of an expiry, 0 while it is not fixed.
    /// @param market The market.
    /// @param day Expiry day.
    /// @return The price, 1e-4 USD.
    function fixedPrice(uint8 market, uint16 day) external view returns (uint64);
}
