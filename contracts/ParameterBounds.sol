// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ParameterBounds
/// @notice Checks of the parameters that a constructor fixes for good.
library ParameterBounds {
    error ParameterOutOfBounds(bytes32 name, uint256 actual, uint256 minimum, uint256 maximum);

    function requireWithin(bytes32 name, uint256 actual, uint256 minimum, uint256 maximum) internal pure {
        if (actual < minimum || actual > maximum) revert ParameterOutOfBounds(name, actual, minimum, maximum);
    }

    function requireNonZero(bytes32 name, address actual) internal pure {
        requireWithin(name, uint160(actual), 1, type(uint160).max);
    }
}
