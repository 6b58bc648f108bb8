// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Constants} from "./Constants.sol";
import {ExpiryView, Marks, Phase} from "./Marks.sol";
import {Positions} from "./Positions.sol";
import {Requirement} from "./Requirement.sol";

/// @title Margin
/// @notice Standard margin (docs/specification.md, section 6.7). Charges are in 1e-8 USD per contract; sums of them times quantities in
/// 1e-14 USDC, rounded up to cash once for each (market, expiry).
///
/// `views[i]` is that of the i-th distinct (market, expiry) of the positions.
/// @dev SAFETY, for every unchecked block: a list has at most 2^11 positions; quantities are at most MAX_QUANTITY < 2^50 in size in every
/// state that a machine reaches, and 2^127 by their width; prices are below 2^39, and 2^64 by their width. So charges are below
/// 2^80, and every sum of products below 2^220.
library Margin {
    /// @dev The walk over the options of one type.
    struct Walk {
        uint256[] positions;
        // One element for each position: its mark plus one once it has been computed.
        uint256[] marks;
        ExpiryView expiry;
        // Shorts that no earlier long covers, in the order of the walk: SHORT_SIZE words each (index of the position, quantity that stays
        // alone, initial charge, maintenance charge, number of the next lower one on the stack). Both charges are 0 until they are needed.
        uint256[] shorts;
        uint256 count;
        // The stack of those that a long may still cover: its top, as a number from 1; 0 if there is none.
        uint256 top;
        // Quantity of longs that cover what comes later.
        uint256 longs;
        // Whether shorts are paired by their initial charges, and whether that may pair others than those for maintenance do.
        bool byInitial;
        bool differs;
        // Widths of what is covered, 1e-14 USDC.
        uint256 cost;
    }

    uint256 private constant SHORT_SIZE = 5;

    /// @notice What the list needs, in 1e-6 USDC: initially, and not to be liquidated. By the phase of each (market, expiry), summed.
    function requirements(
        uint256[] memory positions,
        ExpiryView[] memory views
    ) internal pure returns (uint256 initial, uint256 maintenance) {
        Walk memory walk = _begin(positions);
        uint256 start;
        for (uint256 i; start < positions.length; ++i) {
            uint256 end = Positions.endOfGroup(positions, start);
            walk.expiry = views[i];
            (uint256 first, uint256 second) = _groupUp(walk, start, end);
            // SAFETY: see above.
            unchecked {
                initial += first;
                maintenance += second;
            }
            start = end;
        }
    }

    /// @notice What decides about the auction of the list, in 1e-6 USDC. A (market, expiry) without a recent mark neither brings an account
    /// into an auction nor keeps it out: what it needs not to be liquidated does not count, and it is worth what the last mark says.
    /// @return maintenance Maintenance requirement of what has a recent mark.
    /// @return value Sum of quantity · mark over what has a mark, recent or not, rounded down.
    /// @return shorts The same over the shorts that have a recent mark.
    function assess(
        uint256[] memory positions,
        ExpiryView[] memory views
    ) internal pure returns (uint256 maintenance, int256 value, int256 shorts) {
        Walk memory walk = _begin(positions);
        uint256 start;
        for (uint256 i; start < positions.length; ++i) {
            uint256 end = Positions.endOfGroup(positions, start);
            walk.expiry = views[i];
            bool known = Marks.isKnown(walk.expiry);
            if (known) {
                (, uint256 charge) = _groupUp(walk, start, end);
                // SAFETY: see above.
                unchecked {
                    maintenance += charge;
                }
            }
            if (Marks.hasMark(walk.expiry)) {
                (int256 worth, int256 short) = _worth(walk, start, end);
                // SAFETY: see above.
                unchecked {
                    value += worth;
                    if (known) shorts += short;
                }
            }
            start = end;
        }
        return (maintenance, _valueDown(value), _valueDown(shorts));
    }

    function _begin(uint256[] memory positions) private pure returns (Walk memory walk) {
        walk.positions = positions;
        walk.marks = new uint256[](positions.length);
        walk.shorts = new uint256[](SHORT_SIZE * positions.length);
    }

    /// @dev What the positions `start` to `end` − 1 of one (market, expiry), which has a mark, are worth, and the shorts among them,
    /// 1e-10 USDC.
    function _worth(Walk memory walk, uint256 start, uint256 end) private pure returns (int256 value, int256 shorts) {
        for (uint256 i = start; i < end; ++i) {
            uint256 position = Positions.elementAt(walk.positions, i);
            int256 quantity = Positions.quantityOf(position);
            // SAFETY: see above.
            unchecked {
                int256 worth = quantity * int256(_markOf(walk.expiry, walk.marks, i, position));
                value += worth;
                if (quantity < 0) shorts += worth;
            }
        }
    }

    /// @dev 1e-10 USDC in cash, rounded down.
    function _valueDown(int256 value) private pure returns (int256) {
        uint256 unit = Constants.PRICE_TO_CASH;
        return value < 0 ? -int256(Requirement.ceilDivide(uint256(-value), unit)) : value / int256(unit);
    }

    /// @dev Both requirements of the positions `start` to `end` − 1, which are those of one (market, expiry).
    function _groupUp(
        Walk memory walk,
        uint256 start,
        uint256 end
    ) private pure returns (uint256 initial, uint256 maintenance) {
        uint256[] memory positions = walk.positions;
        ExpiryView memory expiry = walk.expiry;
        if (expiry.phase == Phase.FRESH) return _freshUp(walk, start, end);
        if (expiry.phase == Phase.FIXED) {
            initial = Requirement.ceilDivide(_lossAt(positions, start, end, expiry.price), Constants.PRICE_TO_CASH);
            return (initial, initial);
        }
        (uint256 scan, ) = Requirement.groupUp(positions, start, expiry.anchor);
        if (expiry.phase == Phase.STALE || expiry.forward == 0) return (scan, scan);
        // SAFETY: the forward of the last smile may be half an hour older than the expiry. What the spot has moved since counts too, or the
        // passing of the expiry would free what that move has cost. Nor must it bring about an auction, at marks that everybody knows to
        // be over: for maintenance, the owner has the benefit of the doubt.
        (initial, maintenance) = _expiredCharges(positions, start, end, expiry.forward);
        (uint256 liveInitial, uint256 liveMaintenance) = _expiredCharges(positions, start, end, expiry.live);
        if (initial < liveInitial) initial = liveInitial;
        if (maintenance > liveMaintenance) maintenance = liveMaintenance;
        return (_min(scan, _toCashUp(initial)), _min(scan, _toCashUp(maintenance)));
    }

    /// @dev What positions are charged that wait for their price, if it were `forward`, 1e-14 USDC: their loss there, and the charge of each
    /// short.
    function _expiredCharges(
        uint256[] memory positions,
        uint256 start,
        uint256 end,
        uint256 forward
    ) private pure returns (uint256 initial, uint256 maintenance) {
        // SAFETY: see above.
        unchecked {
            initial = _lossAt(positions, start, end, forward) * Constants.BASIS;
            maintenance = initial;
            for (uint256 i = start; i < end; ++i) {
                uint256 position = Positions.elementAt(positions, i);
                int256 quantity = Positions.quantityOf(position);
                if (quantity >= 0) continue;
                initial += uint256(-quantity) * _risk(forward, Positions.seriesOf(position));
                maintenance += uint256(-quantity) * Constants.RISK_MAINTENANCE * forward;
            }
        }
    }

    /// @dev Both requirements by the smallest of the three rules.
    function _freshUp(
        Walk memory walk,
        uint256 start,
        uint256 end
    ) private pure returns (uint256 initial, uint256 maintenance) {
        if (!_holdsShort(walk.positions, start, end)) return (0, 0);
        (walk.byInitial, walk.differs) = (false, false);
        (initial, maintenance) = _smallestRules(walk, start, end);
        if (walk.differs) {
            walk.byInitial = true;
            (initial, ) = _smallestRules(walk, start, end);
        }
        // INVARIANT 6: smaller charges leave more shorts alone, which may add up to more than the scan of the spreads.
        if (initial < maintenance) maintenance = initial;
    }

    /// @dev The smallest of the three rules, which differ in how they cover shorts:
    /// 1. each short alone, or paired with a long;
    /// 2. all by the payoff at expiry, if no call is net short;
    /// 3. the calls that pairing leaves alone by their charges, the rest by the payoff.
    /// Shorts are paired by their initial charges if `walk.byInitial`, else by those for maintenance. INVARIANT 6: no rule asks more for a
    /// book to which a long has been added, so their minimum does not either; docs/risk.md, section 3 says why.
    function _smallestRules(
        Walk memory walk,
        uint256 start,
        uint256 end
    ) private pure returns (uint256 initial, uint256 maintenance) {
        uint256[] memory positions = walk.positions;
        walk.cost = 0;
        // SAFETY: see above.
        unchecked {
            (walk.count, walk.top, walk.longs) = (0, 0, 0);
            for (uint256 i = start; i < end; ++i) {
                uint256 position = Positions.elementAt(positions, i);
                if ((position >> 192) & 1 == 0) _step(walk, i, position);
            }
            (uint256 aloneInitial, uint256 aloneMaintenance) = _chargeAlone(walk);
            (uint256 scan, uint256 rest) = _scan(walk, start, end);

            (walk.count, walk.top, walk.longs) = (0, 0, 0);
            for (uint256 i = end; i > start; --i) {
                uint256 position = Positions.elementAt(positions, i - 1);
                if ((position >> 192) & 1 == 1) _step(walk, i - 1, position);
            }
            (uint256 putInitial, uint256 putMaintenance) = _chargeAlone(walk);

            initial = _smallest(walk.cost + aloneInitial + putInitial, scan, aloneInitial + rest);
            maintenance = _smallest(walk.cost + aloneMaintenance + putMaintenance, scan, aloneMaintenance + rest);
        }
    }

    function _holdsShort(uint256[] memory positions, uint256 start, uint256 end) private pure returns (bool) {
        for (uint256 i = start; i < end; ++i) {
            if (Positions.quantityOf(Positions.elementAt(positions, i)) < 0) return true;
        }
        return false;
    }

    /// @dev Takes the next option of the walk, calls up and puts down the strikes. A long that comes first covers for nothing, for it is
    /// worth more at every price; one that comes later leaves the width of the spread. Shorts nearest in strike are covered first. A short
    /// is not covered by a long so far away that the spread could lose what the short alone is charged, nor by any that comes later still:
    /// it stays alone.
    function _step(Walk memory walk, uint256 index, uint256 position) private pure {
        int256 quantity = Positions.quantityOf(position);
        // SAFETY: see above. No more shorts are pushed than the list has positions.
        unchecked {
            if (quantity < 0) {
                uint256 open = uint256(-quantity);
                uint256 free = _min(open, walk.longs);
                walk.longs -= free;
                if (open != free) _push(walk, index, open - free);
                return;
            }
            uint256 available = uint256(quantity);
            uint256 strike = (position >> 193) & Constants.MAX_PRICE;
            while (available != 0 && walk.top != 0) {
                uint256 short = _shortAt(walk, walk.top - 1);
                uint256 width = _widthTo(walk, short, strike);
                if (!_covers(walk, short, width)) {
                    walk.top = _word(short, 4);
                    continue;
                }
                uint256 left = _word(short, 1);
                uint256 covered = _min(available, left);
                walk.cost += covered * width;
                available -= covered;
                _setWord(short, 1, left - covered);
                if (covered == left) walk.top = _word(short, 4);
            }
            walk.longs += available;
        }
    }

    /// @dev What a spread of a short and a long of strike `strike` can lose, 1e-8 USD per contract.
    function _widthTo(Walk memory walk, uint256 short, uint256 strike) private pure returns (uint256) {
        uint256 other = (Positions.elementAt(walk.positions, _word(short, 0)) >> 193) & Constants.MAX_PRICE;
        // SAFETY: see above.
        unchecked {
            return Constants.BASIS * (strike > other ? strike - other : other - strike);
        }
    }

    /// @dev Whether a spread of a width loses less than the short alone is charged.
    function _covers(Walk memory walk, uint256 short, uint256 width) private pure returns (bool) {
        // SAFETY: see above.
        unchecked {
            // A charge is never below RISK_MAINTENANCE of the forward, so a narrow spread needs no mark.
            if (width < Constants.RISK_MAINTENANCE * walk.expiry.forward) return true;
        }
        (uint256 initial, uint256 maintenance) = _charges(walk, short);
        if (width < maintenance) return true;
        // INVARIANT: the initial charge is not below that for maintenance, so this is where the two walks part, if anywhere.
        if (width < initial) walk.differs = true;
        return walk.byInitial && width < initial;
    }

    /// @dev Charges (1e-14 USDC) of the shorts that nothing covers.
    function _chargeAlone(Walk memory walk) private pure returns (uint256 initial, uint256 maintenance) {
        // SAFETY: see above.
        unchecked {
            for (uint256 i; i < walk.count; ++i) {
                uint256 short = _shortAt(walk, i);
                uint256 left = _word(short, 1);
                if (left == 0) continue;
                (uint256 first, uint256 second) = _charges(walk, short);
                initial += left * first;
                maintenance += left * second;
            }
        }
    }

    /// @dev What a unit of a short is charged alone, 1e-8 USD; kept with it.
    function _charges(Walk memory walk, uint256 short) private pure returns (uint256 initial, uint256 maintenance) {
        initial = _word(short, 2);
        // INVARIANT: the forward of a FRESH expiry is not zero, and so no charge is.
        if (initial != 0) return (initial, _word(short, 3));
        uint256 index = _word(short, 0);
        uint256 position = Positions.elementAt(walk.positions, index);
        uint256 forward = walk.expiry.forward;
        uint64 series = Positions.seriesOf(position);
        uint256 fair = _markOf(walk.expiry, walk.marks, index, position);
        // SAFETY: see above.
        unchecked {
            initial = _risk(forward, series) + Constants.BASIS * fair;
            bool put = Positions.isPut(series);
            maintenance =
                Constants.RISK_MAINTENANCE * (put && fair > forward ? fair : forward) +
                Constants.BASIS * fair;
            if (put) {
                uint256 least = Requirement.ceilDivide(Constants.PUT_INITIAL * maintenance, Constants.PUT_MAINTENANCE);
                if (initial < least) initial = least;
            }
        }
        _setWord(short, 2, initial);
        _setWord(short, 3, maintenance);
    }

    /// @dev The part of an initial charge that does not depend on the mark, 1e-8 USD.
    function _risk(uint256 forward, uint64 series) private pure returns (uint256) {
        uint256 strike = Positions.strikeOf(series);
        // SAFETY: see above.
        unchecked {
            uint256 least = Constants.RISK_INITIAL * forward;
            uint256 charge = Constants.RISK_OTM * forward;
            (uint256 low, uint256 high) = Positions.isPut(series) ? (strike, forward) : (forward, strike);
            if (high <= low) return charge;
            // What it is out of the money counts in its favour.
            uint256 credit = Constants.BASIS * (high - low);
            return charge > least + credit ? charge - credit : least;
        }
    }

    /// @dev The largest loss at expiry over 0 and every strike of the group, 1e-14 USDC: of all positions, and of all but the calls that stay
    /// alone. Beyond the highest strike the loss does not grow, unless calls are net short: then that of all positions has no end, and
    /// nor has this.
    function _scan(Walk memory walk, uint256 start, uint256 end) private pure returns (uint256, uint256) {
        uint256[] memory positions = walk.positions;
        // SAFETY: see above.
        unchecked {
            int256 value;
            int256 slope;
            for (uint256 i = start; i < end; ++i) {
                uint256 position = Positions.elementAt(positions, i);
                if ((position >> 192) & 1 == 0) continue;
                int256 quantity = int128(uint128(position));
                value += quantity * int256((position >> 193) & Constants.MAX_PRICE);
                slope -= quantity;
            }
            int256 lowest = value;
            int256 lowestRest = value;
            // What the calls that stay alone are worth, which `lowestRest` does without.
            int256 excluded;
            int256 excludedSlope;
            uint256 price;
            uint256 next;
            for (uint256 i = start; i < end; ++i) {
                uint256 position = Positions.elementAt(positions, i);
                uint256 strike = (position >> 193) & Constants.MAX_PRICE;
                value += slope * int256(strike - price);
                excluded += excludedSlope * int256(strike - price);
                price = strike;
                if (value < lowest) lowest = value;
                if (value - excluded < lowestRest) lowestRest = value - excluded;
                slope += int128(uint128(position));
                // Both lists ascend by strike.
                if (next < walk.count && _word(_shortAt(walk, next), 0) == i) {
                    excludedSlope -= int256(_word(_shortAt(walk, next), 1));
                    ++next;
                }
            }
            uint256 unit = Constants.BASIS;
            uint256 rest = lowestRest < 0 ? uint256(-lowestRest) * unit : 0;
            if (slope < 0) return (type(uint256).max, rest);
            return (lowest < 0 ? uint256(-lowest) * unit : 0, rest);
        }
    }

    /// @dev What the positions lose if all expire at `price`, 1e-10 USDC, not below zero.
    function _lossAt(
        uint256[] memory positions,
        uint256 start,
        uint256 end,
        uint256 price
    ) private pure returns (uint256) {
        int256 value;
        // SAFETY: see above.
        unchecked {
            for (uint256 i = start; i < end; ++i) {
                uint256 position = Positions.elementAt(positions, i);
                value += Positions.quantityOf(position) * int256(Positions.payoff(Positions.seriesOf(position), price));
            }
            return value < 0 ? uint256(-value) : 0;
        }
    }

    /// @dev The mark of position `index`, which is `position`; computed once.
    function _markOf(
        ExpiryView memory expiry,
        uint256[] memory marks,
        uint256 index,
        uint256 position
    ) private pure returns (uint256 fair) {
        uint256 known = marks[index];
        if (known != 0) return known - 1;
        fair = Marks.mark(expiry, Positions.seriesOf(position));
        marks[index] = fair + 1;
    }

    function _push(Walk memory walk, uint256 index, uint256 quantity) private pure {
        uint256 short = _shortAt(walk, walk.count);
        _setWord(short, 0, index);
        _setWord(short, 1, quantity);
        _setWord(short, 2, 0);
        _setWord(short, 4, walk.top);
        walk.top = ++walk.count;
    }

    /// @dev Memory address of element `index` of the shorts.
    /// SAFETY: below their count, or at it for a push; there is room for as many shorts as there are positions.
    function _shortAt(Walk memory walk, uint256 index) private pure returns (uint256 short) {
        uint256[] memory shorts = walk.shorts;
        uint256 size = 32 * SHORT_SIZE;
        assembly ("memory-safe") {
            short := add(add(shorts, 32), mul(index, size))
        }
    }

    function _word(uint256 short, uint256 index) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(short, shl(5, index)))
        }
    }

    function _setWord(uint256 short, uint256 index, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(add(short, shl(5, index)), value)
        }
    }

    function _toCashUp(uint256 amount) private pure returns (uint256) {
        return Requirement.ceilDivide(amount, Constants.CHARGE_TO_CASH);
    }

    function _smallest(uint256 a, uint256 b, uint256 c) private pure returns (uint256) {
        return _toCashUp(_min(a, _min(b, c)));
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
