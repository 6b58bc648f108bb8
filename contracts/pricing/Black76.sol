// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Constants} from "../machine/Constants.sol";
import {FixedPoint} from "./FixedPoint.sol";
import {NormalDistribution} from "./NormalDistribution.sol";
import {PricingBounds} from "./PricingBounds.sol";

/// @notice Sensitivities of the price of one option, 1e18 fixed point.
struct Greeks {
    /// @notice USD for each USD of the forward: 0 to 1 for a call, −1 to 0 for a put.
    int256 delta;
    /// @notice Delta for each USD of the forward; never negative.
    uint256 gamma;
    /// @notice USD for each 1.00 (100 %) of vol; never negative.
    uint256 vega;
    /// @notice USD for each year that passes; never positive.
    int256 theta;
}

/// @dev The option out of the money on two prices low <= high: low·N(d1) − high·N(d2), d1 = −ln(high / low) / s + s / 2, d2 = d1 − s.
/// It is the call if low is the forward, the put if low is the strike.
struct Point {
    uint256 low;
    /// @dev e^(−d1²/2) = mantissa · 2^(−96 − halvings); 0 if the option is worth nothing.
    uint256 mantissa;
    uint256 halvings;
    /// @dev |d1|, 2^96 fixed point.
    uint256 first;
    /// @dev |d2|; d2 is never positive.
    uint256 second;
    bool firstIsPositive;
}

