// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Black76} from "../pricing/Black76.sol";
import {Svi, SviParameters} from "../pricing/Svi.sol";
import {Constants} from "./Constants.sol";
import {Positions} from "./Positions.sol";
import {Requirement} from "./Requirement.sol";
import {Curve, Expiry, Market} from "./Slots.sol";

/// @notice What is known of an expiry's prices. FIXED: the settlement price is. EXPIRED: the expiry has passed and its price is not fixed
/// yet, so the last reported forward counts. FRESH: spot and curve are recent. STALE: they are not, or there are none.
enum Phase {
    FIXED,
    EXPIRED,
    FRESH,
    STALE
}

/// @notice All that the charge of one (market, expiry) depends on.
struct ExpiryView {
    Phase phase;
    /// 1e-4 USD.
    uint64 anchor;
    /// Settlement price, 1e-4 USD; 0 unless fixed.
    uint64 price;
    /// 1e-4 USD; 0 if no curve was ever reported, or none shortly before an expiry that has passed.
    uint64 forward;
    /// The forward moved by all that the spot has moved since it was reported, 1e-4 USD; the same unless the expiry has passed.
    uint64 live;
    /// From the spot's time to the expiry, seconds.
    uint40 timeToExpiry;
    /// 1e-6.
    uint32 minVol;
    uint32 maxVol;
    /// 1e-4 USD.
    uint64 bandFloor;
    /// In the units of the pricing.
    SviParameters curve;
}

