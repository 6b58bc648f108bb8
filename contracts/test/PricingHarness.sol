// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Black76, Greeks} from "../pricing/Black76.sol";
import {FixedPoint} from "../pricing/FixedPoint.sol";
import {NormalDistribution} from "../pricing/NormalDistribution.sol";
import {Svi, SviParameters} from "../pricing/Svi.sol";

/// @title PricingHarness
/// @notice The pricing libraries as external functions, for many arguments at a time and with the gas that they take, for tests.
contract PricingHarness {
    struct Quote {
        uint256 price;
        int256 delta;
        Greeks greeks;
    }

    error PriceAndDeltaDiffer(uint256 price, int256 delta);
    error DeltaOfGreeksDiffers(int256 delta);

    /// @notice Gas of one call of each function, its overhead of a few gas included.
    struct Gas {
        uint256 price;
        uint256 delta;
        uint256 priceAndDelta;
        uint256 greeks;
        uint256 vol;
        uint256 isValid;
        uint256 cdf;
        uint256 pdf;
    }

    // Parts

    function roots(uint256[] calldata values) external pure returns (uint256[] memory results) {
        results = new uint256[](values.length);
        for (uint256 i; i < values.length; ++i) results[i] = Math.sqrt(values[i]);
    }

    function logarithms(uint256[2][] calldata ratios) external pure returns (int256[] memory results) {
        results = new int256[](ratios.length);
        for (uint256 i; i < ratios.length; ++i) results[i] = FixedPoint.lnRatio(ratios[i][0], ratios[i][1]);
    }

    function exponentials(uint256[] calldata values) external pure returns (uint256[2][] memory results) {
        results = new uint256[2][](values.length);
        for (uint256 i; i < values.length; ++i) {
            (results[i][0], results[i][1]) = FixedPoint.expNegative(values[i]);
        }
    }

    function tails(uint256[] calldata values) external pure returns (uint256[] memory results) {
        results = new uint256[](values.length);
        for (uint256 i; i < values.length; ++i) results[i] = NormalDistribution.tail(values[i]);
    }

    /// @notice Distribution function and density of each value.
    function normals(int256[] calldata values) external pure returns (uint256[2][] memory results) {
        results = new uint256[2][](values.length);
        for (uint256 i; i < values.length; ++i) {
            results[i] = [NormalDistribution.cdf(values[i]), NormalDistribution.pdf(values[i])];
        }
    }

    // Options

    /// @notice All about each option. An option is a word: bit 0 is set for a call; forward from bit 8, strike from 48, time from 88
    /// (40 bits each), vol from 128.
    function quotes(uint256[] calldata options) external pure returns (Quote[] memory results) {
        results = new Quote[](options.length);
        for (uint256 i; i < options.length; ++i) {
            uint256 o = options[i];
            results[i] = quote(o & 1 == 1, uint40(o >> 8), uint40(o >> 48), o >> 128, uint40(o >> 88));
        }
    }

    /// @notice All about one option, of any arguments.
    function quote(
        bool isCall,
        uint256 forward,
        uint256 strike,
        uint256 vol,
        uint256 time
    ) public pure returns (Quote memory result) {
        result.price = Black76.price(isCall, forward, strike, vol, time);
        result.delta = Black76.delta(isCall, forward, strike, vol, time);
        result.greeks = Black76.greeks(isCall, forward, strike, vol, time);
        (uint256 price, int256 delta) = Black76.priceAndDelta(isCall, forward, strike, vol, time);
        if (price != result.price || delta != result.delta) revert PriceAndDeltaDiffer(price, delta);
        if (result.greeks.delta != delta) revert DeltaOfGreeksDiffers(result.greeks.delta);
    }

    // Smiles

    function vols(
        SviParameters[] calldata curves,
        uint256[4][] calldata arguments
    ) external pure returns (uint256[] memory results) {
        results = new uint256[](curves.length);
        for (uint256 i; i < curves.length; ++i) {
            uint256[4] calldata a = arguments[i];
            results[i] = Svi.vol(curves[i], a[0], a[1], a[2], a[3]);
        }
    }

    function validities(SviParameters[] calldata curves) external pure returns (bool[] memory results) {
        results = new bool[](curves.length);
        for (uint256 i; i < curves.length; ++i) results[i] = Svi.isValid(curves[i]);
    }

    // Gas

    function gasOf(
        bool isCall,
        uint256 forward,
        uint256 strike,
        uint256 time,
        SviParameters memory curve
    ) external view returns (Gas memory gas) {
        uint256 left = gasleft();
        uint256 vol = Svi.vol(curve, forward, strike, 1e16, 10e18);
        gas.vol = left - gasleft();
        left = gasleft();
        bool valid = Svi.isValid(curve);
        gas.isValid = left - gasleft();
        left = gasleft();
        uint256 price = Black76.price(isCall, forward, strike, vol, time);
        gas.price = left - gasleft();
        left = gasleft();
        int256 delta = Black76.delta(isCall, forward, strike, vol, time);
        gas.delta = left - gasleft();
        left = gasleft();
        (uint256 same, ) = Black76.priceAndDelta(isCall, forward, strike, vol, time);
        gas.priceAndDelta = left - gasleft();
        left = gasleft();
        Greeks memory greeks = Black76.greeks(isCall, forward, strike, vol, time);
        gas.greeks = left - gasleft();
        left = gasleft();
        uint256 below = NormalDistribution.cdf(delta);
        gas.cdf = left - gasleft();
        left = gasleft();
        uint256 density = NormalDistribution.pdf(delta);
        gas.pdf = left - gasleft();
        // So that nothing above is left out.
        assert(valid && price == same && greeks.delta == delta && below < 1e18 && density < 1e18);
    }
}
