// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title PriceFixing
/// @notice The rule by which the rounds of a price feed give one settlement price. docs/price-fixing.md states it in numbered
///         sentences (R1 to R12), and why there is one answer; the comments here name them.
/// @dev Nothing that a caller says about a round is believed. Evidence is only where to begin reading; each read goes to
///      the feed. The functions change nothing: they depend on the feed, the time and the starts, and either return the one
///      answer or revert.
library PriceFixing {
    /// @notice Seconds before expiry over which the price is averaged.
    uint256 internal constant WINDOW = 1800;
    /// @notice Longest age of a price inside the window in a phase that covers it. Feeds of large pairs update hourly.
    uint256 internal constant MAX_GAP = 2 hours;
    /// @notice A round is readable at the latest this long after its `updatedAt`. Aggregators record a round with the time
    ///         of its block, but some show a new round only after a cut-off of seconds to minutes.
    uint256 internal constant VISIBLE_AFTER = 15 minutes;
    /// @notice How long after expiry a dead feed is waited for.
    uint256 internal constant DEAD_AFTER = 48 hours;
    /// @notice Expiry instant within its day: 08:00 UTC.
    uint256 internal constant EXPIRY_TIME = 8 hours;
    /// @notice Highest price of the rollup, 1e-4 USD.
    uint256 internal constant MAX_PRICE = 2 ** 39 - 1;
    /// @notice Highest answer that counts, so that no sum overflows: 2^128 · 1800 · 1e4 < 2^154.
    int256 internal constant MAX_ANSWER = type(int128).max;
    /// @notice Most decimals of a feed.
    uint8 internal constant MAX_DECIMALS = 18;
    /// @notice Gas that every read of the feed is sure to get: more than ten times what a proxy and an aggregator need.
    uint256 internal constant READ_GAS = 500_000;

    /// @notice The feed of a market and how to read it.
    struct Source {
        IAggregatorV3 feed;
        uint16 phaseBase;
        uint8 decimals;
        uint32 tick;
    }

    /// @notice A round as the feed gave it.
    struct Round {
        bool present;
        bool valid;
        uint256 answer;
        uint256 updatedAt;
    }

    /// @notice The settlement price and where it came from.
    struct Fixing {
        uint64 price;
        uint80 roundId;
        bool deadFeed;
    }

    /// @notice What the rounds of one phase say about a window.
    /// @dev `covered`: R5. `weighted`: sum of answer · seconds inside the window. `first`, `last`: the valid rounds in force
    ///      at the start and at expiry, 0 if none. `next`: the first round that is missing or was updated after expiry.
    struct Reading {
        bool covered;
        uint256 weighted;
        uint64 first;
        uint64 last;
        uint256 lastAnswer;
        uint256 lastTime;
        uint64 next;
    }

    /// @notice The candidates for the price of a dead feed, over all phases.
    struct Best {
        uint80 afterId;
        uint256 afterAnswer;
        uint256 afterTime;
        uint80 beforeId;
        uint256 beforeAnswer;
        uint256 beforeTime;
    }

    /// @notice The expiry is not over.
    error FixingTooEarly(uint256 nowTime, uint256 expiry);
    /// @notice Reading may begin only at round 1 or at a valid round; this one is missing or invalid.
    error StartInvalid(uint16 phase, uint64 round);
    /// @notice Reading may begin only at round 1 or at a round that is not after the window's start.
    error StartTooLate(uint16 phase, uint64 round, uint256 updatedAt, uint256 windowStart);
    /// @notice The phase ends here for now, but a round of the window could still appear.
    error EndNotShown(uint16 phase, uint64 round, uint256 nowTime, uint256 earliest);
    /// @notice The round is missing although the feed has a later one.
    error RoundHidden(uint16 phase, uint64 round, uint64 latest);
    /// @notice The round lies in the future.
    error RoundInFuture(uint16 phase, uint64 round, uint256 updatedAt, uint256 nowTime);
    /// @notice The round is older than the one before it.
    error RoundsOutOfOrder(uint16 phase, uint64 round, uint256 updatedAt, uint256 previous);
    /// @notice The phase does not exist.
    error PhaseBeyondCurrent(uint16 phase, uint16 current);
    /// @notice No phase shown covers the window, and this one has not been shown.
    error PhaseNotShown(uint16 phase, uint16 current);
    /// @notice A phase before the last one shown covers the window.
    error EvidenceUnused(uint256 given, uint256 used);
    /// @notice No phase covers the window, but one still could, or a round could still appear.
    error FeedNotDead(uint256 nowTime, uint256 earliest);
    /// @notice The feed never had a valid round.
    error NoValidRound(uint16 phaseBase, uint16 current);
    /// @notice Too little gas is left for a read that is sure to have enough.
    error GasTooLow(uint256 available, uint256 needed);

    /// @notice The settlement price of an expiry.
    /// @param source The market's feed.
    /// @param day Expiry day.
    /// @param nowTime The block's time.
    /// @param starts Where to begin reading, for each phase from the base.
    /// @return The one answer.
    function settlementPrice(
        Source memory source,
        uint16 day,
        uint256 nowTime,
        uint64[] calldata starts
    ) internal view returns (Fixing memory) {
        uint256 expiry = expiryInstant(day);
        // R2
        if (nowTime <= expiry) revert FixingTooEarly(nowTime, expiry);
        uint16 current = source.feed.phaseId();
        uint256 deadAt = expiry + DEAD_AFTER + VISIBLE_AFTER;
        Best memory best;

        for (uint256 i = 0; i < starts.length; ++i) {
            // INVARIANT: phases are read in ascending order and none is left out, so the first that covers is the lowest.
            uint16 phase = source.phaseBase + uint16(i);
            if (phase > current) revert PhaseBeyondCurrent(phase, current);
            Reading memory reading = read(source.feed, phase, phase == current, starts[i], expiry, nowTime);
            if (reading.covered) {
                if (i + 1 != starts.length) revert EvidenceUnused(starts.length, i + 1);
                // R6, R7
                uint64 average = toPrice(reading.weighted, WINDOW, source.decimals, source.tick);
                return Fixing({price: average, roundId: roundIdOf(phase, reading.first), deadFeed: false});
            }
            if (nowTime > deadAt) consider(best, source.feed, phase, reading, expiry, nowTime);
        }

        uint256 following = uint256(source.phaseBase) + starts.length;
        if (following <= current) revert PhaseNotShown(uint16(following), current);
        // R8: SAFETY: before this moment a phase could still be added that covers, or a round appear that is earlier.
        if (nowTime <= deadAt) revert FeedNotDead(nowTime, deadAt);
        return deadFeedPrice(source, current, best);
    }

    /// @notice The expiry instant of a day.
    /// @param day Days since 1970-01-01.
    /// @return Seconds since 1970.
    function expiryInstant(uint16 day) internal pure returns (uint256) {
        return uint256(day) * 1 days + EXPIRY_TIME;
    }

    /// @notice Rounds `weighted / seconds_` half up to a multiple of `tick`, in one rounding; at least one tick and at most
    ///         the highest multiple within `MAX_PRICE` (R7), so that the rollup never refuses a price.
    /// @param weighted Sum of answer · seconds.
    /// @param seconds_ Sum of the seconds.
    /// @param decimals Decimals of the answers.
    /// @param tick The market's tick, 1e-4 USD.
    /// @return The price, 1e-4 USD.
    function toPrice(uint256 weighted, uint256 seconds_, uint8 decimals, uint32 tick) internal pure returns (uint64) {
        // SAFETY: weighted < 2^128 · 2^11; times 2 · 10^4 < 2^154. The denominator is below 2^11 · 10^18 · 2^32 < 2^103.
        uint256 denominator = seconds_ * 10 ** decimals * tick;
        uint256 ticks = (2 * weighted * 1e4 + denominator) / (2 * denominator);
        uint256 highest = MAX_PRICE / tick;
        if (ticks == 0) ticks = 1;
        if (ticks > highest) ticks = highest;
        return uint64(ticks * tick);
    }

    /// @notice Reads a phase from `start` to the first round after expiry, or to its end.
    /// @param feed The feed.
    /// @param phase The phase.
    /// @param isCurrent Whether it is the feed's current one.
    /// @param start The round to begin with.
    /// @param expiry The expiry instant.
    /// @param nowTime The block's time.
    /// @return reading What the phase says; it does not depend on `start` (docs/price-fixing.md, lemma 2).
    function read(
        IAggregatorV3 feed,
        uint16 phase,
        bool isCurrent,
        uint64 start,
        uint256 expiry,
        uint256 nowTime
    ) internal view returns (Reading memory reading) {
        uint256 windowStart = expiry - WINDOW;
        uint256 previous = 0;
        bool gap = false;
        for (reading.next = start; ; ++reading.next) {
            Round memory round = readRound(feed, phase, reading.next);
            if (reading.next == start && start != 1) {
                // R3
                if (!round.valid) revert StartInvalid(phase, start);
                if (round.updatedAt > windowStart) revert StartTooLate(phase, start, round.updatedAt, windowStart);
            }
            if (!round.present) {
                checkEnd(feed, phase, isCurrent, reading.next, expiry + VISIBLE_AFTER, nowTime);
                break;
            }
            previous = checkTime(phase, reading.next, round.updatedAt, previous, nowTime);
            if (round.updatedAt > expiry) break;
            // R1: shown, but skipped
            if (!round.valid) continue;
            if (count(reading, windowStart, round.updatedAt)) gap = true;
            // R5: a price must be in force when the window opens.
            if (reading.last == 0 && round.updatedAt > windowStart) gap = true;
            if (round.updatedAt <= windowStart || reading.first == 0) reading.first = reading.next;
            reading.last = reading.next;
            reading.lastAnswer = round.answer;
            reading.lastTime = round.updatedAt;
        }
        if (count(reading, windowStart, expiry)) gap = true;
        reading.covered = reading.last != 0 && !gap;
    }

    /// @notice Adds the price in force from the last round's time until `until` to the average.
    /// @dev R4, R5. Without a last round there is nothing to add.
    /// @param reading The reading so far.
    /// @param windowStart Start of the window.
    /// @param until Time of the next valid round, or expiry; not above expiry.
    /// @return Whether the price grew too old inside the window.
    function count(Reading memory reading, uint256 windowStart, uint256 until) private pure returns (bool) {
        if (reading.last == 0 || until <= windowStart) return false;
        uint256 from = reading.lastTime > windowStart ? reading.lastTime : windowStart;
        reading.weighted += reading.lastAnswer * (until - from);
        return until - reading.lastTime > MAX_GAP;
    }

    /// @notice Checks that a missing round really is the end of its phase as far as the window is concerned.
    /// @dev R3. INVARIANT: what is missing now was not there at expiry, for a round is readable `VISIBLE_AFTER` its time.
    /// @param feed The feed.
    /// @param phase The phase.
    /// @param isCurrent Whether it is the feed's current one.
    /// @param round The missing round.
    /// @param earliest The time that must have passed.
    /// @param nowTime The block's time.
    function checkEnd(
        IAggregatorV3 feed,
        uint16 phase,
        bool isCurrent,
        uint64 round,
        uint256 earliest,
        uint256 nowTime
    ) private view {
        if (nowTime <= earliest) revert EndNotShown(phase, round, nowTime, earliest);
        if (!isCurrent) return;
        (bool success, uint256[5] memory word) = readFeed(feed, abi.encodeCall(IAggregatorV3.latestRoundData, ()));
        // A feed that has no round at all may revert here.
        if (!success || word[0] >> 64 != phase) return;
        uint64 latest = uint64(word[0]);
        if (latest >= round) revert RoundHidden(phase, round, latest);
    }

    /// @notice Checks a present round's time against the block's and that of the round before.
    /// @param phase The phase.
    /// @param round The round.
    /// @param updatedAt Its time, 0 for none.
    /// @param previous The highest time so far.
    /// @param nowTime The block's time.
    /// @return The highest time.
    function checkTime(
        uint16 phase,
        uint64 round,
        uint256 updatedAt,
        uint256 previous,
        uint256 nowTime
    ) private pure returns (uint256) {
        if (updatedAt == 0) return previous;
        if (updatedAt > nowTime) revert RoundInFuture(phase, round, updatedAt, nowTime);
        if (updatedAt < previous) revert RoundsOutOfOrder(phase, round, updatedAt, previous);
        return updatedAt;
    }

    /// @notice Lets a phase that does not cover the window offer its first valid round after expiry and its last one before.
    /// @param best The best candidates of the lower phases, updated in place.
    /// @param feed The feed.
    /// @param phase The phase.
    /// @param reading What the phase says.
    /// @param expiry The expiry instant.
    /// @param nowTime The block's time.
    function consider(
        Best memory best,
        IAggregatorV3 feed,
        uint16 phase,
        Reading memory reading,
        uint256 expiry,
        uint256 nowTime
    ) private view {
        // R10: the latest wins, of equal ones the higher phase.
        if (reading.last != 0 && reading.lastTime >= best.beforeTime) {
            best.beforeId = roundIdOf(phase, reading.last);
            best.beforeAnswer = reading.lastAnswer;
            best.beforeTime = reading.lastTime;
        }
        // R9: the earliest wins, of equal ones the lower phase.
        uint256 previous = expiry;
        for (uint64 number = reading.next; ; ++number) {
            Round memory round = readRound(feed, phase, number);
            if (!round.present) return;
            previous = checkTime(phase, number, round.updatedAt, previous, nowTime);
            if (round.updatedAt > expiry + DEAD_AFTER) return;
            if (!round.valid) continue;
            if (best.afterId == 0 || round.updatedAt < best.afterTime) {
                best.afterId = roundIdOf(phase, number);
                best.afterAnswer = round.answer;
                best.afterTime = round.updatedAt;
            }
            return;
        }
    }

    /// @notice The price when no phase covers the window.
    /// @param source The market's feed.
    /// @param current The feed's current phase.
    /// @param best The best candidates of all phases.
    /// @return The one answer.
    function deadFeedPrice(
        Source memory source,
        uint16 current,
        Best memory best
    ) private pure returns (Fixing memory) {
        bool isAfter = best.afterId != 0;
        uint80 roundId = isAfter ? best.afterId : best.beforeId;
        if (roundId == 0) revert NoValidRound(source.phaseBase, current);
        uint256 answer = isAfter ? best.afterAnswer : best.beforeAnswer;
        uint64 price = toPrice(answer, 1, source.decimals, source.tick);
        return Fixing({price: price, roundId: roundId, deadFeed: true});
    }

    /// @notice One round, read from the feed.
    /// @dev R1. Missing: the call fails, or answer and both times are zero.
    /// @param feed The feed.
    /// @param phase The phase.
    /// @param number The aggregator round.
    /// @return round The round.
    function readRound(IAggregatorV3 feed, uint16 phase, uint64 number) internal view returns (Round memory round) {
        uint80 roundId = roundIdOf(phase, number);
        (bool success, uint256[5] memory word) = readFeed(feed, abi.encodeCall(IAggregatorV3.getRoundData, (roundId)));
        if (!success) return round;
        int256 answer = int256(word[1]);
        round.present = answer != 0 || word[2] != 0 || word[3] != 0;
        round.valid = word[0] == roundId && answer > 0 && answer <= MAX_ANSWER && word[3] != 0 && word[4] >= roundId;
        if (round.valid) round.answer = uint256(answer);
        round.updatedAt = word[3];
    }

    /// @notice A call to the feed that may fail, but not for want of gas.
    /// @dev SAFETY: without the check a caller could leave so little gas that a round that exists looks missing. 63/64 of
    ///      what is left must cover `READ_GAS`, or else the call would be given less without notice. Data too short for a
    ///      round counts as a failure, and the words are not decoded, so that no feed can make the decoder revert.
    /// @param feed The feed.
    /// @param data Calldata.
    /// @return success Whether the call succeeded and returned five words.
    /// @return word The words: round id, answer, startedAt, updatedAt, answeredInRound.
    function readFeed(
        IAggregatorV3 feed,
        bytes memory data
    ) private view returns (bool success, uint256[5] memory word) {
        uint256 available = gasleft();
        uint256 needed = READ_GAS + READ_GAS / 63 + 10_000;
        if (available < needed) revert GasTooLow(available, needed);
        assembly ("memory-safe") {
            success := staticcall(READ_GAS, feed, add(data, 0x20), mload(data), word, 0xa0)
            success := and(success, gt(returndatasize(), 0x9f))
        }
    }

    /// @notice The proxy's id of a round.
    /// @param phase The phase.
    /// @param number The aggregator round.
    /// @return The id.
    function roundIdOf(uint16 phase, uint64 number) internal pure returns (uint80) {
        return (uint80(phase) << 64) | number;
    }
}