/// @title Marks
/// @notice What an option is worth, and how far that is known (docs/specification.md, section 6.6).
/// @dev SAFETY: prices and forwards are at most MAX_PRICE < 2^39 in every state that a machine reaches, and below 2^64 by their width.
library Marks {
    /// @notice One unit of a mark, 1e-4 USD, in the 1e18 fixed point of the pricing.
    uint256 private constant MARK_UNIT = 1e14;
    uint256 private constant WAD = 1e18;
    uint256 private constant MILLION = 1e6;

    /// @notice The view of an expiry at `l2Time`; marks count as fresh while the spot is at most `maxSpotAge` old. A fixed price comes before
    /// everything else, for it is what the positions are worth.
    function viewOf(
        uint16 day,
        Market memory market,
        Expiry memory expiry,
        uint256 l2Time,
        uint256 maxSpotAge
    ) internal pure returns (ExpiryView memory result) {
        uint256 end = Positions.expiryTime(day);
        uint256 spotTime = market.spotTime;
        if (expiry.price != 0) {
            result.phase = Phase.FIXED;
        } else if (l2Time >= end) {
            result.phase = Phase.EXPIRED;
        } else {
            bool known = market.maxVol != 0 && expiry.forward != 0 && market.spot != 0;
            bool recent = l2Time <= spotTime + maxSpotAge && l2Time <= expiry.curveTime + Constants.CURVE_MAX_AGE;
            result.phase = known && recent ? Phase.FRESH : Phase.STALE;
        }
        result.anchor = market.anchor;
        result.price = expiry.price;
        result.live = _liveForward(market, expiry);
        result.forward = result.phase == Phase.EXPIRED ? _frozenForward(expiry, end) : result.live;
        // SAFETY: an expiry instant is below 2^33.
        if (end > spotTime) result.timeToExpiry = uint40(end - spotTime);
        result.minVol = market.minVol;
        result.maxVol = market.maxVol;
        result.bandFloor = market.bandFloor;
        result.curve = toSvi(expiry.curve);
    }

    /// @notice Whether anything is known of what the options are worth.
    function hasMark(ExpiryView memory expiry) internal pure returns (bool) {
        if (expiry.phase == Phase.FIXED) return true;
        return expiry.forward != 0 && (expiry.phase == Phase.EXPIRED || expiry.maxVol != 0);
    }

    /// @notice Whether the mark is recent: the expiry is fresh, or it has passed and its forward or price is known.
    function isKnown(ExpiryView memory expiry) internal pure returns (bool) {
        return expiry.phase != Phase.STALE && hasMark(expiry);
    }

    /// @notice The mark of a series, 1e-4 USD. Needs {hasMark}.
    function mark(ExpiryView memory expiry, uint64 series) internal pure returns (uint256) {
        if (expiry.phase == Phase.FIXED) return Positions.payoff(series, expiry.price);
        if (expiry.phase == Phase.EXPIRED) return Positions.payoff(series, expiry.forward);
        uint256 strike = Positions.strikeOf(series);
        return
            _round(
                Black76.price(
                    !Positions.isPut(series),
                    expiry.forward,
                    strike,
                    _vol(expiry, strike),
                    expiry.timeToExpiry
                )
            );
    }

    /// @notice The mark of a series that is not fixed, 1e-4 USD, and its delta, 1e18, which is the model's in every phase. Needs {hasMark}.
    function quote(ExpiryView memory expiry, uint64 series) internal pure returns (uint256 fair, int256 delta) {
        uint256 strike = Positions.strikeOf(series);
        (fair, delta) = Black76.priceAndDelta(
            !Positions.isPut(series),
            expiry.forward,
            strike,
            _vol(expiry, strike),
            expiry.timeToExpiry
        );
        fair = expiry.phase == Phase.EXPIRED ? Positions.payoff(series, expiry.forward) : _round(fair);
    }

    /// @notice Whether a price is near enough to a mark: 30 % of it, or 3 % of the forward times |delta| and the market's floor.
    function inBand(ExpiryView memory expiry, uint256 fair, int256 delta, uint256 price) internal pure returns (bool) {
        // SAFETY: prices, forwards and floors are below 2^64, |delta| is at most 1e18 < 2^60.
        unchecked {
            uint256 distance = price > fair ? price - fair : fair - price;
            uint256 size = uint256(delta < 0 ? -delta : delta);
            uint256 byMark = Constants.BAND_MARK * fair;
            uint256 byDelta = (Constants.BAND_DELTA * expiry.forward * size) / WAD + Constants.BASIS * expiry.bandFloor;
            return distance * Constants.BASIS <= (byMark > byDelta ? byMark : byDelta);
        }
    }

    /// @notice What an account below maintenance may close at, 1e-4 USD: it buys at `highest` or less, sells at `lowest` or more. The mark
    /// rounded to the tick in favour of whoever takes the other side, and never below one tick: there is no price between, and what is
    /// worth less than a tick could not be bought back at all.
    function closingPrices(uint256 fair, uint256 tick) internal pure returns (uint256 lowest, uint256 highest) {
        // SAFETY: marks and ticks are below 2^64.
        unchecked {
            lowest = (fair / tick) * tick;
            highest = Requirement.ceilDivide(fair, tick) * tick;
            if (highest < tick) highest = tick;
        }
    }

    /// @notice How far a mark that is `age` seconds old may have moved with the forward since, 1e-4 USD, rounded up: KEY_DRIFT a second.
    /// Whoever trades on it may know where the price is by now.
    function driftUp(ExpiryView memory expiry, int256 delta, uint256 age) internal pure returns (uint256) {
        // SAFETY: the forward is below 2^64, |delta| at most 1e18 < 2^60, the age below 2^40.
        unchecked {
            uint256 size = uint256(delta < 0 ? -delta : delta);
            return Requirement.ceilDivide(expiry.forward * size * Constants.KEY_DRIFT * age, WAD * MILLION);
        }
    }

    /// @notice Whether a valid curve's vol at the money lies within a market's limits before it is clamped to them.
    function isWithinLimits(
        Market memory market,
        uint256 forward,
        SviParameters memory curve
    ) internal pure returns (bool) {
        uint256 atTheMoney = Svi.vol(curve, forward, forward, 0, type(uint256).max);
        // SAFETY: 32 bits times 1e12.
        unchecked {
            return atTheMoney >= market.minVol * Constants.VOL_UNIT && atTheMoney <= market.maxVol * Constants.VOL_UNIT;
        }
    }

    /// @notice A reported curve in the units of the pricing.
    function toSvi(Curve memory curve) internal pure returns (SviParameters memory result) {
        // SAFETY: 64 bits times 1e6.
        unchecked {
            result.a = int256(curve.a) * Constants.CURVE_UNIT;
            result.b = int256(curve.b) * Constants.CURVE_UNIT;
            result.rho = int256(curve.rho) * Constants.CURVE_UNIT;
            result.m = int256(curve.m) * Constants.CURVE_UNIT;
            result.sigma = int256(curve.sigma) * Constants.CURVE_UNIT;
        }
        result.refTau = curve.refTau;
    }

    /// @dev The last reported forward, if it was recent when the expiry passed at `end`. SAFETY: an older one says nothing of the price;
    /// whoever stopped reporting could otherwise free an account's margin by the mere passing of its expiry.
    function _frozenForward(Expiry memory expiry, uint256 end) private pure returns (uint64) {
        return expiry.curveTime + Constants.CURVE_MAX_AGE >= end ? expiry.forward : 0;
    }

    /// @dev The reported forward, moved by what the spot has moved since.
    function _liveForward(Market memory market, Expiry memory expiry) private pure returns (uint64) {
        if (expiry.forward == 0) return 0;
        // SAFETY: three numbers of 64 bits.
        unchecked {
            uint256 raised = uint256(expiry.forward) + market.spot;
            if (raised <= expiry.curveSpot) return 1;
            raised -= expiry.curveSpot;
            return uint64(raised > Constants.MAX_PRICE ? Constants.MAX_PRICE : raised);
        }
    }

    /// @dev INVARIANT: a curve with a forward was valid when it was reported.
    function _vol(ExpiryView memory expiry, uint256 strike) private pure returns (uint256) {
        // SAFETY: 32 bits times 1e12.
        unchecked {
            return
                Svi.vol(
                    expiry.curve,
                    expiry.forward,
                    strike,
                    expiry.minVol * Constants.VOL_UNIT,
                    expiry.maxVol * Constants.VOL_UNIT
                );
        }
    }

    /// @dev Half up, so that put-call parity stays exact: forward and strike are whole units.
    function _round(uint256 value) private pure returns (uint256) {
        // SAFETY: a price is at most MAX_PRICE · 1e14 < 2^86.
        unchecked {
            return (value + MARK_UNIT / 2) / MARK_UNIT;
        }
    }
}