/// @title Black76
/// @notice Value and Greeks of a European option on a forward, undiscounted (Black 1976; docs/pricing.md, section 4).
///
/// Everywhere: forward and strike in 1e-4 USD, vol in 1e18 fixed point, time to expiry in seconds; results in USD, 1e18 fixed point.
/// Every input has a result: what is above MAX_PRICE, MAX_VOL or MAX_SECONDS counts as the bound.
library Black76 {
    /// @dev 1e-4 USD in 1e18 fixed point.
    uint256 private constant UNIT = 1e14;
    /// @dev Beyond d1 = −11 even the dearest option is worth less than 1e-18 USD. 2^96 fixed point.
    uint256 private constant CUTOFF = 11 << 96;

    /// @notice Value of one contract. The option out of the money is rounded down; the other is it plus the difference between forward
    /// and strike, so call − put = forward − strike exactly.
    function price(
        bool isCall,
        uint256 forward,
        uint256 strike,
        uint256 vol,
        uint256 time
    ) internal pure returns (uint256) {
        (forward, strike) = _clampPrices(forward, strike);
        Point memory point = _point(forward, strike, _deviation(vol, _rootOfYears(time)));
        uint256 value;
        if (point.mantissa != 0) {
            value = _value(point, NormalDistribution.tail(point.first), NormalDistribution.tail(point.second));
        }
        return value + _intrinsic(isCall, forward, strike);
    }

    /// @notice Delta: 0 to 1 for a call, −1 to 0 for a put, exactly 1 apart; its size is rounded down on the side out of the money.
    /// Without time or vol it is that of the intrinsic value, and ±1/2 at the money.
    function delta(
        bool isCall,
        uint256 forward,
        uint256 strike,
        uint256 vol,
        uint256 time
    ) internal pure returns (int256) {
        (forward, strike) = _clampPrices(forward, strike);
        Point memory point = _point(forward, strike, _deviation(vol, _rootOfYears(time)));
        uint256 scaledTail = NormalDistribution.tail(forward > strike ? point.second : point.first);
        return _delta(isCall, forward, strike, point, scaledTail);
    }

    /// @notice `price` and `delta` for little more than either.
    function priceAndDelta(
        bool isCall,
        uint256 forward,
        uint256 strike,
        uint256 vol,
        uint256 time
    ) internal pure returns (uint256, int256) {
        (forward, strike) = _clampPrices(forward, strike);
        Point memory point = _point(forward, strike, _deviation(vol, _rootOfYears(time)));
        uint256 value;
        uint256 first;
        uint256 second;
        if (point.mantissa != 0) {
            first = NormalDistribution.tail(point.first);
            second = NormalDistribution.tail(point.second);
            value = _value(point, first, second);
        }
        return (
            value + _intrinsic(isCall, forward, strike),
            _delta(isCall, forward, strike, point, forward > strike ? second : first)
        );
    }

    /// @notice The Greeks. Gamma and vega are rounded down, theta towards zero; the three are zero without time or vol, and where the
    /// option out of the money is worth nothing.
    function greeks(
        bool isCall,
        uint256 forward,
        uint256 strike,
        uint256 vol,
        uint256 time
    ) internal pure returns (Greeks memory result) {
        (forward, strike) = _clampPrices(forward, strike);
        uint256 root = _rootOfYears(time);
        uint256 deviation = _deviation(vol, root);
        Point memory point = _point(forward, strike, deviation);
        uint256 scaledTail = NormalDistribution.tail(forward > strike ? point.second : point.first);
        result.delta = _delta(isCall, forward, strike, point, scaledTail);
        if (deviation == 0 || point.mantissa == 0) return result;
        if (vol > PricingBounds.MAX_VOL) vol = PricingBounds.MAX_VOL;
        // SAFETY: low·UNIT < 2^86, mantissa < 2^97, so density < 2^87 and forward is not 0. Then density·1e8·2^96 < 2^210,
        // forward² · deviation < 2^178, density·root < 2^184 and density·vol·2^96 < 2^248. root is not 0, since deviation is not.
        unchecked {
            // forward·φ(d1) = strike·φ(d2) = low·φ(d1 of the point), in USD.
            uint256 scaled = (point.low * UNIT * point.mantissa) >> 64;
            uint256 density = (scaled * NormalDistribution.INV_SQRT_2PI) >> (128 + point.halvings);
            // 1 USD² is 1e8 units².
            result.gamma = (density * 1e8 * FixedPoint.ONE) / (forward * forward * deviation);
            result.vega = (density * root) >> 96;
            result.theta = -int256((density * vol * FixedPoint.ONE) / (2 * root * FixedPoint.WAD));
        }
    }

    function _clampPrices(uint256 forward, uint256 strike) private pure returns (uint256, uint256) {
        if (forward > Constants.MAX_PRICE) forward = Constants.MAX_PRICE;
        if (strike > Constants.MAX_PRICE) strike = Constants.MAX_PRICE;
        return (forward, strike);
    }

    /// @dev √(time in years), 2^96 fixed point, rounded down.
    function _rootOfYears(uint256 time) private pure returns (uint256) {
        if (time > PricingBounds.MAX_SECONDS) time = PricingBounds.MAX_SECONDS;
        // SAFETY: time < 2^26.
        unchecked {
            return Math.sqrt((time << 192) / PricingBounds.SECONDS_PER_YEAR);
        }
    }

    /// @dev s = vol · √(time in years), 2^96 fixed point, rounded down; below 15.
    function _deviation(uint256 vol, uint256 root) private pure returns (uint256) {
        if (vol > PricingBounds.MAX_VOL) vol = PricingBounds.MAX_VOL;
        // SAFETY: vol < 2^64, root < 2^97.
        unchecked {
            return (vol * root) / FixedPoint.WAD;
        }
    }

    /// @dev Where the option out of the money stands. Without deviation it is worth nothing, which at the money needs no case.
    function _point(uint256 forward, uint256 strike, uint256 deviation) private pure returns (Point memory point) {
        (uint256 low, uint256 high) = forward < strike ? (forward, strike) : (strike, forward);
        if (low == 0) return point;
        uint256 moneyness;
        // SAFETY: the logarithm is below 28·2^96, so shifted below 2^197. If d1 > 0 its size is at most half of the deviation, < 7.5; if not, the
        // cutoff holds it below 11. Hence |d1| < 11 and |d2| <= |d1| + deviation < 26, the bound of the tail.
        unchecked {
            if (low != high) {
                if (deviation == 0) return point;
                moneyness = (uint256(FixedPoint.lnRatio(high, low)) << 96) / deviation;
            }
            uint256 half = deviation >> 1;
            bool firstIsPositive = moneyness < half;
            uint256 first = firstIsPositive ? half - moneyness : moneyness - half;
            if (!firstIsPositive && first >= CUTOFF) return point;
            point.low = low;
            (point.mantissa, point.halvings) = FixedPoint.expNegative((first * first) >> 97);
            point.first = first;
            point.second = moneyness + (deviation - half);
            point.firstIsPositive = firstIsPositive;
        }
    }

    /// @dev Value of the option out of the money, given the scaled tails at |d1| and |d2|. Because high·φ(d2) = low·φ(d1), it is
    /// low·e^(−d1²/2)·(R(−d1) − R(−d2)), which keeps its relative precision however small it is; and with N(d1) = 1 − N(−d1),
    /// low·(1 − e^(−d1²/2)·(R(d1) + R(−d2))) if d1 > 0.
    function _value(Point memory point, uint256 first, uint256 second) private pure returns (uint256) {
        // SAFETY: tails <= 2^95, mantissa < 2^97, low·UNIT < 2^86: the products are below 2^214.
        unchecked {
            if (point.firstIsPositive) {
                uint256 complement = (point.mantissa * (first + second)) >> (96 + point.halvings);
                // INVARIANT: never negative; with very little deviation the tails' last units decide.
                return complement < FixedPoint.ONE ? (point.low * UNIT * (FixedPoint.ONE - complement)) >> 96 : 0;
            }
            // INVARIANT: never negative, as above.
            if (first <= second) return 0;
            return (((point.low * UNIT * point.mantissa) >> 64) * (first - second)) >> (128 + point.halvings);
        }
    }

    /// @dev Delta, given the scaled tail at |d1| of the point if the call is out of the money or at the money, at |d2| if the put is.
    function _delta(
        bool isCall,
        uint256 forward,
        uint256 strike,
        Point memory point,
        uint256 scaledTail
    ) private pure returns (int256) {
        // SAFETY: tail <= 2^95, mantissa < 2^97, a price < 2^39, WAD < 2^60: below 2^252. Where a price divides, it is above another.
        unchecked {
            uint256 size = point.mantissa * scaledTail;
            if (forward > strike) {
                // The put's N(−d1) is N(d2) of the point, and φ(d2) = φ(d1)·low / high.
                size = (((size * strike) / forward) * FixedPoint.WAD) >> (192 + point.halvings);
                return isCall ? int256(FixedPoint.WAD - size) : -int256(size);
            }
            size = (size * FixedPoint.WAD) >> (192 + point.halvings);
            if (point.firstIsPositive) size = FixedPoint.WAD - size;
            return isCall ? int256(size) : int256(size) - int256(FixedPoint.WAD);
        }
    }

    /// @dev max(forward − strike, 0) of a call, max(strike − forward, 0) of a put, in 1e18 fixed point.
    function _intrinsic(bool isCall, uint256 forward, uint256 strike) private pure returns (uint256) {
        // SAFETY: prices are below 2^39.
        unchecked {
            if (isCall) return forward > strike ? (forward - strike) * UNIT : 0;
            return strike > forward ? (strike - forward) * UNIT : 0;
        }
    }
}
