// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPoint} from "./FixedPoint.sol";

/// @title NormalDistribution
/// @notice The standard normal distribution (docs/pricing.md, section 3).
library NormalDistribution {
    /// @notice Arguments of `cdf` and `pdf` beyond ±11 count as infinite: N(−11) = 1.9e-28.
    int256 internal constant LIMIT = 11e18;
    /// @notice 1/√(2π), 2^96 fixed point, rounded down.
    uint256 internal constant INV_SQRT_2PI = 31607463825455920808620519744;

    /// @notice The scaled tail R(x) = N(−x)·e^(x²/2), for 0 <= x < 26; both 2^96 fixed point.
    ///
    /// A rational function of degrees 16 and 17 that equals R at 34 points of [0, 26]: x = 4.5·(1 + y)/(1 − y), y being the
    /// Chebyshev-Lobatto points of [−1, 43/61]. With all coefficients positive no step can cancel, and the whole is within 2 units of
    /// 2^-96; R(0) is exactly 1/2. The coefficients are those of (x/32)^j, scaled by one common factor, so x/32 costs one shift.
    /// @dev Not bounded here: callers give x < 26.
    function tail(uint256 x) internal pure returns (uint256) {
        // SAFETY: x < 26·2^96 < 2^101, and in each step the value is below 2^154, so the products are below 2^255 and the numerator,
        // at most half of the denominator, can be shifted by 96 bits. The denominator is at least its constant term.
        unchecked {
            uint256 p = 112242648669497003632157785583135528696912277;
            p = ((p * x) >> 101) + 222661542286128828345634087643578826349083743;
            p = ((p * x) >> 101) + 217409528074409667673596809686036943500312510;
            p = ((p * x) >> 101) + 138084228277148919169430312396643068414353773;
            p = ((p * x) >> 101) + 63641952158194858812096877979762501048071392;
            p = ((p * x) >> 101) + 22514124562786196505483481873723965708454053;
            p = ((p * x) >> 101) + 6312330748337599390925522427838785073486259;
            p = ((p * x) >> 101) + 1428983888686183594685214060908481820478807;
            p = ((p * x) >> 101) + 263772942630017138904235343583555199230027;
            p = ((p * x) >> 101) + 39823470239530821973761749562241499249089;
            p = ((p * x) >> 101) + 4902857059283663145189580731947561707065;
            p = ((p * x) >> 101) + 487523789761180113125164898880620222296;
            p = ((p * x) >> 101) + 38453157721414829052218029152125199312;
            p = ((p * x) >> 101) + 2332477015183717009221879085790068907;
            p = ((p * x) >> 101) + 103072159809199893558983105772014892;
            p = ((p * x) >> 101) + 2985019577344540882160448702016970;
            p = ((p * x) >> 101) + 43148753576062030731437655998601;

            uint256 q = 9003219096781914807022140194275872827054548856;
            q = ((q * x) >> 101) + 17860150962155413459346880516829191681438549104;
            q = ((q * x) >> 101) + 17447668054005122361952452552153580231213874274;
            q = ((q * x) >> 101) + 11093468141837279061983970488156648242823705381;
            q = ((q * x) >> 101) + 5121867915355759218750006750629729074628561841;
            q = ((q * x) >> 101) + 1816687685325108702811937120153400107958571298;
            q = ((q * x) >> 101) + 511277367174262168272704527351777512961176708;
            q = ((q * x) >> 101) + 116364425324136907385870592054328370345419509;
            q = ((q * x) >> 101) + 21642666318073527940823506100344340133050537;
            q = ((q * x) >> 101) + 3302917185210406525165286208804920027505765;
            q = ((q * x) >> 101) + 413011017264166959015894761149067624225168;
            q = ((q * x) >> 101) + 42022227520095790538514359056547252735661;
            q = ((q * x) >> 101) + 3432487523415171676664566926652131850641;
            q = ((q * x) >> 101) + 220141755729615699518296598151541713373;
            q = ((q * x) >> 101) + 10695700801841152532822401985501731557;
            q = ((q * x) >> 101) + 370646090305485250814023638530050683;
            q = ((q * x) >> 101) + 8173413509647630200703516436549680;
            q = ((q * x) >> 101) + 86297507152124061462875311997202;
            return (p << 96) / q;
        }
    }

    /// @notice The distribution function N(x), 1e18 fixed point, within 1e-18; N(x) + N(−x) is exactly 1. Defined for every x.
    function cdf(int256 x) internal pure returns (uint256) {
        if (x >= LIMIT) return FixedPoint.WAD;
        if (x <= -LIMIT) return 0;
        // SAFETY: |x| < 11e18 < 2^64; mantissa <= √2·2^96 and tail <= 2^95, times 1e18 < 2^252; a value below 0 comes out at most 1/2.
        unchecked {
            uint256 distance = (uint256(x < 0 ? -x : x) << 96) / FixedPoint.WAD;
            (uint256 mantissa, uint256 halvings) = FixedPoint.expNegative((distance * distance) >> 97);
            uint256 below = (mantissa * tail(distance) * FixedPoint.WAD) >> (192 + halvings);
            return x < 0 ? below : FixedPoint.WAD - below;
        }
    }

    /// @notice The density φ(x), 1e18 fixed point, rounded down within 1e-18. Defined for every x.
    function pdf(int256 x) internal pure returns (uint256) {
        if (x >= LIMIT || x <= -LIMIT) return 0;
        // SAFETY: as in cdf; INV_SQRT_2PI < 2^95.
        unchecked {
            uint256 distance = (uint256(x < 0 ? -x : x) << 96) / FixedPoint.WAD;
            (uint256 mantissa, uint256 halvings) = FixedPoint.expNegative((distance * distance) >> 97);
            return (mantissa * INV_SQRT_2PI * FixedPoint.WAD) >> (192 + halvings);
        }
    }
}
