// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IOptionsSettlement} from "../interfaces/IOptionsSettlement.sol";
import {IRollupInbox} from "../interfaces/IRollupInbox.sol";
import {PriceFixing} from "./PriceFixing.sol";

/// @title OptionsSettlement
/// @notice Checks callers and terms, keeps what is final, and enqueues messages; the rule of prices is in PriceFixing.
/// @dev INVARIANT: every message it enqueues is well formed and within the rollup's bounds, so ListMarket, FixPrice,
///      SetSigners and SetMarket always take effect there.
contract OptionsSettlement is IOptionsSettlement {
    /// @notice Message kinds (specification section 3).
    uint8 private constant KIND_FORCED = 2;
    uint8 private constant KIND_LIST_MARKET = 3;
    uint8 private constant KIND_ANCHOR = 4;
    uint8 private constant KIND_FIX_PRICE = 5;
    uint8 private constant KIND_SET_SIGNERS = 6;
    uint8 private constant KIND_SET_MARKET = 7;
    /// @notice Type byte of the Settle transaction.
    uint8 private constant TYPE_SETTLE = 0x08;
    /// @notice Bounds of specification sections 1, 6.5 and 6.10.
    uint32 private constant TICK_UNIT = 100;
    uint64 private constant LOT_UNIT = 1000;
    uint64 private constant MAX_QUANTITY = 10 ** 15;
    uint64 private constant MAX_PRICE = uint64(PriceFixing.MAX_PRICE);
    uint256 private constant MAX_SETTLE = 32;
    uint256 private constant MAX_SIGNERS = 16;
    uint32 private constant MIN_VOL = 10_000;
    uint32 private constant MAX_VOL = 10_000_000;
    uint32 private constant MAX_EXPOSURE_MULTIPLE = 1000;

    address private immutable _OWNER;
    address private immutable _INBOX;

    mapping(uint8 market => Market) private markets;
    /// @dev Four prices to a slot, so that three of four daily expiries need no fresh one.
    mapping(uint8 market => uint64[65536]) private prices;

    /// @notice Sets the two parties for good.
    /// @param inbox_ The inbox.
    /// @param owner_ Who lists markets, names signers and sets parameters: a timelock.
    constructor(address inbox_, address owner_) {
        if (inbox_ == address(0) || owner_ == address(0)) revert AddressZero();
        _INBOX = inbox_;
        _OWNER = owner_;
    }

    /// @inheritdoc IOptionsSettlement
    function listMarket(
        uint8 market,
        IAggregatorV3 feed,
        uint32 tick,
        uint64 lot,
        uint64[3] calldata strikeSteps,
        uint16 phaseBase
    ) external {
        requireOwner();
        if (market == 0) revert MarketZero();
        if (isListed(market)) revert MarketAlreadyListed(market);
        checkTerms(tick, lot, strikeSteps);
        uint8 decimals = feed.decimals();
        if (decimals > PriceFixing.MAX_DECIMALS) revert DecimalsTooMany(decimals, PriceFixing.MAX_DECIMALS);
        uint16 current = feed.phaseId();
        if (phaseBase == 0 || phaseBase > current) revert PhaseBaseInvalid(phaseBase, current);

        markets[market] = Market({feed: feed, tick: tick, decimals: decimals, phaseBase: phaseBase});
        uint64 message = enqueue(
            KIND_LIST_MARKET,
            abi.encodePacked(market, tick, lot, strikeSteps[0], strikeSteps[1], strikeSteps[2])
        );
        emit MarketListed(market, address(feed), tick, lot, strikeSteps, phaseBase, message);
    }

    /// @inheritdoc IOptionsSettlement
    function setSigners(uint8 threshold, address[] calldata signers) external {
        requireOwner();
        uint256 count = signers.length;
        if (count == 0 || count > MAX_SIGNERS) revert SignerCountInvalid(count, MAX_SIGNERS);
        if (threshold == 0 || threshold > count) revert ThresholdInvalid(threshold, count);
        bytes memory payload = abi.encodePacked(threshold);
        for (uint256 i = 0; i < count; ++i) {
            address signer = signers[i];
            if (signer == address(0)) revert SignerInvalid(i, signer);
            for (uint256 j = 0; j < i; ++j) {
                if (signers[j] == signer) revert SignerInvalid(i, signer);
            }
            payload = bytes.concat(payload, bytes20(signer));
        }
        uint64 message = enqueue(KIND_SET_SIGNERS, payload);
        emit SignersSet(threshold, signers, message);
    }

    /// @inheritdoc IOptionsSettlement
    function setMarket(uint8 market, uint32 minVol, uint32 maxVol, uint64 bandFloor, uint32 exposureMultiple) external {
        requireOwner();
        if (!isListed(market)) revert MarketUnknown(market);
        if (minVol < MIN_VOL || maxVol > MAX_VOL || minVol > maxVol) {
            revert VolBoundsInvalid(minVol, maxVol, MIN_VOL, MAX_VOL);
        }
        if (bandFloor == 0 || bandFloor > MAX_PRICE) revert BandFloorInvalid(bandFloor, MAX_PRICE);
        if (exposureMultiple > MAX_EXPOSURE_MULTIPLE) {
            revert ExposureMultipleInvalid(exposureMultiple, MAX_EXPOSURE_MULTIPLE);
        }
        uint64 message = enqueue(
            KIND_SET_MARKET,
            abi.encodePacked(market, minVol, maxVol, bandFloor, exposureMultiple)
        );
        emit MarketSet(market, minVol, maxVol, bandFloor, exposureMultiple, message);
    }

    /// @inheritdoc IOptionsSettlement
    function relayAnchor(uint8 market) external returns (uint64 price) {
        Market memory record = listed(market);
        uint8 decimals = record.feed.decimals();
        if (decimals != record.decimals) revert DecimalsChanged(decimals, record.decimals);
        (, int256 answer, , uint256 updatedAt, ) = record.feed.latestRoundData();
        if (answer <= 0) revert AnswerNotPositive(answer);
        if (updatedAt == 0 || updatedAt > block.timestamp) revert UpdateTimeInvalid(updatedAt, block.timestamp);
        if (answer > PriceFixing.MAX_ANSWER) revert AnchorOutOfRange(answer, MAX_PRICE);
        // Half up. SAFETY: an answer below 2^128 times 2e4 fits.
        uint256 unit = 10 ** decimals;
        uint256 rounded = (2 * uint256(answer) * 1e4 + unit) / (2 * unit);
        if (rounded == 0 || rounded > MAX_PRICE) revert AnchorOutOfRange(answer, MAX_PRICE);

        price = uint64(rounded);
        uint40 time = uint40(updatedAt);
        uint64 message = enqueue(KIND_ANCHOR, abi.encodePacked(market, price, time));
        emit AnchorRelayed(market, price, time, message);
    }

    /// @inheritdoc IOptionsSettlement
    function fixPrice(uint8 market, uint16 day, uint64[] calldata starts) external returns (uint64 price) {
        price = prices[market][day];
        if (price != 0) return price;
        Market memory record = listed(market);
        PriceFixing.Fixing memory fixing = PriceFixing.settlementPrice(
            PriceFixing.Source({
                feed: record.feed,
                phaseBase: record.phaseBase,
                decimals: record.decimals,
                tick: record.tick
            }),
            day,
            block.timestamp,
            starts
        );

        price = fixing.price;
        // INVARIANT: a price is never zero (PriceFixing.toPrice), so a stored one is never written again.
        prices[market][day] = price;
        uint64 message = enqueue(KIND_FIX_PRICE, abi.encodePacked(market, day, price));
        emit PriceFixed(market, day, price, fixing.roundId, fixing.deadFeed, message);
    }

    /// @inheritdoc IOptionsSettlement
    function forceSettle(uint32[] calldata accounts, uint8 market, uint16 day) external {
        if (accounts.length == 0 || accounts.length > MAX_SETTLE) {
            revert AccountCountInvalid(accounts.length, MAX_SETTLE);
        }
        if (prices[market][day] == 0) revert PriceNotFixed(market, day);
        bytes memory payload = abi.encodePacked(TYPE_SETTLE, market, day);
        for (uint256 i = 0; i < accounts.length; ++i) payload = bytes.concat(payload, bytes4(accounts[i]));
        uint64 message = enqueue(KIND_FORCED, payload);
        emit SettleForced(market, day, accounts.length, message);
    }

    /// @inheritdoc IOptionsSettlement
    function owner() external view returns (address) {
        return _OWNER;
    }

    /// @inheritdoc IOptionsSettlement
    function inbox() external view returns (address) {
        return _INBOX;
    }

    /// @inheritdoc IOptionsSettlement
    function marketOf(uint8 market) external view returns (Market memory) {
        return markets[market];
    }

    /// @inheritdoc IOptionsSettlement
    function fixedPrice(uint8 market, uint16 day) external view returns (uint64) {
        return prices[market][day];
    }

    function enqueue(uint8 kind, bytes memory payload) private returns (uint64) {
        return IRollupInbox(_INBOX).enqueue(kind, payload);
    }

    function requireOwner() private view {
        if (msg.sender != _OWNER) revert NotOwner(msg.sender, _OWNER);
    }

    function isListed(uint8 market) private view returns (bool) {
        return markets[market].phaseBase != 0;
    }

    function listed(uint8 market) private view returns (Market memory) {
        if (!isListed(market)) revert MarketUnknown(market);
        return markets[market];
    }

    /// @dev The checks of ListMarket, specification 6.5.
    function checkTerms(uint32 tick, uint64 lot, uint64[3] calldata strikeSteps) private pure {
        if (tick == 0 || tick % TICK_UNIT != 0) revert TickInvalid(tick, TICK_UNIT);
        if (lot == 0 || lot % LOT_UNIT != 0 || lot > MAX_QUANTITY) revert LotInvalid(lot, LOT_UNIT, MAX_QUANTITY);
        uint64 unit = tick;
        for (uint256 i = 0; i < 3; ++i) {
            uint64 step = strikeSteps[i];
            if (step == 0 || step % unit != 0 || (i == 2 && step > MAX_PRICE)) {
                revert StrikeStepInvalid(i, step, unit, MAX_PRICE);
            }
            unit = strikeSteps[0];
        }
    }
}
