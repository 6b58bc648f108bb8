// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Relay
/// @notice Calls what it is told to, and takes ether as it is told to. Stands for a contract that takes part, for a hostile one, and
/// for the code that an account delegates to.
contract Relay {
    error EtherRefused();

    bool private _refuses;
    address private _target;
    bytes private _data;

    // solhint-disable-next-line no-complex-fallback
    receive() external payable {
        if (_refuses) revert EtherRefused();
        if (_target != address(0)) _call(_target, 0, _data);
    }

    function setRefuses(bool refuses) external {
        _refuses = refuses;
    }

    /// @notice What to call when ether arrives.
    function setCallback(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    function relay(address target, bytes calldata data) external payable {
        _call(target, msg.value, data);
    }

    function _call(address target, uint256 value, bytes memory data) private {
        (bool success, bytes memory result) = target.call{value: value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }
}

/// @title ConstructorCaller
/// @notice Makes one call while it has no code yet.
contract ConstructorCaller {
    constructor(address target, bytes memory data) {
        (bool success, bytes memory result) = target.call(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }
}
