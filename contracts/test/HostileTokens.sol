// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Least token that the hostile ones are made from: no events, no permit.
abstract contract BareToken {
    mapping(address account => uint256 balance) public balanceOf;
    mapping(address owner => mapping(address spender => uint256 amount)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function decimals() external pure returns (uint8) {
        return 6;
    }

    function _move(address from, address to, uint256 amount) internal {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }

    function _spend(address from, uint256 amount) internal {
        allowance[from][msg.sender] -= amount;
    }
}

/// @title FeeToken
/// @notice Keeps a hundredth of every transfer.
contract FeeToken is BareToken {
    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount - amount / 100);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _spend(from, amount);
        _move(from, to, amount - amount / 100);
        return true;
    }
}

/// @title FalseToken
/// @notice Moves nothing and returns false.
contract FalseToken is BareToken {
    function transfer(address, uint256) external pure returns (bool) {
        return false;
    }

    function transferFrom(address, address, uint256) external pure returns (bool) {
        return false;
    }
}

/// @title LazyToken
/// @notice Moves nothing and returns true.
contract LazyToken is BareToken {
    function transfer(address, uint256) external pure returns (bool) {
        return true;
    }

    function transferFrom(address, address, uint256) external pure returns (bool) {
        return true;
    }
}

/// @title ShrinkingToken
/// @notice Takes from the receiver of a transfer instead of giving.
contract ShrinkingToken is BareToken {
    function transferFrom(address, address to, uint256 amount) external returns (bool) {
        balanceOf[to] -= amount;
        return true;
    }
}

/// @title SilentToken
/// @notice Works, and returns nothing, like the oldest tokens.
contract SilentToken is BareToken {
    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        _spend(from, amount);
        _move(from, to, amount);
    }
}

/// @title CallbackToken
/// @notice Calls a target back in the middle of every transfer, and hands its revert on.
contract CallbackToken is BareToken {
    address private _target;
    bytes private _data;

    function setCallback(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _callBack();
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _spend(from, amount);
        _callBack();
        _move(from, to, amount);
        return true;
    }

    function _callBack() private {
        if (_target == address(0)) return;
        (bool success, bytes memory result) = _target.call(_data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }
}
